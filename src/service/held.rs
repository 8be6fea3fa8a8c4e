use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::Full;
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

/// A body that keeps its place in a bound until it has been sent, or nobody takes it any longer.
pub(crate) struct Held {
    body: Full<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Held {
    pub fn body(bytes: Vec<u8>, permit: OwnedSemaphorePermit) -> Body {
        Body::new(Self { body: Full::new(bytes.into()), _permit: permit })
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
