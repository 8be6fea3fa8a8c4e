//! What goes wrong between the first picture and the registry: a key that goes away, authorities that do not answer as
//! they should, clocks that differ, a registry that breaks. Either there is a sound file, or none, and it is said.

use std::fs;
use std::io::{Read as _, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bad_output::long;
use crate::clip::small;
use crate::program::{Answer, User, wait_until};
use crate::signers::{TSA, TSA_LEAF, Token, serve, with_openssl};
use crate::tampered::{issue, openssl, sound_leaf};

/// Starts a command that writes a video into the user's folder, and comes back in the middle of it.
fn in_the_middle(user: &User, mut command: Command) -> (String, Child) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let mut child = command.spawn().unwrap();
    wait_until(&mut child, || {
        let entries = fs::read_dir(user.work()).unwrap().flatten();
        let drafts = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".filigrane"));
        drafts.filter_map(|entry| entry.metadata().ok()).any(|facts| facts.len() > 100_000)
    });
    (shown, child)
}

#[test]
fn a_token_that_is_pulled_out_or_wiped_while_pictures_are_marked_is_said_and_leaves_nothing() {
    let user = User::new();
    let token = Token::new(&user);
    let before = user.files();
    for wiped in [false, true] {
        let stamp =
            format!("stamp {} -o x.mp4 --origin camera --identity hsm --preset veryfast", long().display());
        let (shown, child) = in_the_middle(&user, token.command(Some(Token::PIN), &stamp));
        let away = user.home().join("away");
        if wiped {
            token.tool("--delete-token --token vault");
        } else {
            fs::rename(token.store(), &away).unwrap();
            fs::create_dir(token.store()).unwrap();
        }
        let answer = Answer::of(shown, child.wait_with_output().unwrap());
        answer.refusal("token vault: not there");
        assert_eq!(user.files(), before, "nothing is left behind");
        if !wiped {
            fs::remove_dir(token.store()).unwrap();
            fs::rename(&away, token.store()).unwrap();
        }
    }
    let registered = user.run(["--json", "registry", "find"]).succeeds().json();
    assert_eq!(registered, serde_json::json!([]), "nothing was published");
}

#[test]
fn a_registry_that_breaks_while_pictures_are_marked_is_a_note_and_can_be_caught_up_with() {
    let user = User::new();
    user.stamp(&small(), &user.path("first.mp4"), "--no-watermark --origin camera").succeeds();
    let mut command = user.command();
    command.arg("stamp").arg(long()).args(["-o", "out.mp4", "--origin", "camera", "--preset", "veryfast"]);
    let (shown, child) = in_the_middle(&user, command);
    let (manifests, away) = (user.home().join("registry/manifests"), user.home().join("away"));
    fs::rename(&manifests, &away).unwrap();
    fs::write(&manifests, "in the way").unwrap();
    let answer = Answer::of(shown, child.wait_with_output().unwrap()).succeeds();
    let note = answer.stderr.lines().find(|line| line.contains("could not be registered")).expect("a note");
    assert!(note.contains("out.mp4 is signed") && note.contains("filigrane registry publish"), "{note}");
    assert!(!answer.stdout.contains("registered, so that"), "{}", answer.stdout);
    user.verify(&user.path("out.mp4"), "--only credentials").verdict("verified", 0);
    fs::remove_file(&manifests).unwrap();
    fs::rename(&away, &manifests).unwrap();
    user.run(["registry", "publish", "out.mp4"]).succeeds();
    let registered = user.run(["--json", "registry", "find"]).succeeds().json();
    assert_eq!(registered.as_array().map(Vec::len), Some(2), "{registered:#}");
}

/// A server that reads something and then hands the connection over.
fn raw(answer: impl Fn(&mut dyn Write) -> std::io::Result<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            // Whoever asked has had enough, at some time.
            let _ = answer(&mut stream);
        }
    });
    address
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n";

