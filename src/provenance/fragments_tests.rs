use std::fs;

use super::*;
use crate::sign::tests::{Desk, claim};
use crate::{Credentials, Origin, read};

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn init(label: u8) -> Vec<u8> {
    [boxed(b"ftyp", b"iso6\0\0\0\0iso6"), boxed(b"moov", &boxed(b"mvhd", &[label; 100]))].concat()
}

fn fragment(number: u8, label: u8) -> Vec<u8> {
    let header = boxed(b"moof", &boxed(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, number]));
    [boxed(b"styp", b"msdh\0\0\0\0msdh"), header, boxed(b"mdat", &[number ^ label; 500])].concat()
}

impl Desk {
    /// A track of so many media segments in a folder of its own.
    fn track(&self, folder: &str, fragments: u8) -> Track {
        let label = folder.len() as u8;
        let folder = self.path(folder);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("init.m4s"), init(label)).unwrap();
        let fragments = (1..=fragments).map(|number| {
            let path = folder.join(format!("{number}.m4s"));
            fs::write(&path, fragment(number, label)).unwrap();
            path
        });
        Track { fragments: fragments.collect(), init: folder.join("init.m4s") }
    }

    fn outputs(&self, tracks: &[Track], folder: &str) -> Vec<Track> {
        let place = |path: &PathBuf| {
            let within = path.parent().unwrap().file_name().unwrap();
            let folder = self.path(folder).join(within);
            fs::create_dir_all(&folder).unwrap();
            folder.join(path.file_name().unwrap())
        };
        let track = |track: &Track| Track {
            init: place(&track.init),
            fragments: track.fragments.iter().map(place).collect(),
        };
        tracks.iter().map(track).collect()
    }

    fn signed(&self, tracks: &[Track]) -> Vec<Track> {
        let outputs = self.outputs(tracks, "signed");
        let made = self.try_sign(tracks, &outputs).unwrap();
        assert!(made.notes.is_empty() && !made.sidecar && !made.manifest.is_empty());
        outputs
    }

    fn try_sign(&self, tracks: &[Track], outputs: &[Track]) -> Result<Signed, Error> {
        let claim = claim(Some(Origin::Camera));
        sign_fragments(tracks, outputs, &claim, &self.identity, &Limits::default())
    }

    fn of(&self, tracks: &[Track]) -> Credentials {
        read_fragments(tracks, &self.anchors, None, true, &Limits::default()).unwrap()
    }

    /// Why these tracks do not hold.
    #[track_caller]
    fn fault(&self, tracks: &[Track]) -> String {
        let read = self.of(tracks);
        assert_eq!(read.state, CredentialState::Invalid, "{read:?}");
        let has = |code: &str| read.codes.iter().any(|found| found == code);
        assert!(!read.certificate_fault);
        assert!(has("assertion.bmffHash.mismatch") != has("assertion.bmffHash.match"), "{read:?}");
        assert!(has("assertion.bmffHash.mismatch") || has(layout::MISMATCH), "{read:?}");
        read.explanation.unwrap()
    }
}

#[test]
fn a_signed_stream_holds_whole_and_in_order_and_its_media_are_untouched() {
    let desk = Desk::new();
    let source = desk.track("video", 9);
    let signed = desk.signed(std::slice::from_ref(&source));
    let read = desk.of(&signed);
    assert_eq!((read.state, read.origin), (CredentialState::Trusted, Some(Origin::Camera)), "{read:?}");
    assert!(read.codes.iter().any(|code| code == "assertion.bmffHash.match"), "{:?}", read.codes);
    for (before, after) in source.fragments.iter().zip(&signed[0].fragments) {
        let (before, after) = (fs::read(before).unwrap(), fs::read(after).unwrap());
        let media = before.len() - 20;
        assert_eq!(before[20..], after[after.len() - media..], "from the moof on");
    }
}

