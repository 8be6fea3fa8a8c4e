use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use super::*;
use crate::Algorithm;

/// A leaf as it should be, before the test spoils it, and its authority's certificate.
fn chain(spoil: impl FnOnce(&mut CertificateParams)) -> String {
    let authority_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::OrganizationName, "An authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name.push(DnType::OrganizationName, "A signer");
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    leaf.use_authority_key_identifier_extension = true;
    spoil(&mut leaf);
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    leaf.pem() + &root.pem()
}

fn fatal(pem: &str) -> Vec<String> {
    let breaches = check_certificates(pem.as_bytes()).unwrap();
    breaches.into_iter().filter(|breach| breach.fatal).map(|breach| breach.what).collect()
}

#[test]
fn a_sound_chain_breaks_nothing_and_lacks_what_only_the_programme_asks_for() {
    assert_eq!(fatal(&chain(|_| {})), [] as [String; 0]);
    let issued = crate::certificate::issue("a", Algorithm::Es256).unwrap();
    assert_eq!(fatal(&issued.chain_pem), [] as [String; 0]);
    let advised = check_certificates(issued.chain_pem.as_bytes()).unwrap();
    assert!(advised.iter().any(|breach| breach.what.contains("366 days")), "{advised:?}");
    assert!(advised.iter().all(|breach| breach.rule.contains("Conformance Program")));
}

#[test]
fn each_broken_rule_is_named() {
    type Spoil = fn(&mut CertificateParams);
    let spoilt: [(&str, Spoil); 8] = [
        ("extended key usage without", |leaf| {
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        }),
        ("has no extended key usage", |leaf| leaf.extended_key_usages.clear()),
        ("anyExtendedKeyUsage", |leaf| leaf.extended_key_usages.push(ExtendedKeyUsagePurpose::Any)),
        ("time-stamps or OCSP", |leaf| leaf.extended_key_usages.push(ExtendedKeyUsagePurpose::TimeStamping)),
        ("no key usage", |leaf| leaf.key_usages.clear()),
        ("without digitalSignature", |leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyAgreement]),
        ("is a certificate authority", |leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ("ran out at", |leaf| {
            leaf.not_before = time::macros::datetime!(2020-01-01 0:00 UTC);
            leaf.not_after = time::macros::datetime!(2021-01-01 0:00 UTC);
        }),
    ];
    for (expected, spoil) in spoilt {
        let found = fatal(&chain(spoil));
        assert!(found.iter().any(|what| what.contains(expected)), "{expected}: {found:?}");
    }
    let found = fatal(&chain(|leaf| leaf.use_authority_key_identifier_extension = false));
    assert_eq!(found, ["has no authority key identifier"]);
}

#[test]
fn self_signed_signers_and_chains_out_of_order_are_named() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let alone = CertificateParams::default().self_signed(&key).unwrap();
    assert!(fatal(&alone.pem()).iter().any(|what| what.contains("self-signed")));
    let (one, other) = (chain(|_| {}), chain(|_| {}));
    let leaf = one.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    let root = other.split_inclusive("-----END CERTIFICATE-----\n").nth(1).unwrap();
    let found = fatal(&format!("{leaf}{root}"));
    assert!(found.iter().any(|what| what.contains("not issued by the next")), "{found:?}");
}
