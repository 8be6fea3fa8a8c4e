//! What a process in the jail tells, which may have been taken over.
#![no_main]

use filigrane::pipeline::believes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = believes(bytes);
});
