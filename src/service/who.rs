use axum::http::{HeaderMap, StatusCode, header};
use cookie::Cookie;

use crate::problem::Problem;
use crate::state::{Reading, State};
use crate::{Scope, Token};

/// The cookie that holds a key for a browser: out of reach of scripts, and not sent from pages of others.
pub(crate) const KEY_COOKIE: &str = "filigrane_key";
/// The cookie that holds how somebody calls themselves under their notes.
pub(crate) const NAME_COOKIE: &str = "filigrane_name";
/// The cookie that holds a choice of language.
pub(crate) const LANGUAGE_COOKIE: &str = "filigrane_language";
const MIB: u64 = 1 << 20;

/// Who asks, and what they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Name of their key; empty for this machine's own user.
    pub name: String,
    /// Bytes that they may send in a day.
    pub bytes_a_day: Option<u64>,
    scopes: Option<Vec<Scope>>,
}

impl Caller {
    /// Whoever sits at this machine, which takes no login.
    fn here() -> Self {
        Self { name: String::new(), bytes_a_day: None, scopes: None }
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Lets through who has this scope, or another that holds more.
    pub fn needs(&self, scope: Scope) -> Result<(), Problem> {
        let more = scope == Scope::Read && self.may(Scope::Check);
        if more || self.may(scope) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, format!("the key lacks the scope {scope}")))
    }
}

impl From<Token> for Caller {
    fn from(token: Token) -> Self {
        Self {
            bytes_a_day: token.mib_a_day.map(|mib| mib.saturating_mul(MIB)),
            scopes: Some(token.scopes),
            name: token.name,
        }
    }
}

/// One cookie of a request.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = all.flat_map(Cookie::split_parse).flatten().filter(|cookie| cookie.name() == name);
    found.next().map(|cookie| cookie.value().to_owned())
}

/// A cookie that lasts a year, or, without a value, ends at once.
pub(crate) fn set_cookie(name: &'static str, value: Option<&str>, secret: bool) -> String {
    let cookie = Cookie::build((name, value.unwrap_or_default().to_owned()))
        .path("/")
        .http_only(secret)
        .same_site(cookie::SameSite::Strict)
        .max_age(if value.is_some() {
            cookie::time::Duration::days(365)
        } else {
            cookie::time::Duration::ZERO
        })
        .build();
    cookie.to_string()
}

impl State {
    /// Who asks the newsroom, once they are known to have a scope.
    ///
    /// Where only this machine can ask, nobody is asked who they are. A server that everybody may read for its registry
    /// shows nobody its clips without a key.
    pub async fn caller(&self, headers: &HeaderMap, scope: Scope) -> Result<Caller, Problem> {
        let caller = self.somebody(headers).await?;
        caller.needs(scope)?;
        self.newsroom()?.paced(&caller)?;
        Ok(caller)
    }

    async fn somebody(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let stated = headers.get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
        let bearer = stated
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim().to_owned());
        let secret = bearer.or_else(|| cookie(headers, KEY_COOKIE));
        match secret {
            None if self.reading == Reading::Here => Ok(Caller::here()),
            None => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "this takes a key: log in, or send it as Authorization: Bearer …",
            )),
            // A key that ran out is no key, at this machine either: whoever sends one wants to be somebody.
            Some(secret) => Ok(self.key(secret).await?.into()),
        }
    }

    /// The key that a secret belongs to.
    pub async fn key(&self, secret: String) -> Result<Token, Problem> {
        let tokens = self.tokens.clone();
        let found = tokio::task::spawn_blocking(move || tokens.holder(&secret));
        let found = found.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
        let token =
            found.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "the key is not known here"))?;
        if token.has_ended() {
            let ended = token.expires_at.unwrap_or_default();
            let why = format!("the key ran out at {ended}: ask whoever gave it to you for a new one");
            return Err(Problem::new(StatusCode::UNAUTHORIZED, why));
        }
        Ok(token)
    }
}
