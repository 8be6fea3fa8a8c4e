//! Identities whose key is elsewhere, time-stamps and word on revocation, each from the real thing: OpenSSL as authority,
//! SoftHSM as token.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::clip::small;
use crate::program::{Answer, User, finish};
use crate::tampered::{issue, openssl, sound_leaf};

/// A server that hands each request's body to `answer` and sends back what that gives, as media type `kind`.
pub fn serve(kind: &'static str, answer: impl Fn(Vec<u8>) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
                let Some(head) = request.windows(4).position(|window| window == b"\r\n\r\n") else {
                    continue;
                };
                let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
                if request.len() >= head + 4 + length {
                    break request[head + 4..].to_vec();
                }
            };
            let body = answer(body);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).unwrap();
        }
    });
    address
}

/// Runs `openssl` with a request in a file, and gives the file that it answers with.
pub fn with_openssl(folder: PathBuf, arguments: &'static str) -> impl Fn(Vec<u8>) -> Vec<u8> + Send {
    move |request| {
        fs::write(folder.join("request.der"), request).unwrap();
        let ran =
            Command::new("openssl").current_dir(&folder).args(arguments.split_whitespace()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        fs::read(folder.join("answer.der")).unwrap()
    }
}

pub const TSA: &str = "[tsa]\ndefault_tsa=t\n[t]\nserial=tsa.serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\n\
                   digests=sha256\naccuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\ncrypto_device=builtin\n";
pub const TSA_LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                        extendedKeyUsage=critical,timeStamping\nauthorityKeyIdentifier=keyid\n";

/// A time-stamping authority: its address, and its root in `authority.pem` of the given user.
fn stamping_authority(user: &User) -> String {
    issue(user, TSA_LEAF, "-days 20");
    fs::write(user.path("tsa.cnf"), TSA).unwrap();
    fs::write(user.path("tsa.serial"), "01\n").unwrap();
    let reply = "ts -reply -config tsa.cnf -queryfile request.der -signer leaf.pem -inkey key.pem -chain chain.pem \
                 -out answer.der";
    serve("application/timestamp-reply", with_openssl(user.work(), reply))
}

#[test]
fn a_time_stamp_is_taken_shown_and_outlives_the_certificate() {
    let authority = User::new();
    let url = stamping_authority(&authority);
    let user = User::new();
    let signed = user.path("signed.mp4");
    let stamped = user.stamp(&small(), &signed, &format!("--no-watermark --origin camera --timestamp {url}"));
    assert!(!stamped.succeeds().stderr.contains("without a time-stamp"));
    let roots = authority.path("authority.pem");
    let trusting = format!("--only credentials --trust {}", roots.display());
    let answer = user.verify(&signed, &trusting).verdict("verified", 0);
    assert_eq!(answer["credentials"]["time_stamped"], true, "{answer:#}");
    let answer =
        user.verify(&signed, &format!("{trusting} --at 2090-01-01T00:00:00Z")).verdict("verified", 0);
    assert_eq!(answer["credentials"]["time_stamped"], true);
    let answer = user.verify(&signed, "--only credentials").verdict("verified", 0);
    assert_eq!(
        answer["credentials"]["time_stamped"], false,
        "an authority that nobody trusts vouches for nothing"
    );
    user.verify(&signed, "--only credentials --at 2090-01-01T00:00:00Z").verdict("inconclusive", 1);
    let root = user.home().join("identities/default/root.pem");
    for judged in crate::judges::judge(Some(&root), &[signed]) {
        for engine in ["initiative", "encypher"] {
            assert_eq!(judged[engine]["state"], "Trusted", "{engine}: {judged:#}");
        }
    }
}

#[test]
fn an_authority_that_does_not_answer_is_said_and_does_not_stop_the_signature() {
    let user = User::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let waits = format!("http://{}", silent.local_addr().unwrap());
    let nonsense = serve("application/timestamp-reply", |_| b"nonsense".to_vec());
    let page = serve("text/html", |_| b"<script>".to_vec());
    for (index, url) in [waits.as_str(), "http://127.0.0.1:9", &nonsense, &page].into_iter().enumerate() {
        let output = user.path(format!("{index}.mp4"));
        let start = Instant::now();
        let stamped =
            user.stamp(&small(), &output, &format!("--no-watermark --origin camera --timestamp {url}"));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
        let said = stamped.succeeds().stderr;
        assert!(said.contains("signed without a time-stamp") && said.contains(url), "{said}");
        user.verify(&output, "--only credentials").verdict("verified", 0);
    }
    let refused = user.stamp(&small(), &user.path("x.mp4"), "--no-watermark --timestamp ftp://x");
    assert!(refused.succeeds().stderr.contains("give http://"));
}

const RESPONDER: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                         extendedKeyUsage=OCSPSigning\nauthorityKeyIdentifier=keyid\nnoCheck=ignored\n";

#[test]
fn the_authoritys_word_on_revocation_is_put_beside_the_signature_and_believed() {
    for revoked in [false, true] {
        let user = User::new();
        // The responder is asked before it is known where it listens: the certificate names its address.
        let folder = user.work();
        let reply = "ocsp -index index.txt -CA authority.pem -rsigner responder.pem -rkey responder.key -ndays 3 \
                     -reqin request.der -respout answer.der";
        let url = serve("application/ocsp-response", with_openssl(folder, reply));
        issue(&user, &format!("{}authorityInfoAccess=OCSP;URI:{url}\n", sound_leaf()), "-days 20");
        fs::write(user.path("responder.cnf"), RESPONDER).unwrap();
        openssl(
            &user,
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout responder.key -out responder.csr -subj /O=Authority/CN=Responder",
        );
        openssl(
            &user,
            "x509 -req -in responder.csr -CA authority.pem -CAkey authority.key -set_serial 99 -days 20 -extfile responder.cnf -out responder.pem",
        );
        let state =
            if revoked { "R\t360101000000Z\t260101000000Z,keyCompromise" } else { "V\t360101000000Z\t" };
        fs::write(user.path("index.txt"), format!("{state}\t1234\tunknown\t/O=Signer/CN=Signer\n")).unwrap();
        user.run(["identity", "new", "pro", "--certificate", "chain.pem", "--key", "key.pem"]).succeeds();
        let signed = user.path("signed.mp4");
        let stamped =
            user.stamp(&small(), &signed, "--no-watermark --origin camera --identity pro").succeeds();
        assert!(!stamped.stderr.contains("revocation"), "{stamped:#?}");
        let answer = user.verify(&signed, "--only credentials --trust authority.pem");
        if revoked {
            answer.verdict("revoked", 3);
        } else {
            let answer = answer.verdict("verified", 0);
            let codes = answer["credentials"]["codes"].to_string();
            assert!(codes.contains("signingCredential.ocsp.notRevoked"), "{codes}");
        }
    }
}

#[test]
fn a_command_signs_and_what_goes_wrong_in_it_is_said() {
    let user = User::new();
    issue(&user, sound_leaf(), "-days 20");
    let key = user.path("key.pem");
    let words = ["openssl", "dgst", "-sha256", "-sign", key.to_str().unwrap()];
    let mut arguments = vec!["identity", "new", "kms", "--certificate", "chain.pem", "--algorithm", "es256"];
    arguments.extend(words.iter().flat_map(|word| ["--command", word]));
    let named: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let joined: Vec<String> =
        named[..7].iter().cloned().chain(words.iter().map(|word| format!("--command={word}"))).collect();
    user.run(&joined).succeeds();
    let signed = user.path("signed.mp4");
    user.stamp(&small(), &signed, "--no-watermark --origin camera --identity kms").succeeds();
    user.verify(&signed, "--only credentials --trust authority.pem").verdict("verified", 0);
    fs::remove_file(&key).unwrap();
    let failed = user.stamp(&small(), &user.path("x.mp4"), "--no-watermark --origin camera --identity kms");
    let line = failed.refusal("the signing command openssl");
    assert!(line.contains("failed with"), "{line}");
    assert!(!user.path("x.mp4").exists());
    // Another key than the certificate's is found when the identity is made.
    openssl(&user, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    let mut other = joined.clone();
    other[2] = "other".into();
    user.run(&other).refusal("does not fit it");
}

fn softhsm() -> Option<&'static Path> {
    ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.exists())
}

