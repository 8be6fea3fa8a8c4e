use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use filigrane::media::VideoCodec;
use filigrane::pipeline::Demand;
use filigrane::provenance::{Algorithm, Disclosure, Origin, Training};
use uuid::Uuid;

use crate::cli::detector::Detectors;
use crate::cli::stream::Stream;

mod fleet;
mod generating;
mod scanning;
mod serving;

pub use fleet::{Jobs, JobsVerb, Which, Work};
pub use generating::{Generate, ModelsVerb};
pub use scanning::{Looking, Scan};
pub use serving::{LogForm, Serve, ServeVerb, TokenVerb};

/// Settles where a video comes from.
#[derive(Parser)]
#[command(name = "filigrane", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 provenance was found and holds (verify) or the work was done; 1 no provenance; \
3 altered, mismatched or withdrawn; 2 a mistake or an unreadable file.\n\
FILIGRANE_HOME moves all data of the program (identities, trust, registry)."
)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Args)]
pub struct Common {
    /// One JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no notes on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Folder of the program's own data
    #[arg(long, env = "FILIGRANE_HOME", global = true, hide = true)]
    pub home: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Makes a clip with a model, marked and signed before anything else can read it
    #[command(
        after_help = "Examples:\n  filigrane generate \"a red ball moves right, over the sea\" -o ball.mp4 --seed 7\n  \
filigrane generate \"a cat on a sofa\" -o cat.mp4 --model Wan2.1-T2V-1.3B-Diffusers --size 832x480 --device cuda"
    )]
    Generate(Box<Generate>),
    /// The models that `generate` can use
    #[command(
        after_help = "Examples:\n  filigrane models list\n  filigrane models check Wan2.1-T2V-1.3B-Diffusers"
    )]
    Models {
        #[command(subcommand)]
        verb: ModelsVerb,
    },
    /// Marks a video invisibly and signs it
    #[command(after_help = "Examples:\n  filigrane stamp clip.mp4 -o signed.mp4 --origin camera\n  \
filigrane stamp init.mp4 --fragments 'seg-*.m4s' -o signed/ --no-watermark")]
    Stamp(Box<Stamp>),
    /// Says where a video comes from, with the evidence
    #[command(
        after_help = "Examples:\n  filigrane verify upload.mp4\n  filigrane verify upload.mp4 --report report.html\n  \
filigrane verify init.mp4 --fragments 'seg-*.m4s'"
    )]
    Verify(Verify),
    /// Verifies many files: folders, lists, patterns, object stores
    #[command(
        after_help = "Examples:\n  filigrane scan uploads/ -o results.jsonl\n  filigrane scan uploads/ -o results.jsonl \
--resume\n  find uploads -newer last | filigrane scan - --depth key-frames --jobs 8\n  \
filigrane scan /mnt/uploads --database postgres://queue.local/filigrane --wait -o results.jsonl"
    )]
    Scan(Scan),
    /// Verifies what `scan --database` submits, on any number of machines
    #[command(
        after_help = "Examples:\n  filigrane worker --database postgres://queue.local/filigrane --depth key-frames\n  \
filigrane worker --database sqlite:/var/lib/filigrane/queue.db --jobs 2"
    )]
    Worker(Work),
    /// What waits, runs, is done and is dead in the database of a fleet
    #[command(
        after_help = "Examples:\n  filigrane jobs migrate --database postgres://queue.local/filigrane\n  \
filigrane jobs list --state dead --database postgres://queue.local/filigrane\n  \
filigrane jobs retry 17 --database postgres://queue.local/filigrane"
    )]
    Jobs(Jobs),
    /// Says how the manifest of a video keeps the rules of the C2PA Conformance Program
    #[command(after_help = "Example:\n  filigrane lint signed.mp4")]
    Lint(Lint),
    /// Signing identities and whom to trust
    #[command(
        after_help = "Examples:\n  filigrane identity new newsdesk\n  filigrane identity trust partner.pem"
    )]
    Identity {
        #[command(subcommand)]
        verb: IdentityVerb,
    },
    /// The repository of manifests that marks and fingerprints lead to
    #[command(
        after_help = "Examples:\n  filigrane registry find 6f1c0123456789ab\n  filigrane registry export offline/\n  \
filigrane registry import offline/"
    )]
    Registry {
        /// Folder or URL (postgres://…?objects=URL, https://…) of the registry [default: the one in the program's own data]
        #[arg(long, value_name = "REGISTRY", global = true)]
        registry: Option<String>,
        #[command(subcommand)]
        verb: RegistryVerb,
    },
    /// A page to check videos on, its HTTP interface, and the registry over HTTP
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  filigrane serve\n  filigrane serve token new ada --scope check,stamp\n  \
filigrane serve --listen 0.0.0.0:8080"
    )]
    Serve(Serve),
    /// The work of a process in a jail, which the program starts itself
    #[command(name = JAILED, hide = true)]
    Jailed,
}

/// The verb of a process in a jail.
pub const JAILED: &str = "jailed-reader";

