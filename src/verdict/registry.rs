use crate::{Origin, number};
use serde::{Deserialize, Serialize};

/// What the look-up in the manifest registry gave.
///
/// The state is about the content in hand: a withdrawn manifest of *other* content is a `mismatch`, not `revoked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistryState {
    /// A registered manifest was found and its fingerprint fits this content.
    Match,
    /// The watermark leads to a manifest whose fingerprint is that of other content.
    Mismatch,
    /// Nothing registered was found; or, with `manifest` set, one was found but the contents could not be compared.
    Unknown,
    /// A registered manifest was found, and it or its signer was withdrawn.
    Revoked,
    /// A look-up was wanted and the registry did not answer.
    Unavailable,
    /// Nothing was looked up. An addition to the five states of the contract.
    #[default]
    Skipped,
}

/// What led to the registered manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// The bits carried by the watermark.
    Watermark,
    /// The likeness of the pictures alone.
    Fingerprint,
}

/// State of the signature on the registered manifest itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ManifestSignature {
    /// Holds, and the signer's certificate leads to a trust anchor.
    Trusted,
    /// Holds; the signer is on no trust list.
    Valid,
    /// Does not hold.
    Invalid,
    /// There is none.
    Absent,
}

impl ManifestSignature {
    /// True when somebody's key really signed the manifest, whoever that was.
    pub fn holds(self) -> bool {
        matches!(self, Self::Trusted | Self::Valid)
    }
}

/// Who says that a manifest is withdrawn, from the least weight to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithdrawnBy {
    /// No signature that holds: whoever can write to the registry may have put it there. Does not count.
    Nobody,
    /// A signer that is neither the manifest's own nor on the trust list. Does not count.
    Stranger,
    /// A signer on the trust list.
    Trusted,
    /// The manifest's own signer.
    Signer,
}

/// A statement that a registered manifest is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Whose word it is.
    pub by: WithdrawnBy,
    /// Why, as stated.
    pub reason: String,
    /// When, RFC 3339, as stated.
    pub at: String,
    /// Organisation or person named in the certificate of whoever signed it.
    pub issuer: Option<String>,
}

impl Withdrawal {
    /// True when the manifest's own signer, or somebody trusted, says so.
    pub fn counts(&self) -> bool {
        self.by >= WithdrawnBy::Trusted
    }
}

/// A soft match: the registered manifest that the mark or the likeness leads to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", default)]
pub struct RegistryFinding {
    /// What the look-up gave.
    pub state: RegistryState,
    /// The registered manifest's name, `urn:c2pa:UUID`.
    pub manifest: Option<String>,
    /// What led to it.
    pub via: Option<Via>,
    /// Fingerprint distance between this content and the registered one; smaller is nearer.
    pub distance: Option<u32>,
    /// State of the registered manifest's own signature; none when it was not checked. An addition.
    pub signature: Option<ManifestSignature>,
    /// How the registered content came to be, as its manifest says. An addition.
    pub origin: Option<Origin>,
    /// The registered content's title. An addition.
    pub title: Option<String>,
    /// Organisation or person named in the certificate of the registered manifest's signer. An addition.
    pub issuer: Option<String>,
    /// When the manifest was registered, RFC 3339. An addition.
    pub registered_at: Option<String>,
    /// The registry's statement that the manifest is withdrawn, whether it counts or not. An addition.
    pub withdrawal: Option<Withdrawal>,
    /// Decimal logarithm of the probability that other content lies this near; none when not known. An addition.
    #[serde(with = "number::optional")]
    pub log10_p: Option<f64>,
}

impl RegistryFinding {
    /// True when the manifest's own signer, or somebody trusted, has withdrawn it.
    pub fn withdrawn(&self) -> bool {
        self.withdrawal.as_ref().is_some_and(Withdrawal::counts)
    }

    /// False when nothing was looked up, or the registry did not answer.
    pub fn ran(&self) -> bool {
        !matches!(self.state, RegistryState::Skipped | RegistryState::Unavailable)
    }
}

crate::stage::stage!(RegistryFinding);