#[test]
fn the_binding_is_a_tree_and_no_hash_beside_it() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 3)]);
    let limits = Limits::default();
    let opened = read::within(1, &desk.anchors, &limits, |context, _| {
        let fragments = signed[0].fragments.clone();
        let init = desk.path("copy.mp4");
        fs::copy(&signed[0].init, &init).unwrap();
        let reader =
            c2pa::Reader::from_shared_context(context).with_fragmented_files(&init, &fragments).unwrap();
        Ok(reader.to_crjson_value().unwrap())
    });
    let document = opened.unwrap().unwrap();
    let binding = &document["manifests"][0]["assertions"]["c2pa.hash.bmff.v3"];
    assert!(binding["hash"].is_null(), "{binding:#}");
    let trees = binding["merkle"].as_array().unwrap();
    assert_eq!((trees.len(), &trees[0]["count"]), (1, &3.into()));
    assert!(!trees[0]["initHash"].is_null());
}

#[test]
fn what_was_changed_is_named() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 9)]);
    let third = signed[0].fragments[2].clone();
    let sound = fs::read(&third).unwrap();
    for at in [sound.len() - 1, sound.len() - 505] {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        fs::write(&third, bytes).unwrap();
        let why = desk.fault(&signed);
        assert!(why.contains("3.m4s (media segment 3 of 9) was changed"), "{why}");
        assert_eq!(why.matches("media segment").count(), 1, "{why}");
    }
    fs::write(&third, &sound).unwrap();
    let mut bytes = fs::read(&signed[0].init).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&signed[0].init, bytes).unwrap();
    let why = desk.fault(&signed);
    assert!(why.contains("init.m4s was changed") && !why.contains("media segment"), "{why}");
}

#[test]
fn where_all_were_changed_so_many_are_named_and_the_beginning_is_not_blamed() {
    let desk = Desk::new();
    for (folder, count, more) in [("four", 4, false), ("a dozen", 12, true)] {
        let outputs = desk.signed(&[desk.track(folder, count)]);
        for path in &outputs[0].fragments {
            let mut bytes = fs::read(path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path, bytes).unwrap();
        }
        let why = desk.fault(&outputs);
        assert_eq!(why.matches("was changed").count(), usize::from(count).min(8), "{why}");
        assert_eq!(why.contains("more"), more, "{why}");
        assert!(!why.contains("init.m4s"), "{why}");
    }
}

#[test]
fn missing_swapped_repeated_and_foreign_segments_are_named() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 9)]).remove(0);
    let with = |change: &dyn Fn(&mut Vec<PathBuf>)| {
        let mut track = signed.clone();
        change(&mut track.fragments);
        desk.fault(&[track])
    };
    let why = with(&|files| drop(files.remove(4)));
    assert!(why.contains("1 of the 9 media segments signed are missing: number 5"), "{why}");
    let why = with(&|files| files.truncate(7));
    assert!(why.contains("missing: number 8, 9"), "{why}");
    let why = with(&|files| files.swap(1, 2));
    assert!(why.contains("2.m4s (media segment 3 of 9) is out of order: it was signed as number 2"), "{why}");
    let why = with(&|files| files.insert(3, files[2].clone()));
    assert!(why.contains("is the same segment as 3.m4s"), "{why}");
    let unsigned = desk.path("video/4.m4s");
    let why = with(&|files| files[3] = unsigned.clone());
    assert!(why.contains("media segment 4 of 9) is not part of the signed stream"), "{why}");
    let other = Desk::new();
    let stranger = other.signed(&[other.track("elsewhere", 9)]).remove(0);
    let why = with(&|files| files[3] = stranger.fragments[3].clone());
    assert_eq!(other.of(std::slice::from_ref(&stranger)).state, CredentialState::Trusted);
    assert!(
        why.contains("4.m4s (media segment 4 of 9) was changed after signing, or belongs to another"),
        "{why}"
    );
}

#[test]
fn a_part_of_a_stream_holds_when_no_more_is_asked_for() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 9)]).remove(0);
    let read = |fragments: &[PathBuf]| {
        let part = Track { init: signed.init.clone(), fragments: fragments.to_vec() };
        read_fragments(&[part], &desk.anchors, None, false, &Limits::default()).unwrap()
    };
    assert_eq!(read(&signed.fragments[3..6]).state, CredentialState::Trusted);
    let swapped = read(&[signed.fragments[5].clone(), signed.fragments[3].clone()]);
    assert!(swapped.explanation.unwrap().contains("out of order"));
}

