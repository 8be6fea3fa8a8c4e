//! What every store does, whatever it is made of.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Barrier;

use filigrane_frame::ErrorKind;

use crate::postgres_server::Server;
use crate::{Code, Entry, Error, Neighbour, Published, Record, Registry, Revocation};

fn entry(number: u32) -> Entry {
    Entry {
        urn: format!("urn:c2pa:{number:08x}-0000-4000-8000-000000000001").parse().unwrap(),
        manifest: Some(format!("manifest {number}").into_bytes()),
        fingerprint: vec![number as u8, 0, 255],
        // The first is everybody's, as a black picture's would be; the highest bit is where signs are.
        code: (!number.is_multiple_of(50)).then(|| code(number)),
        keys: vec![7, u64::MAX - u64::from(number), u64::from(number) << 32, u64::from(number) << 32 | 1],
        width: 1920,
        height: u32::MAX,
        duration: 12.5,
        title: format!("clip {number} é"),
        issuer: number.is_multiple_of(2).then(|| "desk".to_owned()),
    }
}

/// Codes as far from one another as chance has it.
fn code(number: u32) -> Code {
    let mut state = number ^ 0x9e37_79b9;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
}

fn revocation(reason: &str) -> Revocation {
    Revocation {
        subject: None,
        reason: reason.to_owned(),
        at: "2026-11-23T00:00:00Z".to_owned(),
        signature: reason.as_bytes().to_vec(),
    }
}

/// The whole suite. `open` gives a handle of its own on the same registry at each call, or a registry that is still
/// empty under a name not used before.
fn conforms(open: &(dyn Fn(&str) -> Registry + Sync)) {
    finds_what_was_published(open);
    gives_colliding_payloads_oldest_first(open);
    refuses_other_content_under_a_known_name(open);
    keeps_revocations(open);
    keeps_withdrawn_consents_apart(open);
    ranks_by_shared_keys(open);
    finds_codes_nearby(open);
    visits_and_lists_in_order(open);
    takes_each_entry_once_from_many(open);
    exports_what_it_has(open);
    copies_records_as_they_are(open);
}

fn finds_what_was_published(open: &dyn Fn(&str) -> Registry) {
    let registry = open("found");
    assert_eq!(registry.count().unwrap(), 0);
    for number in [0x6f1c, 0xf2] {
        assert_eq!(registry.publish(&entry(number)).unwrap(), Published::New);
    }
    let mut bare = entry(5);
    (bare.manifest, bare.fingerprint, bare.keys) = (None, Vec::new(), Vec::new());
    registry.publish(&bare).unwrap();
    let again = open("found");
    assert_eq!(again.count().unwrap(), 3);
    let record = again.by_urn(&entry(0x6f1c).urn.to_string()).unwrap().unwrap();
    assert_eq!((&record.entry, &record.revocations), (&entry(0x6f1c), &Vec::new()));
    assert!(record.registered_at.ends_with('Z'));
    assert_eq!(again.by_payload(entry(0x6f1c).urn.payload()).unwrap(), [record]);
    assert_eq!(again.by_urn(&bare.urn.to_string()).unwrap().unwrap().entry, bare);
    assert_eq!(again.by_payload(1).unwrap(), []);
    assert_eq!(again.by_urn(&entry(3).urn.to_string()).unwrap(), None);
    assert!(matches!(again.by_urn("'; DROP TABLE manifests; --"), Err(Error::Urn(_))));
}

fn gives_colliding_payloads_oldest_first(open: &dyn Fn(&str) -> Registry) {
    let registry = open("payloads");
    let (mut first, mut second) = (entry(1), entry(2));
    first.urn = "urn:c2pa:ffffffff-ffff-4fff-8000-000000000002".parse().unwrap();
    second.urn = "urn:c2pa:ffffffff-ffff-4fff-8000-000000000001".parse().unwrap();
    second.manifest = None;
    registry.publish(&first).unwrap();
    registry.publish(&second).unwrap();
    assert_eq!(registry.names(0xffff_ffff_ffff_4fff).unwrap(), [first.urn, second.urn]);
    assert_eq!(registry.names(0).unwrap(), []);
    let found = registry.by_payload(0xffff_ffff_ffff_4fff).unwrap();
    assert_eq!(found.into_iter().map(|record| record.entry).collect::<Vec<_>>(), [first, second]);
}

