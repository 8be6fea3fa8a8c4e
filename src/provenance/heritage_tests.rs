use super::*;
use crate::sign::tests::{Desk, claim};
use crate::{CredentialState, Origin};

#[test]
fn credentials_that_were_read_elsewhere_are_carried_along_without_the_file_being_opened() {
    let desk = Desk::new();
    let (original, _) = desk.sign(&desk.video("a.mp4"), "1.mp4", &claim(Some(Origin::Camera)));
    let read = Heritage::of(&Asset::named(&original), &Limits::default()).unwrap();
    let parcel = read.clone().into_parcel();
    assert!(parcel.0.is_some() && parcel.1.is_some() && parcel.2.is_none());
    let told = Heritage::from_parcel(parcel);
    assert_eq!(told, read);
    let mut next = claim(Some(Origin::Edited));
    next.parent = Some(original.clone());
    let video = desk.video("b.mp4");
    let (here, _) = desk.sign(&video, "2.mp4", &next);
    next.id = uuid::Uuid::new_v4();
    next.heritage = Some(told);
    std::fs::remove_file(&original).unwrap();
    let (elsewhere, signed) = desk.sign(&video, "3.mp4", &next);
    assert!(signed.parent && signed.notes.is_empty(), "{:?}", signed.notes);
    let [here, elsewhere] = [here, elsewhere].map(|path| desk.read(&path));
    assert_eq!(elsewhere.state, CredentialState::Trusted, "{elsewhere:?}");
    assert_eq!((elsewhere.manifests, &elsewhere.codes), (2, &here.codes));
}

#[test]
fn a_file_without_credentials_hands_nothing_on_and_a_damaged_store_says_why() {
    let desk = Desk::new();
    let plain = desk.video("a.mp4");
    assert_eq!(Heritage::of(&Asset::named(&plain), &Limits::default()).unwrap(), Heritage::default());
    std::fs::write(desk.path("a.mp4.c2pa"), b"\0\0\xff\xffjumb").unwrap();
    let read = Heritage::of(&Asset::named(&plain), &Limits::default()).unwrap();
    assert!(read.fault().unwrap().contains("a box states"), "{read:?}");
}

#[test]
fn what_was_made_up_is_left_out_and_said_and_opens_no_file() {
    let desk = Desk::new();
    let video = desk.video("a.mp4");
    let secret = desk.path("secret");
    std::fs::write(&secret, "precious words").unwrap();
    let place = secret.display();
    let naming = format!(
        r#"{{"title":"t","thumbnail":{{"format":"image/jpeg","identifier":"{place}"}},
            "data":{{"format":"text/plain","identifier":"{place}"}},
            "manifest_data":{{"format":"application/c2pa","identifier":"{place}"}}}}"#
    );
    let lie = |facts: &str, store: Option<&[u8]>| (Some(facts.to_owned()), store.map(<[u8]>::to_vec), None);
    for (number, (parcel, is_said)) in [
        (lie("nonsense", None), true),
        (lie("[1]", None), true),
        (lie("{}", Some(b"\xff\xff\xff\xffjumb")), true),
        (lie(&" ".repeat(LARGEST_FACTS + 1), None), true),
        (lie(&naming, None), false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claim = claim(Some(Origin::Camera));
        claim.heritage = Some(Heritage::from_parcel(parcel));
        let (path, signed) = desk.sign(&video, &format!("{number}.mp4"), &claim);
        assert!(!signed.parent, "{number}");
        assert_eq!(signed.notes.len(), usize::from(is_said), "{number}: {:?}", signed.notes);
        assert_eq!(desk.read(&path).state, CredentialState::Trusted, "{number}");
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(14).any(|window| window == b"precious words"), "{number}");
    }
}
