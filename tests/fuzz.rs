//! What the fuzz targets hold of any bytes, held of each file of their corpus.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the root of a crate elsewhere")]
mod fuzz;

/// Every file of a target's corpus, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        (path.display().to_string(), fs::read(&path).expect("a file"))
    };
    let files: Vec<_> = files.map(read).collect();
    assert!(files.len() >= 8, "{target} has no corpus worth the name");
    files
}

/// Each file as it is, cut short, and with each byte spoilt in turn.
fn replay(target: &str, holds: fn(&[u8])) {
    for (name, bytes) in corpus(target) {
        let told = |what: &str, bytes: &[u8]| {
            let held = catch_unwind(|| holds(bytes));
            let shown = String::from_utf8_lossy(bytes);
            held.unwrap_or_else(|_| panic!("{name}, {what}: {shown}"));
        };
        told("as it is", &bytes);
        for at in 0..bytes.len() {
            told("cut", &bytes[..at]);
            let mut spoilt = bytes.clone();
            for other in [b'"', b'0', b'}', 0xff] {
                spoilt[at] = other;
                told("spoilt", &spoilt);
            }
        }
    }
}

#[test]
fn objects_of_the_corpus_convert() {
    replay("convert", fuzz::convert);
}

#[test]
fn property_09_reviews_of_the_corpus_are_answered() {
    replay("review", fuzz::review);
}

#[test]
fn texts_of_the_corpus_are_parsed() {
    replay("text", fuzz::text);
}
