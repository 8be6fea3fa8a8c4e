//! Files and names made to do harm.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::Duration;

use crate::clip::small;
use crate::program::{Answer, User, finish_within};

#[test]
fn play_lists_named_mp4_open_nothing_else() {
    let user = User::new();
    // Whoever opens this pipe waits for ever, and the test fails.
    let trap = user.path("trap.ts");
    assert!(Command::new("mkfifo").arg(&trap).status().unwrap().success());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/secret.ts", listener.local_addr().unwrap());
    let mut number = 0;
    for target in [trap.to_str().unwrap(), "trap.ts", &url] {
        let hls = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{target}\n#EXT-X-ENDLIST\n"
        );
        let key = format!(
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"{target}\"\n#EXTINF:1.0,\n{target}\n#EXT-X-ENDLIST\n"
        );
        let concat = format!("ffconcat version 1.0\nfile '{target}'\n");
        let dash =
            format!("<?xml version=\"1.0\"?>\n<MPD type=\"static\"><BaseURL>{target}</BaseURL></MPD>\n");
        for text in
            [hls.clone(), format!("\u{feff}{hls}"), key, concat.clone(), format!("# x\n{concat}"), dash]
        {
            number += 1;
            let name = format!("list-{number}.mp4");
            fs::write(user.path(&name), text).unwrap();
            let answer = user.verify(&user.path(&name), "");
            answer.complaint(&name);
            assert!(answer.json()["verdict"].is_null());
            user.stamp(&user.path(&name), &user.path("out.mp4"), "").refusal(&name);
        }
    }
    assert!(listener.accept().is_err(), "somebody called");
    assert!(!user.path("out.mp4").exists());
}

