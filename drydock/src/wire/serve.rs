//! Requests over HTTP, one Action each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Authorization, Element, Parameters, Service};
use crate::{
    actions, admin,
    calls::Call,
    dock::Dock,
    fault::{self, Fault},
    faults::Effect,
    model::Scope,
};

/// RDS's requests are a few KB; 50 tags with long values are 30 KB encoded.
const LARGEST_BODY: usize = 1 << 20;

/// The service that answers RDS's and STS's requests.
pub fn router(dock: Arc<Dock>) -> Router {
    admin::routes().fallback(answer).with_state(dock)
}

async fn answer(State(dock): State<Arc<Dock>>, request: Request) -> Response {
    let id = request_id();
    let (head, body) = request.into_parts();
    let mut call = Call {
        at: dock.clock().now(),
        action: String::new(),
        region: String::new(),
        parameters: BTreeMap::new(),
        refused: None,
    };
    let outcome = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => call_of(&head.method, &head.headers, &body, &mut call),
        Err(_) => Err(fault::REQUEST_TOO_LARGE.because("The request is too large, or broken off.")),
    };
    // A refusal before that is known speaks for RDS.
    let service = outcome
        .as_ref()
        .map_or(Service::Rds, |(authorization, _)| authorization.service);
    let effect = match &outcome {
        Ok(_) => dock.faults.meet(&call.action),
        Err(_) => None,
    };
    if let Some(Effect::Delay(milliseconds)) = effect {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let outcome = outcome.and_then(|(authorization, parameters)| {
        refused_by(effect.as_ref())?;
        let scope = Scope {
            account: dock.account(),
            region: authorization.region,
        };
        actions::perform(
            &dock,
            &scope,
            authorization.service,
            &call.action,
            parameters,
        )
    });
    call.refused = outcome.as_ref().err().map(|fault| fault.code.clone());
    tracing::info!(
        action = call.action,
        region = call.region,
        refused = call.refused,
        "answered"
    );
    let action = call.action.clone();
    dock.calls.add(call);
    if effect == Some(Effect::LoseAnswer) {
        return lost();
    }
    match outcome {
        Ok(result) => success(&id, service, &action, result),
        Err(fault) => refusal(&id, service, &fault),
    }
}

/// What a request asks for, noted in the log's entry as far as it is known.
fn call_of(
    method: &Method,
    headers: &axum::http::HeaderMap,
    body: &Bytes,
    call: &mut Call,
) -> Result<(Authorization, Parameters), Fault> {
    if method != Method::POST {
        return Err(
            fault::MISSING_ACTION.because("Requests are POST, with the Action in the body.")
        );
    }
    let mut parameters = Parameters::parse(body)?;
    let action = parameters.string("Action").unwrap_or_default();
    let version = parameters.string("Version").unwrap_or_default();
    call.action.clone_from(&action);
    call.parameters = parameters
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let authorization = Authorization::read(headers)?;
    call.region.clone_from(&authorization.region);
    if action.is_empty() {
        return Err(fault::MISSING_ACTION.because("The request must contain the parameter Action."));
    }
    if version != version_of(authorization.service) {
        return Err(fault::INVALID_ACTION.because(format!(
            "Could not find operation {action} for version {version}"
        )));
    }
    Ok((authorization, parameters))
}

fn version_of(service: Service) -> &'static str {
    match service {
        Service::Rds => "2014-10-31",
        Service::Sts => "2011-06-15",
    }
}

fn namespace_of(service: Service) -> &'static str {
    match service {
        Service::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

fn refused_by(effect: Option<&Effect>) -> Result<(), Fault> {
    Err(match effect {
        Some(Effect::Throttling) => fault::THROTTLING.because("Rate exceeded"),
        Some(Effect::ThrottlingException) => fault::THROTTLING_EXCEPTION.because("Rate exceeded"),
        Some(Effect::AccessDenied) => fault::ACCESS_DENIED
            .because("User is not authorized to perform this action, by a rule of drydock's."),
        Some(Effect::InternalFailure) => {
            fault::INTERNAL_FAILURE.because("An internal error, by a rule of drydock's.")
        }
        Some(Effect::ServiceUnavailable) => {
            fault::SERVICE_UNAVAILABLE.because("Unavailable, by a rule of drydock's.")
        }
        Some(Effect::LoseAnswer | Effect::Delay(_)) | None => return Ok(()),
    })
}

fn success(id: &str, service: Service, action: &str, result: Option<Element>) -> Response {
    let mut root = Element::new(format!("{action}Response"));
    if let Some(result) = result {
        root = root.with(result);
    }
    let root = root.with(Element::new("ResponseMetadata").field("RequestId", id));
    xml(id, service, StatusCode::OK, &root)
}

fn refusal(id: &str, service: Service, fault: &Fault) -> Response {
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
    xml(id, service, status, &root)
}

fn xml(id: &str, service: Service, status: StatusCode, root: &Element) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, "text/xml"),
            (header::HeaderName::from_static("x-amzn-requestid"), id),
        ],
        root.document(namespace_of(service)),
    )
        .into_response()
}

/// A body that ends in an error ends the connection with it.
fn lost() -> Response {
    let broken = std::io::Error::other("lost, by a rule");
    Response::new(Body::from_stream(futures::stream::iter([Err::<Bytes, _>(
        broken,
    )])))
}

/// A random UUID, as RDS's request ids are.
fn request_id() -> String {
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
