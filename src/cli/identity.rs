use std::fs;

use serde::Serialize;

use crate::cli::args::{Common, IdentityVerb};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::output::{print, print_json};

#[derive(Serialize)]
struct Summary {
    name: String,
    subject: String,
    not_after: String,
    fingerprint: String,
    root: String,
}

pub fn run(verb: &IdentityVerb, common: &Common) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    match verb {
        IdentityVerb::New { name } => {
            home.create_identity(name)?;
            show(&home, name, common)?;
        }
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
        IdentityVerb::Trust { pem: Some(path) } => {
            let pem = fs::read(path).map_err(|source| Failure::Io { path: path.clone(), source })?;
            let kept = home.trust(&pem).map_err(|failure| failure.about(path))?;
            if common.json {
                print_json(&serde_json::json!({ "trusted": kept.display().to_string() }));
            } else {
                print(&format!("trusted; remove {} to undo", kept.display()));
            }
        }
        IdentityVerb::Trust { pem: None } => {
            let prints: Vec<String> =
                home.trust_anchors(&[])?.fingerprints().map(|digest| digest.to_string()).collect();
            if common.json {
                print_json(&prints);
            } else if prints.is_empty() {
                print("no certificate is trusted yet: `filigrane identity trust FILE.pem` adds one");
            } else {
                prints.iter().for_each(|print_of| print(&format!("sha256 {print_of}")));
            }
        }
    }
    Ok(0)
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
            root: summary.root_path.display().to_string(),
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
                "{}\n  signs as     {}\n  until        {}\n  certificate  sha256 {}\n  root         {}\nGive the root \
                 certificate to those who should trust your signatures: `filigrane identity trust root.pem`.",
                summary.name, summary.subject, summary.not_after, summary.fingerprint, summary.root
            ));
        }
    }
    Ok(())
}
