use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filigrane_archive::Error as ArchiveError;
use filigrane_frame::ErrorKind;
use filigrane_pipeline::Error as PipelineError;
use filigrane_registry::Error as RegistryError;
use filigrane_verdict::Language;
use serde_json::json;

/// Why a request is not answered: a status and one line, in the form that the API's schema has for errors.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
    /// What the operator should read and callers should not.
    private: Option<String>,
    /// Seconds after which asking again makes sense.
    retry_after: Option<u32>,
}

/// What a problem says to the operator alone, on its way to the log.
#[derive(Clone)]
pub(crate) struct Private(pub String);

/// What a problem says, for whoever gives it another form on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub status: StatusCode,
    pub message: String,
}

impl Said {
    /// As RFC 9457 has it, with the detail in the caller's language.
    pub fn document(&self, request: &str, t: Language) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": t.message(&self.message),
            "request": request,
        });
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

impl Problem {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), private: None, retry_after: None }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn too_large(most: u64) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body may take {most} bytes"))
    }

    pub fn no_clip() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no clip of that name is kept here")
    }

    pub fn quota(bytes: u64, retry_after: u32) -> Self {
        let why = format!("the key may send {} MiB in a day, and has", bytes >> 20);
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, why) }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn not_registered() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no manifest of that name is registered here")
    }

    /// All hands are full.
    pub fn busy(retry_after: u32) -> Self {
        let busy = Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests at once, try again later");
        Self { retry_after: Some(retry_after), ..busy }
    }

    /// What went wrong is the operator's to know.
    pub fn internal(what: impl ToString) -> Self {
        let failed = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the service failed; its log says why");
        Self { private: Some(what.to_string()), ..failed }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": &self.message }))).into_response();
        response.extensions_mut().insert(Said { status: self.status, message: self.message });
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(private) = self.private {
            response.extensions_mut().insert(Private(private));
        }
        response
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let status = match &error {
            RegistryError::Urn(_) => StatusCode::BAD_REQUEST,
            RegistryError::Conflict { .. } => StatusCode::CONFLICT,
            RegistryError::Missing { .. } => return Self::not_registered(),
            RegistryError::Entry { kind: ErrorKind::Limit, .. } => StatusCode::PAYLOAD_TOO_LARGE,
            RegistryError::Entry { .. } => StatusCode::BAD_REQUEST,
            // These name folders of the server.
            _ => return Self::internal(error),
        };
        Self::new(status, error.to_string())
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Missing(_) => Self::no_clip(),
            ArchiveError::Limit(why) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, why),
            // These name folders of the server.
            other => Self::internal(other),
        }
    }
}

impl From<PipelineError> for Problem {
    fn from(error: PipelineError) -> Self {
        let status = match &error {
            PipelineError::Binding(_) | PipelineError::NoConsent { .. } | PipelineError::Unsigned => {
                StatusCode::BAD_REQUEST
            }
            PipelineError::NotTheSigner(_) => StatusCode::FORBIDDEN,
            PipelineError::Registry(_) => StatusCode::INTERNAL_SERVER_ERROR,
            // Those of the decoder name the file that the upload was kept in.
            PipelineError::Media(_) | PipelineError::Told { .. } | PipelineError::Jail(_) => match error
                .kind()
            {
                ErrorKind::Malformed => return Self::bad_request("the video is damaged, or none"),
                ErrorKind::Unsupported => {
                    return Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no video that can be read here");
                }
                ErrorKind::Limit => {
                    return Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the video is too long or too large");
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            PipelineError::Provenance(_) => match error.kind() {
                ErrorKind::Malformed | ErrorKind::Limit | ErrorKind::Unsupported | ErrorKind::Trust => {
                    return Self::bad_request("the manifest can't be read");
                }
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        match error {
            PipelineError::Registry(error) => error.into(),
            error if status == StatusCode::INTERNAL_SERVER_ERROR => Self::internal(error),
            error => Self::new(status, error.to_string()),
        }
    }
}