fn refuses_other_content_under_a_known_name(open: &dyn Fn(&str) -> Registry) {
    let registry = open("names");
    registry.publish(&entry(1)).unwrap();
    assert_eq!(registry.publish(&entry(1)).unwrap(), Published::Known);
    let forged = Entry { manifest: Some(b"forged".to_vec()), ..entry(1) };
    let unlike = Entry { fingerprint: vec![9], ..entry(1) };
    let bare = Entry { manifest: None, ..entry(1) };
    for other in [forged, unlike, bare] {
        assert!(matches!(registry.publish(&other), Err(Error::Conflict { .. })));
    }
    assert_eq!(registry.by_urn(&entry(1).urn.to_string()).unwrap().unwrap().entry, entry(1));
    let zero = Entry { title: "a\0b".to_owned(), ..entry(2) };
    assert_eq!(registry.publish(&zero).unwrap_err().kind(), ErrorKind::Parameter);
    let endless = Entry { duration: f64::INFINITY, ..entry(2) };
    assert_eq!(registry.publish(&endless).unwrap_err().kind(), ErrorKind::Parameter);
    assert_eq!(registry.count().unwrap(), 1);
}

fn keeps_revocations(open: &dyn Fn(&str) -> Registry) {
    let registry = open("revocations");
    registry.publish(&entry(1)).unwrap();
    let name = entry(1).urn.to_string();
    assert!(!registry.list(1, 0).unwrap()[0].revoked);
    for reason in ["key lost", "another reason", "key lost"] {
        registry.revoke(&name, &revocation(reason)).unwrap();
    }
    let known = open("revocations").by_urn(&name).unwrap().unwrap().revocations;
    assert_eq!(known, [revocation("key lost"), revocation("another reason")]);
    assert!(registry.list(1, 0).unwrap()[0].revoked);
    let missing = registry.revoke(&entry(2).urn.to_string(), &revocation("x"));
    assert!(matches!(missing, Err(Error::Missing { .. })));
}

fn keeps_withdrawn_consents_apart(open: &dyn Fn(&str) -> Registry) {
    let registry = open("consents");
    registry.publish(&entry(1)).unwrap();
    let name = entry(1).urn.to_string();
    let consent = Revocation { subject: Some("Ada".to_owned()), ..revocation("no longer") };
    registry.revoke(&name, &consent).unwrap();
    assert_eq!(registry.by_urn(&name).unwrap().unwrap().revocations, [consent]);
    assert!(!registry.list(1, 0).unwrap()[0].revoked, "the manifest itself stands");
    for subject in ["", "Ada\nGrace", "zero\0", &"x".repeat(5000)] {
        let wrong = Revocation { subject: Some(subject.to_owned()), ..revocation("x") };
        assert_eq!(registry.revoke(&name, &wrong).unwrap_err().kind(), ErrorKind::Parameter);
    }
    assert_ne!(
        Revocation::statement(entry(1).urn, None, "Ada\nno longer", "t"),
        Revocation::statement(entry(1).urn, Some("Ada"), "no longer", "t"),
    );
}

