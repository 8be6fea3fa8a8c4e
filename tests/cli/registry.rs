//! The repository of manifests, on the command line.

use std::fs;

use serde_json::json;

use crate::program::User;
use crate::scene::{PAYLOAD, scene, urn};

#[test]
fn an_exported_registry_recovers_copies_elsewhere() {
    let creator = scene().creator();
    let folder = creator.path("offline");
    creator.run(["registry".as_ref(), "export".as_ref(), folder.as_os_str()]).succeeds();
    let newsroom = User::new();
    let carried = newsroom.path("carried");
    crate::program::copy_folder(&folder, &carried);
    let option = format!("--registry {}", carried.display());
    let answer = newsroom.verify(&scene().upload(), &option).verdict("recovered", 0);
    assert_eq!(
        (&answer["registry"]["via"], &answer["registry"]["manifest"]),
        (&"watermark".into(), &urn().into())
    );
}

#[test]
fn reading_a_registry_changes_no_byte_of_it() {
    let creator = scene().creator();
    let read = |folder: &std::path::Path| -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let folder = creator.home().join("registry");
    let before = read(&folder);
    assert!(!before.is_empty());
    creator.verify(&scene().upload(), "--only watermark").verdict("recovered", 0);
    creator.run(["registry", "find"]).succeeds();
    assert!(read(&folder) == before, "files of the registry changed");
}

#[test]
fn find_and_show_list_what_was_stamped() {
    let creator = scene().creator();
    for arguments in [vec!["find"], vec!["find", PAYLOAD], vec!["show", &urn()]] {
        let mut all = vec!["--json", "registry"];
        all.extend(&arguments);
        let found = creator.run(all).succeeds().json();
        let found = found.as_array().unwrap();
        assert_eq!(found.len(), 1, "{arguments:?}");
        assert_eq!((&found[0]["manifest"], &found[0]["title"]), (&json!(urn()), &json!("signed.mp4")));
        assert_eq!(found[0]["revoked"], false);
    }
    let none = creator.run(["--json", "registry", "find", "0000000000000000"]).succeeds().json();
    assert_eq!(none, json!([]));
    let shown = creator.run(["registry", "find"]).succeeds().stdout;
    assert!(shown.contains(&urn()) && shown.contains("signed.mp4"), "{shown}");
}

#[test]
fn a_signed_file_can_be_published_in_a_second_registry() {
    let newsroom = User::new();
    let publish =
        || newsroom.run(["registry".as_ref(), "publish".as_ref(), scene().signed.as_os_str()]).succeeds();
    assert!(publish().stdout.ends_with("registered\n"));
    assert!(publish().stdout.contains("already registered"));
    newsroom.verify(&scene().upload(), "").verdict("recovered", 0);
}

#[test]
fn a_withdrawal_counts_on_the_word_of_the_signer_or_of_somebody_trusted() {
    let creator = scene().creator();
    creator.run(["registry", "revoke", &urn(), "--reason", "wrong  rights\nholder"]).succeeds();
    // Again by the same: nothing more is written.
    creator.run(["registry", "revoke", &urn(), "--reason", "another"]).succeeds();
    let folder = creator.home().join("registry");
    let newsroom = User::new();
    let upload = scene().upload();
    let option = format!("--registry {}", folder.display());
    // The newsroom trusts nobody: that the signer's own key withdrew it is enough.
    let answer = newsroom.verify(&upload, &option).verdict("revoked", 3);
    assert_eq!(answer["registry"]["withdrawal"]["by"], "signer");
    assert_eq!(answer["registry"]["withdrawal"]["reason"], "wrong rights holder");
    assert!(answer["registry"]["withdrawal"]["issuer"].as_str().unwrap().contains("default"));
}

#[test]
fn a_withdrawal_by_a_stranger_is_told_and_does_not_count() {
    let creator = scene().creator();
    let folder = creator.home().join("registry");
    let option = format!("--registry {}", folder.display());
    let stranger = User::new();
    let mut revoke = stranger.command();
    revoke.args(["registry", "--registry"]).arg(&folder).args(["revoke", &urn(), "--reason", "I say so"]);
    crate::program::finish(revoke).succeeds();
    let upload = scene().upload();
    let answer = creator.verify(&upload, &option).verdict("recovered", 0);
    assert_eq!(
        (&answer["registry"]["state"], &answer["registry"]["withdrawal"]["by"]),
        (&json!("match"), &json!("stranger"))
    );
    // To those who trust the stranger it counts.
    let answer = stranger.verify(&upload, &option).verdict("revoked", 3);
    assert_eq!(answer["registry"]["withdrawal"]["by"], "trusted");
    // And the signer's own word goes before a stranger's.
    creator.run(["registry", "revoke", &urn(), "--reason", "indeed"]).succeeds();
    let answer = User::new().verify(&upload, &option).verdict("revoked", 3);
    assert_eq!(answer["registry"]["withdrawal"]["reason"], "indeed");
}

