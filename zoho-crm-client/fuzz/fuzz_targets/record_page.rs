//! See `zoho_crm_client::fuzzing::record_page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoho_crm_client::fuzzing::record_page(bytes));