fn finds_codes_nearby(open: &dyn Fn(&str) -> Registry) {
    let registry = open("codes");
    for number in 0..60 {
        registry.publish(&entry(number)).unwrap();
    }
    let blank = Entry { code: Some([0; 32]), ..entry(100) };
    registry.publish(&blank).unwrap();
    let mut twin = entry(101);
    twin.code = entry(17).code;
    registry.publish(&twin).unwrap();
    let near = |code: &Code, bits| registry.near(code, bits, 20, 10).unwrap();
    let [same, other] = [entry(17).urn, twin.urn].map(|urn| move |distance| Neighbour { urn, distance });
    assert_eq!(near(&code(17), 256), [same(0), other(0)]);
    // Fifteen bits, spread so that each part but one has two.
    let mut off = code(17);
    for bit in 0..15 {
        off[4 * (bit % 8) + bit / 8] ^= 0x10;
    }
    assert_eq!(near(&off, 256), [same(15), other(15)]);
    assert_eq!(near(&off, 64), [same(4), other(4)][..0], "both parts of 64 bits are two bits off");
    let mut three = code(17);
    three[0] ^= 3;
    three[4] ^= 1;
    three[31] = !three[31];
    assert_eq!(near(&three, 64), [same(3), other(3)], "what lies beyond 64 bits is not asked for");
    assert_eq!(registry.near(&three, 256, 20, 1).unwrap(), [same(11)]);
    assert_eq!(registry.near(&three, 256, 10, 10).unwrap(), []);
    assert_eq!(near(&[0; 32], 256), [], "blank pictures are alike everywhere");
    assert_eq!(near(&code(5000), 256), []);
}

fn ranks_by_shared_keys(open: &dyn Fn(&str) -> Registry) {
    let registry = open("keys");
    for number in 0..40 {
        registry.publish(&entry(number)).unwrap();
    }
    let found = registry.like(&entry(17).keys, 3).unwrap();
    let numbers: Vec<_> = found.iter().map(|found| (found.urn, found.hits)).collect();
    assert_eq!(numbers, [(entry(17).urn, 4), (entry(0).urn, 1), (entry(1).urn, 1)]);
    assert_eq!(found[0].fingerprint, entry(17).fingerprint);
    assert_eq!(registry.like(&[7], 100).unwrap().len(), 40);
    assert_eq!(registry.like(&[8, 1 << 63], 100).unwrap(), []);
    assert_eq!(registry.like(&[], 100).unwrap(), []);
}

