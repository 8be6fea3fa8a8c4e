//! Where a video says it comes from: writes C2PA manifests, reads and validates them, keeps the signing identities
//! and the anchors of trust. The only crate that knows the C2PA engine; nothing here touches the network.

mod certificate;
mod claim;
mod container;
mod credentials;
mod engine;
mod error;
mod identity;
mod identity_store;
mod manifest;
mod origin;
mod passphrase;
mod preflight;
mod read;
mod sign;
mod statement;
mod store;
mod trust;
mod validation;

pub use claim::{Assertion, Claim, SoftBinding};
pub use credentials::{ActionSummary, CredentialState, Credentials, Location};
pub use error::Error;
pub use identity::Identity;
pub use identity_store::{IdentityStore, IdentitySummary};
pub use origin::Origin;
pub use passphrase::Passphrase;
pub use read::{read, read_manifest};
pub use sign::{Signed, sign};
pub use statement::{Endorsement, read_statement, sign_statement};
pub use store::manifest_bytes;
pub use trust::TrustAnchors;
