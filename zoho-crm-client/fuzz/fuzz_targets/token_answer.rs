//! See `zoho_crm_client::fuzzing::token_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoho_crm_client::fuzzing::token_answer(bytes));
