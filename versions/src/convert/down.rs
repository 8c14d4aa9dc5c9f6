//! From the hub to the spoke.
//!
//! Nothing here may leave a field of the hub unsaid: what the spoke cannot say
//! goes into an annotation. A value of a wrong type is not the hub's, and goes.

use serde_json::Value;

use super::deep::Texts;
use super::fields::{STORAGE_TYPE, derived_storage_type, has_iops, hub_only, pairs, typed_spec};
use super::memory::{self, Memory, Remembered, Side};
use super::{Converted, Object};

/// Converts the spec of a v1beta1 object.
pub(super) fn down(written: Option<Value>, remembered: &Memory) -> Converted {
    let mut fresh = Memory::new(Side::Hub);

    let hub = written.and_then(typed_spec);
    let stray = memory::stray_spec(remembered, hub.as_ref());
    let present = hub.is_some();
    let hub = hub.unwrap_or_default();

    let mut texts = Texts::new();
    // Where the spec is no object, the spoke has no fields.
    let spoke = match &stray {
        Some(_) => Object::new(),
        None => spoke_of(&hub, remembered, &mut texts),
    };
    remember(&hub, &spoke, &mut fresh);
    let fields = (present || !spoke.is_empty()).then_some(Value::Object(spoke));
    let spec = stray.map_or(fields, |stray| {
        texts.extend(stray.text.map(|text| (memory::SPEC.to_owned(), text)));
        Some(stray.tree)
    });
    Converted { spec, texts, fresh }
}

/// The spoke's spec.
fn spoke_of(hub: &Object, remembered: &Memory, texts: &mut Texts) -> Object {
    let mut spoke = Object::new();
    for pair in pairs() {
        let meant = hub.get(pair.hub);
        let recalled = remembered.recall(pair.spoke, meant, |_| true);
        let said = match recalled {
            None => meant.and_then(pair.down),
            Some(memory) => {
                let text = memory.text.map(|text| (pair.spoke.to_owned(), text));
                texts.extend(text);
                memory.value
            }
        };
        if let Some(said) = said {
            spoke.insert(pair.spoke.to_owned(), said);
        }
    }
    spoke
}

/// Remembers what the spoke would not say back as the hub means it.
fn remember(hub: &Object, spoke: &Object, fresh: &mut Memory) {
    for pair in pairs() {
        let meant = hub.get(pair.hub);
        let said = spoke.get(pair.spoke);
        if said.and_then(pair.up).as_ref() != meant {
            let (value, shown) = (meant.cloned(), said.cloned());
            fresh.remember(pair.hub, Remembered::of(value, shown));
        }
    }
    // Its absence is worth a note as well, or storage alone would mean gp2.
    let storage_type = hub.get(STORAGE_TYPE);
    if derived_storage_type(spoke).as_ref() != storage_type {
        let (value, shown) = (storage_type.cloned(), Some(has_iops(spoke).into()));
        fresh.remember(STORAGE_TYPE, Remembered::of(value, shown));
    }
    for field in hub_only() {
        if let Some(value) = field.get(hub) {
            fresh.keep(field.path, value);
        }
    }
}
