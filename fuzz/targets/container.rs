//! The walk over the outer structure of a file.
#![no_main]

use std::io::Cursor;

use filigrane::frame::Limits;
use filigrane::media::check_outline_of;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = check_outline_of(Cursor::new(bytes), bytes.len() as u64, &Limits::default());
});
