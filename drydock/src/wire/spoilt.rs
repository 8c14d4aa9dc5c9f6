//! Answers as rules spoil them.

use axum::{
    body::{Bytes, to_bytes},
    http::StatusCode,
    response::Response,
};

use super::answer;
use crate::faults::Effect;

/// Marks a response that the connection is to end without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// As when a peer goes.
    Closed,
    /// As when a peer's machine forgot the connection.
    Reset,
}

const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n\
    <body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n";

/// What is sent in place of an answer that is good.
pub(super) async fn spoilt(effect: Option<&Effect>, id: &str, answer: Response) -> Response {
    match effect {
        Some(Effect::BadGateway) => answer::of(id, StatusCode::BAD_GATEWAY, "text/html", PAGE),
        Some(Effect::Reset) => broken(Broken::Reset),
        Some(Effect::LoseAnswer) => broken(Broken::Closed),
        Some(Effect::TruncateAnswer) => {
            let (status, body) = taken(answer).await;
            answer::of(id, status, "text/xml", body.slice(..body.len() / 2))
        }
        Some(Effect::GarbleAnswer) => {
            let (status, body) = taken(answer).await;
            // Keeps its length, and loses its brackets.
            let garbled: Vec<_> = body.iter().map(|byte| byte.wrapping_add(1)).collect();
            answer::of(id, status, "text/xml", garbled)
        }
        _ => answer,
    }
}

fn broken(how: Broken) -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(how);
    response
}

async fn taken(answer: Response) -> (StatusCode, Bytes) {
    let status = answer.status();
    // It is in memory already, whatever its size.
    let body = to_bytes(answer.into_body(), usize::MAX).await;
    (status, body.unwrap_or_default())
}
