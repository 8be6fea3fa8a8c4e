use filigrane::frame::Limits;
use filigrane::pipeline::{Cancel, Demand, manifests};
use filigrane::provenance::{Error as ProvenanceError, lint};
use filigrane::verdict::visible;
use serde::Serialize;

use crate::cli::args::{self, Common};
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::jail;
use crate::cli::output::{print, print_json};

#[derive(Serialize)]
struct Answer {
    schema: u32,
    file: String,
    kept: usize,
    broken: usize,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    rule: &'static str,
    kept: bool,
    advice: bool,
    asks: &'static str,
    found: Vec<String>,
}

/// Exit status 3 when a rule is broken.
pub fn run(wanted: &args::Lint, common: &Common) -> Result<u8, Failure> {
    let trust = Home::of(common)?.trust_anchors(&wanted.trust)?;
    let about = |failure: Failure| failure.about(&wanted.file);
    let ward = jail::ward(Demand::BestEffort);
    let cancel = Cancel::default();
    let document = manifests(&wanted.file, &trust, ward.as_ref(), &Limits::default(), &cancel)?;
    let rulings = document.as_ref().and_then(lint).ok_or_else(|| {
        let detail = "carries no manifest to look at: `filigrane stamp` makes one".to_owned();
        Failure::from(ProvenanceError::Claim(detail))
    });
    let rulings = rulings.map_err(about)?;
    let kept = rulings.iter().filter(|ruling| ruling.kept).count();
    let broken = rulings.iter().filter(|ruling| !ruling.kept && !ruling.advice).count();
    let status = if broken > 0 { 3 } else { 0 };
    if common.json {
        let rules = rulings.into_iter().map(|ruling| Rule {
            rule: ruling.rule,
            kept: ruling.kept,
            advice: ruling.advice,
            asks: ruling.asks,
            found: ruling.found,
        });
        let file = wanted.file.display().to_string();
        print_json(&Answer { schema: 1, file, kept, broken, rules: rules.collect() });
        return Ok(status);
    }
    for ruling in rulings.iter().filter(|ruling| !ruling.kept) {
        let found: Vec<String> = ruling.found.iter().map(|text| visible(text, 100)).collect();
        let weight = if ruling.advice { "advised" } else { "broken " };
        print(&format!("{weight}  {}\n         {}: {}", ruling.asks, ruling.rule, found.join(", ")));
    }
    print(&format!(
        "{kept} of {} rules kept (C2PA Conformance Program 0.2, specification 2.4)",
        rulings.len()
    ));
    Ok(status)
}
