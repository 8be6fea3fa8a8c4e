//! Reading a `config.json` that somebody else wrote.

use filigrane_frame::ErrorKind;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::error::one_line;

/// Longest configuration read, bytes.
const LONGEST: usize = 1 << 20;

/// Largest extent of any axis of a network: channels, tokens of text, layers.
const LARGEST: usize = 1 << 20;

/// The configuration, once `_class_name` or `model_type` is seen to be one of those.
pub(crate) fn parse<T: DeserializeOwned>(network: &str, json: &[u8]) -> Result<T, Error> {
    if json.len() > LONGEST {
        return Err(malformed(
            network,
            format!("a configuration of {} bytes; at most {LONGEST} are read", json.len()),
        ));
    }
    serde_json::from_slice(json).map_err(|error| {
        malformed(network, format!("its configuration is not valid: {}", one_line(&error.to_string())))
    })
}

/// Checks that each of these is at least 1 and no larger than any real network's.
pub(crate) fn within(network: &str, values: &[(&str, usize)]) -> Result<(), Error> {
    for (name, value) in values {
        if *value == 0 || *value > LARGEST {
            return Err(malformed(network, format!("{name} is {value}; 1 to {LARGEST} is possible")));
        }
    }
    Ok(())
}

pub(crate) fn malformed(network: &str, detail: String) -> Error {
    Error::Network { network: network.into(), detail, kind: ErrorKind::Malformed }
}

pub(crate) fn unsupported(network: &str, detail: String) -> Error {
    Error::Network { network: network.into(), detail, kind: ErrorKind::Unsupported }
}

pub(crate) fn parameter(network: &str, detail: String) -> Error {
    Error::Network { network: network.into(), detail, kind: ErrorKind::Parameter }
}
