//! Which states of objects are stored in the new version, by what the API server
//! answered to this migration's own writes.
//!
//! Nothing here may outlast a change of the CRD: another one may store another
//! version.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::untyped::Untyped;

/// States that are proven. Of each only a hash is kept, of 8 bytes: there can be more
/// objects than fit into memory.
#[derive(Debug, Default)]
pub(super) struct Proof {
    hasher: RandomState,
    states: HashSet<u64>,
}

impl Proof {
    /// This state was written under the present CRD, or found to be what that would
    /// write.
    pub(super) fn note(&mut self, state: &State) {
        self.states.insert(self.hasher.hash_one(state));
    }

    /// Whether the object is still in a state that is proven.
    pub(super) fn holds(&self, object: &Untyped) -> bool {
        let state = State::of(object);
        self.states.contains(&self.hasher.hash_one(&state))
    }
}

/// A state of an object: no write leaves it, and none comes back to it.
#[derive(Debug, Hash)]
pub(super) struct State {
    uid: String,
    resource_version: String,
}

impl State {
    pub(super) fn of(object: &Untyped) -> Self {
        let text = |key| object.metadata(key).to_owned();
        Self {
            uid: text("uid"),
            resource_version: text("resourceVersion"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_later_write_and_any_other_object_is_unproven() {
        let object = |uid: &str, version: &str| {
            Untyped::from(json!({"metadata": {"uid": uid, "resourceVersion": version}}))
        };
        let mut proof = Proof::default();
        proof.note(&State::of(&object("a", "12")));
        assert!(proof.holds(&object("a", "12")));
        for other in [object("a", "13"), object("b", "12"), object("a1", "2")] {
            assert!(!proof.holds(&other), "{other:?}");
        }
    }
}