fn visits_and_lists_in_order(open: &dyn Fn(&str) -> Registry) {
    let registry = open("visited");
    for number in (0..150).rev() {
        registry.publish(&entry(number)).unwrap();
    }
    let mut seen = Vec::new();
    let mut visit = |most: usize| {
        seen.clear();
        let visit = &mut |record: &Record| {
            seen.push(record.entry.clone());
            if seen.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        registry.for_each(visit).unwrap();
        seen.clone()
    };
    assert!(visit(usize::MAX).into_iter().eq((0..150).rev().map(entry)));
    assert_eq!(visit(70).len(), 70);
    let listed: Vec<_> = registry.list(3, 1).unwrap();
    assert_eq!(
        listed.iter().map(|listed| listed.urn).collect::<Vec<_>>(),
        [1, 2, 3].map(|number| entry(number).urn)
    );
    assert_eq!((&listed[0].title, &listed[0].issuer), (&entry(1).title, &None));
    assert_eq!(registry.list(3, u64::MAX).unwrap(), []);
}

fn takes_each_entry_once_from_many(open: &(dyn Fn(&str) -> Registry + Sync)) {
    drop(open("many"));
    let start = Barrier::new(4);
    let news: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let start = &start;
                scope.spawn(move || {
                    let registry = open("many");
                    start.wait();
                    let mine = Entry { manifest: Some(vec![thread]), ..entry(1000) };
                    let contested = registry.publish(&mine);
                    assert!(
                        matches!(contested, Ok(Published::New) | Err(Error::Conflict { .. })),
                        "{contested:?}"
                    );
                    let published = (0..25).map(|number| registry.publish(&entry(number)).unwrap());
                    published.filter(|published| *published == Published::New).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(news, 25, "each entry is new to exactly one of them");
    let registry = open("many");
    assert_eq!(registry.count().unwrap(), 26);
    let contested = registry.by_urn(&entry(1000).urn.to_string()).unwrap().unwrap();
    assert_eq!(contested.entry.manifest.unwrap().len(), 1, "database and manifests agree on one publisher");
    let mut names = BTreeSet::new();
    let visit = &mut |record: &Record| {
        names.insert(record.entry.urn);
        ControlFlow::Continue(())
    };
    registry.for_each(visit).unwrap();
    assert_eq!(names.len(), 26);
}

fn exports_what_it_has(open: &dyn Fn(&str) -> Registry) {
    let home = tempfile::tempdir().unwrap();
    let registry = open("exported");
    for number in 0..70 {
        registry.publish(&entry(number)).unwrap();
    }
    registry.revoke(&entry(2).urn.to_string(), &revocation("staged")).unwrap();
    let to = home.path().join("carried");
    assert_eq!(registry.export(&to).unwrap(), 70);
    let copy = Registry::open_existing(&to).unwrap().unwrap();
    let all = |registry: &Registry| {
        let mut all = Vec::new();
        let visit = &mut |record: &Record| {
            all.push(record.clone());
            ControlFlow::Continue(())
        };
        registry.for_each(visit).unwrap();
        all
    };
    assert_eq!(all(&copy), all(&registry));
    assert_eq!(copy.like(&entry(3).keys, 1).unwrap(), registry.like(&entry(3).keys, 1).unwrap());
}

fn copies_records_as_they_are(open: &dyn Fn(&str) -> Registry) {
    let registry = open("copied");
    let record = Record {
        entry: entry(1),
        registered_at: "2020-01-01T00:00:00Z".to_owned(),
        revocations: vec![revocation("a"), revocation("b")],
    };
    registry.copy_in(std::slice::from_ref(&record)).unwrap();
    registry.copy_in(std::slice::from_ref(&record)).unwrap();
    assert_eq!(registry.by_urn(&entry(1).urn.to_string()).unwrap().unwrap(), record);
}

#[test]
fn a_folder_conforms() {
    let home = tempfile::tempdir().unwrap();
    conforms(&|name| Registry::open(&home.path().join(name)).unwrap());
}

#[test]
fn postgresql_conforms_with_manifests_in_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start();
    conforms(&|name| {
        let objects = format!("file://{}", home.path().join(name).display());
        Registry::at(&server.database(name, &objects), true).unwrap().unwrap()
    });
    let objects = format!("file://{}/found", home.path().display());
    let found = server.database("found", &objects);
    let registry = Registry::at(&found, false).unwrap().unwrap();
    let reached = || registry.count().unwrap();
    assert_eq!(reached(), 3);
    // A connection that the server closed is made anew.
    server.query(
        "found",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    );
    assert_eq!(reached(), 3);
    for change in ["DELETE FROM manifests", "UPDATE manifests SET title = 'x'", "TRUNCATE revocations"] {
        assert!(server.query("found", change).contains("never changed or removed"), "{change}");
    }
    // A manifest that was changed, or lost, is noticed.
    let name = entry(0xf2).urn.to_string();
    let files = walk(&home.path().join("found"));
    let file = files.iter().find(|file| file.to_string_lossy().contains("000000f2-")).unwrap();
    std::fs::write(file, b"forged").unwrap();
    let error = registry.by_urn(&name).unwrap_err();
    assert!(error.kind() == ErrorKind::Malformed && error.to_string().contains("changed"), "{error}");
    std::fs::remove_file(file).unwrap();
    assert!(registry.by_urn(&name).unwrap_err().to_string().contains("lacks"));
    // Nobody lays out a database by looking at it.
    assert!(Registry::at(&server.database("untouched", "memory:///"), false).unwrap().is_none());
}

#[test]
fn postgresql_conforms_with_manifests_in_any_object_store() {
    let server = Server::start();
    // Objects in memory live as long as their handle, so one is kept for each name and given to all.
    let shared = crate::shared_tests::Shared::default();
    conforms(&|name| {
        shared.handle(name, || Registry::at(&server.database(name, "memory:///"), true).unwrap().unwrap())
    });
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { found.extend(walk(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}