/// No character that could steer a terminal left.
#[track_caller]
fn is_harmless(answer: &Answer) {
    for text in [&answer.stdout, &answer.stderr] {
        let harmful = text.chars().find(|character| {
            (character.is_control() && *character != '\n')
                || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(harmful, None, "{answer:#?}");
    }
}

/// A manifest whose every text does harm where it is not escaped, signed with another program.
const HARMFUL: &str = r#"
import json, c2pa
bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b]0;owned\x07\x1b[2J\u202e' OR 1=1; --" + "A" * 10000
manifest = {"claim_version": 2, "title": bad, "claim_generator_info": [{"name": bad, "version": bad}], "assertions": [
    {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [{"action": "c2pa.created", "description": bad,
     "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}, {"action": bad, "when": bad}]}},
    {"label": "org.filigrane.consent", "data": {"records": [{"subject": bad[:400], "uses": ["voice"], "purpose": bad[:400]}]}},
    {"label": "c2pa.soft-binding", "data": {"alg": bad, "blocks": [{"scope": {}, "value": bad}]}}],
    "ingredients": [{"title": bad, "relationship": "inputTo", "data_types": [{"type": "c2pa.types.model." + bad}],
     "description": bad, "informational_URI": bad, "metadata": {"org.filigrane.model": {
     "name": bad, "version": bad, "sha256": bad, "licence": bad, "trainingData": bad, "link": bad}}}]}
info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=open("chain.pem", "rb").read(),
                           private_key=open("key.pem", "rb").read(), ta_url=None)
with open("in.mp4", "rb") as source, open("out.mp4", "w+b") as target:
    c2pa.Builder(json.dumps(manifest)).sign(c2pa.Signer.from_info(info), "video/mp4", source, target)
"#;

#[test]
fn texts_of_a_hostile_manifest_reach_neither_page_nor_terminal_unescaped() {
    let user = User::new();
    crate::tampered::issue(&user, crate::tampered::sound_leaf(), "-days 20");
    fs::write(user.path("sign.py"), HARMFUL).unwrap();
    fs::copy(small(), user.path("in.mp4")).unwrap();
    let python = crate::judges::folder().join("python/bin/python");
    let ran = Command::new(python).current_dir(user.work()).arg("sign.py").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for arguments in [
        &["verify", "out.mp4", "--trust", "authority.pem"][..],
        &["verify", "out.mp4", "--json"],
        &["verify", "out.mp4", "--format", "crjson"],
        &["verify", "out.mp4", "--report", "report.html"],
        &["lint", "out.mp4"],
        &["lint", "out.mp4", "--json"],
        &["registry", "publish", "out.mp4"],
        &["registry", "find"],
        &["stamp", "out.mp4", "-o", "again.mp4", "--no-watermark", "--origin", "edited"],
        &["verify", "again.mp4"],
    ] {
        is_harmless(&user.run(arguments));
    }
    let answer = user.verify(&user.path("out.mp4"), "--only credentials").json();
    let model = &answer["credentials"]["models"][0];
    assert!(model["name"].as_str().is_some_and(|name| name.len() < 5000), "cut to a length");
    assert!(model["sha256"].is_null(), "no digest: {model:#}");
    let html = fs::read_to_string(user.path("report.html")).unwrap();
    assert!(!html.contains("<script") && !html.contains("<img src=x"), "markup got through");
    assert!(html.contains("&lt;script&gt;"), "the texts are shown");
}

const NAME: &str = "a\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\r\nfiligrane: all is well.mp4";

#[test]
fn names_cannot_steer_the_terminal() {
    let user = User::new();
    let input = user.path(NAME);
    fs::copy(small(), &input).unwrap();
    let output = user.path(format!("signed-{NAME}"));
    for json in ["", "--json"] {
        let stamped = user.stamp(&input, &output, &format!("--force {json}")).succeeds();
        is_harmless(&stamped);
        let mut arguments = vec![OsStr::new("verify"), output.as_os_str()];
        arguments.extend((!json.is_empty()).then_some(OsStr::new(json)));
        let verified = user.run(arguments).succeeds();
        is_harmless(&verified);
        if !json.is_empty() {
            assert_eq!(stamped.json()["output"].as_str(), output.to_str());
            assert_eq!(verified.json()["file"].as_str(), output.to_str(), "the name itself is kept");
        }
        let mut arguments = vec!["registry", "find"];
        arguments.extend((!json.is_empty()).then_some(json));
        is_harmless(&user.run(arguments).succeeds());
    }
}

#[test]
fn names_in_complaints_stay_on_one_line() {
    let user = User::new();
    let words = user.path(NAME);
    fs::write(&words, "no video").unwrap();
    let missing = user.path(format!("missing-{NAME}"));
    for input in [&words, &missing] {
        let stamped = user.stamp(input, &user.path("out.mp4"), "");
        stamped.refusal("owned");
        is_harmless(&stamped);
        let verified = user.verify(input, "");
        verified.complaint("owned");
        is_harmless(&verified);
    }
    for arguments in [
        vec!["verify", "x.mp4", "--only", NAME],
        vec![NAME],
        vec!["verify", "x.mp4", "--registry", NAME],
        vec!["identity", "new", NAME],
        vec!["registry", "export", NAME],
        vec!["verify", "x.mp4", "--trust", NAME],
    ] {
        let answer = user.run(&arguments);
        assert_eq!(answer.exit(), 2);
        is_harmless(&answer);
        assert!(answer.stderr.lines().count() <= 2, "{answer:#?}");
    }
}

#[test]
fn names_that_are_no_text_are_taken() {
    let user = User::new();
    let input = user.path(OsStr::from_bytes(b"caf\xe9.mp4"));
    fs::copy(small(), &input).unwrap();
    let output = user.path(OsStr::from_bytes(b"caf\xe9-signed.mp4"));
    is_harmless(&user.stamp(&input, &output, "").succeeds());
    user.verify(&output, "").verdict("verified", 0);
}

#[test]
fn a_report_on_a_hostile_name_holds_no_markup_of_it() {
    let user = User::new();
    let input = user.path("<img src=x onerror=alert(1)>'\".mp4");
    fs::copy(small(), &input).unwrap();
    let page = user.path("report.html");
    user.verify(&input, &format!("--report {}", page.display())).verdict("inconclusive", 1);
    let html = fs::read_to_string(page).unwrap();
    assert!(!html.contains("<img src=x") && html.contains("&lt;img src=x"));
}

#[test]
fn rubbish_beside_the_file_is_no_manifest_that_holds() {
    let user = User::new();
    let clip = user.path("clip.mkv");
    crate::clip::published(&small(), "-c:v libx264", &clip);
    fs::write(user.path("clip.mkv.c2pa"), "rubbish").unwrap();
    user.verify(&clip, "").verdict("altered", 3);
}

#[test]
fn a_pipe_beside_the_file_is_not_waited_for() {
    let user = User::new();
    let clip = user.path("clip.mkv");
    crate::clip::published(&small(), "-c:v libx264", &clip);
    assert!(Command::new("mkfifo").arg(user.path("clip.mkv.c2pa")).status().unwrap().success());
    let mut command = user.command();
    command.args(["verify", "--json"]).arg(&clip);
    let answer = finish_within(Duration::from_secs(25), command);
    assert!((0..=3).contains(&answer.exit()), "{answer:#?}");
    assert_ne!(answer.json()["verdict"]["code"], "verified");
}
