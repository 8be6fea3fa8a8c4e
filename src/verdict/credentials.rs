use serde::{Deserialize, Serialize};

use crate::{Withdrawal, number};

/// What the check of the file's own C2PA manifest gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialsState {
    /// Intact, and the signer's certificate leads to a trust anchor.
    Trusted,
    /// Intact; the signer is on no trust list.
    Valid,
    /// Present, and something about it does not hold.
    Invalid,
    /// The file carries no manifest.
    Absent,
    /// The check was not asked for. An addition to the four states of the contract.
    #[default]
    Skipped,
}

/// How the content came to be, as its manifest's `digitalSourceType` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Made by a model (`trainedAlgorithmicMedia`, `algorithmicMedia`).
    Generated,
    /// Recorded, then changed by people or with tools (`humanEdits`, `minorHumanEdits`, `algorithmicallyEnhanced`).
    Edited,
    /// Put together from several sources, generated ones possibly among them (`composite…`).
    Composite,
    /// Recorded by a camera (`digitalCapture`, `computationalCapture`).
    Camera,
}

/// Somebody's consent, as the signer of a manifest states it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// Who consented.
    pub subject: String,
    /// `likeness`, `voice`.
    pub uses: Vec<String>,
    /// What for.
    pub purpose: String,
    /// Until when, RFC 3339; none where no end was stated.
    pub until: Option<String>,
    /// True when that time was past at the check.
    pub ended: bool,
    /// The registry's statement that it was withdrawn, whether it counts or not. The verdict stays.
    pub withdrawal: Option<Withdrawal>,
}

/// A change of the content, as the signer of a manifest states it; one of the whole where no part is named.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// Label of the action, `c2pa.cropped` and the like.
    pub action: String,
    /// Where it begins, seconds; none for the beginning.
    #[serde(with = "number::optional")]
    pub start: Option<f64>,
    /// Where it ends, seconds; none for the end.
    #[serde(with = "number::optional")]
    pub end: Option<f64>,
}

/// A model that content was made with, as the signer of a manifest states it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// What it is called.
    pub name: String,
    /// Which of that name.
    pub version: Option<String>,
    /// What it is in C2PA's names, `c2pa.types.model…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// SHA-256 of its weights, 64 hexadecimal digits.
    pub sha256: Option<String>,
    /// The licence it is under.
    pub licence: Option<String>,
    /// What it was trained on.
    pub training_data: Option<String>,
    /// Where more is said about it.
    pub link: Option<String>,
}

/// The cryptographic layer: what the manifest inside the file says, and whether it holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
pub struct Credentials {
    /// What the check gave.
    pub state: CredentialsState,
    /// Organisation or person named in the signer's certificate.
    pub issuer: Option<String>,
    /// When it was signed, RFC 3339.
    pub signed_at: Option<String>,
    /// The active manifest's name, `urn:c2pa:UUID`.
    pub manifest: Option<String>,
    /// C2PA status codes, in the order the validator gave them.
    pub codes: Vec<String>,
    /// True when a time-stamping authority vouches for `signed_at`; else only the signer states it. An addition to
    /// the contract, as are all fields below.
    pub time_stamped: bool,
    /// On whose word the signer is trusted: `own` for the user's trust anchors, else the published list, its name and day.
    pub trusted_by: Option<String>,
    /// True when the only fault is one of the signer's certificate; content and claim are as they were signed.
    pub certificate_fault: bool,
    /// Payloads of the marks that the file's manifests say it carries, 16 hex digits: its own first, then those of its
    /// sources.
    pub marks: Vec<String>,
    /// How the content came to be, as the manifest says.
    pub origin: Option<Origin>,
    /// The program that made the claim, name and version.
    pub generator: Option<String>,
    /// Labels of the declared actions, `c2pa.created` and the like, in order.
    pub actions: Vec<String>,
    /// Changes of the content, oldest first, as the signer and those of its sources' line state them.
    pub edits: Vec<Edit>,
    /// Who consented to which use of their likeness or voice, as the signer states it.
    pub consents: Vec<Consent>,
    /// The models that the content was made with, as the signer and those of its sources state.
    pub models: Vec<Model>,
    /// One sentence on the first thing that does not hold.
    pub explanation: Option<String>,
}

impl Credentials {
    /// False when the check was not asked for.
    pub fn ran(&self) -> bool {
        self.state != CredentialsState::Skipped
    }

    /// True when the signature and every hash hold, whoever signed.
    pub fn intact(&self) -> bool {
        matches!(self.state, CredentialsState::Trusted | CredentialsState::Valid)
    }
}

crate::stage::stage!(Credentials);
