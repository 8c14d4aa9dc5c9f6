//! docs/validation.md.
