//! Outputs that cannot be: nothing stands under the final name, nothing is left beside it, the input stays.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::clip::{fixture, fractal, other_footage, small};
use crate::program::{Answer, User, finish, program, signal, wait_until};

#[test]
fn an_existing_output_stays_unless_replacing_is_asked_for() {
    let user = User::new();
    let output = user.path("out.mp4");
    fs::write(&output, "precious").unwrap();
    let said = user.stamp(&small(), &output, "").refusal("out.mp4");
    assert!(said.contains("--force"), "{said}");
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    user.stamp(&small(), &output, "--force").succeeds();
    user.verify(&output, "").verdict("verified", 0);
    assert_eq!(user.files(), ["out.mp4"]);
}

#[test]
fn a_manifest_beside_the_output_stays_unless_replacing_is_asked_for() {
    let user = User::new();
    fs::write(user.path("out.mkv.c2pa"), "precious").unwrap();
    user.stamp(&small(), &user.path("out.mkv"), "").refusal("out.mkv.c2pa");
    assert_eq!(fs::read(user.path("out.mkv.c2pa")).unwrap(), b"precious");
    assert_eq!(user.files(), ["out.mkv.c2pa"]);
}

#[test]
fn an_output_that_is_the_input_is_refused_in_every_spelling() {
    let user = User::new();
    let input = user.path("clip.mp4");
    fs::copy(small(), &input).unwrap();
    symlink(&input, user.path("link.mp4")).unwrap();
    fs::hard_link(&input, user.path("twin.mp4")).unwrap();
    let before = fs::read(&input).unwrap();
    for spelling in ["clip.mp4", "./clip.mp4", "../room/clip.mp4", "link.mp4", "twin.mp4"] {
        let said = user.stamp(Path::new("clip.mp4"), Path::new(spelling), "--force").refusal("clip.mp4");
        assert!(said.contains("same file"), "{spelling}: {said}");
        user.stamp(Path::new(spelling), &input, "--force").refusal("same file");
        assert_eq!(fs::read(&input).unwrap(), before, "{spelling}");
    }
    assert_eq!(user.files(), ["clip.mp4", "link.mp4", "twin.mp4"]);
    assert!(user.path("link.mp4").is_symlink());
}

