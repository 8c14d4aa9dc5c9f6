//! libFuzzer on names, ids and versions. Nothing here may check anything: that is for `stow_fuzz`,
//! which tests run without libFuzzer too.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stow_fuzz::names(bytes));