#[derive(Args)]
pub struct Stamp {
    /// The video to mark and sign; it is not changed
    pub input: PathBuf,
    /// Where the result goes: .mp4, .m4v, .mov, .avi, or .mkv and .webm with the manifest beside it; for a stream in
    /// several files, a new folder
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub stream: Stream,
    /// Who signs [default: the identity "default", made on first use]
    #[arg(long, value_name = "NAME")]
    pub identity: Option<String>,
    /// How the video came to be, as far as you vouch for it: generated, edited, composite or camera
    #[arg(long)]
    pub origin: Option<Origin>,
    /// Time-stamping authority to ask, http://… or https://… [default: the identity's own, if it has one]
    #[arg(long, value_name = "URL", conflicts_with = "no_credentials")]
    pub timestamp: Option<String>,
    /// Whether machines may learn from the video: allow, deny or constrained
    #[arg(long, conflicts_with = "no_credentials")]
    pub training: Option<Training>,
    /// The terms of `--training constrained`: words or an address
    #[arg(long, value_name = "TEXT", requires = "training")]
    pub terms: Option<String>,
    /// Disclosures for generated and composite content: eu, california, china, or none
    #[arg(long, value_delimiter = ',', default_value = "eu,california", value_name = "PROFILES")]
    pub disclose: Vec<Disclosure>,
    /// The system that generated the content, for its disclosure: name and version
    #[arg(long, value_name = "NAME VERSION")]
    pub system: Option<String>,
    /// A model that the content was made with: a JSON file with name, version, type, sha256, licence, trainingData, link;
    /// goes with --origin generated or composite, may be repeated
    #[arg(long, value_name = "FILE", requires = "origin", conflicts_with = "no_credentials")]
    pub model: Vec<PathBuf>,
    /// Records of who consented to which use of their likeness or voice: a JSON file, put under the signature
    #[arg(long, value_name = "FILE", conflicts_with = "no_credentials")]
    pub consent: Option<PathBuf>,
    /// Folder or URL of the registry to publish in [default: the one in the program's own data]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// UUID of the manifest (version 4 when it is signed) [default: a random one]
    #[arg(long, value_name = "UUID")]
    pub id: Option<Uuid>,
    /// Strength of the watermark, 0.5 to 2 [default: as strong as this clip needs]
    #[arg(long, allow_negative_numbers = true)]
    pub strength: Option<f32>,
    /// Mark with a key of your own: a file with 64 hexadecimal digits. Only who has it can find the mark
    #[arg(long, value_name = "FILE", conflicts_with = "no_watermark")]
    pub watermark_key: Option<PathBuf>,
    /// Video codec: h264, hevc, vp9, av1 or ffv1 [default: h264; vp9 for .webm]
    #[arg(long)]
    pub codec: Option<VideoCodec>,
    /// Quality of the encoding, lower is better [default: by codec, hardly visible loss]
    #[arg(long, allow_negative_numbers = true)]
    pub crf: Option<u32>,
    /// Speed preset of the encoder
    #[arg(long)]
    pub preset: Option<String>,
    /// Sign only: pictures and encoding stay as they are
    #[arg(long, conflicts_with = "no_credentials")]
    pub no_watermark: bool,
    /// Mark the pictures alone: sound is copied as it is
    #[arg(long)]
    pub no_audio_watermark: bool,
    /// Mark only: no manifest is written or published
    #[arg(long)]
    pub no_credentials: bool,
    /// Replace an existing output
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub jail: Jail,
}

#[derive(Args)]
pub struct Verify {
    /// The videos in question
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub stream: Stream,
    /// Only some of the media segments are at hand: that others are missing is no fault
    #[arg(long, requires = "fragments")]
    pub partial: bool,
    /// Folder or URL of the registry to look in [default: the one in the program's own data]
    #[arg(long, value_name = "REGISTRY")]
    pub registry: Option<String>,
    /// Certificates (PEM) whose signatures are trusted for this call, beside those you trust already
    #[arg(long, value_name = "PEM")]
    pub trust: Vec<PathBuf>,
    /// Write a self-contained report of one video
    #[arg(long, value_name = "HTML")]
    pub report: Option<PathBuf>,
    /// Sign the report as this identity, so that `filigrane verify report.html` notices a change of it
    #[arg(long, value_name = "NAME", requires = "report")]
    pub sign_as: Option<String>,
    /// Judge certificates as of this time, such as 2026-11-01T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Form of the answer: text, json, or crjson (the manifests of one video, as the C2PA Conformance Program reads them)
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<Form>,
    /// Look for marks made with this key, too: a file with 64 hexadecimal digits
    #[arg(long, value_name = "FILE")]
    pub watermark_key: Vec<PathBuf>,
    /// Which detector estimates whether the pictures were generated: `builtin`, `none`, or a folder with card.toml,
    /// statistics.json, fusion.json and a network for each expert
    #[arg(long, value_name = "DIR", env = "FILIGRANE_DETECTORS", default_value = "builtin")]
    pub detectors: Detectors,
    /// Gather only this evidence
    #[arg(long, value_delimiter = ',', value_enum)]
    pub only: Vec<Stage>,
    #[command(flatten)]
    pub jail: Jail,
}

