#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| impslint_fuzz::log::run(octets));
