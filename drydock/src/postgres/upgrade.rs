//! Major upgrades: the new version's own tools dump everything and load it into
//! a new data folder, which takes the old one's place once it is complete.
//!
//! Not by `pg_upgrade`: it wants both installations alike, and the servers that
//! it starts outlive a drydock that is killed. Here every process is ours.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use super::{
    backups,
    error::Error,
    installations::{Installation, Installations},
    parameters,
    record::Record,
    roles,
    server::{Server, State},
    session::{ADMINISTRATOR, Session, socket_folder},
    template, tree,
};

/// In a server's folder while it is upgraded. Once it holds a record, the new
/// data are complete, and only [`settle`] is left to be done.
const FOLDER: &str = "upgrade";
const TOOLS: [&str; 3] = ["pg_dump", "pg_dumpall", "psql"];
/// RDS refuses these too: a dump does not have them.
const OBSTACLES: [(&str, &str); 2] = [
    (
        "SELECT count(*) FROM pg_prepared_xacts",
        "there are prepared transactions",
    ),
    (
        "SELECT count(*) FROM pg_replication_slots WHERE NOT temporary",
        "there are replication slots",
    ),
];

impl Installations {
    /// Whether servers can move to any later major that is here.
    pub fn upgrade(&self) -> bool {
        self.all().skip(1).all(has_tools)
    }
}

fn has_tools(installation: &Installation) -> bool {
    TOOLS.iter().all(|tool| installation.program(tool).exists())
}

impl Server {
    /// Moves to another major version, with these parameters; of that version
    /// already, it is left alone. Sessions end. After an error everything is as
    /// it was, and runs, unless [`Server::is_running`] says otherwise.
    pub async fn upgrade(
        &self,
        major: u32,
        parameters: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if state.record.major == major {
            return self.start_locked(&mut state).await;
        }
        let installation = self.installations.major(major)?;
        parameters::check(self.installations.host(), installation, parameters).await?;
        // Nobody writes from here on: it starts again with its port shut.
        self.stop_locked(&mut state).await?;
        let folder = self.folder.join(FOLDER);
        let moved = async {
            self.launch(&mut state).await?;
            self.move_to(installation, parameters, &state, &folder)
                .await?;
            self.stop_locked(&mut state).await?;
            settle(&self.installations, &self.folder).await
        };
        let moved = moved.await;
        if moved.is_err() && !Record::exists(&folder) {
            tree::remove(&folder).await?;
        }
        state.record = Record::read(&self.folder)?;
        self.start_locked(&mut state).await?;
        moved
    }

    /// Makes a complete server of the other version in `folder`, stopped.
    async fn move_to(
        &self,
        installation: &Installation,
        parameters: &BTreeMap<String, String>,
        state: &State,
        folder: &Path,
    ) -> Result<(), Error> {
        let session = self.session(&state.record).await?;
        for (query, obstacle) in OBSTACLES {
            let row = session.client.query_one(query, &[]).await;
            let found: i64 = row.map_err(Error::sql("preparing an upgrade"))?.get(0);
            if found > 0 {
                return Err(Error::NotUpgradable(obstacle));
            }
        }
        let databases = databases(&session).await?;
        drop(session);
        let host = self.installations.host();
        let template = template::ready(host, installation).await?;
        let record = Record {
            major: installation.version.major(),
            port: 0,
            administrator_password: template.password,
            parameters: parameters.clone(),
        };
        let new = Self::prepare(&self.installations, folder, record, &template.data).await?;
        let made = async {
            let mut inside = new.state.lock().await;
            new.launch(&mut inside).await?;
            let password = &state.record.administrator_password;
            let session = new.session(&inside.record).await?;
            // The dump says the same of it, amid sessions that log in anew.
            roles::set_password(&session, ADMINISTRATOR, password).await?;
            roles::confine(&session).await?;
            drop(session);
            inside.record.administrator_password.clone_from(password);
            let tools = Tools {
                server: self,
                installation,
                password,
                dump: folder.join("dump"),
            };
            tools.copy_roles(folder).await?;
            for database in databases {
                tools.copy_database(&database, folder).await?;
            }
            tree::remove_file(&tools.dump)?;
            new.stop_locked(&mut inside).await?;
            inside.record.write(folder)
        };
        let made = made.await;
        new.or_nothing(made).await.map(drop)
    }
}

