use super::*;
use crate::{Algorithm, TrustAnchors, certificate};

/// A list as C2PA publishes them, with these authorities; the second of two is withdrawn.
pub(crate) fn published(name: &str, roots: &[&str]) -> String {
    let entities: Vec<_> = roots
        .iter()
        .enumerate()
        .map(|(index, pem)| {
            let digits: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
            let status = if index == 1 { "withdrawn" } else { "trusted" };
            serde_json::json!({ "TrustedEntityServices": [{ "ServiceInformation": {
                "ServiceDigitalIdentity": { "X509Certificates": [{ "val": digits }] },
                "ServiceStatus": format!("http://example.org/trust-list/{status}"),
            }}]})
        })
        .collect();
    serde_json::json!({ "LoTE": {
        "ListAndSchemeInformation": {
            "SchemeName": [{ "lang": "en", "value": name }],
            "ListIssueDateTime": "2026-08-05T00:11:39Z",
            "NextUpdate": "2027-08-05T00:11:39Z",
        },
        "TrustedEntitiesList": entities,
    }})
    .to_string()
}

fn root(name: &str) -> String {
    certificate::issue(name, Algorithm::Es256).unwrap().root_pem
}

#[test]
fn a_published_list_gives_what_stands_on_it_its_name_and_its_dates() {
    let (one, gone) = (root("one"), root("gone"));
    let text = published("Some Trust List", &[&one, &gone]);
    let mut anchors = TrustAnchors::empty();
    let list = anchors.add_list(text.as_bytes(), "list", false).unwrap();
    assert_eq!((anchors.len(), list.purpose), (1, Purpose::Signers));
    assert_eq!(list.to_string(), "Some Trust List of 2026-08-05");
    assert!(!list.overdue(1_800_000_000) && list.overdue(1_820_000_000));
    let mut own = TrustAnchors::empty();
    own.add_pem(one.as_bytes()).unwrap();
    assert!(own.fingerprints().eq(anchors.fingerprints()));
}

#[test]
fn lists_of_signers_and_of_time_stamping_authorities_are_kept_apart() {
    let (signer, stamper, own) = (root("signer"), root("stamper"), root("own"));
    let mut anchors = TrustAnchors::empty();
    anchors.add_list(published("A Trust List", &[&signer]).as_bytes(), "list", false).unwrap();
    let list =
        anchors.add_list(published("A TSA Trust List", &[&stamper]).as_bytes(), "list", false).unwrap();
    assert_eq!(list.purpose, Purpose::TimeStamps);
    anchors.add_pem(own.as_bytes()).unwrap();
    let holds = |pem: &str, anchors: &TrustAnchors| anchors.signers_pem().contains(pem.trim());
    let unix = |pem: &str| pem.replace("\r\n", "\n");
    let (signer, stamper, own) = (unix(&signer), unix(&stamper), unix(&own));
    assert!(holds(&signer, &anchors) && holds(&own, &anchors) && !holds(&stamper, &anchors));
    let stamps = anchors.for_time_stamps();
    assert!(!holds(&signer, &stamps) && holds(&own, &stamps) && holds(&stamper, &stamps));
    // The same authority may stand on both.
    let both = published("A TSA Trust List", &[&signer]);
    assert_eq!(anchors.len(), 3);
    anchors.add_list(both.as_bytes(), "list", true).unwrap();
    assert_eq!(anchors.len(), 4);
}

#[test]
fn what_is_no_list_is_refused_and_adds_nothing() {
    let fine = root("fine");
    let broken = published("A List", &[&fine]).replace("\"val\":\"MII", "\"val\":\"!!!");
    for (text, time_stamps, words) in [
        ("{}", false, "ETSI TS 119 602"),
        ("{\"LoTE\": 3}", false, "ETSI TS 119 602"),
        (&broken, false, "not PEM"),
        (&published("A List", &[]), false, "no PEM certificate"),
        (&published("A List", &[&fine]).replace("2026-08", "soon"), false, "is no time"),
        (&published("A List", &[&fine]), true, "not of time-stamping authorities"),
        ("nonsense", false, "no PEM certificate"),
    ] {
        let mut anchors = TrustAnchors::empty();
        let error = anchors.add_list(text.as_bytes(), "list", time_stamps).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(anchors.is_empty());
    }
}

/// `FILIGRANE_TRUST_LISTS` names a folder with the lists that C2PA publishes.
#[test]
fn the_lists_that_c2pa_publishes_are_read_in_both_their_forms() {
    let Some(folder) = std::env::var_os("FILIGRANE_TRUST_LISTS") else { return };
    for (name, purpose) in
        [("C2PA-TRUST-LIST", Purpose::Signers), ("C2PA-TSA-TRUST-LIST", Purpose::TimeStamps)]
    {
        let forms = ["json", "pem"].map(|form| {
            let path = std::path::Path::new(&folder).join(name).with_extension(form);
            let mut anchors = TrustAnchors::empty();
            let stamps = purpose == Purpose::TimeStamps;
            let list = anchors.add_list(&std::fs::read(path).expect("readable"), name, stamps).unwrap();
            assert_eq!((list.purpose, list.name.is_some()), (purpose, form == "json"));
            let mut all: Vec<_> = anchors.fingerprints().collect();
            all.sort();
            all
        });
        assert!(forms[0] == forms[1] && forms[0].len() > 10, "{name}");
    }
}
