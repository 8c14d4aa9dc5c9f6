//! Child processes that cannot outlive this one, not even when it is killed
//! with SIGKILL.
//!
//! Each runs under a shell of three lines that holds the reading end of a pipe
//! from us: when we go, however we go, the pipe ends and the shell kills its
//! child. `PR_SET_PDEATHSIG` would need unsafe code, or `setpriv`, and fires
//! when the *thread* that started the child ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    error::{Error, Result},
    eventually::eventually,
};

/// Prints the child's id, then waits for whichever ends first: the child, whose
/// status becomes its own, or the pipe on its standard input.
const SUPERVISOR: &str = r#"
log=$1
shift
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
child=$!
echo "$child"
exec >&-
{ read -r _ <&3; kill -KILL "$child"; } &
watcher=$!
exec 3<&-
wait "$child"
status=$?
kill "$watcher"
exit "$status"
"#;

const TAIL_LINES: usize = 40;

/// A child process. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    pid: Pid,
    supervisor: Child,
}

impl Process {
    /// Starts `command`, with its output appended to `log`. Of `command`, the
    /// program, the arguments, the folder and the single changes to the
    /// environment count.
    pub fn spawn(name: &str, log: PathBuf, command: &Command) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(&log)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A Ctrl-C in the terminal is ours to answer, in our own order.
            .process_group(0);
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let failed = || Error::system(format!("starting {name}"));
        let mut supervisor = shell.spawn().map_err(failed())?;
        let mut line = String::new();
        if let Some(stdout) = supervisor.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(failed())?;
        }
        let pid = line.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| {
            Error::Unexpected(format!("{name}: its supervisor named no process id"))
        })?;
        Ok(Self {
            name: name.to_owned(),
            log,
            pid,
            supervisor,
        })
    }

    /// The process id of the program itself.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The memory that it occupies, in KiB.
    pub fn resident(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.pid());
        let status = fs::read_to_string(&path).map_err(Error::system(&path))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        kibibytes.ok_or_else(|| Error::Unexpected(format!("{path} states no VmRSS")))
    }

    /// All that it printed so far, standard output and standard error.
    pub fn output(&self) -> String {
        fs::read(&self.log).map_or_else(
            |error| format!("({}: {error})", self.log.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The last lines that it printed.
    pub fn tail(&self) -> String {
        let output = self.output();
        let lines: Vec<_> = output.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its exit status as a shell says it (128 and the signal's number for one
    /// that a signal ended), or nothing while it runs.
    pub fn exited(&mut self) -> Result<Option<i32>> {
        let status = self
            .supervisor
            .try_wait()
            .map_err(Error::system(format!("asking after {}", self.name)))?;
        Ok(status.map(|status| status.code().unwrap_or(-1)))
    }

    /// Waits for its end; the status is that of [`Self::exited`].
    pub async fn wait(&mut self, within: Duration) -> Result<i32> {
        let what = format!("{} (process {}) to end", self.name, self.pid());
        eventually(what, within, || {
            let exited = self.exited();
            async {
                match exited {
                    Ok(Some(status)) => Ok(status),
                    Ok(None) => Err("it runs still".to_owned()),
                    Err(error) => Err(error.to_string()),
                }
            }
        })
        .await
    }

    /// Sends SIGKILL to the program. It is over when [`Self::wait`] says so.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    /// Sends SIGTERM to the program.
    pub fn terminate(&mut self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        // One that ended has given its id back, perhaps to a stranger.
        if self.exited()?.is_some() {
            return Ok(());
        }
        match kill_process(self.pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(Error::system(format!("signalling {}", self.name))(
                errno.into(),
            )),
        }
    }

    /// Fails with the tail of its log if it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.exited()? {
            None => Ok(()),
            Some(status) => Err(self.failure(&format!("it exited with status {status}"))),
        }
    }

    /// An error that shows the tail of its log.
    pub fn failure(&self, reason: &str) -> Error {
        Error::Component {
            name: self.name.clone(),
            reason: reason.to_owned(),
            log: self.tail(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // The shell kills at once what it supervises, so this is short; and
        // there is nobody left to tell if the system denies us our own child.
        let _ended = self.supervisor.wait();
    }
}

/// Whether a process of that id exists.
pub fn is_alive(pid: u32) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}
