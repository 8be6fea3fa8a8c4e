use std::process::Command;
use std::sync::Barrier;

use super::*;
use crate::folder::DATABASE;

fn urn(text: &str) -> Urn {
    format!("urn:c2pa:{text}").parse().unwrap()
}

fn entry(number: u16) -> Entry {
    Entry {
        urn: urn(&format!("{number:04x}0000-0000-4000-8000-000000000001")),
        manifest: Some(format!("manifest {number}").into_bytes()),
        fingerprint: vec![number as u8, 0, 255],
        code: None,
        keys: vec![u64::from(number), u64::MAX - u64::from(number)],
        width: 1920,
        height: 1080,
        duration: 12.5,
        title: format!("clip {number} é"),
        issuer: Some("desk".into()),
    }
}

fn stored_files(location: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for folder in fs::read_dir(location.join("manifests")).into_iter().flatten().flatten() {
        if folder.file_name() == ".new" {
            continue;
        }
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            files.push(file.file_name().into_string().unwrap());
        }
    }
    files.sort();
    files
}

#[test]
fn a_published_entry_is_found_by_name_and_by_payload_with_its_manifest() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    assert_eq!(registry.publish(&entry(0x6f1c)).unwrap(), Published::New);
    assert_eq!(registry.publish(&entry(0xf2)).unwrap(), Published::New);
    let file = home.path().join("manifests/6f/6f1c0000-0000-4000-8000-000000000001.c2pa");
    assert_eq!(fs::read(file).unwrap(), b"manifest 28444");

    let again = Registry::open_existing(home.path()).unwrap().unwrap();
    let found = again.by_payload(0x6f1c_0000_0000_4000).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].entry, entry(0x6f1c));
    assert_eq!(found[0].revocations, []);
    assert!(found[0].registered_at.ends_with('Z'));
    assert_eq!(again.by_urn(&entry(0xf2).urn.to_string()).unwrap().unwrap().entry, entry(0xf2));
    assert_eq!(again.by_payload(1).unwrap(), []);
    assert_eq!(again.by_urn(&entry(3).urn.to_string()).unwrap(), None);
    assert!(matches!(again.by_urn("'; DROP TABLE manifests; --"), Err(Error::Urn(_))));
}

#[test]
fn two_manifests_with_the_same_payload_are_both_found() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    // Above 2^63, where SQLite's integers are negative.
    let (mut first, mut second) = (entry(1), entry(2));
    first.urn = urn("ffffffff-ffff-4fff-8000-000000000001");
    second.urn = urn("ffffffff-ffff-4fff-8000-000000000002");
    second.manifest = None;
    registry.publish(&first).unwrap();
    registry.publish(&second).unwrap();
    let found = registry.by_payload(0xffff_ffff_ffff_4fff).unwrap();
    assert_eq!(found.into_iter().map(|record| record.entry).collect::<Vec<_>>(), [first, second]);
}

#[test]
fn records_are_only_ever_added() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    registry.publish(&entry(1)).unwrap();
    assert_eq!(registry.publish(&entry(1)).unwrap(), Published::Known);
    let mut other = entry(1);
    other.manifest = Some(b"forged".to_vec());
    assert!(matches!(registry.publish(&other), Err(Error::Conflict { .. })));
    let mut other = entry(1);
    other.fingerprint = vec![9];
    assert_eq!(registry.publish(&other).unwrap_err().kind(), ErrorKind::Parameter);
    assert_eq!(registry.by_payload(entry(1).urn.payload()).unwrap()[0].entry, entry(1));

    for change in ["DELETE FROM manifests", "UPDATE manifests SET title = 'x'"] {
        let changed = Folder::open(home.path())
            .unwrap()
            .query(async |connection, failed| sqlx::query(change).execute(connection).await.map_err(failed));
        assert!(changed.unwrap_err().to_string().contains("never"), "{change}");
    }
}

