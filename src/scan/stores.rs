/// How object stores are reached: the settings that their own tools take from the environment, such as `AWS_ACCESS_KEY_ID`,
/// `GOOGLE_SERVICE_ACCOUNT` or `AZURE_STORAGE_ACCOUNT_KEY`.
#[derive(Clone, Default)]
pub struct Stores(Vec<(String, String)>);

/// What the names of settings begin with.
const KNOWN: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values are secrets.
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Stores {
    /// Those of all variables that are settings of stores.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = |name: &str| KNOWN.iter().any(|beginning| name.starts_with(beginning));
        Self(variables.into_iter().filter(|(name, value)| known(name) && !value.is_empty()).collect())
    }

    /// Whether any of them says who asks.
    pub(crate) fn name_somebody(&self) -> bool {
        let says = |name: &str| {
            ["KEY", "TOKEN", "ACCOUNT", "CREDENTIALS", "EMULATOR"].iter().any(|part| name.contains(part))
        };
        self.0.iter().any(|(name, _)| says(name))
    }

    /// Names and values.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_stores_are_taken_and_their_values_never_shown() {
        let stores = Stores::of(
            [("AWS_SECRET_ACCESS_KEY", "hidden"), ("AWS_REGION", ""), ("HOME", "/root")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        assert_eq!(stores.settings().collect::<Vec<_>>(), [("AWS_SECRET_ACCESS_KEY", "hidden")]);
        assert!(stores.name_somebody());
        assert!(!Stores::of([("AWS_REGION".to_owned(), "eu".to_owned())]).name_somebody());
        assert_eq!(format!("{stores:?}"), "{\"AWS_SECRET_ACCESS_KEY\"}");
    }
}
