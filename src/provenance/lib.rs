//! Where a video says it comes from: writes C2PA manifests, reads and validates them, keeps the signing identities
//! and the anchors of trust. The only crate that knows the C2PA engine, and the only one that speaks to the network: signing
//! asks for time-stamps and revocation where an identity says so, verifying asks nobody.

mod algorithm;
mod certificate;
mod claim;
mod command_key;
mod consent;
mod container;
mod credentials;
mod disclosure;
mod ecdsa_form;
mod engine;
mod error;
mod file_key;
mod http;
mod identity;
mod identity_store;
mod key;
mod layout;
mod lint;
mod lint_tables;
mod manifest;
mod origin;
mod passphrase;
mod pen;
mod preflight;
mod profile;
mod read;
mod revocation;
mod sign;
mod statement;
mod store;
mod token_key;
mod training;
mod trial;
mod trust;
mod validation;
mod validity;

pub use algorithm::Algorithm;
pub use claim::{Assertion, Claim, SoftBinding};
pub use consent::{Consent, Use};
pub use credentials::{ActionSummary, CredentialState, Credentials, Location};
pub use disclosure::{Disclosed, Disclosure};
pub use error::Error;
pub use identity::{Identity, IdentitySettings};
pub use identity_store::{IdentityStore, IdentitySummary, KeySource};
pub use lint::{Ruling, lint};
pub use origin::Origin;
pub use passphrase::Passphrase;
pub use profile::{Breach, check_certificates};
pub use read::{crjson, read, read_at, read_manifest};
pub use sign::{Signed, sign};
pub use statement::{Endorsement, read_statement, sign_statement};
pub use store::manifest_bytes;
pub use training::Training;
pub use trust::{AnchorSummary, TrustAnchors};
