//! One PostgreSQL process, which cannot outlive drydock, not even when drydock
//! is killed with SIGKILL.
//!
//! It runs under a shell of some lines that holds the reading end of a pipe from
//! us: when we go, however we go, the pipe ends and the shell stops PostgreSQL.
//! `PR_SET_PDEATHSIG` would need unsafe code, and fires when the *thread* that
//! started the child ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::{error::Error, user::User};

/// Prints the child's id, then waits for whichever ends first: the child, or the
/// pipe on its standard input. SIGQUIT is PostgreSQL's immediate shutdown: it
/// loses nothing that was committed, and leaves no shared memory behind, as
/// SIGKILL would.
const SUPERVISOR: &str = r#"
log=$1
shift
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
child=$!
echo "$child"
exec >&-
{
    read -r _ <&3
    kill -QUIT "$child"
    polls=0
    while [ "$polls" -lt 100 ] && kill -0 "$child"; do
        sleep 0.1
        polls=$((polls + 1))
    done
    kill -KILL "$child"
} &
watcher=$!
exec 3<&-
wait "$child"
status=$?
kill "$watcher"
exit "$status"
"#;

/// A shutdown writes a checkpoint and archives the rest of the WAL.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 15;

/// A running server. Dropping it stops the server soon, in SIGQUIT's manner.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    supervisor: Child,
}

impl Process {
    /// Runs `postgres` on `data`, its log in `log`, once a predecessor on the
    /// same data, whose drydock was killed, is gone.
    pub(super) async fn spawn(
        user: &User,
        postgres: &Path,
        data: &Path,
        log: &Path,
    ) -> Result<Self, Error> {
        outwait_predecessor(data).await;
        let doing = || Error::system(format!("starting {}", postgres.display()));
        let mut command: Command = user.command(Path::new("sh"), data);
        command
            .args(["-c", SUPERVISOR, "supervisor"])
            .args([log, postgres])
            .arg("-D")
            .arg(data)
            // Which locale the messages have must not depend on who started us.
            .env("LC_MESSAGES", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A Ctrl-C in the terminal is ours to answer, in our own order.
            .process_group(0);
        let mut supervisor = command.spawn().map_err(doing())?;
        let mut line = String::new();
        if let Some(stdout) = supervisor.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .await
                .map_err(doing())?;
        }
        let pid = line.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| Error::Program {
            program: "sh".to_owned(),
            output: format!("named no process id, but {line:?}"),
        })?;
        Ok(Self { pid, supervisor })
    }

    /// Whether it runs still.
    pub(super) fn runs(&mut self) -> bool {
        matches!(self.supervisor.try_wait(), Ok(None))
    }

    /// The process id of PostgreSQL's postmaster.
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Stops it: sessions are ended, and what is committed is written.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        let stopping = || Error::system("stopping PostgreSQL");
        if self.runs() {
            match kill_process(self.pid, Signal::INT) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(errno) => return Err(stopping()(errno.into())),
            }
        }
        // Waiting for a child closes its input, which would end it at once.
        let pipe = self.supervisor.stdin.take();
        if timeout(PATIENCE, self.supervisor.wait()).await.is_err() {
            tracing::warn!(
                pid = self.pid(),
                "PostgreSQL does not stop; ending it at once"
            );
        }
        drop(pipe);
        self.end().await
    }

    /// Ends it at once, for data that nobody will want, or that are told to
    /// recover.
    pub(super) async fn end(mut self) -> Result<(), Error> {
        drop(self.supervisor.stdin.take());
        self.supervisor
            .wait()
            .await
            .map_err(Error::system("ending PostgreSQL"))?;
        Ok(())
    }
}

/// The last lines of a server's log, since `from` bytes.
pub(super) fn tail(log: &Path, from: u64) -> String {
    let text = fs::read(log).unwrap_or_default();
    let from = usize::try_from(from).unwrap_or_default().min(text.len());
    let text = String::from_utf8_lossy(&text[from..]).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// When drydock is killed and started again at once, the supervisor of the
/// process before may still be stopping it. A file that names a process id which
/// a stranger has by now costs the wait, and PostgreSQL decides.
async fn outwait_predecessor(data: &Path) {
    let file: PathBuf = data.join("postmaster.pid");
    let wait = async {
        while let Some(pid) = fs::read_to_string(&file)
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse().ok())
            .and_then(Pid::from_raw)
        {
            if test_kill_process(pid).is_err() {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    if timeout(Duration::from_secs(15), wait).await.is_err() {
        tracing::warn!(file = %file.display(), "it names a process that does not end");
    }
}
