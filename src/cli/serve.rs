use std::sync::Arc;

use filigrane::media::Cancel;
use filigrane::service::{Error, Options, Server, ServiceLimits, Token, Told};

use crate::cli::args::{Common, Serve, ServeVerb, TokenVerb};
use crate::cli::error::Failure;
use crate::cli::home::Home;
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
        ..ServiceLimits::default()
    };
    let quiet = common.quiet;
    let options = Options {
        listen: wanted.listen.clone(),
        public: wanted.public,
        tokens: home.tokens(),
        uploads: home.uploads(),
        limits,
        log: Arc::new(move |told| {
            if !quiet || told.failure.is_some() {
                say(&line(told));
            }
        }),
    };
    let server = Server::bind(home.registry(named)?, options)?;
    let address = format!("http://{}", server.address());
    if common.json {
        print_json(&serde_json::json!({ "schema": 1, "listening": address }));
    } else if !quiet {
        say(&format!("the registry is served at {address}/v1; Ctrl-C ends it"));
    }
    server.run(&|| cancel.is_cancelled());
    Ok(0)
}

/// One line of the log.
fn line(told: &Told) -> String {
    let failure = told.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
    format!("{} {} {} ms {}{failure}", told.what, told.status, told.milliseconds, told.id)
}

fn tokens(verb: &TokenVerb, home: &Home, common: &Common) -> Result<u8, Failure> {
    let tokens = home.tokens();
    match verb {
        TokenVerb::New { name, scope } => {
            let secret = tokens.create(name, scope)?;
            if common.json {
                print_json(&serde_json::json!({ "schema": 1, "name": name, "token": secret }));
            } else {
                print(&secret);
                if !common.quiet {
                    say("this is the only time it is shown: its holder sets FILIGRANE_REGISTRY_TOKEN to it");
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
            serde_json::json!({ "name": token.name, "scopes": scopes(token), "created_at": token.created_at })
        });
        return print_json(&rows.collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        return print("no tokens");
    }
    for token in tokens {
        print(&format!("{}  {}  {}", token.name, token.created_at, scopes(token).join(",")));
    }
}
