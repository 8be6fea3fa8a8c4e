use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use filigrane_verdict::visible;
use serde::Deserialize;

use super::{Frame, language_of, shown, within};
use crate::problem::Problem;
use crate::state::State;
use crate::who::{KEY_COOKIE, set_cookie};

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    f: Frame,
    back: String,
    why: String,
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    back: String,
    #[serde(default)]
    why: String,
}

/// `GET /login`.
pub(crate) async fn get(
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.unwrap_or_default();
    let f = Frame::bare(language_of(&headers), "/login");
    let why = if asked.why.is_empty() { String::new() } else { visible(&f.t.message(&asked.why), 300) };
    shown(&Page { f, back: within(&asked.back).to_owned(), why })
}

#[derive(Deserialize)]
pub(crate) struct Given {
    key: String,
    #[serde(default)]
    back: String,
}

/// `POST /login`: keeps a key that is good in a cookie.
pub(crate) async fn post(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    form: Result<Form<Given>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(given) = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    state.newsroom()?;
    let key = given.key.trim();
    match state.key(key.to_owned()).await {
        Ok(_) => {
            let cookie = set_cookie(KEY_COOKIE, Some(key), true);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(within(&given.back))).into_response())
        }
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            let f = Frame::bare(language_of(&headers), "/login");
            let why = f.t.message(problem.message());
            let page = Page { f, back: within(&given.back).to_owned(), why };
            let mut response = shown(&page)?;
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /logout`.
pub(crate) async fn logout() -> Response {
    let cookie = set_cookie(KEY_COOKIE, None, true);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}
