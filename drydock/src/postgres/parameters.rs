//! The parameters of a server: which a parameter group may set, and what of them
//! goes into PostgreSQL's files.
//!
//! Names are PostgreSQL's own. Of RDS's, which begin with `rds.`, those are here
//! that have an effect in drydock; others are refused.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, process::Stdio, time::Duration};

use super::{
    error::Error,
    installations::{Host, Installation, Installations},
    session::Session,
    template,
};

/// The file of a parameter group's settings, in the data folder.
pub(super) const FILE: &str = "parameters.conf";

/// The file that tells a restore how far to go, in the data folder.
pub(super) const RESTORE_FILE: &str = "restore.conf";

/// A server's own file: modest defaults, then what a parameter group says, then
/// what drydock itself relies on.
///
/// `fsync` is off: data outlive the death of any process, SIGKILL included, but
/// not of the machine; fifty servers on a laptop would wait for its disk.
/// Archiving happens while there is a folder for it, which is how backups are
/// switched on and off without a restart.
pub(super) const CONFIGURATION: &str = "\
shared_buffers = '16MB'
max_wal_size = '64MB'
min_wal_size = '4MB'
wal_level = 'replica'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
include_if_exists = 'parameters.conf'
fsync = 'off'
listen_addresses = ''
port = 5432
unix_socket_directories = '../run'
logging_collector = 'off'
log_destination = 'stderr'
archive_mode = 'on'
archive_command = '! test -d ../backups/wal || { cp %p ../backups/wal/%f.partial && mv ../backups/wal/%f.partial ../backups/wal/%f; }'
include_if_exists = 'restore.conf'
";

/// What drydock needs as it is, and what would run programs or read files in
/// the name of PostgreSQL's user. RDS lets nobody set most of these either.
const REFUSED: [&str; 30] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "archive_mode",
    "bonjour",
    "config_file",
    "data_directory",
    "dynamic_library_path",
    "extension_control_path",
    "external_pid_file",
    "fsync",
    "full_page_writes",
    "hba_file",
    "ident_file",
    "jit_provider",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_filename",
    "logging_collector",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "restore_command",
    "stats_temp_directory",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
    "wal_level",
];
/// Families of them; `ssl_*` belongs to the front.
const REFUSED_PREFIXES: [&str; 4] = ["ssl", "recovery_", "krb_", "bonjour_"];

const POLL: Duration = Duration::from_millis(10);

const FORCE_SSL: &str = "rds.force_ssl";
const LOGICAL_REPLICATION: &str = "rds.logical_replication";
/// The first major on which RDS refuses clients without TLS by default.
const TLS_ONLY_FROM: u32 = 15;

/// A parameter that a parameter group may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether a change waits for a restart (RDS: `static`, not `dynamic`).
    pub restarts: bool,
    /// What it is for.
    pub description: String,
    /// As RDS calls it: `boolean`, `integer`, `float` or `string`.
    pub data_type: &'static str,
    /// The least and the most, of a number, as PostgreSQL writes them.
    pub range: Option<(String, String)>,
    /// What RDS itself sets it to, where it does.
    pub preset: Option<&'static str>,
}

impl Installations {
    /// Every parameter that a group for that major may set, in alphabetical
    /// order: PostgreSQL's, and those of `rds.` that have an effect here.
    pub async fn parameters(&self, major: u32) -> Result<Vec<Parameter>, Error> {
        known(self.host(), self.major(major)?).await
    }
}

async fn known(host: &Host, installation: &Installation) -> Result<Vec<Parameter>, Error> {
    let output = host
        .user
        .command(&installation.program("postgres"), Path::new("/"))
        .arg("--describe-config")
        .output()
        .await
        .map_err(Error::system("running postgres --describe-config"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // name, context, group, type, default, least, most, description, more
    let mut known: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (name, context) = (fields.next()?, fields.next()?);
            let data_type = match fields.nth(1)? {
                "BOOLEAN" => "boolean",
                "INTEGER" => "integer",
                "REAL" => "float",
                _ => "string",
            };
            let (least, most) = (fields.nth(1)?, fields.next()?);
            let numeric = matches!(data_type, "integer" | "float");
            let description = fields.next()?.to_owned();
            (!refused(name)).then(|| Parameter {
                name: name.to_owned(),
                restarts: context == "postmaster",
                description,
                data_type,
                range: numeric.then(|| (least.to_owned(), most.to_owned())),
                preset: None,
            })
        })
        .collect();
    known.push(Parameter {
        name: FORCE_SSL.to_owned(),
        restarts: false,
        description: "Force SSL connections.".to_owned(),
        data_type: "boolean",
        range: None,
        preset: Some(if installation.version.major() >= TLS_ONLY_FROM {
            "1"
        } else {
            "0"
        }),
    });
    known.push(Parameter {
        name: LOGICAL_REPLICATION.to_owned(),
        restarts: true,
        description: "Enables logical decoding.".to_owned(),
        data_type: "boolean",
        range: None,
        preset: Some("0"),
    });
    known.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(known)
}

