use std::fs;

use filigrane::frame::Limits;
use filigrane::media::Cancel;
use filigrane::pipeline::{Course, Stages, Still, Verifier, manifests, registered_picture};
use filigrane::provenance::{Identity, TrustAnchors};
use filigrane::report::{self, Original, Sample};
use filigrane::verdict::{Language, Report, overall_exit_status};
use filigrane::watermark::Key;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::args::{self, Common, Form, Stage};
use crate::cli::desk::seal;
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::jail;
use crate::cli::key::read_key;
use crate::cli::output::{print, print_json, say, style};
use crate::cli::progress::Bar;
use crate::cli::sealed;

/// Sample pictures in a report.
const STILLS: usize = 6;

pub fn run(wanted: &args::Verify, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    if wanted.report.is_some() && wanted.inputs.len() > 1 {
        return Err(Failure::Usage("--report takes one video: call it once for each".to_owned()));
    }
    let stream = match &wanted.inputs[..] {
        [input] => wanted.stream.tracks(input)?,
        _ if wanted.stream.is_given() => {
            let why = "--fragments takes one input, the initialisation segment: call it once for each stream";
            return Err(Failure::Usage(why.to_owned()));
        }
        _ => None,
    };
    let at = wanted.at.as_deref().map(moment).transpose()?;
    let as_json = common.json || wanted.format == Some(Form::Json);
    let home = Home::of(common)?;
    let trust = home.trust_anchors(&wanted.trust)?;
    if wanted.inputs.iter().all(|input| sealed::is_page(input)) {
        return sealed::run(&wanted.inputs, &trust, as_json);
    }
    if wanted.format == Some(Form::Crjson) {
        if stream.is_some() {
            let why =
                "--format crjson takes one file: it can't check the parts of a stream against each other";
            return Err(Failure::Usage(why.to_owned()));
        }
        return document(wanted, &trust, cancel);
    }
    let private = wanted.watermark_key.iter().map(|path| read_key(path));
    let keys = std::iter::once(Ok(Key::public())).chain(private).collect::<Result<Vec<_>, _>>()?;
    let opened = home.existing_registry(wanted.registry.as_deref());
    let ward = jail::ward(wanted.jail.demand);
    let wants = |stage| wanted.only.is_empty() || wanted.only.contains(&stage);
    let examiner = wanted.detectors.examiner(&home);
    let verifier = Verifier {
        stages: Stages {
            credentials: wants(Stage::Credentials),
            watermark: wants(Stage::Watermark),
            fingerprint: wants(Stage::Fingerprint),
            classifier: wants(Stage::Classifier),
        },
        shelf: home.shelf(&opened, wanted.registry.as_deref()),
        trust: &trust,
        at,
        keys: &keys,
        stills: if wanted.report.is_some() { STILLS } else { 0 },
        limits: Limits::default(),
        examiner: examiner.as_ref(),
        course: Course::Thorough,
        ward: ward.as_ref(),
        cancel: cancel.clone(),
    };
    let mut reports: Vec<Report> = Vec::new();
    for input in &wanted.inputs {
        let bar = Bar::new(common.quiet);
        let name = input.display().to_string();
        let verified = match &stream {
            Some(tracks) => verifier.verify_stream(tracks, !wanted.partial, &name, &bar),
            None => verifier.verify(input, &name, &bar),
        };
        drop(bar);
        if cancel.is_cancelled() {
            return Err(Failure::Usage(format!("{}: stopped on request", input.display())));
        }
        if let Some(path) = &wanted.report {
            let sealer = wanted.sign_as.as_deref().map(|name| home.identity(Some(name))).transpose()?;
            let original = opened.as_ref().ok().and_then(Option::as_ref).and_then(|registry| {
                let finding = &verified.report.registry;
                registered_picture(registry, finding, &trust, &Limits::default()).ok().flatten()
            });
            let original = original.and_then(Original::of);
            write_report(path, &verified.report, verified.stills, original.as_ref(), sealer.as_ref())?;
        }
        if verified.report.verdict.is_none() {
            let why = verified.report.errors.join("; ");
            say(&format!("filigrane: {}: {why}", input.display()));
        } else if !as_json {
            print(&report::terminal(&verified.report, style()));
        }
        reports.push(verified.report);
    }
    if as_json {
        print(&report::json(&reports));
    }
    Ok(overall_exit_status(&reports))
}

fn moment(text: &str) -> Result<i64, Failure> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(OffsetDateTime::unix_timestamp)
        .map_err(|_| Failure::Usage(format!("--at {text}: no time; write it like 2026-11-01T12:00:00Z")))
}

/// The manifests of one video as crJSON; it is no verdict, and the exit status only says that it was read.
fn document(wanted: &args::Verify, trust: &TrustAnchors, cancel: &Cancel) -> Result<u8, Failure> {
    let [input] = &wanted.inputs[..] else {
        return Err(Failure::Usage("--format crjson takes one video: call it once for each".to_owned()));
    };
    let ward = jail::ward(wanted.jail.demand);
    match manifests(input, trust, ward.as_ref(), &Limits::default(), cancel)? {
        Some(document) => {
            print_json(&document);
            Ok(0)
        }
        None => Err(Failure::Usage(format!("{}: carries no manifest", input.display()))),
    }
}

fn write_report(
    path: &std::path::Path,
    report: &Report,
    stills: Vec<Still>,
    original: Option<&Original>,
    sealer: Option<&Identity>,
) -> Result<(), Failure> {
    let samples: Vec<Sample> = stills
        .into_iter()
        .map(|still| Sample { time: still.time, caption: caption(report, still.time), jpeg: still.jpeg })
        .collect();
    let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let html = report::html_in(report, &samples, original, &now, version, Language::English);
    let html = match sealer {
        Some(identity) => seal(html, identity)?,
        None => html,
    };
    fs::write(path, html).map_err(|source| Failure::Io { path: path.to_owned(), source })
}

/// How strongly the mark shows around one picture.
fn caption(report: &Report, time: f64) -> String {
    let segment =
        report.watermark.timeline.iter().find(|segment| (segment.start..=segment.end).contains(&time));
    segment.map(|segment| format!("watermark strength {:.1}", segment.score)).unwrap_or_default()
}
