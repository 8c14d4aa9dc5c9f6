//! Requests over HTTP, one Action each.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};
use tokio::time::{sleep, timeout};

use super::{Authorization, Element, Entrance, Parameters, Service, answer, spoilt};
use crate::{
    actions, admin,
    calls::Call,
    dock::Dock,
    fault::{self, Fault},
    faults::{Asked, Behind, Effect, shifted},
    meddle::meddle,
    model::Scope,
};

/// RDS's requests are a few KB; 50 tags with long values are 30 KB encoded.
pub(crate) const LARGEST_BODY: usize = 1 << 20;

/// What a request asks for, once it is known to be one.
struct Wanted {
    authorization: Authorization,
    parameters: Parameters,
}

/// The service that answers RDS's and STS's requests, and drydock's own.
pub fn router(dock: Arc<Dock>, entrance: Entrance) -> Router {
    let harbour = Harbour {
        dock,
        entrance: Arc::new(entrance),
    };
    admin::routes(&harbour)
        .fallback(answer_request)
        .with_state(harbour)
}

/// What every request is served with.
#[derive(Debug, Clone)]
pub struct Harbour {
    pub(crate) dock: Arc<Dock>,
    pub(crate) entrance: Arc<Entrance>,
}

impl axum::extract::FromRef<Harbour> for Arc<Dock> {
    fn from_ref(harbour: &Harbour) -> Self {
        Self::clone(&harbour.dock)
    }
}

async fn answer_request(State(harbour): State<Harbour>, request: Request) -> Response {
    // In a task of its own: a client that gives up takes nothing back, as at AWS.
    let answering = tokio::spawn(async move { harbour.answer(request).await });
    answering.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request broke its handler");
        let fault = fault::INTERNAL_FAILURE.because("drydock failed, and its log says how.");
        answer::refusal(&answer::request_id(), Service::Rds, &fault)
    })
}

impl Harbour {
    async fn answer(&self, request: Request) -> Response {
        let id = answer::request_id();
        let mut call = Call {
            at: self.dock.clock().now(),
            account: self.dock.account(),
            ..Call::default()
        };
        let wanted = self.wanted(request, &mut call).await;
        let service = wanted
            .as_ref()
            .map_or(Service::Rds, |wanted| wanted.authorization.service);
        let effect = wanted.as_ref().ok().and_then(|_| {
            self.dock.faults.meet(Asked {
                action: &call.action,
                region: &call.region,
                parameters: &call.parameters,
            })
        });
        if let Some(Effect::DelayAction(milliseconds)) = effect {
            sleep(Duration::from_millis(milliseconds)).await;
        }
        let outcome = wanted.and_then(|wanted| self.perform(wanted, effect.as_ref(), &call));
        let action = std::mem::take(&mut call.action);
        let answer = match outcome {
            Ok(result) => answer::success(&id, service, &action, result),
            Err(fault) => {
                call.refused = Some(fault.code.clone());
                answer::refusal(&id, service, &fault)
            }
        };
        tracing::info!(
            action,
            region = call.region,
            instance = call.parameters.get("DBInstanceIdentifier"),
            refused = call.refused,
            effect = effect.as_ref().map(Effect::name),
            "answered"
        );
        call.action = action;
        call.effect = effect.as_ref().map(Effect::name);
        self.dock.calls.add(call);
        if let Some(Effect::DelayAnswer(milliseconds)) = effect {
            sleep(Duration::from_millis(milliseconds)).await;
        }
        spoilt::spoilt(effect.as_ref(), &id, answer).await
    }

    /// What a request asks for, noted in the log's entry as far as it is known.
    async fn wanted(&self, request: Request, call: &mut Call) -> Result<Wanted, Fault> {
        let (head, body) = request.into_parts();
        let body = self.body(body).await?;
        if head.method != Method::POST {
            return Err(fault::MISSING_ACTION.because(
                "drydock speaks the RDS Query API: requests are POST, with the Action in the body.",
            ));
        }
        check_kind(&head.headers)?;
        let mut parameters = Parameters::parse(&body)?;
        let action = parameters.string("Action").unwrap_or_default();
        let version = parameters.string("Version").unwrap_or_default();
        call.action.clone_from(&action);
        call.parameters = parameters
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let authorization = Authorization::read(&head.headers)?;
        call.region.clone_from(&authorization.region);
        self.entrance.admit(&head, &body)?;
        if action.is_empty() {
            return Err(
                fault::MISSING_ACTION.because("The request must contain the parameter Action.")
            );
        }
        if version != answer::version(authorization.service) {
            return Err(fault::INVALID_ACTION.because(format!(
                "Could not find operation {action} for version {version}"
            )));
        }
        Ok(Wanted {
            authorization,
            parameters,
        })
    }

    async fn body(&self, body: Body) -> Result<Bytes, Fault> {
        match timeout(self.entrance.patience, to_bytes(body, LARGEST_BODY)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => {
                Err(fault::REQUEST_TOO_LARGE.because("The request is too large, or broken off."))
            }
            Err(_) => Err(fault::REQUEST_TIMEOUT.because("The request's body did not arrive.")),
        }
    }

    /// Performs the action, as far as the effect lets it happen.
    fn perform(
        &self,
        wanted: Wanted,
        effect: Option<&Effect>,
        call: &Call,
    ) -> Result<Option<Element>, Fault> {
        let Wanted {
            authorization,
            mut parameters,
        } = wanted;
        let scope = Scope {
            account: self.dock.account(),
            region: authorization.region,
        };
        let perform = |parameters| {
            actions::perform(
                &self.dock,
                &scope,
                authorization.service,
                &call.action,
                parameters,
            )
        };
        match effect {
            Some(Effect::BadGateway | Effect::Reset) => return Ok(None),
            Some(Effect::Duplicate) => {
                // The answer to the first is the one that got lost.
                let _ = perform(parameters.clone());
            }
            Some(Effect::Shift(by)) => {
                if let Some(marker) = parameters.string("Marker") {
                    let marker = self.dock.read(&scope, |view| shifted(view, &marker, *by));
                    parameters.put("Marker", marker);
                }
            }
            Some(Effect::Meddle(Behind { instance, how })) => {
                let how = how.clone();
                let done = self.dock.write(&scope, |turn| meddle(turn, instance, how));
                if let Err(error) = done {
                    tracing::warn!(instance, %error, "a rule could not do what it says");
                }
            }
            Some(effect) => {
                if let Some(refusal) = effect.refusal(&scope.account, &call.action) {
                    return Err(refusal);
                }
            }
            None => {}
        }
        perform(parameters)
    }
}

/// Refuses bodies that say of themselves that they are not form-urlencoded.
fn check_kind(headers: &HeaderMap) -> Result<(), Fault> {
    let refused = |why| Err(fault::UNSUPPORTED_MEDIA_TYPE.because(why));
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let encoding = text(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return refused("The body is compressed.");
    }
    let Some(kind) = text(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let (kind, charset) = kind.split_once(';').unwrap_or((kind, "charset=utf-8"));
    let utf8 = ["charset=utf-8", "charset=\"utf-8\"", "charset=utf8", ""];
    let charset = charset.trim().to_ascii_lowercase();
    let known = kind
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && utf8.contains(&&*charset);
    if known {
        Ok(())
    } else {
        refused("The body must be application/x-www-form-urlencoded, in UTF-8.")
    }
}
