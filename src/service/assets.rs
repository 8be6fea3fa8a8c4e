use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const STYLE: &str = concat!(include_str!("../report/page.css"), include_str!("assets/newsroom.css"));
const FILES: [(&str, &str, &str); 6] = [
    ("style.css", "text/css; charset=utf-8", STYLE),
    ("upload.js", SCRIPT, include_str!("assets/upload.js")),
    ("tus.js", SCRIPT, include_str!("assets/tus.js")),
    ("progress.js", SCRIPT, include_str!("assets/progress.js")),
    ("player.js", SCRIPT, include_str!("assets/player.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /assets/{name}`: the files that pages load. They are part of the program.
pub(crate) async fn get(Path(name): Path<String>) -> Response {
    let Some((_, media, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Problem::new(StatusCode::NOT_FOUND, "there is no such file").into_response();
    };
    let mut response = ([(header::CONTENT_TYPE, *media)], *text).into_response();
    // An hour: a new version of the program may bring others under the same names.
    response.extensions_mut().insert(Kept(HeaderValue::from_static("private, max-age=3600")));
    response
}

/// How long a browser may keep an answer; without it, not at all.
#[derive(Clone)]
pub(crate) struct Kept(pub HeaderValue);