#[test]
fn a_folder_that_is_missing_or_no_folder_is_named() {
    let user = User::new();
    fs::write(user.path("file"), "").unwrap();
    for folder in [user.path("no-such-folder"), user.path("file"), PathBuf::from("/proc")] {
        let said = user.stamp(&small(), &folder.join("out.mp4"), "").refusal("small.mp4");
        assert!(said.contains(folder.to_str().unwrap()), "{said}");
    }
    assert_eq!(user.files(), ["file"]);
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let user = User::new();
    let folder = user.path("locked");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        println!("skipped: this account may write everywhere (/proc stands in, in the test beside this)");
        return;
    }
    let said = user.stamp(&small(), &folder.join("out.mp4"), "").refusal("small.mp4");
    assert!(said.contains("locked") && said.contains("ermission denied"), "{said}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

/// Runs `filigrane stamp fractal.mp4 -o OUTPUT` under a shell line that ends in `"$@"`.
fn stamp_under(user: &User, line: &str, output: &Path) -> Answer {
    let mut command = Command::new("bash");
    user.prepare(&mut command);
    command.args(["-c", line, "bash", program(), "stamp"]);
    command.arg(fractal()).arg("-o").arg(output).args(["--preset", "ultrafast", "--crf", "12"]);
    finish(command)
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    let disk = user.path("disk");
    fs::create_dir(&disk).unwrap();
    let listing = user.path("listing");
    // In a mount namespace of its own: what is on the disk must be listed before the namespace ends.
    let line = format!(
        "exec unshare -rm bash -c 'mount -t tmpfs -o size=300k none {disk} || exit 99; \"$@\"; status=$?; \
         ls -A {disk} > {listing}; exit $status' bash \"$@\"",
        disk = disk.display(),
        listing = listing.display()
    );
    let probe = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none"]).arg(&disk).output();
    if !probe.is_ok_and(|ran| ran.status.success()) {
        println!("skipped: no mount namespace may be made here");
        return;
    }
    let before = fs::read(fractal()).unwrap();
    let said = stamp_under(&user, &line, &disk.join("out.mp4")).refusal("fractal.mp4");
    assert!(said.contains("No space left on device"), "{said}");
    assert_eq!(fs::read_to_string(&listing).unwrap(), "", "left behind");
    assert!(fs::read(fractal()).unwrap() == before);
}

#[test]
fn a_file_size_limit_is_said_and_leaves_nothing() {
    let user = User::new();
    user.run(["identity", "new"]).succeeds();
    for line in ["ulimit -f 300; exec \"$@\"", "trap '' XFSZ; ulimit -f 300; exec \"$@\""] {
        let said = stamp_under(&user, line, &user.path("out.mp4")).refusal("fractal.mp4");
        assert!(said.contains("File too large"), "{said}");
        assert!(user.files().is_empty(), "left behind: {:?}", user.files());
    }
}

/// Twelve seconds, so that there is a middle to stop in.
pub fn long() -> PathBuf {
    fixture(
        "long.mp4",
        "-f lavfi -i testsrc2=size=640x360:rate=25:duration=12 -vf noise=alls=24 -c:v libx264 -preset ultrafast",
    )
}

#[test]
fn an_interrupt_while_stamping_leaves_nothing() {
    let user = User::new();
    let before = fs::read(long()).unwrap();
    for name in ["INT", "TERM"] {
        let mut command = user.command();
        command.args([
            "stamp".as_ref(),
            long().as_os_str(),
            "-o".as_ref(),
            "out.mp4".as_ref(),
            "--preset".as_ref(),
        ]);
        command.arg("slow").stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{command:?}");
        let mut child = command.spawn().unwrap();
        // Well into the pictures: a part of the output is on the disk.
        let written = || {
            let entries = fs::read_dir(user.work()).unwrap().flatten();
            entries.filter_map(|entry| entry.metadata().ok()).any(|facts| facts.len() > 100_000)
        };
        wait_until(&mut child, written);
        signal(child.id(), name);
        let start = std::time::Instant::now();
        let answer = Answer::of(shown, child.wait_with_output().unwrap());
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
        let complaint = answer.complaint("long.mp4");
        assert!(complaint.contains("cancelled") || complaint.contains("stopped"), "{complaint}");
        assert!(user.files().is_empty(), "left behind: {:?}", user.files());
    }
    assert!(fs::read(long()).unwrap() == before);
    let registered = user.run(["--json", "registry", "find"]).succeeds().json();
    assert_eq!(registered, serde_json::json!([]), "nothing was published");
}

#[test]
fn an_interrupt_while_verifying_gives_no_verdict() {
    let user = User::new();
    let mut command = user.command();
    command.args(["verify", "--json"]).args(std::iter::repeat_n(long(), 20));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let mut child = command.spawn().unwrap();
    // Opened by the program: it is past its start, and twenty long clips are not done in a second.
    let opened = |id| {
        let descriptors = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
        descriptors
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|target| target.ends_with("long.mp4"))
    };
    let id = child.id();
    wait_until(&mut child, || opened(id));
    signal(id, "INT");
    let answer = Answer::of(shown, child.wait_with_output().unwrap());
    assert!(answer.complaint("long.mp4").contains("stopped on request"));
}

#[test]
fn a_failed_stamp_leaves_an_output_to_be_replaced_as_it_was() {
    let user = User::new();
    let output = user.path("out.mp4");
    fs::write(&output, "precious").unwrap();
    let words = user.path("words.mp4");
    fs::write(&words, "no video").unwrap();
    user.stamp(&words, &output, "--force").refusal("words.mp4");
    assert_eq!(fs::read(&output).unwrap(), b"precious");
    assert_eq!(user.files(), ["out.mp4", "words.mp4"]);
}

#[test]
fn the_output_may_be_read_by_whom_the_umask_lets() {
    let user = User::new();
    let output = user.path("out.mp4");
    user.stamp(&other_footage(), &output, "--no-watermark").succeeds();
    let plain = user.path("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&output), mode(&plain));
}
