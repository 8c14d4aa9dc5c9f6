//! JSON text, appended to a buffer.
//!
//! Nothing here may know what an object means.

use serde::Serialize;

use super::{Member, RawValue};

/// Writes an object, member by member.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Writer<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// Where the value of `name` is to be written.
    pub(super) fn place(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_json(name, self.out);
        self.out.push(b':');
        self.out
    }

    pub(super) fn value<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        write_json(value, self.place(name));
    }

    pub(super) fn member(&mut self, name: &str, raw: &RawValue) {
        self.place(name).extend_from_slice(raw.get().as_bytes());
    }

    pub(super) fn members(&mut self, members: &[Member<'_>]) {
        for (name, raw) in members {
            self.member(name, raw);
        }
    }
}

/// Writes a text or a tree.
pub(super) fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // A vector takes every byte, and the names of these values are texts.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
