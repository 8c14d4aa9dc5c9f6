//! What the managers say, and in which orders.
//!
//! Nothing here may know what comes of it.

use std::fmt;

use serde_json::{Value, json};

/// A field, or a few that belong together, as each version says it. Where a
/// version cannot say it, its managers say another field beside it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) old: [Value; 2],
    pub(super) new: [Value; 2],
    /// Whether it is about what v1alpha1 derives.
    pub(super) of_derived: bool,
    /// Whether specs of odd shapes are tried with it.
    pub(super) with_shapes: bool,
}

/// One of each kind that conversion knows.
pub(super) fn cases() -> Vec<Case> {
    let case = |name, old, new| Case {
        name,
        old,
        new,
        of_derived: name == "storage type",
        with_shapes: ["size", "storage", "deletion policy"].contains(&name),
    };
    let size = || {
        [
            json!({"size": "db.t3.small"}),
            json!({"size": "db.t3.medium"}),
        ]
    };
    vec![
        // One name and one text in both versions.
        case("size", size(), size()),
        // Two names.
        case(
            "standby",
            [json!({"ha": true}), json!({"ha": false})],
            [json!({"multiAZ": true}), json!({"multiAZ": false})],
        ),
        // Another text, of which one is written in each version's own way. The
        // storage type is derived from it.
        case(
            "storage",
            [json!({"storage": "20"}), json!({"storage": 1024})],
            [json!({"storage": "20Gi"}), json!({"storage": "1Ti"})],
        ),
        // What is derived on one side, and said on the other.
        case(
            "storage type",
            [
                json!({"storage": "400"}),
                json!({"storage": "400", "iops": 3000}),
            ],
            [
                json!({"storageType": "gp3"}),
                json!({"storageType": "io2", "iops": 3000}),
            ],
        ),
        case(
            "iops",
            [json!({"iops": 3000}), json!({"iops": "4000"})],
            [json!({"iops": 3000}), json!({"iops": 4000})],
        ),
        // A map, whose entries have managers of their own.
        case(
            "tags",
            [
                json!({"tags": {"team": "shop"}}),
                json!({"tags": {"team": "pay", "cost": "1"}}),
            ],
            [
                json!({"tags": {"cost": "1"}}),
                json!({"tags": {"team": "shop", "tier": "b"}}),
            ],
        ),
        // What v1alpha1 cannot say: a leaf, a group, a list.
        case(
            "deletion policy",
            size(),
            [
                json!({"deletionPolicy": "Retain"}),
                json!({"deletionPolicy": "Snapshot"}),
            ],
        ),
        case(
            "backup",
            size(),
            [
                json!({"backup": {"retentionDays": 7, "window": "03:00-03:30"}}),
                json!({"backup": {"retentionDays": 14}}),
            ],
        ),
        case(
            "security groups",
            size(),
            [
                json!({"network": {"securityGroups": ["sg-01234567", "sg-12345678"]}}),
                json!({"network": {"securityGroups": ["sg-12345678"], "publiclyAccessible": false}}),
            ],
        ),
        case(
            "empty group",
            size(),
            [
                json!({"backup": {}}),
                json!({"backup": {"retentionDays": 7}}),
            ],
        ),
    ]
}

/// A manager of fields, in one of the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Actor {
    pub(super) manager: &'static str,
    pub(super) version: &'static str,
}

impl Actor {
    pub(super) fn is_old(self) -> bool {
        self.version == "v1alpha1"
    }
}

/// Two managers, each with a version of its own.
pub(super) const APART: [Actor; 2] = [
    Actor {
        manager: "team-old",
        version: "v1alpha1",
    },
    Actor {
        manager: "team-new",
        version: "v1beta1",
    },
];

/// One manager, whose manifest moves from version to version.
pub(super) const MOVING: [Actor; 2] = [
    Actor {
        manager: "team",
        version: "v1alpha1",
    },
    Actor {
        manager: "team",
        version: "v1beta1",
    },
];

/// What an actor applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The case's first value.
    First,
    /// Its second, by force.
    Second,
    /// The case's fields no more, but what it says beside them.
    Neither,
    /// A spec without fields.
    Empty,
    /// `spec: null`.
    Null,
    /// No spec at all.
    NoSpec,
}

/// One apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) actor: Actor,
    pub(super) says: Says,
}

impl Step {
    /// The spec that is applied, if one is.
    pub(super) fn spec(self, case: &Case) -> Option<Value> {
        // What each manager says all the time, since a spec that loses its last
        // field is another matter.
        let (values, beside) = if self.actor.is_old() {
            let beside = match case.old[0].get("size") {
                None => json!({"size": "db.t3.large"}),
                Some(_) => json!({"tags": {"by": "old"}}),
            };
            (&case.old, beside)
        } else {
            let beside = match case.new[0].get("size") {
                None => json!({"size": "db.t3.large"}),
                Some(_) => json!({"tags": {"by": "new"}}),
            };
            (&case.new, beside)
        };
        match self.says {
            Says::First => Some(with(&values[0], &beside)),
            Says::Second => Some(with(&values[1], &beside)),
            Says::Neither => Some(beside),
            Says::Empty => Some(json!({})),
            Says::Null => Some(Value::Null),
            Says::NoSpec => None,
        }
    }
}

/// Both maps in one.
fn with(one: &Value, other: &Value) -> Value {
    let maps = [one, other].into_iter().filter_map(Value::as_object);
    maps.flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// As the table of what is known writes it: `old 1, new 2!, old {}`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.actor.is_old() { "old" } else { "new" };
        let says = match self.says {
            Says::First => "1",
            Says::Second => "2!",
            Says::Neither => "-",
            Says::Empty => "{}",
            Says::Null => "null",
            Says::NoSpec => "none",
        };
        write!(f, "{version} {says}")
    }
}

/// Every order of three applies in which each changes something, and both
/// versions have a word: of the case's values, and of neither.
pub(super) fn orders(actors: [Actor; 2]) -> Vec<Vec<Step>> {
    let words = [Says::First, Says::Second, Says::Neither];
    let mut orders = every_order(&steps(actors, &words), 3);
    orders.retain(|order| {
        let repeats = order.windows(2).any(|pair| pair[0] == pair[1]);
        order[0].says != Says::Neither && !repeats && mixed(order)
    });
    orders
}

/// Every pair of applies of which one has an odd shape.
pub(super) fn shapes(actors: [Actor; 2]) -> Vec<Vec<Step>> {
    let words = [Says::First, Says::Empty, Says::Null, Says::NoSpec];
    let mut orders = every_order(&steps(actors, &words), 2);
    orders.retain(|order| mixed(order) && order.iter().any(|step| step.says != Says::First));
    orders
}

fn mixed(order: &[Step]) -> bool {
    order.iter().any(|step| step.actor != order[0].actor)
}

fn steps(actors: [Actor; 2], words: &[Says]) -> Vec<Step> {
    let of = |actor| words.iter().map(move |&says| Step { actor, says });
    actors.into_iter().flat_map(of).collect()
}

fn every_order(steps: &[Step], length: usize) -> Vec<Vec<Step>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..length {
        let longer = orders.iter().flat_map(|order: &Vec<Step>| {
            let with = |step| [&order[..], &[step]].concat();
            steps.iter().copied().map(with)
        });
        orders = longer.collect();
    }
    orders
}
