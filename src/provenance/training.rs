use std::str::FromStr;

use serde_json::{Map, json};

use crate::{Assertion, Error};

/// What the signer allows machines to learn from the video (CAWG Training and Data Mining 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Training {
    /// Anything.
    Allow,
    /// Nothing.
    Deny,
    /// What the terms allow.
    Constrained,
}

const USES: [&str; 4] =
    ["cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training", "cawg.data_mining"];
const LONGEST_TERMS: usize = 2000;

impl Training {
    /// The statement as an assertion; `terms` go with [`Constrained`](Self::Constrained).
    ///
    /// # Errors
    /// Terms where nothing is constrained, none where something is, or longer ones than 2,000 characters.
    pub fn assertion(self, terms: Option<&str>) -> Result<Assertion, Error> {
        let wanted = self == Self::Constrained;
        let terms = terms.map(str::trim).filter(|terms| !terms.is_empty());
        if wanted != terms.is_some() {
            let why = if wanted {
                "training is constrained, but by which terms? give --terms"
            } else {
                "terms go with --training constrained alone"
            };
            return Err(Error::Claim(why.to_owned()));
        }
        if terms.is_some_and(|terms| terms.chars().count() > LONGEST_TERMS) {
            return Err(Error::Claim(format!(
                "terms of over {LONGEST_TERMS} characters: give an address instead"
            )));
        }
        let entry = match (self, terms) {
            (Self::Allow, _) => json!({ "use": "allowed" }),
            (Self::Deny, _) => json!({ "use": "notAllowed" }),
            (Self::Constrained, terms) => json!({ "use": "constrained", "constraint_info": terms }),
        };
        let entries: Map<_, _> = USES.into_iter().map(|name| (name.to_owned(), entry.clone())).collect();
        Ok(Assertion { label: "cawg.training-mining".to_owned(), data: json!({ "entries": entries }) })
    }
}

impl FromStr for Training {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            "constrained" => Ok(Self::Constrained),
            _ => Err(Error::Claim("use allow, deny or constrained".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_is_answered_and_terms_stand_where_they_belong() {
        let denied = Training::Deny.assertion(None).unwrap();
        assert_eq!(denied.data["entries"].as_object().unwrap().len(), 4);
        assert_eq!(denied.data["entries"]["cawg.ai_inference"]["use"], "notAllowed");
        let constrained = Training::Constrained.assertion(Some("https://example.org/terms")).unwrap();
        let entry = &constrained.data["entries"]["cawg.data_mining"];
        assert_eq!(entry["constraint_info"], "https://example.org/terms");
        assert!(Training::Constrained.assertion(Some("  ")).is_err());
        assert!(Training::Allow.assertion(Some("x")).is_err());
        assert!("Deny".parse::<Training>().is_err());
    }
}
