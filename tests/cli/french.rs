//! The page in French: what the server says itself, whatever it is asked.

use std::io::Write as _;
use std::time::{Duration, Instant};

use filigrane::verdict::translations;

use crate::scene::scene;
use crate::served::{Reply, Served};

/// Asks as a browser does whose user reads French.
fn ask(served: &Served, method: &str, path: &str, body: &str) -> String {
    let mut stream = served.connect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: text/html\r\nAccept-Language: fr\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        served.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    String::from_utf8(Reply::read(stream).body).unwrap().replace("&#39;", "'").replace("&#34;", "\"")
}

/// Stretches of the English texts that are long enough to be nothing else.
fn english() -> Vec<&'static str> {
    let texts = translations().filter(|(english, french)| english != french);
    let pieces = texts.flat_map(|(english, french)| {
        let pieces = english.split("{}").map(|piece| piece.trim_matches([' ', ',', '.', ':', ';', '“', '”']));
        pieces.filter(move |piece| piece.len() >= 9 && piece.contains(' ') && !french.contains(piece))
    });
    pieces.collect()
}

#[track_caller]
fn is_french(page: &str, what: &str) {
    assert!(page.contains("<html lang=\"fr\">"), "{what}: {page}");
    // Manifests are shown as they are.
    let parts = page.split("<pre").map(|part| part.split_once("</pre>").map_or(part, |(_, rest)| rest));
    let shown: String = parts.collect();
    for piece in english() {
        assert!(!shown.contains(piece), "{what}: {piece:?} in {shown}");
    }
}

fn settled(served: &Served, id: &str) {
    let start = Instant::now();
    while !["done", "failed"]
        .contains(&served.get(&format!("/v1/clips/{id}")).json()["state"].as_str().unwrap())
    {
        assert!(start.elapsed() < Duration::from_secs(150));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn no_page_has_an_english_sentence_of_the_program_for_somebody_who_reads_french() {
    let user = scene().creator();
    let served = Served::by(&user, "--keep-days 30 --fetch-from media.example");
    for (path, part) in [
        ("/", "D'où vient cette vidéo"),
        ("/clips", "30 jours après leur arrivée"),
        ("/clips?q=nothing", "Rien ne correspond"),
        ("/stamp", "Signer une vidéo"),
        ("/login", "Votre clé"),
        ("/login?why=the+key+is+not+known+here", "la clé n'est pas connue ici"),
        ("/clips/6f1c0a2b-1122-4344-8555-66778899aabb", "aucune vidéo de ce nom"),
        ("/nowhere", "il n'y a rien à cette adresse"),
    ] {
        let page = ask(&served, "GET", path, "");
        assert!(page.contains(part), "{path}: {page}");
        is_french(&page, path);
    }
    let refused = ask(&served, "POST", "/fetch", "url=https%3A%2F%2Felsewhere.example%2Fa.mp4");
    assert!(refused.contains("l'exploitant n'a pas autorisé son hôte"), "{refused}");
    is_french(&refused, "/fetch");
    let video = std::fs::read(&scene().signed).unwrap();
    for (name, bytes) in [("clip.mp4", &video[..]), ("letter.mp4", b"Monsieur, Madame")] {
        let path = format!("/v1/clips?name={name}");
        let sent = served.ask("POST", &path, None, "video/mp4", bytes).json();
        let id = sent["id"].as_str().unwrap();
        settled(&served, id);
        is_french(&ask(&served, "GET", &format!("/clips/{id}"), ""), name);
        is_french(&ask(&served, "GET", &format!("/v1/clips/{id}/report.html"), ""), name);
    }
    is_french(&ask(&served, "GET", "/clips", ""), "/clips");
}