async fn databases(session: &Session) -> Result<Vec<String>, Error> {
    let query = "SELECT datname::text FROM pg_database \
                 WHERE datallowconn AND NOT datistemplate ORDER BY datname";
    let rows = session.client.query(query, &[]).await;
    let rows = rows.map_err(Error::sql("listing the databases"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The new version's tools, from the old server's folder to the new one's.
struct Tools<'a> {
    server: &'a Server,
    installation: &'a Installation,
    password: &'a str,
    dump: PathBuf,
}

impl Tools<'_> {
    async fn copy_roles(&self, to: &Path) -> Result<(), Error> {
        let from = &self.server.folder;
        let roles = ["--globals-only", "--no-sync"].map(String::from);
        self.run("pg_dumpall", from, &roles, Some(&self.dump))
            .await?;
        let reading = || Error::system(format!("reading {}", self.dump.display()));
        let text = fs::read_to_string(&self.dump).map_err(reading())?;
        // There is one already, or nobody could load anything.
        let administrator = format!("CREATE ROLE {ADMINISTRATOR};\n");
        let text = text.replacen(&administrator, "", 1);
        let user = &self.server.installations.host().user;
        tree::write(user, &self.dump, text.as_bytes())?;
        self.load(to).await
    }

    async fn copy_database(&self, name: &str, to: &Path) -> Result<(), Error> {
        let from = &self.server.folder;
        // `postgres` is there already, with other properties.
        let whole = ["--create", "--clean", "--if-exists", "--no-sync"].map(String::from);
        let database = [format!("--dbname={}", conninfo(name))];
        self.run(
            "pg_dump",
            from,
            &[&whole[..], &database].concat(),
            Some(&self.dump),
        )
        .await?;
        self.load(to).await
    }

    async fn load(&self, to: &Path) -> Result<(), Error> {
        let arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "template1", "-f"];
        let mut arguments = arguments.map(String::from).to_vec();
        arguments.push(self.dump.display().to_string());
        self.run("psql", to, &arguments, None).await
    }

    /// Runs a tool on the server in a folder.
    async fn run(
        &self,
        tool: &str,
        on: &Path,
        arguments: &[String],
        into: Option<&Path>,
    ) -> Result<(), Error> {
        let user = &self.server.installations.host().user;
        let mut command = user.command(&self.installation.program(tool), on);
        command
            .args(arguments)
            .env("PGHOST", socket_folder(&on.join("run"), Path::new("run")))
            .env("PGPORT", "5432")
            .env("PGUSER", ADMINISTRATOR)
            .env("PGPASSWORD", self.password)
            .env("LC_MESSAGES", "C")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(into) = into {
            command.arg("--file").arg(into);
        }
        let output = command
            .output()
            .await
            .map_err(Error::system(format!("running {tool}")))?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Program {
            program: tool.to_owned(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A database by a name that may hold anything.
fn conninfo(database: &str) -> String {
    let escaped = database.replace('\\', r"\\").replace('\'', r"\'");
    format!("dbname='{escaped}'")
}

/// Puts an upgrade in place that a server's folder holds complete, and throws
/// one away that is not. Cut off anywhere, it goes on when it is done again.
pub(super) async fn settle(installations: &Installations, folder: &Path) -> Result<(), Error> {
    let new = folder.join(FOLDER);
    if !Record::exists(&new) {
        return tree::remove(&new).await;
    }
    let rename = |from: &Path, to: &Path| {
        fs::rename(from, to).map_err(Error::system(format!("moving {}", from.display())))
    };
    let (data, fresh) = (folder.join("data"), new.join("data"));
    if fresh.exists() {
        if data.exists() {
            rename(&data, &new.join("old"))?;
        }
        rename(&fresh, &data)?;
    }
    let old = Record::read(folder)?;
    let mut record = Record::read(&new)?;
    if old.major != record.major {
        let user = &installations.host().user;
        backups::set_apart(user, &folder.join("backups"), old.major)?;
        record.port = old.port;
        record.write(folder)?;
    }
    tree::remove(&new).await
}
