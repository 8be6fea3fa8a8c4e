//! The newsroom behind `serve`: uploads, jobs, reports, keys, and what an end of the program leaves.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{User, signal};
use crate::scene::scene;
use crate::served::{Reply, Served, token};

const PATIENCE: Duration = Duration::from_secs(150);

/// What is known of a clip once nothing more happens to it.
fn settled(served: &Served, id: &str) -> Value {
    let start = Instant::now();
    loop {
        let clip = served.get(&format!("/v1/clips/{id}")).json();
        if ["done", "failed", "cancelled"].contains(&clip["state"].as_str().unwrap()) {
            return clip;
        }
        assert!(start.elapsed() < PATIENCE, "{clip}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn send(served: &Served, name: &str, video: &[u8]) -> String {
    let reply = served.ask("POST", &format!("/v1/clips?name={name}"), None, "video/mp4", video);
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// A request of the tus protocol.
fn tus(served: &Served, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
    let mut stream = served.connect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n{headers}\
         Content-Length: {}\r\n\r\n",
        served.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let _ = stream.write_all(body);
    Reply::read(stream)
}

const PART: &str = "Content-Type: application/offset+octet-stream\r\n";

#[test]
fn a_video_that_is_sent_gets_the_answer_of_the_command_line_and_a_report_that_notices_changes() {
    let user = scene().creator();
    let served = Served::by(&user, "");
    let video = std::fs::read(&scene().signed).unwrap();
    let id = send(&served, "clip.mp4", &video);
    let clip = settled(&served, &id);
    assert_eq!(
        (clip["state"].as_str(), clip["verdict"].as_str()),
        (Some("done"), Some("verified")),
        "{clip}"
    );
    let mut here = served.get(&format!("/v1/clips/{id}/report.json")).json();
    let mut there = user.verify(&scene().signed, "--quiet").json();
    for answer in [&mut here, &mut there] {
        answer["timing"] = Value::Null;
        answer["file"] = Value::Null;
    }
    assert_eq!(here, there);
    assert_eq!(clip["sha256"], here["sha256"]);
    let manifests = served.get(&format!("/v1/clips/{id}/report.crjson")).json();
    assert!(manifests["manifests"].as_array().is_some_and(|all| !all.is_empty()), "{manifests}");

    let page = served.get(&format!("/v1/clips/{id}/report.html"));
    assert_eq!(page.status, 200);
    let report = user.path("report.html");
    std::fs::write(&report, &page.body).unwrap();
    let answer = user.run(["verify", "report.html", "--json"]).succeeds().json();
    assert_eq!(answer["report"]["state"], "trusted", "{answer}");
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains(clip["sha256"].as_str().unwrap()) && text.contains("Made by filigrane"));
    std::fs::write(&report, text.replace("Signed by a trusted signer", "Signed by a trusted Signer"))
        .unwrap();
    let answer = user.run(["verify", "report.html", "--json"]);
    assert_eq!((answer.exit(), answer.json()["report"]["state"].as_str()), (3, Some("invalid")));
    let unsigned = text.rsplit_once("<!-- filigrane").unwrap().0;
    std::fs::write(&report, unsigned).unwrap();
    let answer = user.run(["verify", "report.html", "--json"]);
    assert_eq!((answer.exit(), answer.json()["report"]["state"].as_str()), (1, Some("unsigned")));
    assert_eq!(served.end(), Some(0));
}

#[test]
fn an_upload_that_broke_off_is_sent_on_and_one_that_was_accepted_outlives_a_kill() {
    let user = scene().creator();
    let video = std::fs::read(&scene().signed).unwrap();
    let middle = video.len() / 2;
    let served = Served::by(&user, "");
    let announced = tus(
        &served,
        "POST",
        "/v1/uploads",
        &format!("Upload-Length: {}\r\nUpload-Metadata: filename Y2xpcC5tcDQ=\r\n", video.len()),
        b"",
    );
    assert_eq!(announced.status, 201, "{announced:?}");
    let place = announced.header("location").unwrap().to_owned();
    let first = format!("{PART}Upload-Offset: 0\r\n");
    let reply = tus(&served, "PATCH", &place, &first, &video[..middle]);
    assert_eq!((reply.status, reply.header("upload-offset")), (204, Some(middle.to_string().as_str())));
    let waiting: Vec<String> = (0..3).map(|number| send(&served, &format!("{number}.mp4"), &video)).collect();
    signal(served.id(), "KILL");
    drop(served);

    let served = Served::by(&user, "");
    let reply = tus(&served, "HEAD", &place, "", b"");
    assert_eq!(reply.header("upload-offset"), Some(middle.to_string().as_str()), "{reply:?}");
    let wrong = tus(&served, "PATCH", &place, &first, &video[..middle]);
    assert_eq!(wrong.status, 409, "the same part twice");
    let rest = format!("{PART}Upload-Offset: {middle}\r\n");
    assert_eq!(tus(&served, "PATCH", &place, &rest, &video[middle..]).status, 204);
    let id = place.rsplit('/').next().unwrap().to_owned();
    for id in waiting.iter().chain([&id]) {
        let clip = settled(&served, id);
        assert_eq!(clip["verdict"], "verified", "{clip}");
    }
    let whole = settled(&served, &id);
    assert_eq!(whole["sha256"], settled(&served, &waiting[0])["sha256"], "it came together as it was");
}

#[test]
fn too_much_is_refused_before_it_is_kept_and_says_when_to_come_again() {
    let user = User::new();
    let served = Served::by(&user, "--uploads 1 --backlog 1 --largest-upload 1 --workers 1");
    let mut slow = served.connect();
    slow.write_all(b"POST /v1/clips HTTP/1.1\r\nHost: localhost\r\nContent-Type: video/mp4\r\nContent-Length: 1000\r\n\r\nx").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let busy = served.ask("POST", "/v1/clips", None, "video/mp4", b"video");
    assert_eq!(busy.status, 429, "{busy:?}");
    assert!(busy.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(busy.header("content-type"), Some("application/problem+json"));
    assert_eq!(busy.json()["status"], 429);
    drop(slow);
    let large = tus(&served, "POST", "/v1/uploads", "Upload-Length: 2000000\r\n", b"");
    assert_eq!(large.status, 413, "{large:?}");
    let text = served.get("/metrics");
    assert!(String::from_utf8(text.body).unwrap().contains("filigrane_uploads_refused_total 1"));
}

#[test]
fn an_unreadable_file_is_told_as_one_and_a_clip_can_be_stopped_and_removed() {
    let user = User::new();
    let served = Served::by(&user, "");
    let id = send(&served, "text.mp4", b"this is no video at all, only text");
    let clip = settled(&served, &id);
    assert_eq!((clip["state"].as_str(), &clip["verdict"]), (Some("done"), &Value::Null), "{clip}");
    assert!(!clip["answer"]["errors"].as_array().unwrap().is_empty());
    let events = served.get(&format!("/v1/clips/{id}/events"));
    assert!(String::from_utf8(events.body).unwrap().contains("event: end"));
    let note = br#"{"text": "not a film", "author": "Ada"}"#;
    assert_eq!(
        served.ask("POST", &format!("/v1/clips/{id}/notes"), None, "application/json", note).status,
        204
    );
    let tag = br#"{"tag": "Odd"}"#;
    assert_eq!(
        served.ask("POST", &format!("/v1/clips/{id}/tags"), None, "application/json", tag).status,
        204
    );
    let found = served.get("/v1/clips?q=film").json();
    assert_eq!(
        (&found["clips"][0]["id"], &found["clips"][0]["tags"][0]),
        (&Value::from(id.as_str()), &Value::from("odd"))
    );
    assert_eq!(served.ask("DELETE", &format!("/v1/clips/{id}"), None, "", b"").status, 204);
    assert_eq!(served.get(&format!("/v1/clips/{id}")).status, 404);
    let left = std::fs::read_dir(user.home().join("newsroom/clips")).unwrap().count();
    assert_eq!(left, 0, "nothing of it is kept");
}

#[test]
fn with_keys_each_does_what_its_scopes_say_and_one_that_ran_out_nothing() {
    let user = User::new();
    let reader = token(&user, "reader", "read");
    let sender = token(&user, "sender", "check");
    let ended =
        ["--json", "serve", "token", "new", "ended", "--scope", "check", "--expires", "2020-01-01T00:00:00Z"];
    let ended = user.run(ended).succeeds().json()["token"].as_str().unwrap().to_owned();
    let limited = ["--json", "serve", "token", "new", "limited", "--scope", "check", "--quota", "0"];
    let limited = user.run(limited).succeeds().json()["token"].as_str().unwrap().to_owned();
    // Everybody may read the registry; clips are shown to nobody without a key.
    let served = Served::by(&user, "--public");
    assert_eq!(served.get("/v1/clips").status, 401);
    assert_eq!(served.ask("GET", "/v1/clips", Some(&reader), "", b"").status, 200);
    assert_eq!(served.ask("GET", "/v1/clips", Some(&sender), "", b"").status, 200);
    let refused = served.ask("POST", "/v1/clips", Some(&reader), "video/mp4", b"video");
    assert_eq!(refused.status, 403, "{refused:?}");
    let refused = served.ask("POST", "/v1/clips?kind=stamp", Some(&sender), "video/mp4", b"video");
    assert_eq!(refused.status, 403, "{refused:?}");
    let refused = served.ask("GET", "/v1/clips", Some(&ended), "", b"");
    assert_eq!(refused.status, 401);
    assert!(refused.json()["detail"].as_str().unwrap().contains("ran out"), "{refused:?}");
    let refused = served.ask("POST", "/v1/clips", Some(&limited), "video/mp4", b"video");
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(served.ask("POST", "/v1/clips", Some(&sender), "video/mp4", b"video").status, 202);
    assert_eq!(served.get("/metrics").status, 401);
    let unguarded = User::new().run(["serve", "--listen", "0.0.0.0:0"]);
    let why = unguarded.complaint("0.0.0.0");
    assert!(why.contains("serve token new"), "{why}");
}

#[test]
fn a_page_of_another_site_can_neither_send_nor_delete() {
    let user = User::new();
    let served = Served::by(&user, "");
    let id = send(&served, "clip.mp4", b"some bytes");
    for foreign in ["Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"] {
        let reply = tus(&served, "DELETE", &format!("/v1/clips/{id}"), foreign, b"");
        assert_eq!(reply.status, 403, "{foreign}: {reply:?}");
        let form = format!("{foreign}Content-Type: application/x-www-form-urlencoded\r\n");
        assert_eq!(tus(&served, "POST", &format!("/clips/{id}/delete"), &form, b"").status, 403);
    }
    assert_eq!(served.get(&format!("/v1/clips/{id}")).status, 200);
    let own = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", served.address);
    assert_eq!(tus(&served, "DELETE", &format!("/v1/clips/{id}"), &own, b"").status, 204);
}

#[test]
fn a_video_is_stamped_on_the_page_and_found_genuine_by_the_command_line() {
    let user = User::new();
    let served = Served::by(&user, "");
    let video = std::fs::read(crate::clip::fractal()).unwrap();
    let sent =
        served.ask("POST", "/v1/clips?name=mine.mp4&kind=stamp&origin=camera", None, "video/mp4", &video);
    assert_eq!(sent.status, 202, "{sent:?}");
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    let clip = settled(&served, &id);
    assert_eq!(clip["state"], "done", "{clip}");
    let made = served.get(&format!("/v1/clips/{id}/stamped"));
    assert!(made.header("content-disposition").unwrap().contains("mine-stamped.mp4"), "{made:?}");
    let stamped = user.path("stamped.mp4");
    std::fs::write(&stamped, made.body).unwrap();
    let answer = user.verify(&stamped, "--quiet").verdict("verified", 0);
    assert_eq!(answer["credentials"]["manifest"], clip["answer"]["manifest"]);
}

#[test]
fn the_log_for_programs_names_routes_and_neither_clips_nor_words() {
    let user = User::new();
    let mut command = user.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--json"]);
    let served = Served::of(command.stderr(std::process::Stdio::piped()));
    assert_eq!(served.get("/clips?q=secretword").status, 200);
    assert_eq!(served.get("/v1/clips/6f1c0a2b-1122-4344-8555-66778899aabb").status, 404);
    let log = served.log();
    assert!(log.contains("\"route\":\"/v1/clips/{id}\"") && log.contains("\"status\":404"), "{log}");
    assert!(!log.contains("secretword") && !log.contains("6f1c0a2b"), "{log}");
}

#[test]
fn a_player_gets_the_parts_of_a_video_that_it_asks_for() {
    let user = User::new();
    let served = Served::by(&user, "");
    let id = send(&served, "clip.bin", b"0123456789");
    let place = format!("/v1/clips/{id}/video");
    for (range, status, content, body) in [
        ("bytes=2-4", 206, Some("bytes 2-4/10"), &b"234"[..]),
        ("bytes=7-", 206, Some("bytes 7-9/10"), b"789"),
        ("bytes=-2", 206, Some("bytes 8-9/10"), b"89"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
        ("chapters=1", 200, None, b"0123456789"),
    ] {
        let reply = tus(&served, "GET", &place, &format!("Range: {range}\r\n"), b"");
        assert_eq!((reply.status, reply.header("content-range")), (status, content), "{range}");
        assert_eq!(reply.body, body, "{range}");
        assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    }
    let beyond = tus(&served, "GET", &place, "Range: bytes=20-30\r\n", b"");
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */10")));
}

#[test]
fn a_video_is_fetched_from_a_host_that_the_operator_named_and_from_no_other() {
    let host = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = host.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in host.incoming().flatten() {
            let mut request = [0; 2048];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nvideo";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let user = User::new();
    let wanted = format!(r#"{{"url": "http://localhost:{port}/films/harbour.mp4"}}"#);
    let ask =
        |served: &Served| served.ask("POST", "/v1/fetches", None, "application/json", wanted.as_bytes());
    // Nothing is fetched by default, and nothing from within the own network unless that is said, too.
    for options in
        [String::new(), "--fetch-from elsewhere.example".to_owned(), format!("--fetch-from localhost:{port}")]
    {
        let served = Served::by(&user, &options);
        let refused = ask(&served);
        assert_eq!(refused.status, 400, "{options}: {refused:?}");
    }
    let served = Served::by(&user, &format!("--fetch-from localhost:{port} --fetch-private"));
    let fetched = ask(&served);
    assert_eq!(fetched.status, 202, "{fetched:?}");
    assert_eq!(
        (&fetched.json()["name"], &fetched.json()["size"]),
        (&Value::from("harbour.mp4"), &Value::from(5))
    );
}

#[test]
fn a_server_that_is_asked_to_end_puts_its_work_back_and_goes_on_with_it_later() {
    let user = scene().creator();
    let video = std::fs::read(&scene().signed).unwrap();
    let served = Served::by(&user, "--workers 2");
    let clips: Vec<String> = (0..4).map(|number| send(&served, &format!("{number}.mp4"), &video)).collect();
    let start = Instant::now();
    assert_eq!(served.end(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(40), "it did not wait for all of them");
    let served = Served::by(&user, "");
    for id in &clips {
        assert_eq!(settled(&served, id)["verdict"], "verified");
    }
}
