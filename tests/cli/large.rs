//! Large files take little memory, whoever signed them.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use crate::clip::small;
use crate::program::{Answer, User, finish, program};

/// Kibibytes of memory of its own that the program gets; the engine alone would want more for the file below.
const ROOM: u32 = 200_000;
/// More than the engine hashes at once.
const MEDIA: u32 = 300 << 20;

fn verify_in_little_room(user: &User, path: &Path) -> Answer {
    let mut command = Command::new("bash");
    user.prepare(&mut command);
    command.args(["-c", &format!("ulimit -d {ROOM}; exec \"$@\""), "bash", program(), "verify", "--json"]);
    command.arg(path).args(["--only", "credentials"]);
    finish(command)
}

fn flip_last(path: &Path) {
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::End(-1)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::End(-1)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

#[test]
fn a_large_file_hashed_in_one_piece_is_verified_within_little_memory_intact_or_not() {
    let user = User::new();
    let source = user.path("large.mp4");
    fs::copy(small(), &source).unwrap();
    let mut file = fs::File::options().append(true).open(&source).unwrap();
    let end = file.metadata().unwrap().len();
    // With a second box of media, it is hashed in one piece, as other programs hash all files.
    file.write_all(&[&MEDIA.to_be_bytes()[..], b"mdat"].concat()).unwrap();
    file.set_len(end + u64::from(MEDIA)).unwrap();
    let signed = user.path("signed.mp4");
    user.stamp(&source, &signed, "--no-watermark --origin camera").succeeds();
    fs::remove_file(&source).unwrap();
    let document = user.run(["verify", "--format", "crjson", signed.to_str().unwrap()]).succeeds().json();
    let binding = &document["manifests"][0]["assertions"]["c2pa.hash.bmff.v3"];
    assert!(binding["hash"].is_string() && binding["merkle"].is_null(), "{binding:#}");

    let answer = verify_in_little_room(&user, &signed).verdict("verified", 0);
    assert!(answer["credentials"]["codes"].as_array().unwrap().contains(&"assertion.bmffHash.match".into()));
    flip_last(&signed);
    verify_in_little_room(&user, &signed).verdict("altered", 3);
}