/// A token `vault` of a user, with the key of `chain.pem` in it and the identity `hsm` made of both.
pub struct Token<'a> {
    user: &'a User,
}

impl<'a> Token<'a> {
    pub const PIN: &'static str = "4711";

    pub fn new(user: &'a User) -> Self {
        let token = Self { user };
        issue(user, sound_leaf(), "-days 20");
        fs::create_dir(token.store()).unwrap();
        let settings = format!("directories.tokendir = {}\n", token.store().display());
        fs::write(user.path("softhsm2.conf"), settings).unwrap();
        token.tool("--init-token --free --label vault --pin 4711 --so-pin 12345678");
        token.tool("--import key.pem --token vault --label signing --id 01 --pin 4711");
        token.run(None, &token.new_identity()).refusal("set FILIGRANE_PASSPHRASE");
        token.run(Some(Self::PIN), &token.new_identity()).succeeds();
        token
    }

    fn new_identity(&self) -> String {
        let Some(module) = softhsm() else {
            panic!("SoftHSM is missing: `make setup` installs it");
        };
        format!(
            "identity new hsm --certificate chain.pem --pkcs11 {} --token vault --key-label signing",
            module.display()
        )
    }

    /// The folder that the token is in.
    pub fn store(&self) -> PathBuf {
        self.user.path("tokens")
    }

