use crate::payload::{CHECK_BITS, MESSAGE_BITS, Payload};
use crate::polar::PolarCode;

/// Code bits a tile carries.
pub(crate) const CODE_BITS: usize = 512;
/// Candidates that the decoder checks: each has its own chance of passing the checksum by accident.
const LIST: usize = 32;

/// Log10 of the chance that some candidate of one decoding of noise passes the checksum.
pub(crate) fn log10_accident() -> f64 {
    (LIST as f64).log10() - f64::from(CHECK_BITS) * 2f64.log10()
}

fn polar() -> PolarCode {
    PolarCode::new(CODE_BITS.ilog2(), MESSAGE_BITS)
}

/// The 512 code bits of a payload (SPEC.md §4).
pub(crate) fn encode(payload: Payload) -> Vec<bool> {
    polar().encode(&payload.message())
}

/// The likeliest payload whose checksum holds; `likelihoods` as log-likelihood ratios, positive for 0.
pub(crate) fn decode(likelihoods: &[f32]) -> Option<Payload> {
    polar().decode(likelihoods, LIST).iter().find_map(|message| Payload::from_message(message))
}
