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
fn what_is_not_signed_or_not_registered_is_refused() {
    let user = scene().creator();
    let unsigned = crate::clip::small();
    user.run(["registry".as_ref(), "publish".as_ref(), unsigned.as_os_str()]).refusal("small.mp4");
    let unknown = "urn:c2pa:00000000-0000-4000-8000-000000000000";
    user.run(["registry", "show", unknown]).refusal(unknown);
    user.run(["registry", "revoke", unknown, "--reason", "x"]).refusal(unknown);
    user.run(["registry", "find", "6f1c"]).refusal("6f1c");
    user.run(["registry", "find", "--registry", "https://registry.invalid/"])
        .refusal("https://registry.invalid/");
    let exists = user.path("exists");
    fs::create_dir(&exists).unwrap();
    fs::write(exists.join("diary.txt"), "mine").unwrap();
    user.run(["registry".as_ref(), "export".as_ref(), exists.as_os_str()]).refusal("exists");
    assert_eq!(fs::read_dir(&exists).unwrap().count(), 1);
}