#[test]
fn boxes_that_no_hash_covers_are_told() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 3)]);
    let second = &signed[0].fragments[1];
    let sound = fs::read(second).unwrap();
    fs::write(second, [sound.clone(), boxed(b"free", b"smuggled")].concat()).unwrap();
    assert!(desk.fault(&signed).contains(layout::MISMATCH));
    let store = boxed(b"uuid", &[&container::C2PA_BOX[..], b"\0\0\0\0manifest\0", &[0; 30]].concat());
    fs::write(second, [sound.clone(), store].concat()).unwrap();
    assert!(desk.fault(&signed).contains("2.m4s (media segment 2 of 3) carries a manifest of its own"));
    let hidden = sound.windows(7).position(|bytes| bytes == b"merkle\0").unwrap() + 7;
    let size = u32::from_be_bytes(sound[20..24].try_into().unwrap());
    let mut bytes = sound.clone();
    bytes[20..24].copy_from_slice(&(size + 4).to_be_bytes());
    bytes.splice(20 + size as usize..20 + size as usize, *b"hide");
    assert!(hidden < bytes.len());
    fs::write(second, bytes).unwrap();
    assert!(desk.fault(&signed).contains("2.m4s (media segment 2 of 3) can't be read"));
}

#[test]
fn several_tracks_share_one_manifest_and_each_holds_alone() {
    let desk = Desk::new();
    let tracks = [desk.track("video", 5), desk.track("sound track", 7)];
    let signed = desk.signed(&tracks);
    assert_eq!(desk.of(&signed).state, CredentialState::Trusted);
    for track in &signed {
        assert_eq!(desk.of(std::slice::from_ref(track)).state, CredentialState::Trusted);
    }
    let mut mixed = signed.clone();
    mixed[1].fragments[2] = signed[0].fragments[2].clone();
    assert!(desk.fault(&mixed).contains("media segment 3 of 7)"));
    let other = Desk::new();
    let stranger = other.signed(&[other.track("elsewhere", 2)]).remove(0);
    let why = desk.fault(&[signed[0].clone(), stranger]);
    assert!(why.contains("does not carry the manifest of the other tracks"), "{why}");
}

#[test]
fn what_is_no_stream_or_signed_already_is_refused_and_nothing_is_left() {
    let desk = Desk::new();
    let source = desk.track("video", 3);
    let signed = desk.signed(std::slice::from_ref(&source));
    let refused = |track: Track| {
        let outputs = desk.outputs(std::slice::from_ref(&track), "refused");
        let error = desk.try_sign(&[track], &outputs).unwrap_err();
        let left: Vec<_> = outputs[0].files().filter(|path| path.exists()).collect();
        assert!(left.is_empty(), "{left:?}");
        error.to_string()
    };
    assert!(refused(signed[0].clone()).contains("signed already"));
    assert!(
        refused(Track { init: source.fragments[0].clone(), ..source.clone() }).contains("initialisation")
    );
    let whole = desk.path("video/whole.mp4");
    fs::write(&whole, [init(1), fragment(1, 0)].concat()).unwrap();
    assert!(refused(Track { init: whole, ..source.clone() }).contains("whole video"));
    let two = desk.path("video/two.m4s");
    fs::write(&two, [fragment(1, 0), fragment(2, 0)].concat()).unwrap();
    assert!(refused(Track { fragments: vec![two], ..source.clone() }).contains("one of each"));
    assert!(refused(Track { fragments: Vec::new(), ..source.clone() }).contains("--fragments"));
    let limits = Limits { fragments: 2, ..Limits::default() };
    let error = read_fragments(&signed, &desk.anchors, None, true, &limits).unwrap_err();
    assert!(error.to_string().contains("over the limit of 2"), "{error}");
}

#[test]
fn the_beginning_alone_is_neither_intact_nor_altered() {
    let desk = Desk::new();
    let signed = desk.signed(&[desk.track("video", 3)]);
    let init = desk.path("alone.mp4");
    fs::copy(&signed[0].init, &init).unwrap();
    let error = read::read(&init, &desk.anchors, &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("--fragments"), "{error}");
}