#[test]
fn a_time_stamp_that_trickles_never_ends_leads_elsewhere_or_is_for_something_else_is_done_without() {
    let authority = User::new();
    issue(&authority, TSA_LEAF, "-days 20");
    fs::write(authority.path("tsa.cnf"), TSA).unwrap();
    fs::write(authority.path("tsa.serial"), "01\n").unwrap();
    openssl(&authority, "ts -query -data leaf.pem -sha256 -cert -out other.der");
    let other = "ts -reply -config tsa.cnf -queryfile other.der -signer leaf.pem -inkey key.pem -chain chain.pem \
                 -out answer.der";
    let user = User::new();
    let cases = [
        (
            "trickles",
            "timeout",
            raw(|stream| {
                stream.write_all(HEAD)?;
                loop {
                    stream.write_all(b"0")?;
                    std::thread::sleep(Duration::from_millis(200));
                }
            }),
        ),
        (
            "never ends",
            "limit",
            raw(|stream| {
                stream.write_all(HEAD)?;
                loop {
                    stream.write_all(&[b'0'; 4096])?;
                }
            }),
        ),
        (
            "elsewhere",
            "HTTP status 302",
            raw(|stream| {
                stream.write_all(
                    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
                )
            }),
        ),
        ("breaks off", "", raw(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\nConte"))),
        (
            "something else",
            "no time-stamp for this signature",
            serve("application/timestamp-reply", with_openssl(authority.work(), other)),
        ),
    ];
    for (what, words, url) in cases {
        let output = user.path(format!("{}.mp4", what.replace(' ', "-")));
        let start = Instant::now();
        let stamped =
            user.stamp(&small(), &output, &format!("--no-watermark --origin camera --timestamp {url}"));
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: {:?}", start.elapsed());
        let said = stamped.succeeds().stderr;
        assert!(said.contains("signed without a time-stamp") && said.contains(words), "{what}: {said}");
        user.verify(&output, "--only credentials").verdict("verified", 0);
    }
}

#[test]
fn a_responder_that_does_not_answer_as_it_should_is_said_and_does_not_stop_the_signature() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let waits = format!("http://{}", silent.local_addr().unwrap());
    let kind = "application/ocsp-response";
    // An OCSP response whose status is tryLater, and nothing else (RFC 6960, section 4.2.1).
    let later = serve(kind, |_| vec![0x30, 0x03, 0x0a, 0x01, 0x03]);
    let cases = [
        ("timeout", waits),
        ("", "http://127.0.0.1:9".to_owned()),
        ("no OCSP response", serve(kind, |_| b"nonsense".to_vec())),
        ("not of type", serve("text/html", |_| b"<script>".to_vec())),
        ("TryLater", later),
    ];
    for (words, url) in cases {
        let user = User::new();
        issue(&user, &format!("{}authorityInfoAccess=OCSP;URI:{url}\n", sound_leaf()), "-days 20");
        user.run(["identity", "new", "pro", "--certificate", "chain.pem", "--key", "key.pem"]).succeeds();
        let signed = user.path("signed.mp4");
        let start = Instant::now();
        let stamped = user.stamp(&small(), &signed, "--no-watermark --origin camera --identity pro");
        assert!(start.elapsed() < Duration::from_secs(30), "{url}: {:?}", start.elapsed());
        let said = stamped.succeeds().stderr;
        assert!(said.contains("signed without word on revocation") && said.contains(words), "{url}: {said}");
        user.verify(&signed, "--only credentials --trust authority.pem").verdict("verified", 0);
    }
}

#[test]
fn a_certificate_that_is_not_valid_yet_and_a_time_that_is_still_to_come_are_said_as_such() {
    let user = User::new();
    let signed = user.path("signed.mp4");
    user.stamp(&small(), &signed, "--no-watermark --origin camera").succeeds();
    let early =
        user.verify(&signed, "--only credentials --at 2020-01-01T00:00:00Z").verdict("inconclusive", 1);
    let summary = early["verdict"]["summary"].as_str().unwrap();
    assert!(summary.contains("not valid yet") && !summary.contains("out of date"), "{summary}");
    let text = user.run(["verify", "--only", "credentials", "--at", "2020-01-01T00:00:00Z", "signed.mp4"]);
    assert_eq!(text.exit(), 1);
    let words = text.words();
    for sentence in ["is not valid yet: a clock is wrong", "a time of signing that is still to come"] {
        assert!(words.contains(sentence), "{words}");
    }
    let now = user.run(["verify", "signed.mp4"]).succeeds().stdout;
    assert!(!now.contains("a clock is wrong"), "{now}");
}