#[test]
fn impossible_and_oversized_entries_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    let changed = |change: fn(&mut Entry)| {
        let mut entry = entry(1);
        change(&mut entry);
        registry.publish(&entry).unwrap_err().kind()
    };
    assert_eq!(changed(|entry| entry.duration = f64::NAN), ErrorKind::Parameter);
    assert_eq!(changed(|entry| entry.title = "x".repeat(5000)), ErrorKind::Limit);
    assert_eq!(changed(|entry| entry.fingerprint = vec![0; LARGEST_FINGERPRINT + 1]), ErrorKind::Limit);
    assert_eq!(registry.count().unwrap(), 0);
    assert_eq!(stored_files(home.path()), [""; 0]);
}

fn revocation(reason: &str) -> Revocation {
    Revocation {
        subject: None,
        reason: reason.to_owned(),
        at: "2026-11-23T00:00:00Z".to_owned(),
        signature: reason.as_bytes().to_vec(),
    }
}

#[test]
fn withdrawals_are_kept_in_order_and_the_same_one_once() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    registry.publish(&entry(1)).unwrap();
    let name = entry(1).urn.to_string();
    for reason in ["key lost", "another reason", "key lost"] {
        registry.revoke(&name, &revocation(reason)).unwrap();
    }
    let known = registry.by_urn(&name).unwrap().unwrap().revocations;
    assert_eq!(known, [revocation("key lost"), revocation("another reason")]);
    assert!(registry.list(10, 0).unwrap()[0].revoked);
    let missing = registry.revoke(&entry(2).urn.to_string(), &revocation("x"));
    assert!(matches!(missing, Err(Error::Missing { .. })));
    assert_eq!(registry.revoke(&name, &revocation(&"x".repeat(5000))).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn every_record_is_visited_once_until_the_visitor_breaks_off() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    for number in 0..150 {
        registry.publish(&entry(number)).unwrap();
    }
    let mut seen = Vec::new();
    registry
        .for_each(&mut |record| {
            let name = record.entry.urn.to_string();
            assert_eq!(registry.by_urn(&name).unwrap().unwrap(), *record);
            seen.push(record.entry.fingerprint[0]);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen.iter().copied().eq(0..150));
    let mut visits = 0;
    registry
        .for_each(&mut |_| {
            visits += 1;
            if visits == 70 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(visits, 70);
    let listed: Vec<_> = registry.list(3, 1).unwrap().into_iter().map(|listed| listed.urn).collect();
    assert_eq!(listed, [entry(148).urn, entry(147).urn, entry(146).urn]);
}

#[test]
fn threads_with_their_own_handles_publish_into_one_new_folder() {
    let home = tempfile::tempdir().unwrap();
    let location = home.path().join("new");
    let start = Barrier::new(4);
    let news: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let registry = Registry::open(&location).unwrap();
                    let published = (0..25).map(|number| registry.publish(&entry(number)).unwrap());
                    published.filter(|published| *published == Published::New).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(news, 25, "each entry is new to exactly one of them");
    assert_eq!(Registry::open(&location).unwrap().count().unwrap(), 25);
    assert_eq!(stored_files(&location).len(), 25);
}

/// Not a test of its own: the other process of the next one.
#[test]
fn publish_as_another_process() {
    let Some(location) = std::env::var_os("FILIGRANE_TEST_REGISTRY") else { return };
    let registry = Registry::open(Path::new(&location)).unwrap();
    let mut mine = entry(0);
    mine.manifest = Some(std::process::id().to_string().into_bytes());
    match registry.publish(&mine) {
        Ok(Published::New) | Err(Error::Conflict { .. }) => {}
        other => panic!("{other:?}"),
    }
    for number in 1..30 {
        registry.publish(&entry(number)).unwrap();
    }
}

#[test]
fn processes_publish_at_once_and_the_first_of_two_manifests_stays() {
    let home = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "registry::tests::publish_as_another_process"])
                .env("FILIGRANE_TEST_REGISTRY", home.path())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let ids: Vec<_> = children.iter().map(|child| child.id().to_string().into_bytes()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let registry = Registry::open(home.path()).unwrap();
    assert_eq!(registry.count().unwrap(), 30);
    let contested = registry.by_urn(&entry(0).urn.to_string()).unwrap().unwrap();
    assert!(ids.contains(&contested.entry.manifest.unwrap()), "file and database agree on one publisher");
}

#[test]
fn looking_for_a_registry_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    assert!(Registry::open_existing(&home.path().join("none")).unwrap().is_none());
    assert!(Registry::open_existing(home.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    fs::write(home.path().join("file"), b"x").unwrap();
    assert!(Registry::open(&home.path().join("file")).is_err());
}

#[test]
fn damaged_and_foreign_databases_are_told_apart_from_registries() {
    let home = tempfile::tempdir().unwrap();
    let database = home.path().join(DATABASE);
    let opened = || Registry::open_existing(home.path()).map(drop).unwrap_err();

    fs::write(&database, b"this is no database at all, but it is long enough to be looked at".repeat(20))
        .unwrap();
    assert_eq!(opened().kind(), ErrorKind::Malformed, "{}", opened());
    assert_eq!(Registry::open(home.path()).unwrap_err().kind(), ErrorKind::Malformed);

    fs::remove_file(&database).unwrap();
    let registry = Registry::open(home.path()).unwrap();
    for number in 0..50 {
        registry.publish(&entry(number)).unwrap();
    }
    let export = home.path().join("export");
    registry.export(&export).unwrap();
    drop(registry);
    let intact = fs::read(export.join(DATABASE)).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let database = fresh.path().join(DATABASE);
    for cut in [1, 100, 4096, intact.len() / 2] {
        fs::write(&database, &intact[..cut]).unwrap();
        let outcome = Registry::open_existing(fresh.path()).and_then(|registry| match registry {
            Some(registry) => registry.list(100, 0).map(|listed| listed.len()),
            None => Ok(0),
        });
        match outcome {
            Ok(0) => assert_eq!(cut, 1, "SQLite takes a file of one byte for an empty database"),
            Ok(count) => panic!("{count} records out of {cut} bytes"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Malformed, "{cut}: {error}"),
        }
    }
    for (statement, message) in [
        ("CREATE TRIGGER extra AFTER INSERT ON manifests BEGIN SELECT 1; END", "not laid out"),
        ("DROP TABLE revocations", "not laid out"),
        ("PRAGMA user_version = 9", "newer version"),
        ("PRAGMA user_version = 1", "earlier version"),
        ("PRAGMA application_id = 7", "another program's"),
    ] {
        fs::write(&database, &intact).unwrap();
        let registry = Folder::open(fresh.path()).unwrap();
        registry
            .query(async |connection, failed| {
                sqlx::raw_sql(statement).execute(connection).await.map_err(failed)
            })
            .unwrap();
        drop(registry);
        let error = Registry::open_existing(fresh.path()).map(drop).unwrap_err();
        assert!(error.to_string().contains(message), "{statement}: {error}");
    }
}

#[test]
fn bytes_flipped_in_the_database_give_an_error_or_a_record_but_never_a_crash() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(&home.path().join("a")).unwrap();
    for number in 0..20 {
        registry.publish(&entry(number)).unwrap();
    }
    let damaged = home.path().join("b");
    registry.export(&damaged).unwrap();
    let intact = fs::read(damaged.join(DATABASE)).unwrap();
    let mut errors = 0;
    for step in 0..200 {
        let mut bytes = intact.clone();
        let at = step * 7919 % bytes.len();
        bytes[at..].iter_mut().take(16).for_each(|byte| *byte ^= 0xa5);
        fs::write(damaged.join(DATABASE), bytes).unwrap();
        let read = || -> Result<(), Error> {
            let Some(registry) = Registry::open_existing(&damaged)? else { return Ok(()) };
            registry.list(100, 0)?;
            registry.by_payload(entry(3).urn.payload())?;
            registry.like(&entry(3).keys, 10)?;
            registry.for_each(&mut |_| ControlFlow::Continue(()))
        };
        errors += usize::from(read().is_err());
    }
    assert!(errors > 20, "{errors}");
}

#[test]
fn a_manifest_file_that_was_changed_or_lost_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(home.path()).unwrap();
    registry.publish(&entry(1)).unwrap();
    let file = manifest_file::path(home.path(), entry(1).urn);
    let name = entry(1).urn.to_string();
    fs::write(&file, b"forged").unwrap();
    let error = registry.by_urn(&name).unwrap_err();
    assert!(error.kind() == ErrorKind::Malformed && error.to_string().contains("changed"), "{error}");
    assert!(registry.export(&home.path().join("export")).is_err());
    assert!(!home.path().join("export").exists());
    fs::remove_file(&file).unwrap();
    assert!(registry.by_urn(&name).unwrap_err().to_string().contains("lacks"));
    fs::create_dir(&file).unwrap();
    assert!(registry.by_urn(&name).unwrap_err().to_string().contains("not a file"));
}

#[test]
fn an_export_is_a_registry_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(&home.path().join("a")).unwrap();
    for number in 0..5 {
        registry.publish(&entry(number)).unwrap();
    }
    registry.revoke(&entry(2).urn.to_string(), &revocation("staged")).unwrap();
    let to = home.path().join("out").join("b");
    assert_eq!(registry.export(&to).unwrap(), 5);
    assert!(matches!(registry.export(&to), Err(Error::Exists(_))));
    registry.publish(&entry(9)).unwrap();

    let copy = Registry::open_existing(&to).unwrap().unwrap();
    assert_eq!(copy.count().unwrap(), 5);
    let record = copy.by_urn(&entry(2).urn.to_string()).unwrap().unwrap();
    assert_eq!((record.entry, record.revocations), (entry(2), vec![revocation("staged")]));
    assert_eq!(copy.like(&entry(3).keys, 5).unwrap()[0].urn, entry(3).urn);
    assert_eq!(stored_files(&to).len(), 5);
    let left: Vec<_> = fs::read_dir(home.path().join("out")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1);
    drop(copy);
    let mut left: Vec<_> = fs::read_dir(&to).unwrap().flatten().map(|file| file.file_name()).collect();
    left.sort();
    assert_eq!(left, ["manifests", DATABASE], "no log lies beside the database");
    assert_eq!(Registry::open(&to).unwrap().publish(&entry(9)).unwrap(), Published::New);
}

