use super::*;

fn file() -> (tempfile::TempDir, TokenFile) {
    let home = tempfile::tempdir().unwrap();
    let file = TokenFile::new(home.path().join("data/tokens.json"));
    (home, file)
}

#[test]
fn a_secret_is_kept_nowhere_and_opens_what_it_was_made_for() {
    let (home, file) = file();
    assert_eq!(file.list().unwrap(), []);
    let secret = file.create("agency", &[Scope::StoreManifests], &Bounds::default()).unwrap();
    let other =
        file.create("desk", &[Scope::FetchManifests, Scope::StoreBindings], &Bounds::default()).unwrap();
    assert_eq!(secret.len(), PREFIX.len() + 43);
    assert_ne!(secret, other);
    let text = fs::read_to_string(home.path().join("data/tokens.json")).unwrap();
    assert!(!text.contains(&secret[PREFIX.len()..]) && text.contains("store:manifests"), "{text}");
    let holder = file.holder(&secret).unwrap().unwrap();
    assert_eq!((holder.name.as_str(), &holder.scopes[..]), ("agency", &[Scope::StoreManifests][..]));
    for wrong in ["", "filigrane_", &secret[1..], &secret[..secret.len() - 1], &holder.sha256] {
        assert_eq!(file.holder(wrong).unwrap(), None, "{wrong}");
    }
    file.revoke("agency").unwrap();
    assert_eq!(file.holder(&secret).unwrap(), None);
    assert_eq!(file.holder(&other).unwrap().unwrap().name, "desk");
}

#[test]
fn names_are_proper_and_unique_and_what_is_not_there_can_not_be_revoked() {
    let (_home, file) = file();
    file.create("desk", &[], &Bounds::default()).unwrap();
    for name in ["desk", "", "a b", "../x", "\u{202e}x", &"x".repeat(65)] {
        assert!(matches!(file.create(name, &[], &Bounds::default()), Err(Error::Token(_))), "{name}");
    }
    assert!(matches!(file.revoke("agency"), Err(Error::Token(_))));
    assert!(matches!("fetch:all".parse::<Scope>(), Err(Error::Token(_))));
    for scope in Scope::ALL {
        assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_private_and_a_damaged_one_lets_nobody_in() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, file) = file();
    let secret = file.create("desk", &[Scope::FetchManifests], &Bounds::default()).unwrap();
    let path = home.path().join("data/tokens.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&path, "[{").unwrap();
    assert!(matches!(file.holder(&secret), Err(Error::Tokens(_))));
}

#[test]
fn tokens_made_at_once_are_all_kept() {
    let (_home, file) = file();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || file.create(&format!("token-{number}"), &[], &Bounds::default()).unwrap());
        }
    });
    assert_eq!(file.list().unwrap().len(), 8);
}