    /// `softhsm2-util ARGUMENTS`.
    pub fn tool(&self, arguments: &str) {
        let mut command = Command::new("softhsm2-util");
        command.env("SOFTHSM2_CONF", self.user.path("softhsm2.conf")).current_dir(self.user.work());
        command.args(arguments.split_whitespace());
        finish(command).succeeds();
    }

    /// `filigrane ARGUMENTS` with the token plugged in.
    pub fn command(&self, pin: Option<&str>, arguments: &str) -> Command {
        let mut command = self.user.command();
        command.env("SOFTHSM2_CONF", self.user.path("softhsm2.conf"));
        if let Some(pin) = pin {
            command.env("FILIGRANE_PASSPHRASE", pin);
        }
        command.args(arguments.split_whitespace());
        command
    }

    fn run(&self, pin: Option<&str>, arguments: &str) -> Answer {
        finish(self.command(pin, arguments))
    }
}

#[test]
fn a_token_signs_and_a_wrong_pin_or_a_missing_token_is_said() {
    let user = User::new();
    let token = Token::new(&user);
    let key = user.home().join("identities/hsm/key.json");
    assert!(!fs::read_to_string(key).unwrap().contains(Token::PIN), "the PIN is kept nowhere");
    let clip = small();
    let stamp = |name: &str| {
        format!("stamp {} -o {name} --no-watermark --origin camera --identity hsm", clip.display())
    };
    token.run(Some(Token::PIN), &stamp("signed.mp4")).succeeds();
    user.verify(&user.path("signed.mp4"), "--only credentials --trust authority.pem").verdict("verified", 0);
    let wrong = token.run(Some("0815"), &stamp("x.mp4"));
    assert!(
        wrong.exit() == 2 && wrong.stderr.contains("wrong passphrase for identity vault (its PIN)"),
        "{wrong:#?}"
    );
    fs::rename(token.store(), user.path("gone")).unwrap();
    fs::create_dir(token.store()).unwrap();
    token.run(Some(Token::PIN), &stamp("x.mp4")).refusal("token vault: not there");
    assert!(!user.path("x.mp4").exists());
}

#[test]
fn a_wrong_passphrase_gets_three_lines_of_help() {
    let user = User::new();
    user.run(["identity", "new", "me"]).succeeds();
    let mut command = user.command();
    command.env("FILIGRANE_PASSPHRASE", "wrong");
    command.args(["stamp", small().to_str().unwrap(), "-o", "x.mp4", "--no-watermark", "--identity", "me"]);
    let answer = finish(command);
    assert_eq!(answer.exit(), 2);
    let lines: Vec<&str> = answer.stderr.lines().collect();
    assert!(lines[0].contains("wrong passphrase for identity me"), "{answer:#?}");
    assert_eq!(lines.len(), 4, "{answer:#?}");
    assert!(!user.path("x.mp4").exists());
}

#[test]
fn a_rotated_identity_signs_anew_and_what_it_signed_before_stays_verified() {
    let user = User::new();
    user.stamp(&small(), &user.path("old.mp4"), "--no-watermark --origin camera").succeeds();
    user.run(["identity", "rotate"]).succeeds();
    user.stamp(&small(), &user.path("new.mp4"), "--no-watermark --origin camera").succeeds();
    for name in ["old.mp4", "new.mp4"] {
        user.verify(&user.path(name), "--only credentials").verdict("verified", 0);
    }
    let listed = user.run(["identity", "list", "--json"]).succeeds().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
}

#[test]
fn trust_is_listed_removed_and_refreshed() {
    let user = User::new();
    let signer = User::new();
    signer.stamp(&small(), &signer.path("signed.mp4"), "--no-watermark --origin camera").succeeds();
    let root = signer.home().join("identities/default/root.pem");
    let root = root.to_str().unwrap();
    let signed = signer.path("signed.mp4");
    let verdict = |code| user.verify(&signed, "--only credentials").verdict(code, 0);
    verdict("signed");
    user.run(["identity", "trust", "add", root]).succeeds();
    verdict("verified");
    let listed = user.run(["identity", "trust", "list", "--json"]).succeeds().json();
    let digest = listed[0]["sha256"].as_str().unwrap().to_owned();
    user.run(["identity", "trust", "remove", "abc"]).refusal("8 or more digits");
    user.run(["identity", "trust", "remove", &digest[..12]]).succeeds();
    verdict("signed");
    let refreshed = user.run(["identity", "trust", "refresh", "--from", root, "--json"]).succeeds().json();
    assert_eq!((&refreshed["added"], &refreshed["removed"]), (&1.into(), &0.into()));
    verdict("verified");
    issue(&user, sound_leaf(), "-days 20");
    let refreshed =
        user.run(["identity", "trust", "refresh", "--from", "authority.pem", "--json"]).succeeds().json();
    assert_eq!((&refreshed["added"], &refreshed["removed"]), (&1.into(), &1.into()));
    verdict("signed");
    user.run(["identity", "trust", "remove", &digest[..12]]).refusal("no certificate of that SHA-256");
    let authority = user.run(["identity", "trust", "list", "--json"]).succeeds().json();
    let authority = authority[0]["sha256"].as_str().unwrap().to_owned();
    user.run(["identity", "trust", "remove", &authority[..12]]).refusal("stands on a published list");
}

