use super::*;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

fn make(store: &IdentityStore, name: &str, secret: &str) -> Result<Identity, Error> {
    store.create(name, Algorithm::Ed25519, &passphrase(secret), &IdentitySettings::default())
}

#[test]
fn a_created_identity_loads_with_its_passphrase_and_with_no_other() {
    let home = tempfile::tempdir().unwrap();
    let store = IdentityStore::open(&home.path().join("identities"));
    assert_eq!(store.list().unwrap(), []);
    let made = make(&store, "desk-1", "correct horse").unwrap();
    let loaded = store.load("desk-1", &passphrase("correct horse")).unwrap();
    assert_eq!(loaded.fingerprint(), made.fingerprint());
    assert_eq!(loaded.issuer(), "desk-1 (self-issued, filigrane)");
    assert!(matches!(store.load("desk-1", &passphrase("wrong")), Err(Error::Passphrase(_))));
    assert!(matches!(store.load("desk-2", &passphrase("")), Err(Error::IdentityMissing { .. })));
    assert!(matches!(make(&store, "desk-1", ""), Err(Error::IdentityExists { .. })));

    let listed = store.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].fingerprint, made.fingerprint());
    assert!(listed[0].not_after.ends_with('Z'), "{}", listed[0].not_after);
    assert_eq!(fs::read_to_string(listed[0].root_path.as_ref().unwrap()).unwrap(), made.root_pem().unwrap());
    assert_eq!(store.root_pem("desk-1").unwrap(), made.root_pem().unwrap());
    let left: Vec<_> = fs::read_dir(home.path().join("identities")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "no draft folder stays behind");
}

#[cfg(unix)]
#[test]
fn key_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("identities");
    make(&IdentityStore::open(&folder), "a", "x").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("a")), 0o700);
    assert_eq!(mode(&folder.join("a").join(KEY)), 0o600);
}

#[test]
fn openssl_opens_the_key_file() {
    let home = tempfile::tempdir().unwrap();
    let store = IdentityStore::open(home.path());
    make(&store, "a", "correct horse").unwrap();
    let output = match std::process::Command::new("openssl")
        .args(["pkey", "-passin", "pass:correct horse", "-noout", "-text", "-in"])
        .arg(home.path().join("a").join(KEY))
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("{error}"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("ED25519"));
}

#[test]
fn names_that_reach_out_of_the_folder_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = IdentityStore::open(home.path());
    let long = "a".repeat(65);
    for name in ["", ".", "..", "../x", "a/b", "-x", ".hidden", "Ä", "A", "a b", "a\0b", long.as_str()] {
        assert!(matches!(make(&store, name, ""), Err(Error::Name(_))), "{name:?}");
        assert!(matches!(store.load(name, &passphrase("")), Err(Error::Name(_))), "{name:?}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_key_under_another_certificate_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let store = IdentityStore::open(home.path());
    make(&store, "a", "x").unwrap();
    make(&store, "b", "x").unwrap();
    fs::copy(home.path().join("b").join(CHAIN), home.path().join("a").join(CHAIN)).unwrap();
    let error = store.load("a", &passphrase("x")).unwrap_err();
    assert!(error.to_string().contains("does not belong to the key"), "{error}");
    fs::write(home.path().join("b").join(KEY), "-----BEGIN NONSENSE-----\n").unwrap();
    assert!(matches!(store.load("b", &passphrase("x")), Err(Error::Key { .. })));
}

#[test]
fn a_rotated_identity_signs_anew_and_keeps_the_old_root_without_the_old_key() {
    let home = tempfile::tempdir().unwrap();
    let store = IdentityStore::open(home.path());
    let settings = IdentitySettings { timestamp: Some("http://stamps.example".into()) };
    let old = store.create("a", Algorithm::Es256, &passphrase("x"), &settings).unwrap();
    assert!(matches!(store.rotate("a", &passphrase("wrong")), Err(Error::Passphrase(_))));
    let (new, kept) = store.rotate("a", &passphrase("x")).unwrap();
    assert_ne!(new.fingerprint(), old.fingerprint());
    assert_eq!((new.algorithm(), new.settings()), (Algorithm::Es256, &settings));
    assert_eq!(store.load("a", &passphrase("x")).unwrap().fingerprint(), new.fingerprint());
    assert_eq!(store.list().unwrap().len(), 1, "the old one can't sign any more");
    let folder = home.path().join(&kept);
    assert_eq!(fs::read_to_string(folder.join(ROOT)).unwrap(), old.root_pem().unwrap());
    assert!(!folder.join(KEY).exists());
    let (_, again) = store.rotate("a", &passphrase("x")).unwrap();
    assert_ne!(again, kept);
}

#[test]
fn a_certificate_is_used_within_its_time_alone_and_a_clock_that_is_behind_is_named() {
    let home = tempfile::tempdir().unwrap();
    let identity = make(&IdentityStore::open(home.path()), "a", "x").unwrap();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    identity.check_time(now).unwrap();
    let early = identity.check_time(now - 2 * 24 * 3600).unwrap_err().to_string();
    assert!(early.contains("is not valid before") && early.contains("clock of this machine"), "{early}");
    let late = identity.check_time(now + 11 * 366 * 24 * 3600).unwrap_err().to_string();
    assert!(late.contains("ran out at") && late.contains("identity rotate a"), "{late}");
}
