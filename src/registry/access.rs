use std::fmt;

/// How a registry behind HTTP is spoken to.
#[derive(Clone, Default)]
pub struct Access {
    /// The token that lets its holder publish, and read where reading is not for everybody.
    pub token: Option<String>,
    /// Whether plain `http` may leave this machine: whoever is on the way then sees the token, and what is looked for.
    pub plain_http: bool,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("Access").field("token", &token).field("plain_http", &self.plain_http).finish()
    }
}
