//! The folder from which a new server's data are copied, made once for each
//! release: `initdb` takes as long as ten copies.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand::distr::{Alphanumeric, SampleString};
use tokio::process::Command;

use super::{
    error::Error,
    installations::{Host, Installation},
    lock::Lock,
    parameters,
    session::ADMINISTRATOR,
    tree,
};

/// In the name of the folder: a change of what is made here needs another.
const EDITION: u32 = 1;
const PASSWORD_LENGTH: usize = 32;
/// UTF-8 order where the system has it; plain C on the few that do not.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];
/// The front stands between, so every client comes by the socket.
const HBA: &str = "local all all scram-sha-256\n";

/// A template: what to copy, and the administrator's password in it.
pub(super) struct Template {
    pub(super) data: PathBuf,
    pub(super) password: String,
}

/// The template of a release, made if there is none.
pub(super) async fn ready(host: &Host, installation: &Installation) -> Result<Template, Error> {
    let name = format!("template-{}-{EDITION}", installation.version);
    let folder = host.cache.join(name);
    if !folder.exists() {
        let _lock = Lock::of(&host.cache).await?;
        if !folder.exists() {
            make(host, installation, &folder).await?;
        }
    }
    let password = folder.join("password");
    let password = fs::read_to_string(&password)
        .map_err(Error::system(format!("reading {}", password.display())))?;
    Ok(Template {
        data: folder.join("data"),
        password,
    })
}

async fn make(host: &Host, installation: &Installation, folder: &Path) -> Result<(), Error> {
    let partial = folder.with_extension("partial");
    tree::remove(&partial).await?;
    tree::make(&host.user, &partial)?;
    let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
    tree::write(&host.user, &partial.join("password"), password.as_bytes())?;
    let data = partial.join("data");
    let mut failure = String::new();
    for locale in LOCALES {
        let mut initdb = host.user.command(&installation.program("initdb"), &partial);
        initdb.args(["--no-sync", "--auth=scram-sha-256", "--encoding=UTF8"]);
        // Small segments: archiving one copies 1 MB, and a server is 38 MB.
        initdb.args(["--wal-segsize=1", "--pwfile=password"]);
        initdb.arg(format!("--username={ADMINISTRATOR}"));
        initdb.arg(format!("--locale={locale}"));
        initdb.arg("-D").arg(&data);
        match run("initdb", initdb).await {
            Ok(()) => {
                configure(host, &data)?;
                return fs::rename(&partial, folder)
                    .map_err(Error::system(format!("making {}", folder.display())));
            }
            Err(Error::Program { output, .. }) => failure = output,
            Err(error) => return Err(error),
        }
    }
    Err(Error::Program {
        program: "initdb".to_owned(),
        output: failure,
    })
}

fn configure(host: &Host, data: &Path) -> Result<(), Error> {
    tree::write(&host.user, &data.join("pg_hba.conf"), HBA.as_bytes())?;
    let configuration = parameters::CONFIGURATION.as_bytes();
    tree::write(&host.user, &data.join("postgresql.conf"), configuration)
}

async fn run(program: &str, mut command: Command) -> Result<(), Error> {
    let output = command
        .output()
        .await
        .map_err(Error::system(format!("running {program}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Error::Program {
        program: program.to_owned(),
        output: String::from_utf8_lossy(&said).into_owned(),
    })
}