#[test]
fn an_import_takes_what_holds_and_names_what_does_not() {
    let creator = scene().creator();
    creator.run(["registry", "revoke", &urn(), "--reason", "staged"]).succeeds();
    let carried = creator.path("carried");
    creator.run(["registry".as_ref(), "export".as_ref(), carried.as_os_str()]).succeeds();
    let newsroom = User::new();
    let import = |user: &User| {
        user.run(["--json".as_ref(), "registry".as_ref(), "import".as_ref(), carried.as_os_str()])
    };
    let done = import(&newsroom).succeeds().json();
    assert_eq!((&done["new"], &done["known"], &done["withdrawals"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(import(&newsroom).succeeds().json()["known"], 1);
    newsroom.verify(&scene().upload(), "").verdict("revoked", 3);
    // Found by its pictures alone, too: the keys were made anew from the signed fingerprint.
    let found = newsroom.verify(&scene().upload(), "--only fingerprint").verdict("revoked", 3);
    assert_eq!(found["registry"]["via"], "fingerprint");

    // A manifest that was changed on the way, registered as if it were whole.
    let forged = creator.path("forged");
    crate::program::copy_folder(&carried, &forged);
    let file = forged.join(format!("manifests/6f/{}.c2pa", crate::scene::ID));
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(10).position(|window| window == b"signed.mp4").unwrap();
    bytes[at] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let other = User::new();
    let import_forged = || {
        let mut command = other.command();
        command.args(["registry", "import"]).arg(&forged);
        crate::program::finish(command)
    };
    import_forged().refusal("changed since it was registered");
    register_as_is(&forged, &bytes);
    let answer = import_forged();
    assert!(answer.complaint(&urn()).contains("does not hold"), "{answer:?}");
    assert!(answer.stdout.contains("0 new") && answer.stdout.contains("1 refused"), "{answer:?}");
    assert_eq!(other.run(["--json", "registry", "find"]).succeeds().json(), json!([]));
    assert_eq!(import(&User::new()).succeeds().json()["refused"], 0);
}

/// Sets the registered digest of the scene's manifest to that of these bytes, as whoever made the registry could.
fn register_as_is(folder: &std::path::Path, bytes: &[u8]) {
    use sha2::Digest as _;
    let intact =
        fs::read(scene().creator().home().join(format!("registry/manifests/6f/{}.c2pa", crate::scene::ID)))
            .unwrap();
    let (old, new) = (sha2::Sha256::digest(&intact), sha2::Sha256::digest(bytes));
    let database = folder.join("registry.sqlite");
    let mut pages = fs::read(&database).unwrap();
    let at = pages.windows(32).position(|window| window == &old[..]).unwrap();
    pages[at..at + 32].copy_from_slice(&new);
    fs::write(&database, pages).unwrap();
}

#[test]
fn a_registry_that_does_not_answer_leaves_the_rest_of_the_verdict() {
    let creator = scene().creator();
    let nowhere = creator.path("nowhere");
    let option = format!(
        "--registry postgres://me:secret@localhost/clips?host={}&objects=memory:///",
        nowhere.display()
    );
    let answer = creator.verify(&scene().signed, &option).verdict("verified", 0);
    assert_eq!(answer["registry"]["state"], "unavailable");
    let errors = answer["errors"].to_string();
    assert!(errors.contains("postgres://") && !errors.contains("secret"), "{errors}");
    creator.verify(&scene().upload(), &option).verdict("marked", 0);
    // What would be published there is not, and the output does not appear.
    let output = creator.path("out.mp4");
    let refused = creator.stamp(&scene().signed, &output, &option).refusal("postgres://");
    assert!(!refused.contains("secret") && !output.exists(), "{refused}");
}

#[test]
fn what_is_not_signed_or_not_registered_is_refused() {
    let user = scene().creator();
    let unsigned = crate::clip::small();
    user.run(["registry".as_ref(), "publish".as_ref(), unsigned.as_os_str()]).refusal("small.mp4");
    let unknown = "urn:c2pa:00000000-0000-4000-8000-000000000000";
    user.run(["registry", "show", unknown]).refusal(unknown);
    user.run(["registry", "revoke", unknown, "--reason", "x"]).refusal(unknown);
    user.run(["registry", "import", "nowhere"]).refusal("nowhere");
    user.run(["registry", "find", "6f1c"]).refusal("6f1c");
    user.run(["registry", "find", "--registry", "https://registry.invalid/"])
        .refusal("https://registry.invalid: ");
    let exists = user.path("exists");
    fs::create_dir(&exists).unwrap();
    fs::write(exists.join("diary.txt"), "mine").unwrap();
    user.run(["registry".as_ref(), "export".as_ref(), exists.as_os_str()]).refusal("exists");
    assert_eq!(fs::read_dir(&exists).unwrap().count(), 1);
}