/// A list of trusted entities as C2PA publishes it.
fn list(name: &str, roots: &[&Path]) -> String {
    let services: Vec<serde_json::Value> = roots
        .iter()
        .map(|root| {
            let pem = fs::read_to_string(root).unwrap();
            let digits: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
            serde_json::json!({ "ServiceInformation": {
                "ServiceDigitalIdentity": { "X509Certificates": [{ "val": digits }] },
                "ServiceStatus": "http://c2pa.org/conformance/trust-list/trusted",
            }})
        })
        .collect();
    serde_json::json!({ "LoTE": {
        "ListAndSchemeInformation": {
            "SchemeName": [{ "lang": "en", "value": name }],
            "ListIssueDateTime": "2026-08-05T00:11:39Z", "NextUpdate": "2099-08-05T00:11:39Z",
        },
        "TrustedEntitiesList": [{ "TrustedEntityServices": services }],
    }})
    .to_string()
}

#[test]
fn published_lists_are_told_apart_by_what_they_vouch_for_and_the_one_that_counts_is_named() {
    let authority = User::new();
    let url = stamping_authority(&authority);
    let signer = User::new();
    let signed = signer.path("signed.mp4");
    let options = format!("--no-watermark --origin camera --timestamp {url}");
    signer.stamp(&small(), &signed, &options).succeeds();
    let user = User::new();
    let root = signer.home().join("identities/default/root.pem");
    let stamps = authority.path("authority.pem");
    let refresh = |name: &str, roots: &[&Path]| {
        fs::write(user.path("list.json"), list(name, roots)).unwrap();
        user.run(["identity", "trust", "refresh", "--from", "list.json", "--json"]).succeeds().json()
    };
    let credentials = |code: &str, at: &str| {
        let options = format!("--only credentials {at}");
        user.verify(&signed, &options).verdict(code, 0)["credentials"].clone()
    };
    // Both on the list of signers: an authority for time-stamps is none by that.
    assert_eq!(refresh("C2PA Trust List", &[&root, &stamps])["for"], "signers");
    let found = credentials("verified", "");
    assert_eq!(found["trusted_by"], "C2PA Trust List of 2026-08-05");
    assert_eq!(found["time_stamped"], false, "{found:#}");
    // Both on the list of authorities for time-stamps: a signer is not trusted by that.
    assert_eq!(refresh("C2PA TSA Trust List", &[&root, &stamps])["for"], "time-stamps");
    refresh("C2PA Trust List", &[&stamps]);
    let found = credentials("signed", "");
    assert_eq!((&found["trusted_by"], &found["time_stamped"]), (&serde_json::Value::Null, &true.into()));
    // Each where it belongs: the time-stamp outlives the certificate.
    refresh("C2PA TSA Trust List", &[&stamps]);
    refresh("C2PA Trust List", &[&root]);
    let found = credentials("verified", "--at 2090-01-01T00:00:00Z");
    assert_eq!(
        (&found["trusted_by"], &found["time_stamped"]),
        (&"C2PA Trust List of 2026-08-05".into(), &true.into())
    );
    let text = user.run(["verify", "--only", "credentials", signed.to_str().unwrap()]).succeeds().words();
    assert!(text.contains("trusted by C2PA Trust List of 2026-08-05"), "{text}");
    user.run(["identity", "trust", "add", root.to_str().unwrap()]).succeeds();
    assert_eq!(credentials("verified", "")["trusted_by"], "own");
    let listed = user.run(["identity", "trust", "list"]).succeeds().words();
    for words in
        ["your own, for signers and time-stamps", "C2PA TSA Trust List of 2026-08-05, for time-stamps"]
    {
        assert!(listed.contains(words), "{listed}");
    }
    fs::write(user.path("list.json"), "{}").unwrap();
    user.run(["identity", "trust", "refresh", "--from", "list.json"]).refusal("ETSI TS 119 602");
}
