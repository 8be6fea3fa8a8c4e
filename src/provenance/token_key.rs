use std::path::PathBuf;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as TokenError, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::MechanismType;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha384};

use crate::{Algorithm, Error, Passphrase};

/// Length of a SHA-256 digest, which is also that of the salt.
const SALT: u64 = 32;

/// A key that stays inside a PKCS#11 token, such as a smart card or a hardware security module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenKey {
    /// The library of the token's maker.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the private key in it.
    pub key: String,
    pub algorithm: Algorithm,
}

impl TokenKey {
    /// Signs in a session of its own: a token that was pulled out and put back in works again.
    pub fn sign(&self, data: &[u8], pin: &Passphrase) -> Result<Vec<u8>, Error> {
        let module =
            Pkcs11::new(&self.module).map_err(|error| self.failed("its library can't be loaded", &error))?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(TokenError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(self.failed("its library does not start", &error)),
        }
        let session = self.session(&module, pin)?;
        let key = self.find(&session)?;
        let digest = |data: &[u8]| Sha256::digest(data).to_vec();
        let pss = PkcsPssParams {
            hash_alg: MechanismType::SHA256,
            mgf: PkcsMgfType::MGF1_SHA256,
            s_len: SALT.into(),
        };
        let signature = match self.algorithm {
            Algorithm::Ed25519 => {
                let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519));
                session.sign(&pure, key, data)
            }
            Algorithm::Es256 => session.sign(&Mechanism::Ecdsa, key, &digest(data)),
            Algorithm::Es384 => session.sign(&Mechanism::Ecdsa, key, &Sha384::digest(data)),
            Algorithm::Ps256 => session.sign(&Mechanism::RsaPkcsPss(pss), key, &digest(data)),
        };
        signature.map_err(|error| self.failed("it did not sign", &error))
    }

    fn session(&self, module: &Pkcs11, pin: &Passphrase) -> Result<Session, Error> {
        let slots =
            module.get_slots_with_token().map_err(|error| self.failed("tokens can't be listed", &error))?;
        let ours = |slot| module.get_token_info(slot).is_ok_and(|info| info.label() == self.token);
        let slot = slots.into_iter().find(|slot| ours(*slot)).ok_or_else(|| {
            Error::Signer(format!("token {}: not there; plug it in, or check its label", self.token))
        })?;
        let session =
            module.open_ro_session(slot).map_err(|error| self.failed("no session can be opened", &error))?;
        let pin = AuthPin::new(String::from_utf8_lossy(pin.as_bytes()).into_owned().into());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(TokenError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(TokenError::Pkcs11(
                RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid,
                _,
            )) => Err(Error::Passphrase(format!("{} (its PIN)", self.token))),
            Err(error) => Err(self.failed("it refuses the login", &error)),
        }
    }

    fn find(&self, session: &Session) -> Result<ObjectHandle, Error> {
        let wanted =
            [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(self.key.as_bytes().to_vec())];
        let found =
            session.find_objects(&wanted).map_err(|error| self.failed("its keys can't be listed", &error))?;
        match found[..] {
            [key] => Ok(key),
            [] => Err(Error::Signer(format!("token {}: holds no private key {}", self.token, self.key))),
            _ => Err(Error::Signer(format!("token {}: holds several keys {}", self.token, self.key))),
        }
    }

    fn failed(&self, what: &str, error: &TokenError) -> Error {
        let error: String = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Error::Signer(format!("token {}: {what} ({error})", self.token))
    }
}
