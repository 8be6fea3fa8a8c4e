use std::io::Write as _;
use std::net::TcpListener;

use super::*;

fn sources(hosts: &[&str]) -> Sources {
    Sources::new(hosts.iter().map(|host| (*host).to_owned()), true)
}

#[test]
fn only_hosts_that_the_operator_named_are_asked_and_nothing_is_by_default() {
    let sources = sources(&["Media.Example.org", "cdn.example.org:8443"]);
    let (url, name) = sources.allow(" https://media.example.org/a/clip.mp4?x=1 ").unwrap();
    assert_eq!((url.host_str(), name.as_str()), (Some("media.example.org"), "clip.mp4"));
    assert!(sources.allow("https://cdn.example.org:8443/").is_ok());
    for wrong in [
        "https://example.org/a.mp4",
        "https://media.example.org:8443/a.mp4",
        "https://cdn.example.org/a.mp4",
        "https://media.example.org@evil.example/a.mp4",
        "https://user:secret@media.example.org/a.mp4",
        "https://media.example.org.evil.example/",
        "file:///etc/passwd",
        "ftp://media.example.org/a.mp4",
        "http://127.0.0.1/",
        "http://[::1]/",
        "no address",
        "",
    ] {
        assert!(sources.allow(wrong).is_err(), "{wrong}");
        assert!(Sources::default().allow(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn addresses_within_the_own_network_are_told_from_public_ones() {
    for own in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "64:ff9b::7f00:1",
    ] {
        assert!(!is_public(own.parse().unwrap()), "{own}");
    }
    for public in ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

/// Serves one answer on this machine; gives the address of it.
fn host(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        let mut request = [0; 2048];
        let _ = stream.read(&mut request);
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://localhost:{port}/clip.mp4")
}

async fn fetched(sources: &Sources, address: &str, most: u64) -> Result<Vec<u8>, Problem> {
    let (url, _) = sources.allow(address)?;
    let (_, mut pieces) = sources.fetch(url, most).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_video_comes_whole_and_a_name_that_leads_into_the_own_network_nowhere() {
    let address = host("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nvideo");
    let allowed = address.trim_start_matches("http://").trim_end_matches("/clip.mp4").to_owned();
    assert_eq!(fetched(&sources(&[&allowed]), &address, 100).await.unwrap(), b"video");
    let address = host("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nvideo");
    let allowed = address.trim_start_matches("http://").trim_end_matches("/clip.mp4").to_owned();
    let outside = Sources::new([allowed.clone()], false);
    let refusal = fetched(&outside, &address, 100).await.unwrap_err();
    assert!(format!("{refusal:?}").contains("could not be fetched"), "{refusal:?}");
}

#[tokio::test]
async fn what_leads_elsewhere_is_too_large_or_fails_is_not_fetched() {
    for (answer, why) in [
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "elsewhere"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nvideo", "may take"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nvideo", "could not be fetched"),
    ] {
        let address = host(answer);
        let allowed = address.trim_start_matches("http://").trim_end_matches("/clip.mp4").to_owned();
        let refusal = fetched(&sources(&[&allowed]), &address, 100).await.unwrap_err();
        assert!(format!("{refusal:?}").contains(why), "{why}: {refusal:?}");
    }
}
