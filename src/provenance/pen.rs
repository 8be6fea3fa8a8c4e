use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use c2pa::crypto::cose::CertificateTrustPolicy;
use c2pa::crypto::time_stamp::{default_rfc3161_message, verify_time_stamp};
use c2pa::status_tracker::StatusTracker;

use crate::{Error, Identity, http, revocation};

/// Room for the signature's frame beyond the certificates, bytes.
const SIGNATURE_FRAME: usize = 1024;
/// Room for a time-stamp with the certificates of its authority, bytes.
const TIME_STAMP: usize = 16 << 10;

/// An identity at work on a signature or several, with what it asked of others and what went wrong there.
pub(crate) struct Pen<I> {
    identity: I,
    timestamp: Option<String>,
    revocation: Option<Vec<u8>>,
    notes: Mutex<Vec<String>>,
    failure: Mutex<Option<Error>>,
}

impl<I: Deref<Target = Identity>> Pen<I> {
    /// Takes the identity up, and asks its authority whether its certificate still stands where the certificate says
    /// whom to ask.
    pub fn take(identity: I, timestamp: Option<&str>) -> Self {
        let timestamp = timestamp.or(identity.settings().timestamp.as_deref()).map(str::to_owned);
        let asked = revocation::ask(&identity);
        let mut pen = Self {
            identity,
            timestamp,
            revocation: None,
            notes: Mutex::default(),
            failure: Mutex::default(),
        };
        match asked {
            Ok(answer) => pen.revocation = answer,
            Err(why) => pen.note(why),
        }
        pen
    }

    /// What went other than asked since this was last asked for.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the key did not sign, if it did not.
    pub fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    fn time_stamp(&self, url: &str, message: &[u8]) -> Result<Vec<u8>, String> {
        http::check_url(url)?;
        let request = default_rfc3161_message(message).map_err(|error| error.to_string())?;
        let answer = http::post(url, &request, "application/timestamp-query", "application/timestamp-reply")?;
        if answer.len() > TIME_STAMP {
            return Err(format!(
                "its time-stamp takes {} bytes, over the {TIME_STAMP} reserved",
                answer.len()
            ));
        }
        // An answer for something else would make the whole signature doubtful.
        let policy = CertificateTrustPolicy::passthrough();
        verify_time_stamp(&answer, message, &policy, &mut StatusTracker::default(), false)
            .map_err(|error| format!("its answer is no time-stamp for this signature ({error})"))?;
        Ok(answer)
    }
}

impl<I: Deref<Target = Identity>> c2pa::Signer for &Pen<I> {
    fn sign(&self, data: &[u8]) -> c2pa::Result<Vec<u8>> {
        self.identity.key().sign(data).map_err(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            c2pa::Error::CoseSignature
        })
    }

    fn alg(&self) -> c2pa::SigningAlg {
        self.identity.algorithm().engine()
    }

    fn certs(&self) -> c2pa::Result<Vec<Vec<u8>>> {
        Ok(self.identity.chain().to_vec())
    }

    fn reserve_size(&self) -> usize {
        SIGNATURE_FRAME
            + self.identity.chain().iter().map(Vec::len).sum::<usize>()
            + self.timestamp.as_ref().map_or(0, |_| TIME_STAMP)
            + self.revocation.as_ref().map_or(0, Vec::len)
    }

    fn send_timestamp_request(&self, message: &[u8]) -> Option<c2pa::Result<Vec<u8>>> {
        let url = self.timestamp.as_deref()?;
        match self.time_stamp(url, message) {
            Ok(answer) => Some(Ok(answer)),
            Err(why) => {
                self.note(format!(
                    "signed without a time-stamp: {url}: {why}; the signature can be relied on until the \
                     certificate runs out, not longer"
                ));
                None
            }
        }
    }

    fn ocsp_val(&self) -> Option<Vec<u8>> {
        self.revocation.clone()
    }
}

/// A pen that the engine keeps.
pub(crate) struct Lent(pub Arc<Pen<Arc<Identity>>>);

impl c2pa::Signer for Lent {
    fn sign(&self, data: &[u8]) -> c2pa::Result<Vec<u8>> {
        (&*self.0).sign(data)
    }

    fn alg(&self) -> c2pa::SigningAlg {
        (&*self.0).alg()
    }

    fn certs(&self) -> c2pa::Result<Vec<Vec<u8>>> {
        (&*self.0).certs()
    }

    fn reserve_size(&self) -> usize {
        (&*self.0).reserve_size()
    }

    fn send_timestamp_request(&self, message: &[u8]) -> Option<c2pa::Result<Vec<u8>>> {
        (&*self.0).send_timestamp_request(message)
    }

    fn ocsp_val(&self) -> Option<Vec<u8>> {
        (&*self.0).ocsp_val()
    }
}
