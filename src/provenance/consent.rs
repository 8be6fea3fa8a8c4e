use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{Assertion, Error};

/// Label of the records in a manifest.
pub(crate) const LABEL: &str = "org.filigrane.consent";
const MOST_RECORDS: usize = 64;
const LONGEST_TEXT: usize = 500;

/// Somebody's consent to a use of their likeness or voice, as the signer states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Who consented.
    pub subject: String,
    /// To the use of what: `likeness`, `voice`.
    pub uses: Vec<Use>,
    /// What for.
    pub purpose: String,
    /// When it was given, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Until when it holds, RFC 3339; without, until it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where the agreement is kept: an address or a file number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What of a person is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// How they look.
    Likeness,
    /// How they sound.
    Voice,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Many(Vec<Consent>),
    One(Consent),
}

impl Consent {
    /// The records of a JSON text: one object, or an array of them.
    ///
    /// # Errors
    /// What is wrong with the first that can't be taken, in one line.
    pub fn from_json(text: &str) -> Result<Vec<Self>, Error> {
        let wrong = |what: String| Error::Claim(format!("consent records: {what}"));
        let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("no JSON ({error})")))?;
        let records = match serde_json::from_value(value) {
            Ok(File::Many(records)) => records,
            Ok(File::One(record)) => vec![record],
            Err(_) => {
                return Err(wrong(
                    "each needs \"subject\", \"uses\" (of \"likeness\", \"voice\") and \"purpose\", and may have \
                     \"given\", \"until\" and \"reference\""
                        .to_owned(),
                ));
            }
        };
        if records.is_empty() || records.len() > MOST_RECORDS {
            return Err(wrong(format!("{} of them; 1 to {MOST_RECORDS} can be signed", records.len())));
        }
        records.iter().try_for_each(|record| record.check().map_err(wrong))?;
        Ok(records)
    }

    fn check(&self) -> Result<(), String> {
        if self.subject.trim().is_empty() || self.purpose.trim().is_empty() || self.uses.is_empty() {
            return Err("who, for what, or which use is left empty".to_owned());
        }
        let texts = [Some(&self.subject), Some(&self.purpose), self.reference.as_ref()];
        if texts.into_iter().flatten().any(|text| text.chars().count() > LONGEST_TEXT) {
            return Err(format!("a text of over {LONGEST_TEXT} characters"));
        }
        let mut times = [&self.given, &self.until].into_iter().flatten();
        match times.find(|time| OffsetDateTime::parse(time, &Rfc3339).is_err()) {
            Some(time) => Err(format!(
                "{:?} is no time: write 2027-01-31T00:00:00Z",
                time.chars().take(40).collect::<String>()
            )),
            None => Ok(()),
        }
    }

    /// Whether it no longer held at a time, seconds since 1970.
    pub fn ended(&self, at: i64) -> bool {
        let until = self.until.as_deref().and_then(|until| OffsetDateTime::parse(until, &Rfc3339).ok());
        until.is_some_and(|until| until.unix_timestamp() < at)
    }

    /// The records as an assertion.
    pub fn assertion(records: &[Self]) -> Assertion {
        Assertion { label: LABEL.to_owned(), data: json!({ "records": records }) }
    }

    /// The records that an assertion states; what is none is left out.
    pub(crate) fn of_assertion(data: &Value) -> Vec<Self> {
        let records = data.get("records").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        records
            .iter()
            .take(MOST_RECORDS)
            .filter_map(|record| serde_json::from_value::<Self>(record.clone()).ok())
            .filter(|record| record.check().is_ok())
            .collect()
    }
}

impl Use {
    /// `likeness` or `voice`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Likeness => "likeness",
            Self::Voice => "voice",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_and_end_when_they_say() {
        let text = r#"{"subject":"Ada","uses":["likeness","voice"],"purpose":"a film","until":"2027-01-31T00:00:00Z"}"#;
        let records = Consent::from_json(text).unwrap();
        assert_eq!(Consent::of_assertion(&Consent::assertion(&records).data), records);
        assert!(!records[0].ended(1_790_000_000) && records[0].ended(1_900_000_000));
        assert_eq!(Consent::from_json(&format!("[{text},{text}]")).unwrap().len(), 2);
    }

    #[test]
    fn records_that_leave_something_open_are_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"subject":"Ada","uses":[],"purpose":"a film"}"#,
            r#"{"subject":" ","uses":["voice"],"purpose":"a film"}"#,
            r#"{"subject":"Ada","uses":["soul"],"purpose":"a film"}"#,
            r#"{"subject":"Ada","uses":["voice"],"purpose":"a film","until":"tomorrow"}"#,
            r#"{"subject":"Ada","uses":["voice"],"purpose":"a film","unti":"2027-01-31T00:00:00Z"}"#,
        ] {
            assert!(Consent::from_json(text).is_err(), "{text}");
        }
    }
}
