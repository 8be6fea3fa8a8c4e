use std::sync::Arc;
use std::time::Duration;

use filigrane::archive::Recovered;
use filigrane::media::Cancel;
use filigrane::pipeline::Ward;
use filigrane::service::{
    Bounds, Error, NewsroomOptions, Options, Server, ServiceLimits, Sources, Token, Told,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::args::{Common, LogForm, Serve, ServeVerb, TokenVerb};
use crate::cli::desk::HomeDesk;
use crate::cli::error::Failure;
use crate::cli::home::Home;
use crate::cli::jail;
use crate::cli::output::{print, print_json, say};

pub fn run(wanted: &Serve, common: &Common, cancel: &Cancel) -> Result<u8, Failure> {
    let home = Home::of(common)?;
    if let Some(ServeVerb::Token { verb }) = &wanted.verb {
        return tokens(verb, &home, common);
    }
    let named = wanted.registry.as_deref();
    if let Some(remote) = named.filter(|named| named.starts_with("http://") || named.starts_with("https://"))
    {
        return Err(Error::Remote(remote.to_owned()).into());
    }
    let limits = ServiceLimits {
        videos: usize::from(wanted.videos),
        video_bytes: u64::from(wanted.largest_video) << 20,
        workers: usize::from(wanted.workers),
        uploads: usize::from(wanted.uploads),
        backlog: wanted.backlog,
        upload_bytes: u64::from(wanted.largest_upload) << 20,
        kept_bytes: u64::from(wanted.keep) << 30,
        kept_for: wanted.keep_days.map(|days| Duration::from_secs(u64::from(days) * 24 * 3600)),
        requests_a_minute: wanted.rate,
        ..ServiceLimits::default()
    };
    let (quiet, form) = (common.quiet, wanted.log);
    let registry = home.registry(named)?;
    let ward = jail::tried_ward(wanted.jail, common)?;
    let newsroom = if wanted.registry_only { None } else { Some(newsroom(wanted, common, ward.clone())?) };
    let options = Options {
        listen: wanted.listen.clone(),
        public: wanted.public,
        tokens: home.tokens(),
        uploads: home.uploads(),
        limits,
        ward,
        log: Arc::new(move |told| {
            if !quiet || told.failure.is_some() {
                say(&line(told, form));
            }
        }),
        newsroom,
    };
    let server = Server::bind(registry, options)?;
    let address = format!("http://{}", server.address());
    let (recovered, outlived) = (server.recovered(), server.outlived());
    if common.json {
        print_json(&serde_json::json!({
            "schema": 1, "listening": address, "resumed": recovered.resumed, "given_up": recovered.given_up
        }));
    } else if !quiet {
        if wanted.registry_only {
            say(&format!("the registry is served at {address}/v1; Ctrl-C ends it"));
        } else {
            say(&format!("open {address} in a browser; the registry is at {address}/v1; Ctrl-C ends it"));
        }
        if outlived > 0 {
            say(&format!("{outlived} videos were kept long enough and are removed"));
        }
        if recovered != Recovered::default() {
            let Recovered { resumed, given_up, abandoned } = recovered;
            say(&format!(
                "after the last end: {resumed} jobs go on, {given_up} were given up, {abandoned} uploads forgotten"
            ));
        }
    }
    server.run(&|| cancel.is_cancelled());
    Ok(0)
}

/// The page, with this user's identities behind it.
fn newsroom(wanted: &Serve, common: &Common, ward: Option<Ward>) -> Result<NewsroomOptions, Failure> {
    let home = Home::of(common)?;
    let sealer = Arc::new(home.identity(wanted.identity.as_deref())?);
    let mut stampers = Vec::new();
    for name in &wanted.stamp_as {
        stampers.push(Arc::new(home.identity(Some(name))?));
    }
    if stampers.is_empty() {
        stampers.push(Arc::clone(&sealer));
    }
    let folder = home.newsroom();
    let sources = Sources::new(wanted.fetch_from.iter().cloned(), wanted.fetch_private);
    let examiner = wanted.detectors.examiner(&home);
    let desk = HomeDesk { examiner, home, trust: wanted.trust.clone(), sealer, stampers, ward };
    Ok(NewsroomOptions { folder, desk: Arc::new(desk), sources })
}

/// One line of the log. That for programs has no path, in which there may be what somebody wrote.
fn line(told: &Told, form: LogForm) -> String {
    if form == LogForm::Json {
        let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let method = told.what.split(' ').next().unwrap_or_default();
        return serde_json::json!({
            "time": now, "level": if told.failure.is_some() { "error" } else { "info" }, "request": told.id,
            "method": method, "route": told.route, "status": told.status,
            "milliseconds": u64::try_from(told.milliseconds).unwrap_or(u64::MAX), "failure": told.failure,
        })
        .to_string();
    }
    let failure = told.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
    format!("{} {} {} ms {}{failure}", told.what, told.status, told.milliseconds, told.id)
}

fn tokens(verb: &TokenVerb, home: &Home, common: &Common) -> Result<u8, Failure> {
    let tokens = home.tokens();
    match verb {
        TokenVerb::New { name, scope, expires, quota } => {
            let bounds = Bounds { expires_at: expires.clone(), mib_a_day: *quota };
            let secret = tokens.create(name, scope, &bounds)?;
            if common.json {
                print_json(&serde_json::json!({ "schema": 1, "name": name, "token": secret }));
            } else {
                print(&secret);
                if !common.quiet {
                    say(
                        "this is the only time it is shown: for the page, it is what to log in with; for a registry, its holder \
                         sets FILIGRANE_REGISTRY_TOKEN to it",
                    );
                }
            }
        }
        TokenVerb::List => list(&tokens.list()?, common),
        TokenVerb::Revoke { name } => {
            tokens.revoke(name)?;
            if common.json {
                print_json(&serde_json::json!({ "what": name, "done": "revoked" }));
            } else {
                print(&format!("{name}: revoked"));
            }
        }
    }
    Ok(0)
}

fn list(tokens: &[Token], common: &Common) {
    let scopes = |token: &Token| token.scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
    if common.json {
        let rows = tokens.iter().map(|token| {
            serde_json::json!({ "name": token.name, "scopes": scopes(token), "created_at": token.created_at,
                "expires_at": token.expires_at, "mib_a_day": token.mib_a_day })
        });
        return print_json(&rows.collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        return print("no tokens");
    }
    for token in tokens {
        let end = token.expires_at.as_ref().map(|end| format!("  until {end}")).unwrap_or_default();
        print(&format!("{}  {}  {}{end}", token.name, token.created_at, scopes(token).join(",")));
    }
}
