use std::path::{Path, PathBuf};
use std::sync::Arc;

use filigrane::frame::Limits;
use filigrane::media::{EncodeOptions, VideoCodec};
use filigrane::pipeline::{
    self, Course, Examiner, Force, Shelf, Stages, Stamp, Verifier, Ward, manifests, registered_picture,
};
use filigrane::provenance::{Disclosed, Disclosure, Identity, Origin, sign_statement};
use filigrane::report::{Original, Sample, sealed};
use filigrane::service::{Checked, Desk, Job, Stamped, Wish};
use filigrane::verdict::{CredentialsState, Report};
use filigrane::watermark::Key;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::cli::error::Failure;
use crate::cli::home::Home;

/// Pictures taken out of a video for the page.
const STILLS: usize = 8;
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Does the newsroom's work as the other verbs do it: with this user's trust, registry and identities.
pub struct HomeDesk {
    pub home: Home,
    /// Certificates trusted beside those that the user trusts already.
    pub trust: Vec<PathBuf>,
    /// Who signs reports.
    pub sealer: Arc<Identity>,
    /// Who may sign videos.
    pub stampers: Vec<Arc<Identity>>,
    /// The statistical layer, where there is one.
    pub examiner: Option<Examiner>,
    /// Where videos are read; in this process where there is none.
    pub ward: Option<Ward>,
}

impl Desk for HomeDesk {
    fn check(&self, job: &Job<'_>) -> Checked {
        job.progress.step("credentials", 0, None);
        // Read each time: a list that was refreshed counts from the next video on.
        let trust = match self.home.trust_anchors(&self.trust) {
            Ok(trust) => trust,
            Err(failure) => {
                let report = Report::unreadable(job.name, format!("the trust list can't be read: {failure}"));
                return Checked { report, samples: Vec::new(), manifests: None, original: None };
            }
        };
        let (limits, keys) = (Limits::default(), [Key::public()]);
        let verifier = Verifier {
            stages: Stages { credentials: true, watermark: true, fingerprint: true, classifier: true },
            shelf: Shelf::Open(job.registry),
            trust: &trust,
            at: None,
            keys: &keys,
            stills: STILLS,
            limits,
            cancel: job.cancel.clone(),
            examiner: self.examiner.as_ref(),
            course: Course::Thorough,
            ward: self.ward.as_ref(),
        };
        let verified = verifier.verify(job.video, job.name, job.progress);
        job.progress.step("sealing", 0, None);
        let carries = !matches!(
            verified.report.credentials.state,
            CredentialsState::Absent | CredentialsState::Skipped
        );
        // What can't be shown as a tree is told in the report.
        let read = || manifests(job.video, &trust, self.ward.as_ref(), &limits, job.cancel).ok().flatten();
        let manifests = if carries { read() } else { None };
        let samples = verified
            .stills
            .into_iter()
            .map(|still| Sample { time: still.time, jpeg: still.jpeg, caption: String::new() })
            .collect();
        // Without it the answer is none the less whole.
        let original = registered_picture(job.registry, &verified.report.registry, &trust, &limits);
        let original = original.ok().flatten().and_then(Original::of);
        Checked { report: verified.report, samples, manifests, original }
    }

    fn stamp(&self, job: &Job<'_>, output: &Path, wish: &Wish) -> Result<Stamped, String> {
        let identity = self
            .stampers
            .iter()
            .find(|identity| identity.name() == wish.identity)
            .ok_or("the identity may no longer sign here")?;
        let id = Uuid::new_v4();
        let origin = match wish.origin.as_str() {
            "" => None,
            stated => Some(stated.parse::<Origin>().map_err(|error| error.to_string())?),
        };
        let statements = origin.map(|origin| disclosed(identity, id, origin)).unwrap_or_default();
        let how = Stamp {
            id,
            watermark: wish.watermark.then_some(Force::Fitted),
            key: Key::public(),
            audio: true,
            identity: Some(identity.as_ref()),
            registry: Some(job.registry),
            origin,
            timestamp: None,
            models: Vec::new(),
            statements,
            encode: EncodeOptions::new(VideoCodec::H264),
            force: false,
            version: VERSION,
            limits: Limits::default(),
            ward: self.ward.as_ref(),
            cancel: job.cancel.clone(),
        };
        let stamped = pipeline::stamp(job.video, output, &how, job.progress).map_err(|error| {
            // The names of files here mean nothing to whoever sent the video.
            let text = error.to_string();
            text.replace(&job.video.display().to_string(), job.name)
                .replace(&output.display().to_string(), "the result")
        })?;
        Ok(Stamped {
            manifest: stamped.manifest,
            payload: stamped.payload.map(|payload| payload.to_string()),
            issuer: identity.issuer().to_owned(),
            registered: stamped.registered,
            frames: stamped.frames,
            notes: stamped.notes,
            extension: output.extension().map(|end| end.to_string_lossy().into_owned()).unwrap_or_default(),
        })
    }

    fn identities(&self) -> Vec<String> {
        self.stampers.iter().map(|identity| identity.name().to_owned()).collect()
    }

    fn seal(&self, report: String) -> Result<String, String> {
        seal(report, &self.sealer).map_err(|failure| failure.to_string())
    }

    fn version(&self) -> &'static str {
        VERSION
    }
}

/// A report with its signature.
pub fn seal(report: String, identity: &Identity) -> Result<String, Failure> {
    let signature = sign_statement(report.as_bytes(), identity)?;
    Ok(sealed(report, &signature))
}

/// What laws ask to be disclosed, as `stamp` does by itself.
fn disclosed(identity: &Identity, id: Uuid, origin: Origin) -> Vec<filigrane::provenance::Assertion> {
    let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    let about = Disclosed {
        provider: identity.issuer(),
        system: None,
        model: None,
        generator: concat!("filigrane ", env!("CARGO_PKG_VERSION")),
        id,
        origin,
        time: &now,
    };
    let all = [Disclosure::Eu, Disclosure::California];
    all.iter().filter_map(|disclosure| disclosure.assertion(&about).ok()).flatten().collect()
}
