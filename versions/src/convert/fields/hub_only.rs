//! A field that the spoke cannot say, in a spec of the hub.
//!
//! Nothing here may put a value of a wrong type into the hub.

use serde_json::Value;

use super::{HubOnly, Shape};
use crate::convert::Object;

impl HubOnly {
    /// The last part of its path.
    pub(super) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Whether a value has its type, once a group has lost the members that do
    /// not have theirs.
    pub(super) fn clean(&self, value: &mut Value) -> bool {
        let members = match self.shape {
            Shape::Leaf(typed) => return typed(value),
            Shape::Group(members) => members,
        };
        let Some(group) = value.as_object_mut() else {
            return false;
        };
        group.retain(|name, value| {
            let member = members.iter().find(|member| member.name() == name);
            member.is_some_and(|member| member.clean(value))
        });
        true
    }

    /// What of a type-clean spec is kept under its name: of a group nothing,
    /// unless it is empty.
    pub(in crate::convert) fn get<'a>(&self, spec: &'a Object) -> Option<&'a Value> {
        let (first, rest) = match self.path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (self.path, None),
        };
        let mut value = spec.get(first)?;
        for name in rest.into_iter().flat_map(|rest| rest.split('.')) {
            value = value.get(name)?;
        }
        let keeps = match self.shape {
            Shape::Leaf(_) => true,
            Shape::Group(_) => value.as_object().is_some_and(Object::is_empty),
        };
        keeps.then_some(value)
    }

    /// Puts what was kept under its name into a spec; ignores what has not its
    /// type, and an empty group's note where the group is there.
    pub(in crate::convert) fn put(&self, value: Value, spec: &mut Object) {
        let sound = match self.shape {
            Shape::Leaf(typed) => typed(&value),
            Shape::Group(_) => value.as_object().is_some_and(Object::is_empty),
        };
        if !sound {
            return;
        }
        let (groups, name) = match self.path.rsplit_once('.') {
            Some((groups, name)) => (Some(groups), name),
            None => (None, self.path),
        };
        let mut place = spec;
        for group in groups.into_iter().flat_map(|groups| groups.split('.')) {
            let group = place
                .entry(group)
                .or_insert_with(|| Value::Object(Object::new()));
            let Some(inner) = group.as_object_mut() else {
                return;
            };
            place = inner;
        }
        place.entry(name).or_insert(value);
    }
}
