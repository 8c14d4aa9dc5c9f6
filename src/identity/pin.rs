//! The pin, what is seen, and how they differ.
//!
//! Nothing here may do I/O: it is a comparison, and the words for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::CONFIG_MAP;

/// What an identity consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// The cluster's id, as databases are tagged with it.
    Cluster,
    /// The AWS account, 12 digits.
    Account,
    /// The AWS region, such as `eu-west-1`.
    Region,
}

impl Facet {
    /// Every facet, in the order in which people are told of them.
    pub const ALL: [Self; 3] = [Self::Cluster, Self::Account, Self::Region];

    /// Its key in the `ConfigMap`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Account => "account",
            Self::Region => "region",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cluster => "the cluster id",
            Self::Account => "the AWS account",
            Self::Region => "the AWS region",
        }
    }

    /// What somebody may have switched.
    fn source(self) -> &'static str {
        match self {
            Self::Cluster => "--cluster-id, or without it the cluster",
            Self::Account => "the operator's AWS credentials or role",
            Self::Region => "AWS_REGION, or the region of the operator's AWS profile",
        }
    }
}

/// What the operator was first started for. A facet that is missing has never
/// been known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pin(BTreeMap<Facet, String>);

impl Pin {
    /// Reads the data of the `ConfigMap`. An empty value counts as none; other
    /// keys are whoever's set them.
    pub fn read(data: &BTreeMap<String, String>) -> Self {
        let value = |facet: Facet| {
            let text = data.get(facet.key())?.trim();
            (!text.is_empty()).then(|| (facet, text.to_owned()))
        };
        Self(Facet::ALL.into_iter().filter_map(value).collect())
    }

    /// What the `ConfigMap` should hold besides, by what is seen.
    pub fn lacks(&self, seen: &Seen) -> BTreeMap<String, String> {
        seen.0
            .iter()
            .filter(|(facet, _)| !self.0.contains_key(facet))
            .map(|(facet, value)| (facet.key().to_owned(), value.clone()))
            .collect()
    }

    /// Where what is seen is not what is pinned.
    pub fn differs(&self, seen: &Seen) -> Vec<Difference> {
        seen.0
            .iter()
            .filter_map(|(facet, value)| {
                let pinned = self.0.get(facet).filter(|pinned| *pinned != value)?;
                Some(Difference {
                    facet: *facet,
                    pinned: pinned.clone(),
                    seen: value.clone(),
                })
            })
            .collect()
    }
}

/// What is seen of the operator's identity; each facet more than once where
/// AWS's answers disagree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeSet<(Facet, String)>);

impl Seen {
    /// Notes a facet's value.
    pub fn note(&mut self, facet: Facet, value: impl Into<String>) {
        self.0.insert((facet, value.into()));
    }

    /// Notes what the ARN of an instance says:
    /// `arn:aws:rds:eu-west-1:123456789012:db:orders`.
    pub fn note_arn(&mut self, arn: &str) {
        let parts: Vec<_> = arn.split(':').collect();
        if let ["arn", _, _, region, account, _, ..] = parts.as_slice()
            && !region.is_empty()
            && !account.is_empty()
        {
            self.note(Facet::Region, *region);
            self.note(Facet::Account, *account);
        }
    }

    /// Whether a facet was seen at all.
    pub fn knows(&self, facet: Facet) -> bool {
        self.0.iter().any(|(known, _)| *known == facet)
    }

    /// Whether a facet was seen with one value and another.
    pub fn contradicts_itself(&self) -> bool {
        let facets: BTreeSet<_> = self.0.iter().map(|(facet, _)| facet).collect();
        facets.len() < self.0.len()
    }
}

/// A facet that is not what is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub facet: Facet,
    /// What the operator was first started for.
    pub pinned: String,
    /// What it is now.
    pub seen: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            facet,
            pinned,
            seen,
        } = self;
        write!(f, "{} is {seen}, and was {pinned}", facet.name())
    }
}

