#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sage_x3_client::fuzzing::soap_answer(input));