#[test]
fn folders_with_odd_names_work() {
    let home = tempfile::tempdir().unwrap();
    for name in
        ["with space", "per%20cent", "what?mode=memory", "a#b", "file:x", "é\u{1f39e}", "-dash", "qu'o\"te"]
    {
        let location = home.path().join(name);
        Registry::open(&location).unwrap().publish(&entry(1)).unwrap();
        assert!(location.join(DATABASE).is_file(), "{name}");
        let registry = Registry::open_existing(&location).unwrap().unwrap();
        assert_eq!(registry.count().unwrap(), 1, "{name}");
        registry.export(&home.path().join(format!("{name} export"))).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_still_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let registry = Registry::open(&home.path().join("a")).unwrap();
    registry.publish(&entry(1)).unwrap();
    let to = home.path().join("b");
    registry.export(&to).unwrap();
    let mode = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(to.join(DATABASE), mode(0o444)).unwrap();
    fs::set_permissions(&to, mode(0o555)).unwrap();
    if fs::write(to.join("probe"), b"").is_ok() {
        return; // The superuser writes anywhere.
    }
    let registry = Registry::open_existing(&to).unwrap().unwrap();
    assert_eq!(registry.by_urn(&entry(1).urn.to_string()).unwrap().unwrap().entry, entry(1));
    assert_eq!(registry.publish(&entry(2)).unwrap_err().kind(), ErrorKind::Io);
    fs::set_permissions(&to, mode(0o755)).unwrap();
}

#[test]
fn it_may_be_used_and_dropped_inside_another_runtime() {
    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let location = home.path().to_owned();
    runtime.block_on(async {
        let registry = Registry::open(&location).unwrap();
        registry.publish(&entry(1)).unwrap();
        drop(registry);
        assert!(Registry::open(&location.join(DATABASE)).is_err());
        let count = tokio::task::spawn_blocking(move || {
            let registry = Registry::open(&location).unwrap();
            registry.publish(&entry(2)).unwrap();
            registry.count().unwrap()
        });
        assert_eq!(count.await.unwrap(), 2);
    });
}
