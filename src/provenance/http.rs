//! The way out of this room to the network: one small request, at signing time, to an address that the signer chose or that
//! stands in the signer's own certificate. Verifying never comes here.

use std::time::Duration;

use ureq::Agent;

/// Longest wait for an answer, connecting included.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer: a time-stamp with its certificates takes some 6 kB.
const LARGEST_ANSWER: u64 = 64 << 10;
const LONGEST_REASON: usize = 200;

/// Posts `body` and gives the answer of that media type. No redirect is followed, no proxy of the environment asked.
///
/// # Errors
/// One line on why there is no answer.
pub(crate) fn post(url: &str, body: &[u8], sent: &str, expected: &str) -> Result<Vec<u8>, String> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("filigrane")
        .build()
        .into();
    let said = |error: ureq::Error| {
        let text = error.to_string();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.chars().take(LONGEST_REASON).collect::<String>()
    };
    let mut answer = agent.post(url).header("Content-Type", sent).send(body).map_err(said)?;
    if answer.status().as_u16() != 200 {
        return Err(format!("it answered with HTTP status {}", answer.status().as_u16()));
    }
    let kind = answer.headers().get("Content-Type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(expected)) {
        return Err(format!("its answer is not of type {expected}"));
    }
    answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec().map_err(said)
}

/// Whether an address can be asked at all.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control()) => Ok(()),
        _ => Err(format!(
            "{:?} is no address: give http://… or https://…",
            url.chars().take(80).collect::<String>()
        )),
    }
}
