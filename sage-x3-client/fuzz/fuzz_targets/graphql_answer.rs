#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sage_x3_client::fuzzing::graphql_answer(input));
