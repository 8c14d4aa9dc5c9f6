//! Edits at random, of one field, and what the other side then shows.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::generate::{hub_value, spoke_value};

/// A field that both sides have, and that an edit changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) hub: &'static str,
    pub(crate) spoke: &'static str,
}

impl Field {
    pub(crate) fn hub_path(self) -> String {
        format!("/spec/{}", self.hub)
    }

    pub(crate) fn spoke_path(self) -> String {
        format!("/spec/{}", self.spoke)
    }

    /// What the hub shows of a value that `spoke_edit` makes.
    pub(crate) fn natural_up(self, value: Option<&Value>) -> Option<Value> {
        match (self.hub, value?) {
            ("storage", Value::String(text)) => Some(format!("{text}Gi").into()),
            ("storage", number) => Some(format!("{number}Gi").into()),
            ("iops", Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
            (_, value) => Some(value.clone()),
        }
    }

    /// What the spoke shows of a value that `hub_edit` makes.
    pub(crate) fn natural_down(self, value: Option<&Value>) -> Option<Value> {
        match (self.hub, value?.as_str()) {
            ("storage", Some("1Ti")) => Some("1024".into()),
            ("storage", Some("1.5Gi" | "lots")) => None,
            ("storage", Some(text)) => Some(text.trim_end_matches("Gi").into()),
            _ => value.cloned(),
        }
    }
}

const SIZE: Field = Field {
    hub: "size",
    spoke: "size",
};
const STORAGE: Field = Field {
    hub: "storage",
    spoke: "storage",
};
const IOPS: Field = Field {
    hub: "iops",
    spoke: "iops",
};
const HA: Field = Field {
    hub: "multiAZ",
    spoke: "ha",
};
const TAGS: Field = Field {
    hub: "tags",
    spoke: "tags",
};

/// A change to one field of the hub: a new value, or none.
pub(crate) fn hub_edit() -> BoxedStrategy<(Field, Option<Value>)> {
    select(vec![SIZE, STORAGE, IOPS, HA, TAGS])
        .prop_flat_map(|field| {
            let odd = select(vec!["1.5Gi", "lots"]).prop_map(Value::from).boxed();
            let value = if field.hub == "storage" {
                prop_oneof![hub_value("storage"), odd].boxed()
            } else {
                hub_value(field.hub)
            };
            (Just(field), option::weighted(0.8, value))
        })
        .boxed()
}

/// A change to one field of the spoke: a new value, or none.
pub(crate) fn spoke_edit() -> BoxedStrategy<(Field, Option<Value>)> {
    select(vec![SIZE, STORAGE, IOPS, HA, TAGS])
        .prop_flat_map(|field| (Just(field), option::weighted(0.8, spoke_value(field.spoke))))
        .boxed()
}
