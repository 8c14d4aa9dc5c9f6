//! What must hold of any bytes at all: of objects that are converted, of
//! conversion reviews, and of texts that are parsed.
//!
//! Each target panics where it does not hold. Nothing here may need libFuzzer:
//! tests/fuzz.rs runs the same functions over the corpus.

mod convert;
mod review;
// By path: as a dependency the operator would bring AWS's client along, whose
// build with a fuzzer's instrumentation takes longer than the fuzzing.
#[path = "../../src/webhook/review.rs"]
mod review_of_webhook;
mod text;

// The tests of this one belong to its own crate, which replays the corpus too.
#[cfg(not(test))]
mod names;
#[cfg(not(test))]
#[rustfmt::skip] // Its tests are found from its own crate alone.
#[path = "../../src/syntax.rs"]
mod syntax;

pub use convert::convert;
#[cfg(not(test))]
pub use names::names;
pub use review::review;
pub use text::text;
