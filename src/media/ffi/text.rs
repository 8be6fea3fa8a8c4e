use std::ffi::{CStr, c_char};
use std::ptr;

use super::c;

/// The text behind a C string; empty for null.
pub(super) fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: callers pass strings of FFmpeg's own tables or dictionaries, which end with a zero byte.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

/// Key and value pairs of a dictionary, in order.
pub(super) fn pairs(dictionary: *const c::AVDictionary) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut entry = ptr::null();
    loop {
        // SAFETY: a null dictionary is allowed; `entry` is null or the last answer for the same dictionary.
        entry = unsafe { c::av_dict_get(dictionary, c"".as_ptr(), entry, c::AV_DICT_IGNORE_SUFFIX) };
        if entry.is_null() {
            return found;
        }
        // SAFETY: not null, and both strings belong to the dictionary.
        found.push(unsafe { (text((*entry).key), text((*entry).value)) });
    }
}
