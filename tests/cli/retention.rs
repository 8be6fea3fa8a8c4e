//! Videos that the newsroom keeps for so many days alone.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::program::User;
use crate::served::Served;

#[test]
fn what_was_kept_long_enough_is_gone_at_the_next_start_and_the_history_says_for_how_long_it_stays() {
    let user = User::new();
    let history = |served: &Served| String::from_utf8(served.get("/clips").body).unwrap();
    let served = Served::by(&user, "");
    assert!(history(&served).contains("until somebody removes them"));
    let sent = |name: &str| {
        let path = format!("/v1/clips?name={name}");
        let sent = served.ask("POST", &path, None, "video/mp4", b"this is no video").json();
        let id = sent["id"].as_str().unwrap().to_owned();
        let start = Instant::now();
        while served.get(&format!("/v1/clips/{id}")).json()["state"] != "done" {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(50));
        }
        id
    };
    let (old, new) = (sent("old.mp4"), sent("new.mp4"));
    let note = br#"{"text": "of last year", "author": "Ada"}"#;
    let path = format!("/v1/clips/{old}/notes");
    assert_eq!(served.ask("POST", &path, None, "application/json", note).status, 204);
    assert_eq!(served.end(), Some(0));
    let script = "import sqlite3, sys\n\
        database = sqlite3.connect(sys.argv[1])\n\
        database.execute(\"UPDATE clips SET created_at = '2025-01-01T00:00:00Z' WHERE id = ?\", (sys.argv[2],))\n\
        database.commit()";
    let database = user.home().join("newsroom/archive.sqlite");
    let aged = Command::new("python3").args(["-c", script]).arg(&database).arg(&old).status().unwrap();
    assert!(aged.success());

    // Without a time, nothing goes.
    let served = Served::by(&user, "");
    assert_eq!(served.get(&format!("/v1/clips/{old}")).status, 200);
    assert_eq!(served.end(), Some(0));
    let served = Served::by(&user, "--keep-days 30");
    assert_eq!(served.get(&format!("/v1/clips/{old}")).status, 404);
    assert_eq!(served.get(&format!("/v1/clips/{new}")).status, 200);
    assert!(served.get("/v1/clips?q=last+year").json()["clips"].as_array().unwrap().is_empty());
    let folders = user.home().join("newsroom/clips");
    assert!(!folders.join(&old).exists() && folders.join(&new).exists());
    let page = history(&served);
    assert!(page.contains("removed 30 days after they came"), "{page}");
    let refused = User::new().run(["serve", "--keep-days", "0"]);
    assert_eq!(refused.exit(), 2);
}
