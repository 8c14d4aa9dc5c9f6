//! What is printed of a load: figures for whoever reads along, ratios to keep.

#![expect(clippy::print_stdout, reason = "it is what a measurement is for")]
#![expect(
    clippy::cast_precision_loss,
    reason = "no count here needs more digits than a float has"
)]

use std::time::Duration;

use crate::load::Turn;
use crate::reviews::Load;

/// What the 99th percentile is to be at most: of a review of one object, and of
/// one of 500 objects of 10 kB.
const BUDGETS: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];

const NAMES: [&str; 3] = ["stow", "echo", "controller-runtime"];

/// The turns of all servers under one load.
pub(crate) struct Report<'a> {
    load: &'a Load,
    bytes: usize,
    /// For each server, objects a second of each of its turns.
    rates: Vec<Vec<f64>>,
    latencies: Vec<Vec<Duration>>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(load: &'a Load, bytes: usize, servers: usize) -> Self {
        Self {
            load,
            bytes,
            rates: vec![Vec::new(); servers],
            latencies: vec![Vec::new(); servers],
        }
    }

    pub(crate) fn add(&mut self, server: usize, turn: Turn) {
        let objects = turn.latencies.len() * self.load.objects;
        self.rates[server].push(objects as f64 / turn.took.as_secs_f64());
        self.latencies[server].extend(turn.latencies);
    }

    pub(crate) fn print(mut self, peaks: &[u64]) {
        println!(
            "\n{} (a review of {} kB)",
            self.load.name,
            self.bytes / 1000
        );
        println!(
            "  {:20}{:>12}{:>10}{:>10}{:>10}{:>16}{:>14}",
            "", "objects/s", "p50", "p99", "peak RSS", "stow's rate is", "its RSS is"
        );
        for (index, peak) in peaks.iter().enumerate() {
            let latencies = &mut self.latencies[index];
            latencies.sort_unstable();
            let milliseconds =
                |share| format!("{:.2} ms", 1e3 * quantile(latencies, share).as_secs_f64());
            let rate = median(self.rates[index].clone());
            let turns = self.rates[0].iter().zip(&self.rates[index]);
            let ratio = median(turns.map(|(stow, other)| stow / other).collect());
            let memory = peaks[0] as f64 / *peak as f64;
            println!(
                "  {:20}{rate:>12.0}{:>10}{:>10}{:>7.0} MB{:>16}{:>14}",
                NAMES[index],
                milliseconds(0.5),
                milliseconds(0.99),
                *peak as f64 / 1e6,
                format!("{ratio:.2} times"),
                format!("{memory:.2} times"),
            );
        }
        self.property_10_latency_is_within_its_budget();
    }

    /// Says so, or by how much it is not: a busy machine proves nothing.
    fn property_10_latency_is_within_its_budget(&self) {
        let budget = BUDGETS[usize::from(self.load.objects > 1)];
        let found = quantile(&self.latencies[0], 0.99);
        let share = found.as_secs_f64() / budget.as_secs_f64();
        println!("  stow's 99th percentile is {share:.2} times its budget of {budget:?}");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Of values in order, the one below which `share` of them lie.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    let index = index.min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
