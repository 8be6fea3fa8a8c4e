//! What a browser gets: pages that work without script.

mod clip;
mod desk;
mod front;
mod history;
mod login;

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use filigrane_verdict::Language;
use serde::Deserialize;

use crate::Scope;
use crate::assets;
use crate::problem::{Problem, Said};
use crate::state::State;
use crate::who::{Caller, LANGUAGE_COOKIE, cookie, set_cookie};

/// What a page of this service may load and do: its own files, nothing inline, nothing from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Every page and what forms on them are sent to.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<Arc<State>>)> {
    vec![
        ("/", get(front::get)),
        // The videos in that form have a bound of their own, piece by piece.
        ("/clips", get(history::get).post(front::post).layer(DefaultBodyLimit::disable())),
        ("/fetch", post(front::fetch)),
        ("/stamp", get(desk::get)),
        ("/clips/{id}", get(clip::get)),
        ("/clips/{id}/notes", post(clip::note)),
        ("/clips/{id}/tags", post(clip::tag)),
        ("/clips/{id}/untag", post(clip::untag)),
        ("/clips/{id}/cancel", post(clip::cancel)),
        ("/clips/{id}/again", post(clip::again)),
        ("/clips/{id}/delete", post(clip::delete)),
        ("/login", get(login::get).post(login::post)),
        ("/logout", post(login::logout)),
        ("/language/{code}", get(language)),
        ("/assets/{name}", get(assets::get)),
    ]
}

/// What every page has around its content.
pub(crate) struct Frame {
    pub t: Language,
    /// The place in the menu.
    pub here: &'static str,
    /// Name of the key that somebody logged in with; empty at this machine.
    pub who: String,
    pub may_stamp: bool,
    /// Where the language switch leads back to.
    pub path: String,
    pub version: &'static str,
}

impl Frame {
    pub fn of(state: &State, headers: &HeaderMap, caller: &Caller, here: &'static str, path: &str) -> Self {
        let may_stamp = caller.may(Scope::Stamp)
            && state.newsroom().is_ok_and(|newsroom| !newsroom.desk.identities().is_empty());
        Self { here, who: caller.name.clone(), may_stamp, ..Self::bare(language_of(headers), path) }
    }

    /// For a page that shows nothing of anybody.
    pub fn bare(t: Language, path: &str) -> Self {
        let path = path.to_owned();
        Self { t, here: "", who: String::new(), may_stamp: false, path, version: env!("CARGO_PKG_VERSION") }
    }

    /// The language that is not shown.
    pub fn other(&self) -> Language {
        Language::ALL.into_iter().find(|other| *other != self.t).unwrap_or_default()
    }
}

/// The language somebody chose, else the first of their browser's that there is.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    if let Some(chosen) = cookie(headers, LANGUAGE_COOKIE).as_deref().and_then(Language::of) {
        return chosen;
    }
    let wanted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = wanted.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    tags.filter_map(Language::of).next().unwrap_or_default()
}

pub(crate) fn shown(page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(Problem::internal)?;
    Ok(guarded(Html(text).into_response()))
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    f: Frame,
    status: u16,
    title: &'static str,
    detail: String,
    request: String,
}

/// The page that says why a request was not answered; somebody without a key is led to where they can give one.
pub(crate) fn problem(headers: &HeaderMap, uri: &Uri, said: &Said, request: &str) -> Response {
    if said.status == StatusCode::UNAUTHORIZED && uri.path() != "/login" {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        address.append_pair("back", uri.path());
        if cookie(headers, crate::who::KEY_COOKIE).is_some() {
            address.append_pair("why", &said.message);
        }
        return Redirect::to(&format!("/login?{}", address.finish())).into_response();
    }
    let t = language_of(headers);
    let title = match said.status.as_u16() {
        404 => t.say("There is nothing here"),
        429 => t.say("Too much at once"),
        507 => t.say("The archive is full"),
        403 => t.say("Your key does not allow this"),
        500.. => t.say("The service failed"),
        _ => t.say("That did not work"),
    };
    let page = ProblemPage {
        f: Frame::bare(t, "/"),
        status: said.status.as_u16(),
        title,
        detail: t.message(&said.message),
        request: request.to_owned(),
    };
    match page.render() {
        Ok(text) => guarded((said.status, Html(text)).into_response()),
        Err(_) => said.status.into_response(),
    }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

/// Keeps a choice of language.
async fn language(Path(code): Path<String>, back: Result<Query<Back>, QueryRejection>) -> Response {
    let Some(language) = Language::of(&code) else {
        return Problem::new(StatusCode::NOT_FOUND, "there are no texts in that language").into_response();
    };
    let back = back.map(|Query(back)| back.back).unwrap_or_default();
    let cookie = set_cookie(LANGUAGE_COOKIE, Some(language.tag()), false);
    ([(header::SET_COOKIE, cookie)], Redirect::to(within(&back))).into_response()
}

/// An address within this service; anything else is its front page.
fn within(back: &str) -> &str {
    let plain = back.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if back.starts_with('/') && !back.starts_with("//") && plain { back } else { "/" }
}

/// `5 MB`, `1.2 GB`: as people say sizes.
pub(crate) fn size(bytes: u64, t: Language) -> String {
    let (unit, divisor) = match bytes {
        0..1_000 => return format!("{bytes} {}", t.say("B")),
        1_000..1_000_000 => (t.say("kB"), 1e3),
        1_000_000..1_000_000_000 => (t.say("MB"), 1e6),
        _ => (t.say("GB"), 1e9),
    };
    let value = bytes as f64 / divisor;
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// `2026-11-22 10:00 UTC` from RFC 3339.
pub(crate) fn day(time: &str) -> String {
    match (time.get(..10), time.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => time.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_here() {
        for away in
            ["", "clips", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\r\nX: y"]
        {
            assert_eq!(within(away), "/", "{away:?}");
        }
        assert_eq!(within("/clips?q=a"), "/clips?q=a");
    }

    #[test]
    fn the_language_is_the_chosen_one_else_the_browsers_first_that_there_is() {
        let of = |name, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
            language_of(&headers)
        };
        assert_eq!(of(header::ACCEPT_LANGUAGE, "de, fr-CA;q=0.8, en;q=0.5"), Language::French);
        assert_eq!(of(header::ACCEPT_LANGUAGE, "de"), Language::English);
        assert_eq!(of(header::COOKIE, "a=b; filigrane_language=fr"), Language::French);
        assert_eq!(language_of(&HeaderMap::new()), Language::English);
    }

    #[test]
    fn sizes_and_times_read_naturally() {
        let told = |t| [12, 5_300_000, 2_000_000_000].map(|bytes| size(bytes, t));
        assert_eq!(told(Language::English), ["12 B", "5.3 MB", "2.0 GB"]);
        assert_eq!(told(Language::French), ["12 o", "5.3 Mo", "2.0 Go"]);
        assert_eq!(day("2026-11-22T10:00:07Z"), "2026-11-22 10:00 UTC");
        assert_eq!(day("odd"), "odd");
    }
}
