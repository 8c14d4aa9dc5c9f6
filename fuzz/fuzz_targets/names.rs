#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stow_fuzz::names(bytes));