fn refused(name: &str) -> bool {
    let named = |prefix: &&str| name.starts_with(*prefix);
    REFUSED.contains(&name) || REFUSED_PREFIXES.iter().any(named)
}

/// Whether clients without TLS are refused.
pub(super) fn tls_only(major: u32, parameters: &BTreeMap<String, String>) -> bool {
    match parameters.get(FORCE_SSL) {
        Some(value) => value == "1",
        None => major >= TLS_ONLY_FROM,
    }
}

/// Fails for a name that is unknown or refused, and for a value that PostgreSQL
/// itself does not take.
pub(super) async fn check(
    host: &Host,
    installation: &Installation,
    parameters: &BTreeMap<String, String>,
) -> Result<(), Error> {
    if parameters.is_empty() {
        return Ok(());
    }
    let known = known(host, installation).await?;
    for (name, value) in parameters {
        let wrong = |reason: &str| Error::Parameter {
            name: name.clone(),
            reason: reason.to_owned(),
        };
        if refused(name) {
            return Err(wrong("it cannot be modified"));
        }
        if !known.iter().any(|parameter| parameter.name == *name) {
            return Err(wrong("there is no such parameter"));
        }
        if name.starts_with("rds.") {
            if value != "0" && value != "1" {
                return Err(wrong("its value is 0 or 1"));
            }
        } else if value.contains(['\0', '\n', '\r']) {
            return Err(wrong("its value is one line of text"));
        }
    }
    ask(host, installation, parameters).await
}

/// Lets PostgreSQL parse the values, on the template, which no server runs on.
async fn ask(
    host: &Host,
    installation: &Installation,
    parameters: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let template = template::ready(host, installation).await?;
    for (name, value) in parameters
        .iter()
        .filter(|(name, _)| !name.starts_with("rds."))
    {
        let output = host
            .user
            .command(&installation.program("postgres"), &template.data)
            .arg("-D")
            .arg(&template.data)
            .args(["-c", &format!("{name}={value}"), "-C", name])
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(Error::system("running postgres -C"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().find_map(|line| line.split_once("FATAL:"));
            let reason = said.map_or("PostgreSQL refuses its value", |(_, reason)| reason.trim());
            return Err(Error::Parameter {
                name: name.clone(),
                reason: reason.to_owned(),
            });
        }
    }
    Ok(())
}

/// The content of [`FILE`].
pub(super) fn file(parameters: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if name == LOGICAL_REPLICATION && value == "1" {
            text.push_str("wal_level = 'logical'\n");
        } else if !name.starts_with("rds.") {
            let _infallible = writeln!(text, "{name} = {}", quoted(value));
        }
    }
    text
}

/// A value as PostgreSQL's files want it.
pub(super) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// Lets a running server read its files again; what waits for a restart is
/// returned.
pub(super) async fn reload(session: &Session) -> Result<Vec<String>, Error> {
    let doing = "reloading the parameters";
    let loaded_at = "SELECT pg_conf_load_time()::text";
    let before = one_text(session, loaded_at).await?;
    session.run(doing, "SELECT pg_reload_conf()").await?;
    // The postmaster tells this session's process by a signal.
    while one_text(session, loaded_at).await? == before {
        tokio::time::sleep(POLL).await;
    }
    let pending = "SELECT name FROM pg_settings WHERE pending_restart ORDER BY name";
    let rows = session.client.query(pending, &[]).await;
    let rows = rows.map_err(Error::sql(doing))?;
    Ok(rows
        .iter()
        .map(|row| match row.get::<_, String>(0) {
            name if name == "wal_level" => LOGICAL_REPLICATION.to_owned(),
            name => name,
        })
        .collect())
}

async fn one_text(session: &Session, query: &str) -> Result<String, Error> {
    let row = session.client.query_one(query, &[]).await;
    row.map(|row| row.get(0))
        .map_err(Error::sql("reading the time of the last reload"))
}
