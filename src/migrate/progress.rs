//! What a terminal shows of a migration: a bar where there is one, else a line now
//! and then.
//!
//! Nothing here may decide what is done.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::object::{Fate, Outcome};
use super::{Stage, Task};

const STYLE: &str = "{msg:9} {wide_bar} {pos}/{len} {per_sec}, {eta} left";

/// How many lines there are for one walk where there is no terminal.
const LINES: u64 = 10;

/// The person who typed the command.
pub(super) struct Terminal {
    bar: ProgressBar,
    plain: bool,
    /// Objects and their annotations are named once, however often they are walked.
    told: Mutex<Vec<String>>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let plain = !io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if plain {
                ProgressDrawTarget::hidden()
            } else {
                ProgressDrawTarget::stderr()
            },
        );
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style);
        }
        Self {
            bar,
            plain,
            told: Mutex::default(),
        }
    }

    /// Leaves the terminal to whoever comes next.
    pub(super) fn ends(&self) {
        self.bar.finish_and_clear();
    }

    fn once(&self, line: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains(&line) {
            self.say(&line);
            told.push(line);
        }
    }
}

impl Stage for Terminal {
    fn begins(&self, task: Task, objects: u64) {
        self.bar.reset();
        self.bar.set_length(objects);
        self.bar.set_message(match task {
            Task::Rewrite => "rewriting",
            Task::Prove | Task::Verify => "verifying",
            Task::DryRun => "asking",
        });
        if !self.plain {
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn outcome(&self, task: Task, outcome: &Outcome) {
        let object = &outcome.object;
        match &outcome.fate {
            Fate::Remains(why) => self.once(format!("{object}: {why}")),
            Fate::Rewritten(what) if task == Task::DryRun => {
                let mut parts = vec!["stored bytes".to_owned()];
                parts.extend(what.iter().cloned());
                self.say(&format!("{object}: would rewrite {}", parts.join(", ")));
            }
            Fate::AsItWas | Fate::Rewritten(_) | Fate::Gone => {}
        }
        for name in &outcome.elsewhere {
            self.once(format!(
                "{object}: note: its annotation {name} names myob.com/v1alpha1; it is not \
                 Stow's, and stays"
            ));
        }
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        if self.plain && done.is_multiple_of((all / LINES).max(1000)) {
            let what = self.bar.message();
            let _ = writeln!(io::stderr(), "{what} {done} of {all}");
        }
    }

    fn say(&self, line: &str) {
        // A closed output is no reason to leave objects half done.
        self.bar.suspend(|| {
            let _ = writeln!(io::stdout(), "{line}");
        });
    }
}
