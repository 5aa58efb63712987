//! See `zoho_crm_client::fuzzing::callback`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoho_crm_client::fuzzing::callback(bytes));
