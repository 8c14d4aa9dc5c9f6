//! Under whom PostgreSQL runs: whoever runs drydock, and for root, from whom
//! PostgreSQL would refuse to run, an unprivileged user of the system.

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::error::Error;

/// Of these the first that exists takes root's place.
const SUBSTITUTES: [&str; 2] = ["postgres", "nobody"];

/// The owner of data folders and processes.
#[derive(Clone, Debug)]
pub(super) struct User {
    substitute: Option<Substitute>,
}

#[derive(Clone, Debug)]
struct Substitute {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl User {
    /// Whoever runs drydock: for files that PostgreSQL has no business with.
    pub(super) const OURSELVES: Self = Self { substitute: None };

    /// Whom to use, by who runs drydock.
    pub(super) async fn find() -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { substitute: None });
        }
        for name in SUBSTITUTES {
            if let (Some(uid), Some(gid)) = (id("-u", name).await?, id("-g", name).await?) {
                let substitute = Some(Substitute { name, uid, gid });
                return Ok(Self { substitute });
            }
        }
        Err(Error::NoUser)
    }

    /// Gives a file or folder to the user.
    pub(super) fn own(&self, path: &Path) -> Result<(), Error> {
        let Some(substitute) = &self.substitute else {
            return Ok(());
        };
        chown(path, Some(substitute.uid), Some(substitute.gid))
            .map_err(Error::system(format!("giving away {}", path.display())))
    }

    /// A command that runs as the user, in a folder that the user can enter.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some(substitute) = &self.substitute {
            // With a uid and no groups the standard library drops root's own.
            command.gid(substitute.gid).uid(substitute.uid);
        }
        command
    }

    /// Fails if the user cannot enter the folder.
    pub(super) async fn check(&self, folder: &Path) -> Result<(), Error> {
        let Some(substitute) = &self.substitute else {
            return Ok(());
        };
        let entered = self
            .command(Path::new("sh"), Path::new("/"))
            .args(["-c", "cd \"$1\" 2>/dev/null", "sh"])
            .arg(folder)
            .status()
            .await
            .map_err(Error::system("running sh"))?;
        if entered.success() {
            return Ok(());
        }
        Err(Error::Unreachable {
            user: substitute.name.to_owned(),
            folder: PathBuf::from(folder),
        })
    }
}

async fn id(which: &str, user: &str) -> Result<Option<u32>, Error> {
    let output = Command::new("id")
        .args([which, user])
        .output()
        .await
        .map_err(Error::system("running id"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}
