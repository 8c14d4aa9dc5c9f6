//! The way from a Secret into its database, and what a user types to go it.
//!
//! Takes nothing from the Secret but its `DATABASE_URL`, and shows no value of it.

use std::process::Stdio;

use tokio::process::Command;

use super::{NAMESPACE, checks::secret_name, stage::Stage};
use crate::{
    database::Database,
    error::{Error, Result},
};

const TABLE: &str = "CREATE TABLE greetings (words text)";
const WORDS: &str = "hello from Stow";

/// Writes a row in one session, and reads it in another.
pub(super) async fn write_and_read(stage: &Stage, name: &str) -> Result<String> {
    let secret = secret_name(stage, name).await?;
    let url = stage.read("secret", &secret, URL).await?;
    let authority = stage.drydock.authority().await?;
    let insert = format!("{TABLE}; INSERT INTO greetings VALUES ('{WORDS}')");
    Database::login(&url, &authority)
        .await?
        .run(&insert)
        .await?;
    let database = Database::login(&url, &authority).await?;
    let mut rows = database.texts("SELECT words FROM greetings").await?;
    match (rows.pop(), rows.len()) {
        (Some(row), 0) if row == WORDS => Ok(row),
        (row, more) => Err(Error::Unexpected(format!(
            "one row was written to {name}, and read were {row:?} and {more} more"
        ))),
    }
}

const URL: &str = "{{.data.DATABASE_URL | base64decode}}";

/// What a user types to be in the database of this object.
fn line(name: &str) -> String {
    format!("psql \"$(kubectl -n {NAMESPACE} get secret {name} -o go-template='{URL}')\"")
}

/// The line that a user types, and what it shows where this machine has a psql
/// that can do it.
pub(super) async fn by_hand(stage: &Stage, name: Option<&String>) -> Result<Vec<String>> {
    let Some(name) = name else {
        return Ok(Vec::new());
    };
    let line = line(&secret_name(stage, name).await?);
    if !psql_has_tls().await {
        return Ok(vec![
            "By hand, with a psql that has TLS, which this machine has not (Debian and Ubuntu: \
             apt-get install postgresql-client):"
                .to_owned(),
            format!("$ {line}"),
        ]);
    }
    let typed = format!("{line} -c 'TABLE greetings'");
    let kubectl = stage.kubectl();
    let folder = kubectl.program().parent().map(ToOwned::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(folder.into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    let output = Command::new("sh")
        .args(["-euc", &typed])
        .env("PATH", path)
        .env("KUBECONFIG", kubectl.kubeconfig())
        .env("KUBERC", "off")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::system("running psql"))?;
    let printed = String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned();
    if output.status.success() && printed.contains(WORDS) {
        return Ok(vec![format!("$ {typed}"), printed]);
    }
    Err(Error::Refused {
        command: typed,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Whether there is a psql, and one that was built with TLS: the one in a Python
/// wheel was not.
async fn psql_has_tls() -> bool {
    // Nothing listens there. What has no TLS complains before it finds out.
    let nowhere = "host=127.0.0.1 port=1 sslmode=require connect_timeout=1";
    let output = Command::new("psql")
        .arg(nowhere)
        .stdin(Stdio::null())
        .output()
        .await;
    output.is_ok_and(|output| !String::from_utf8_lossy(&output.stderr).contains("sslmode"))
}

/// For the user of a demo that stays up.
pub(super) fn how_to_use(stage: &Stage) -> String {
    let kubectl = stage.kubectl();
    format!(
        "\nIt is all up. In another terminal:\n\n  \
         export KUBECONFIG={}\n  \
         alias kubectl={}\n  \
         kubectl get postgresdb --namespace {NAMESPACE}\n  \
         {}\n\n\
         Ctrl-C here takes everything down.",
        kubectl.kubeconfig().display(),
        kubectl.program().display(),
        line("example-db"),
    )
}
