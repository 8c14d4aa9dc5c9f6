//! Whether the XML of an answer is all there.
//!
//! Nothing here may read what it says: that is for the SDK, whose reader takes
//! a document that ends early, or lacks a piece, for a shorter one.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Whether a body is one document, well-formed and with this root.
pub(super) fn is_whole(body: &[u8], root: &str) -> bool {
    let mut reader = Reader::from_reader(body);
    let mut depth: usize = 0;
    let mut roots: usize = 0;
    loop {
        // The reader itself sees to it that each end is its beginning's.
        let event = match reader.read_event() {
            Ok(Event::Eof) => return depth == 0 && roots == 1,
            Ok(event) => event,
            Err(_) => return false,
        };
        if depth == 0 {
            match &event {
                Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == root => {
                    roots += 1;
                }
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Decl(_) | Event::Comment(_) => {}
                _ => return false,
            }
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_whole_or_is_none() {
        for whole in [
            "<R/>",
            "<R></R>",
            "<?xml version=\"1.0\"?>\n<R xmlns=\"u\">\n <a b='>'>1 &lt; 2</a><c/><!-- </R> -->\n</R>\n",
            "<R><![CDATA[</R>]]></R>",
        ] {
            assert!(is_whole(whole.as_bytes(), "R"), "{whole}");
        }
        for torn in [
            "",
            " ",
            "R",
            "<R>",
            "</R>",
            "<R",
            "<S/>",
            "<R><a></R>",
            "<R></a></R>",
            "<R><a></b></R>",
            "<R/><R/>",
            "<R></R></R>",
            "<R></R>more",
            "more<R></R>",
            "<S><R/></S>",
            "<R><a b='></a></R>",
            "<R><!-- </R>",
            "<R><![CDATA[</R>",
            "<html><body></body></html>",
        ] {
            assert!(!is_whole(torn.as_bytes(), "R"), "{torn}");
        }
        let deep = "<R>".repeat(100_000);
        assert!(!is_whole(deep.as_bytes(), "R"));
        assert!(!is_whole(b"\xff\xfe<\0R\0/\0>\0", "R"));
    }
}
