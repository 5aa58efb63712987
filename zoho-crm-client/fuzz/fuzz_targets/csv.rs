//! See `zoho_crm_client::fuzzing::csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoho_crm_client::fuzzing::csv(bytes));
