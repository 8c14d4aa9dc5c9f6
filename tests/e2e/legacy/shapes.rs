//! The shapes of objects that a cluster of 2017 holds, each with the instance
//! that was made for it then.
//!
//! Nothing here may depend on what Stow makes of a shape.

use serde_json::{Value, json};

/// What somebody wrote, and what had become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, as the README of 2017 shows it.
    Texts,
    /// The number of a later README.
    Numbers,
    /// io1, as a number and in quotes.
    Iops,
    IopsInQuotes,
    /// A standby, which the instance has.
    Ha,
    /// Tags, which the instance has.
    Tags,
    /// No spec at all, `spec: null`, `spec: {}`.
    NoSpec,
    NullSpec,
    EmptySpec,
    /// Fields that no version ever had, beside the spec too.
    Unknown,
    /// What was edited after the instance was made, which changed nothing then.
    EditedSize,
    EditedStorage,
    EditedHa,
    EditedIops,
    EditedTags,
    /// The instance was changed at AWS: gp2 in the object's words, io1 there.
    ChangedAtAws,
    /// Text that is no number, and what no field can hold, beside an instance.
    StorageTen,
    WrongTypes,
    /// Garbage for which no instance was ever made.
    Refused,
}

impl Shape {
    /// Every shape, in the order in which a cluster is filled with them.
    pub(crate) const ALL: [Self; 19] = [
        Self::Texts,
        Self::Numbers,
        Self::Iops,
        Self::IopsInQuotes,
        Self::Ha,
        Self::Tags,
        Self::NoSpec,
        Self::NullSpec,
        Self::EmptySpec,
        Self::Unknown,
        Self::EditedSize,
        Self::EditedStorage,
        Self::EditedHa,
        Self::EditedIops,
        Self::EditedTags,
        Self::ChangedAtAws,
        Self::StorageTen,
        Self::WrongTypes,
        Self::Refused,
    ];

    /// The spec; `None` where the object has none.
    pub(crate) fn spec(self) -> Option<Value> {
        Some(match self {
            Self::Texts => json!({"size": "db.t2.small", "storage": "20"}),
            Self::Numbers | Self::ChangedAtAws => json!({"size": "db.t2.small", "storage": 100}),
            Self::Iops => json!({"size": "db.t2.small", "storage": "100", "iops": 1000}),
            Self::IopsInQuotes => json!({"size": "db.t2.small", "storage": 100, "iops": "1000"}),
            Self::Ha | Self::EditedHa => {
                json!({"size": "db.t2.small", "storage": "20", "ha": true})
            }
            Self::Tags | Self::EditedTags => {
                json!({"size": "db.t2.small", "storage": "20", "tags": {"team": "shop"}})
            }
            Self::NoSpec => return None,
            Self::NullSpec => Value::Null,
            Self::EmptySpec => json!({}),
            Self::Unknown => {
                json!({"size": "db.t2.small", "storage": "20", "backup": {"keep": "all"}})
            }
            Self::EditedSize => json!({"size": "db.m4.2xlarge", "storage": "20"}),
            Self::EditedStorage => json!({"size": "db.t2.small", "storage": "50"}),
            Self::EditedIops => json!({"size": "db.t2.small", "storage": "100", "iops": 2000}),
            Self::StorageTen => json!({"size": "db.t2.small", "storage": "ten"}),
            Self::WrongTypes | Self::Refused => {
                json!({"size": 5, "storage": "20", "ha": "yes"})
            }
        })
    }

    /// The parameters of the instance's creation that differ from object to
    /// object; `None` where none was made.
    pub(super) fn creation(self) -> Option<Vec<(&'static str, &'static str)>> {
        let io1 = |iops| {
            vec![
                ("AllocatedStorage", "100"),
                ("StorageType", "io1"),
                ("Iops", iops),
            ]
        };
        let gp2 = |storage| vec![("AllocatedStorage", storage), ("StorageType", "gp2")];
        let mut parameters = match self {
            Self::Refused => return None,
            Self::Iops | Self::IopsInQuotes | Self::EditedIops => io1("1000"),
            Self::ChangedAtAws => io1("3000"),
            Self::Numbers => gp2("100"),
            _ => gp2("20"),
        };
        parameters.push(("DBInstanceClass", "db.t2.small"));
        let multi_az = if self == Self::Ha { "true" } else { "false" };
        parameters.push(("MultiAZ", multi_az));
        if self == Self::Tags {
            parameters.extend([("Tags.Tag.4.Key", "team"), ("Tags.Tag.4.Value", "shop")]);
        }
        Some(parameters)
    }

    /// The name of an object of it, such as `edited-size-17`.
    pub(super) fn name(self, number: usize) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        }
        format!("{name}-{number}")
    }
}
