use std::fs;
use std::path::Path;

use serde::Serialize;

use filigrane::provenance::{
    Algorithm, AnchorSummary, IdentitySettings, KeySource, Purpose, TrustAnchors, TrustList,
    check_certificates,
};
use filigrane::verdict::visible;

use crate::cli::args::{Common, IdentityVerb, New, TrustVerb};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::output::{print, print_json, say};

#[derive(Serialize)]
struct Summary {
    name: String,
    subject: String,
    not_after: String,
    fingerprint: String,
    root: Option<String>,
}

pub fn run(verb: &IdentityVerb, common: &Common) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    match verb {
        IdentityVerb::New(new) => {
            make(&home, new)?;
            show(&home, &new.name, common)?;
        }
        IdentityVerb::Rotate { name } => {
            let kept = home.rotate_identity(name)?;
            if !common.quiet {
                say(&format!(
                    "the old certificates are kept as {kept}; give the new root certificate to those who trust you"
                ));
            }
            show(&home, name, common)?;
        }
        IdentityVerb::Check { pem } => return check(pem, common),
        IdentityVerb::List => {
            let all = summaries(&home)?;
            if common.json {
                print_json(&all);
            } else if all.is_empty() {
                print(
                    "no identities yet: `filigrane identity new` makes one, and so does the first `filigrane stamp`",
                );
            } else {
                all.iter().for_each(|one| {
                    print(&format!("{:16} {}  until {}", one.name, one.subject, one.not_after))
                });
            }
        }
        IdentityVerb::Show { name } => show(&home, name, common)?,
        IdentityVerb::Trust { verb: None, pem: Some(path) } => add(&home, path, common)?,
        IdentityVerb::Trust { verb: Some(TrustVerb::Add { pem }), .. } => add(&home, pem, common)?,
        IdentityVerb::Trust { verb: Some(TrustVerb::Remove { fingerprint }), .. } => {
            remove(&home, fingerprint, common)?;
        }
        IdentityVerb::Trust { verb: Some(TrustVerb::Refresh { from, time_stamps }), .. } => {
            refresh(&home, from, *time_stamps, common)?;
        }
        IdentityVerb::Trust { .. } => trusted(&home.trust_anchors(&[])?, common),
    }
    Ok(0)
}

fn make(home: &Home, new: &New) -> Result<(), Failure> {
    let settings = IdentitySettings { timestamp: new.timestamp.clone() };
    settings.check()?;
    let Some(certificate) = &new.certificate else {
        home.create_identity(&new.name, new.algorithm.unwrap_or(Algorithm::Ed25519), &settings)?;
        return Ok(());
    };
    let chain = read(certificate)?;
    let algorithm = new.algorithm.unwrap_or(Algorithm::Es256);
    let source = match (&new.key, &new.pkcs11, &new.token, &new.key_label) {
        (Some(key), ..) => KeySource::File(key.clone()),
        (None, Some(module), Some(token), Some(key)) => {
            KeySource::Token { module: module.clone(), token: token.clone(), key: key.clone(), algorithm }
        }
        _ if !new.command.is_empty() => KeySource::Command { command: new.command.clone(), algorithm },
        _ => {
            return Err(Failure::Usage(
                "where is the key of that certificate? give --key, --command or --pkcs11".to_owned(),
            ));
        }
    };
    home.import_identity(&new.name, &String::from_utf8_lossy(&chain), source, &settings)
        .map_err(|failure| failure.about(certificate))?;
    Ok(())
}

#[derive(Serialize)]
struct Rule {
    certificate: usize,
    fatal: bool,
    rule: &'static str,
    what: String,
}

/// Exit status 3 when validators would refuse the certificate.
fn check(path: &Path, common: &Common) -> Result<u8, Failure> {
    let breaches = check_certificates(&read(path)?).map_err(|error| Failure::from(error).about(path))?;
    let status = if breaches.iter().any(|breach| breach.fatal) { 3 } else { 0 };
    if common.json {
        let rules: Vec<Rule> = breaches
            .into_iter()
            .map(|breach| Rule {
                certificate: breach.certificate + 1,
                fatal: breach.fatal,
                rule: breach.rule,
                what: breach.what,
            })
            .collect();
        print_json(&rules);
        return Ok(status);
    }
    for breach in &breaches {
        let weight = if breach.fatal { "refused" } else { "advised" };
        let what = visible(&breach.what, 300);
        print(&format!("{weight}  certificate {} {what}\n         {}", breach.certificate + 1, breach.rule));
    }
    if status == 0 {
        print("validators accept it as the certificate of a signer");
    }
    Ok(status)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::Io { path: path.to_owned(), source })
}

fn add(home: &Home, path: &Path, common: &Common) -> Result<(), Failure> {
    let kept = home.trust(&read(path)?).map_err(|failure| failure.about(path))?;
    if common.json {
        print_json(&serde_json::json!({ "trusted": kept.display().to_string() }));
    } else {
        print(&format!("trusted; remove {} to undo", kept.display()));
    }
    Ok(())
}

