//! The picture in a registered manifest, beside the video that leads there.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::User;
use crate::scene::scene;
use crate::served::Served;

/// The report on a video as `verify --report` writes it.
fn report(user: &User, video: &Path, options: &str) -> String {
    let page = user.path("report.html");
    user.verify(video, &format!("--report {} {options}", page.display()));
    fs::read_to_string(page).unwrap()
}

/// What stands in the figures of the registered picture and of the still beside it.
fn pictures(page: &str) -> Vec<String> {
    let Some((_, rest)) = page.split_once("<section class=\"pair\"") else { return Vec::new() };
    let section = rest.split("</section>").next().unwrap();
    section.split("<img ").skip(1).map(|image| image.split('>').next().unwrap().to_owned()).collect()
}

#[test]
fn a_report_shows_what_the_registered_manifest_holds_whether_mark_or_looks_led_there() {
    let creator = scene().creator();
    for options in ["", "--only fingerprint"] {
        let page = report(&creator, &scene().upload(), options);
        let found = pictures(&page);
        assert_eq!(found.len(), 2, "{options}");
        for picture in &found {
            assert!(picture.contains(" src=\"data:image/jpeg;base64,/9j/"), "{options}: {picture:.200}");
        }
        assert_ne!(found[0], found[1]);
    }
    // Nobody knows of a registered one where there is no registry, and none is needed where the file speaks for itself.
    assert!(pictures(&report(&User::new(), &scene().upload(), "")).is_empty());
    let stranger = report(&creator, &crate::clip::other_footage(), "");
    assert!(pictures(&stranger).is_empty());
}

#[test]
fn the_page_gets_the_registered_picture_from_its_own_server() {
    let creator = scene().creator();
    let served = Served::by(&creator, "");
    let send = |video: &Path| {
        let bytes = fs::read(video).unwrap();
        let sent = served.ask("POST", "/v1/clips?name=a.mp4", None, "video/mp4", &bytes).json();
        let id = sent["id"].as_str().unwrap().to_owned();
        let start = Instant::now();
        while served.get(&format!("/v1/clips/{id}")).json()["state"] != "done" {
            assert!(start.elapsed() < Duration::from_secs(150));
            std::thread::sleep(Duration::from_millis(100));
        }
        id
    };
    let upload = send(&scene().upload());
    let original = served.get(&format!("/v1/clips/{upload}/original"));
    assert_eq!((original.status, original.header("content-type")), (200, Some("image/jpeg")));
    assert_eq!(original.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(original.header("x-content-type-options"), Some("nosniff"));
    assert!(original.body.starts_with(&[0xff, 0xd8, 0xff]) && original.body.len() < 100_000);
    let page = String::from_utf8(served.get(&format!("/clips/{upload}")).body).unwrap();
    let found = pictures(&page);
    assert!(found[0].contains(&format!("src=\"/v1/clips/{upload}/original\"")), "{found:?}");
    assert!(found[1].contains(&format!("src=\"/v1/clips/{upload}/frames/")), "{found:?}");
    let handed_on = served.get(&format!("/v1/clips/{upload}/report.html"));
    assert_eq!(pictures(&String::from_utf8(handed_on.body).unwrap()).len(), 2);
    let other = send(&crate::clip::other_footage());
    assert_eq!(served.get(&format!("/v1/clips/{other}/original")).status, 404);
}

#[test]
fn the_picture_in_a_manifest_is_small_and_passes_the_rules() {
    let creator = scene().creator();
    let manifest = creator.home().join(format!("registry/manifests/6f/{}.c2pa", crate::scene::ID));
    let bytes = fs::read(manifest).unwrap();
    assert!(bytes.len() < 120_000, "{} bytes", bytes.len());
    let crjson =
        creator.run(["verify".as_ref(), scene().signed.as_os_str(), "--format".as_ref(), "crjson".as_ref()]);
    let text = crjson.succeeds().stdout;
    assert!(text.contains("c2pa.thumbnail.claim"), "{text:.2000}");
    creator.run(["lint".as_ref(), scene().signed.as_os_str()]).succeeds();
}
