use axum::http::StatusCode;
use filigrane_archive::Kind;

use crate::problem::Problem;
use crate::state::State;
use crate::who::Caller;
use crate::{Scope, Wish};

const ORIGINS: [&str; 5] = ["", "camera", "edited", "composite", "generated"];

/// How a video is wanted, as it is kept with it; empty for a check.
///
/// # Errors
/// The caller may not stamp here, or wants what there is not.
pub(crate) fn wish(
    state: &State,
    caller: &Caller,
    kind: Kind,
    identity: &str,
    origin: &str,
) -> Result<String, Problem> {
    if !ORIGINS.contains(&origin) {
        return Err(Problem::bad_request("origin is camera, edited, composite or generated, or left out"));
    }
    if kind == Kind::Check {
        return Ok(String::new());
    }
    caller.needs(Scope::Stamp)?;
    let identities = state.newsroom()?.desk.identities();
    let known = if identity.is_empty() {
        identities.into_iter().next()
    } else {
        identities.into_iter().find(|known| known == identity)
    };
    let Some(identity) = known else {
        let why = "no identity of that name may sign here: `filigrane serve --stamp-as NAME` lets one";
        return Err(Problem::new(StatusCode::BAD_REQUEST, why));
    };
    let wish = Wish { identity, origin: origin.to_owned(), watermark: true };
    serde_json::to_string(&wish).map_err(Problem::internal)
}
