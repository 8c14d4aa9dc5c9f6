//! Answers as trees of elements, and their text.
//!
//! Must not know what any element means.

use std::fmt::Display;

use jiff::Timestamp;
use quick_xml::escape::escape;

/// An element with either text or children; RDS uses no attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// An element that holds text.
    pub fn text(name: impl Into<String>, value: impl Display) -> Self {
        Self {
            text: value.to_string(),
            ..Self::new(name)
        }
    }

    /// Adds a child.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Adds a child that holds text.
    #[must_use]
    pub fn field(self, name: &str, value: impl Display) -> Self {
        self.with(Self::text(name, value))
    }

    /// Adds a child that holds text, if there is any.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Adds a child that holds a time, if there is any: in milliseconds, as RDS
    /// writes them, and cut off, so that it is never one that is yet to come.
    #[must_use]
    pub fn moment(self, name: &str, time: Option<Timestamp>) -> Self {
        self.maybe(name, time.map(|time| format!("{time:.3}")))
    }

    /// Adds a child that holds these children. RDS shows empty lists, too.
    #[must_use]
    pub fn list(self, name: &str, members: impl IntoIterator<Item = Self>) -> Self {
        self.with(Self {
            children: members.into_iter().collect(),
            ..Self::new(name)
        })
    }

    /// The element as a document of its own, in a namespace.
    pub fn document(&self, namespace: &str) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out, Some(namespace));
        out
    }

    fn write(&self, out: &mut String, namespace: Option<&str>) {
        out.push('<');
        out.push_str(&self.name);
        if let Some(namespace) = namespace {
            out.push_str(" xmlns=\"");
            out.push_str(&escape(namespace));
            out.push('"');
        }
        out.push('>');
        out.push_str(&escape(legal(&self.text)));
        for child in &self.children {
            child.write(out, None);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// XML 1.0 cannot hold most control characters, not even escaped, and messages
/// quote what clients sent.
fn legal(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => character,
            character if character.is_control() => char::REPLACEMENT_CHARACTER,
            '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
            character => character,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let at = |text: &str| {
            let element = Element::new("a").moment("b", Some(text.parse().unwrap()));
            element.children[0].text.clone()
        };
        let cut = at("2026-01-31T03:00:00.123999999Z");
        assert_eq!(cut, "2026-01-31T03:00:00.123Z");
        assert_eq!(at("2026-01-31T03:00:00Z"), "2026-01-31T03:00:00.000Z");
    }

    #[test]
    fn text_is_escaped_and_stays_legal() {
        let element = Element::new("a")
            .field("b", "<&>\u{1}")
            .list("c", [])
            .maybe("d", None::<i32>);
        assert_eq!(
            element.document("urn:x"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <a xmlns=\"urn:x\"><b>&lt;&amp;&gt;\u{fffd}</b><c></c></a>"
        );
    }
}