/// What differs, in words for a person: what is pinned, what is seen, and both
/// ways out.
pub(super) fn explain(differences: &[Difference], namespace: &str) -> String {
    let list = |each: fn(&Difference) -> String, by: &str| {
        differences.iter().map(each).collect::<Vec<_>>().join(by)
    };
    let said = list(ToString::to_string, "; ");
    let sources = list(|difference| difference.facet.source().to_owned(), "; ");
    let data = list(
        |difference| format!("\"{}\":\"{}\"", difference.facet.key(), difference.seen),
        ",",
    );
    format!(
        "Stow is not where it was first started: {said}. It changes nothing until that is settled. \
         Put back what was switched ({sources}), and it goes on by itself. If the switch is meant: \
         kubectl -n {namespace} patch configmap {CONFIG_MAP} --type merge -p '{{\"data\":{{{data}}}}}'."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(entries: &[(&str, &str)]) -> Pin {
        let data = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Pin::read(&data.collect())
    }

    fn seen(arns: &[&str]) -> Seen {
        let mut seen = Seen::default();
        for arn in arns {
            seen.note_arn(arn);
        }
        seen
    }

    const WHOLE: [(&str, &str); 3] = [
        ("cluster", "c1"),
        ("account", "111111111111"),
        ("region", "eu-west-1"),
    ];
    const ARN: &str = "arn:aws:rds:eu-west-1:111111111111:db:orders";

    #[test]
    fn what_agrees_differs_in_nothing_and_lacks_nothing() {
        let pin = pin(&WHOLE);
        let mut seen = seen(&[ARN, "arn:aws:rds:eu-west-1:111111111111:db:other"]);
        seen.note(Facet::Cluster, "c1");
        assert_eq!(pin.differs(&seen), []);
        assert!(pin.lacks(&seen).is_empty());
        assert!(!seen.contradicts_itself());
    }

    #[test]
    fn each_facet_is_told_with_what_is_pinned_and_what_is_seen() {
        let pin = pin(&WHOLE);
        for (facet, value, want) in [
            (Facet::Cluster, "c2", "the cluster id is c2, and was c1"),
            (
                Facet::Account,
                "222222222222",
                "the AWS account is 222222222222, and was 111111111111",
            ),
            (
                Facet::Region,
                "us-east-1",
                "the AWS region is us-east-1, and was eu-west-1",
            ),
        ] {
            let mut seen = Seen::default();
            seen.note(facet, value);
            let differences = pin.differs(&seen);
            assert_eq!(differences.len(), 1, "{facet:?}");
            assert_eq!(differences[0].to_string(), want);
            let text = explain(&differences, "stow-system");
            let command = format!(
                "kubectl -n stow-system patch configmap stow-identity --type merge -p '{{\"data\":{{\"{}\":\"{value}\"}}}}'",
                facet.key()
            );
            assert!(text.contains(&command), "{text}");
            assert!(text.contains(facet.source()), "{text}");
        }
    }

    #[test]
    fn one_instance_of_another_account_is_enough_to_differ() {
        let other = "arn:aws:rds:eu-west-1:222222222222:db:orders";
        let seen = seen(&[ARN, other]);
        assert!(seen.contradicts_itself());
        assert_eq!(pin(&WHOLE).differs(&seen).len(), 1);
    }

    #[test]
    fn what_is_not_pinned_yet_is_lacking_and_differs_in_nothing() {
        let pin = pin(&[("cluster", "c1"), ("account", " "), ("else", "x")]);
        let seen = seen(&[ARN]);
        assert_eq!(pin.differs(&seen), []);
        let lacks: Vec<_> = pin.lacks(&seen).into_iter().collect();
        let want = [("account", "111111111111"), ("region", "eu-west-1")];
        assert_eq!(
            lacks,
            want.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_text_that_is_no_arn_says_nothing() {
        for text in [
            "",
            ":::::",
            "orders",
            "arn:aws:rds",
            "arn:aws:rds:::db:orders",
            "arn:aws:rds:eu-west-1::db:orders",
            "x:aws:rds:eu-west-1:111111111111:db:orders",
        ] {
            assert_eq!(seen(&[text]), Seen::default(), "{text}");
        }
    }
}
