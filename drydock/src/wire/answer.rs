//! Answers as the SDKs parse them: results and refusals, in XML.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Element, Service};
use crate::fault::Fault;

/// Its namespace, which differs, and the version that requests must name.
struct Dialect {
    namespace: &'static str,
    version: &'static str,
}

const RDS: Dialect = Dialect {
    namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
    version: "2014-10-31",
};
const STS: Dialect = Dialect {
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    version: "2011-06-15",
};

fn dialect(service: Service) -> Dialect {
    match service {
        Service::Rds => RDS,
        Service::Sts => STS,
    }
}

/// The version of the API that a service's requests must name.
pub(super) fn version(service: Service) -> &'static str {
    dialect(service).version
}

/// An action's result, in the answer with this id.
pub(super) fn success(
    id: &str,
    service: Service,
    action: &str,
    result: Option<Element>,
) -> Response {
    let mut root = Element::new(format!("{action}Response"));
    if let Some(result) = result {
        root = root.with(result);
    }
    let root = root.with(Element::new("ResponseMetadata").field("RequestId", id));
    xml(id, StatusCode::OK, service, &root)
}

/// A refusal, in the answer with this id.
pub(super) fn refusal(id: &str, service: Service, fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let side = if status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    let error = Element::new("Error")
        .field("Type", side)
        .field("Code", &fault.code)
        .field("Message", &fault.message);
    let root = Element::new("ErrorResponse")
        .with(error)
        .field("RequestId", id);
    xml(id, status, service, &root)
}

fn xml(id: &str, status: StatusCode, service: Service, root: &Element) -> Response {
    of(
        id,
        status,
        "text/xml",
        root.document(dialect(service).namespace),
    )
}

/// An answer with any body.
pub(super) fn of(
    id: &str,
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut answer = (status, body.into()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    answer
}

/// A random UUID, as RDS's request ids are.
pub(super) fn request_id() -> String {
    let [a, b]: [u64; 2] = [rand::random(), rand::random()];
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | ((b >> 48) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}