/// Where hostile bytes are read.
#[derive(Args)]
pub struct Jail {
    /// Read the file in a process that can open, call and start nothing: required, best-effort, or off (in the program itself)
    #[arg(long = "jail", default_value = "best-effort", value_name = "HOW")]
    pub demand: Demand,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
    Crjson,
}

#[derive(Args)]
pub struct Lint {
    /// A signed video
    pub file: PathBuf,
    /// Certificates (PEM) whose signatures are trusted for this call, beside those you trust already
    #[arg(long, value_name = "PEM")]
    pub trust: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    Credentials,
    Watermark,
    Fingerprint,
    Classifier,
}

#[derive(Subcommand)]
pub enum IdentityVerb {
    /// Makes a signing identity on this machine
    New(New),
    /// Lists your identities
    List,
    /// Shows one identity and its root certificate
    Show {
        #[arg(default_value = "default")]
        name: String,
    },
    /// Makes a new key and certificate for an identity of this machine; what it signed before stays good
    Rotate {
        #[arg(default_value = "default")]
        name: String,
    },
    /// Says which of C2PA's rules for signers a certificate chain breaks
    Check {
        /// Certificates in PEM form, the signer's first
        pem: PathBuf,
    },
    /// Trusts the signers under a root certificate, or lists whom you trust
    #[command(args_conflicts_with_subcommands = true)]
    Trust {
        #[command(subcommand)]
        verb: Option<TrustVerb>,
        /// Certificates in PEM form; without one, the trusted certificates are listed
        pem: Option<PathBuf>,
    },
}

/// An identity of this machine's own making, or one whose certificate an authority issued.
#[derive(Args)]
pub struct New {
    /// Letters, digits, '.', '_' and '-'
    #[arg(default_value = "default")]
    pub name: String,
    /// Kind of key: ed25519 or es256; behind a command or in a token also es384 and ps256 [default: ed25519; of a key
    /// in a file, its own]
    #[arg(long)]
    pub algorithm: Option<Algorithm>,
    /// Time-stamping authority to ask at every signature, http://… or https://…
    #[arg(long, value_name = "URL")]
    pub timestamp: Option<String>,
    /// Certificates in PEM form that an authority issued, the signer's first
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Their private key: PKCS#8 in PEM
    #[arg(long, value_name = "FILE", requires = "certificate", conflicts_with_all = ["command", "pkcs11"])]
    pub key: Option<PathBuf>,
    /// A program that signs what it gets on standard input; each --command adds a word, no shell reads them
    #[arg(long, value_name = "WORD", requires = "certificate", conflicts_with = "pkcs11")]
    pub command: Vec<String>,
    /// The PKCS#11 library of a token that holds the key; FILIGRANE_PASSPHRASE is its PIN
    #[arg(long, value_name = "LIBRARY", requires_all = ["certificate", "token", "key_label"])]
    pub pkcs11: Option<PathBuf>,
    /// Label of the token
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    pub token: Option<String>,
    /// Label of the key in it
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    pub key_label: Option<String>,
}

#[derive(Subcommand)]
pub enum TrustVerb {
    /// Trusts the signers under these certificates
    Add {
        /// Certificates in PEM form
        pem: PathBuf,
    },
    /// Lists whom you trust
    List,
    /// Trusts a certificate no longer
    Remove {
        /// The first digits of its SHA-256, 8 or more
        fingerprint: String,
    },
    /// Replaces a published list, of signers or of time-stamping authorities, with a newer one
    Refresh {
        /// The list, such as those that C2PA publishes: JSON (ETSI TS 119 602) or PEM
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// A list in PEM form is one of time-stamping authorities; JSON says so itself
        #[arg(long)]
        time_stamps: bool,
    },
}

#[derive(Subcommand)]
pub enum RegistryVerb {
    /// Publishes the manifest of a signed video
    Publish {
        /// A signed video
        file: PathBuf,
    },
    /// Finds manifests by watermark payload (16 hex digits) or by ISCC (ISCC:…, near ones too), or lists the newest
    Find {
        /// The payload or the ISCC that `verify` showed
        #[arg(value_name = "PAYLOAD|ISCC")]
        what: Option<String>,
    },
    /// Shows what is registered under a manifest's name
    Show {
        /// urn:c2pa:…
        urn: String,
    },
    /// Copies the registry into a folder that can be carried offline
    Export {
        /// A new folder
        folder: PathBuf,
    },
    /// Withdraws a manifest: verify then answers `revoked`. With --consent only a consent that it states
    Revoke {
        /// urn:c2pa:…
        urn: String,
        /// Whose consent is withdrawn, as `verify` shows it; the manifest stands
        #[arg(long, value_name = "SUBJECT")]
        consent: Option<String>,
        /// Why, in one line
        #[arg(long)]
        reason: String,
        /// On whose word: it counts for whoever trusts this identity, and for everybody when it signed the manifest
        /// [default: the identity "default"]
        #[arg(long, value_name = "NAME")]
        identity: Option<String>,
    },
    /// Takes in the manifests of another registry, each checked as if a stranger had sent it
    Import {
        /// An exported folder, or any other registry
        from: String,
    },
}