fn remove(home: &Home, fingerprint: &str, common: &Common) -> Result<(), Failure> {
    let digits = fingerprint.to_ascii_lowercase().replace(':', "");
    if digits.len() < 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::Usage(format!(
            "{fingerprint}: give 8 or more digits of the SHA-256 that `filigrane identity trust list` shows"
        )));
    }
    match home.distrust(&digits)? {
        0 if on_a_list(home, &digits)? => Err(Failure::Usage(format!(
            "{fingerprint}: stands on a published list; `filigrane identity trust refresh` with a list without it removes it"
        ))),
        0 => Err(Failure::Usage(format!("{fingerprint}: no certificate of that SHA-256 is trusted"))),
        gone if common.json => {
            print_json(&serde_json::json!({ "removed": gone }));
            Ok(())
        }
        gone => {
            print(&format!("{gone} removed"));
            Ok(())
        }
    }
}

fn on_a_list(home: &Home, digits: &str) -> Result<bool, Failure> {
    let all = home.trust_anchors(&[])?;
    Ok(all.summaries().any(|one| one.list.is_some() && one.fingerprint.to_string().starts_with(digits)))
}

fn refresh(home: &Home, from: &Path, time_stamps: bool, common: &Common) -> Result<(), Failure> {
    let (list, old, fresh) =
        home.refresh_trust(&read(from)?, time_stamps).map_err(|failure| failure.about(from))?;
    let purpose = purpose(Some(&list));
    let known = |list: &TrustAnchors, digest| list.fingerprints().any(|other| other == digest);
    let added = fresh.fingerprints().filter(|digest| !known(&old, *digest)).count();
    let removed = old.fingerprints().filter(|digest| !known(&fresh, *digest)).count();
    if common.json {
        print_json(&serde_json::json!({
            "list": list.name, "issued": list.issued, "for": purpose,
            "trusted": fresh.len(), "added": added, "removed": removed,
        }));
    } else {
        let name = visible(&list.to_string(), 200);
        let count = fresh.len();
        print(&format!("{name}, for {purpose}: {count} certificates, {added} new, {removed} gone"));
    }
    Ok(())
}

#[derive(Serialize)]
struct Anchor {
    sha256: String,
    subject: String,
    not_after: String,
    list: Option<String>,
    r#for: &'static str,
}

/// What an authority vouches for, by the list it stands on.
fn purpose(list: Option<&TrustList>) -> &'static str {
    match list.map(|list| list.purpose) {
        None => "signers and time-stamps",
        Some(Purpose::Signers) => "signers",
        Some(Purpose::TimeStamps) => "time-stamps",
    }
}

fn trusted(anchors: &TrustAnchors, common: &Common) {
    let summaries: Vec<AnchorSummary> = anchors.summaries().collect();
    if common.json {
        let all: Vec<Anchor> = summaries
            .into_iter()
            .map(|one| Anchor {
                sha256: one.fingerprint.to_string(),
                r#for: purpose(one.list.as_ref()),
                list: one.list.map(|list| list.to_string()),
                subject: one.subject,
                not_after: one.not_after,
            })
            .collect();
        print_json(&all);
    } else if summaries.is_empty() {
        print("no certificate is trusted yet: `filigrane identity trust FILE.pem` adds one");
    } else {
        for one in summaries {
            let subject = visible(&one.subject, 200);
            let purpose = purpose(one.list.as_ref());
            let list = one.list.map_or_else(|| "your own".to_owned(), |list| visible(&list.to_string(), 200));
            print(&format!(
                "sha256 {}  until {}  {subject}\n       {list}, for {purpose}",
                one.fingerprint, one.not_after
            ));
        }
    }
}

fn summaries(home: &Home) -> Result<Vec<Summary>, Failure> {
    Ok(home
        .identities()
        .list()?
        .into_iter()
        .map(|summary| Summary {
            name: summary.name,
            subject: summary.subject,
            not_after: summary.not_after,
            fingerprint: summary.fingerprint.to_string(),
            root: summary.root_path.map(|path| path.display().to_string()),
        })
        .collect())
}

fn show(home: &Home, name: &str, common: &Common) -> Result<(), Failure> {
    // An identity that is not there is said as such.
    home.identities().show(name)?;
    if let Some(summary) = summaries(home)?.into_iter().find(|summary| summary.name == name) {
        if common.json {
            print_json(&summary);
        } else {
            print(&format!(
                "{}\n  signs as     {}\n  until        {}\n  certificate  sha256 {}",
                summary.name, summary.subject, summary.not_after, summary.fingerprint
            ));
            if let Some(root) = summary.root {
                print(&format!(
                    "  root         {root}\nGive the root certificate to those who should trust your signatures: \
                     `filigrane identity trust root.pem`."
                ));
            }
        }
    }
    Ok(())
}
