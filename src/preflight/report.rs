//! What was found, for people as a table and for programs as JSON.
//!
//! Nothing here may judge, or leave a finding out.

use std::fmt::Write;

use serde::Serialize;

use super::finding::{Finding, Severity, Verdict};

/// All that was found. Its JSON is what `--output json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What it comes to.
    pub verdict: Verdict,
    /// How many objects were read.
    pub objects: usize,
    /// How many of them could be judged, and have no error.
    pub clean: usize,
    /// Worst first.
    pub findings: Vec<Finding>,
}

const HEAD: [&str; 4] = ["SEVERITY", "CHECK", "OBJECT", "WHAT"];

impl Report {
    /// A report of these findings, in any order.
    pub(super) fn new(mut findings: Vec<Finding>, objects: usize, clean: usize) -> Self {
        findings.sort_by(|a, b| {
            let key = |finding: &Finding| (finding.severity, finding.check);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.object.cmp(&b.object))
                .then_with(|| a.field.cmp(&b.field))
        });
        Self {
            verdict: Verdict::of(&findings),
            objects,
            clean,
            findings,
        }
    }

    /// A line for each finding, its columns aligned, and one that sums up.
    pub(super) fn table(&self) -> String {
        let rows = self.findings.iter().map(|finding| {
            [
                finding.severity.as_str().to_owned(),
                finding.check.as_str().to_owned(),
                finding.object.clone().unwrap_or_else(|| "-".to_owned()),
                one_line(&finding.to_string()),
            ]
        });
        let rows: Vec<_> = std::iter::once(HEAD.map(str::to_owned))
            .chain(rows)
            .collect();
        let mut widths = [0; 3];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let [first, second, third] = widths;
        let mut text = String::new();
        for [severity, check, object, what] in rows {
            let _ = writeln!(
                text,
                "{severity:first$}  {check:second$}  {object:third$}  {what}"
            );
        }
        let count = |severity| {
            let found = self.findings.iter();
            found.filter(|finding| finding.severity == severity).count()
        };
        let _ = writeln!(
            text,
            "\n{} of {} objects are clean. Errors: {}, unknown: {}, warnings: {}. {}",
            self.clean,
            self.objects,
            count(Severity::Error),
            count(Severity::Unknown),
            count(Severity::Warning),
            match self.verdict {
                Verdict::Clean => "Nothing has to be mended.",
                Verdict::Mend => "Mend the errors first.",
                Verdict::Unknown => "Not all could be told.",
            }
        );
        text
    }

    /// The same as JSON.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// A text that cannot break out of its row: what objects hold is anybody's.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::finding::Check;
    use serde_json::{Value, json};

    fn report() -> Report {
        let finding = |severity, check, object: Option<&str>, text: &str| Finding {
            object: object.map(str::to_owned),
            ..Finding::new(severity, check, text)
        };
        Report::new(
            vec![
                finding(Severity::Ok, Check::Rights, None, "In order."),
                finding(
                    Severity::Error,
                    Check::Stalled,
                    Some("shop/a-long-name"),
                    "b",
                ),
                finding(Severity::Error, Check::Pruned, Some("shop/b"), "two\nlines")
                    .at("spec.x")
                    .advise("Take it out."),
                finding(Severity::Error, Check::Pruned, Some("shop/a"), "a"),
            ],
            3,
            1,
        )
    }

    #[test]
    fn the_table_is_aligned_and_its_worst_is_first() {
        let expected = "\
SEVERITY  CHECK    OBJECT            WHAT
error     pruned   shop/a            a
error     pruned   shop/b            two lines. Take it out.
error     stalled  shop/a-long-name  b
ok        rights   -                 In order.

1 of 3 objects are clean. Errors: 3, unknown: 0, warnings: 0. Mend the errors first.
";
        assert_eq!(report().table(), expected);
    }

    #[test]
    fn the_json_has_the_documented_shape() {
        let json: Value = serde_json::from_str(&report().json().unwrap()).unwrap();
        assert_eq!(json["verdict"], "mend");
        assert_eq!(json["objects"], 3);
        assert_eq!(json["clean"], 1);
        assert_eq!(
            json["findings"][1],
            json!({
                "severity": "error", "check": "pruned", "object": "shop/b", "field": "spec.x",
                "message": "two\nlines", "advice": "Take it out.",
            })
        );
        let last = json!({"severity": "ok", "check": "rights", "message": "In order."});
        assert_eq!(json["findings"][3], last);
    }
}
