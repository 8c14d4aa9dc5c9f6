//! The rules of v1beta1 in CEL, each with a message that names the field, says
//! what it takes, and what to write.
//!
//! Nothing here may block what was stored before the rule existed. A rule on
//! one field (`fields`) is not judged while that field is unchanged; the API
//! server sees to that. A rule across fields (`across`, `storage`) sees `oldSelf`, and
//! lets an object that broke it before be mended step by step. A rule on what
//! cannot change (`past`) compares with what was, or with what is in effect.
//!
//! Numbers come from `limits`, which the operator's validation follows too.
//!
//! `has(x) && …` rather than `.orValue()`, and a bound on every text: the API
//! server estimates the cost of each rule from them, and refuses a CRD whose
//! estimate is too high.

mod across;
mod fields;
mod past;
mod storage;
mod windows;

pub(crate) use across::*;
pub(crate) use fields::*;
pub(crate) use past::*;
pub(crate) use storage::*;
pub(crate) use windows::*;
