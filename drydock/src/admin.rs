//! The admin endpoint, under `/_drydock/`: JSON, for those who run drydock.
//!
//! RDS has nothing like it: what is to run on AWS too must not call it. Where
//! drydock has an access key, all of it but `health` and `authority.pem` must be
//! signed with that, for the service `rds` in any region.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Path, Query, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    calls::{self, Log},
    cli::account_of,
    dock::{Dock, Unmoved},
    fault::Fault,
    faults::{Rule, Rules},
    meddle::{self, Meddling},
    model::Scope,
    settings::Settings,
    wire::{Entrance, Harbour, LARGEST_BODY},
};

/// The routes of the admin endpoint.
pub fn routes(harbour: &Harbour) -> Router<Harbour> {
    let entrance = Arc::clone(&harbour.entrance);
    let locked = Router::new()
        .route("/_drydock/calls", get(calls).delete(forget))
        .route("/_drydock/faults", get(faults).put(set_faults))
        .route("/_drydock/settings", get(settings).put(set_settings))
        .route("/_drydock/clock", get(clock).post(advance))
        .route("/_drydock/account", get(account).put(set_account))
        .route("/_drydock/instances/{region}/{identifier}", post(meddle))
        .route_layer(middleware::from_fn_with_state(entrance, admit));
    Router::new()
        .route("/_drydock/health", get(|| async { "ok" }))
        .route("/_drydock/authority.pem", get(authority))
        .merge(locked)
        .route("/_drydock", any(unknown))
        .route("/_drydock/", any(unknown))
        .route("/_drydock/{*rest}", any(unknown))
}

async fn unknown() -> (StatusCode, &'static str) {
    let routes = "there is no such route: /_drydock/ has health, authority.pem, calls, faults, \
                  settings, clock, account and instances/REGION/IDENTIFIER";
    (StatusCode::NOT_FOUND, routes)
}

/// Lets in what is signed with drydock's key, if it has one.
async fn admit(State(entrance): State<Arc<Entrance>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let body = match timeout(entrance.patience, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return (StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "too slow").into_response(),
    };
    if let Err(fault) = entrance.admit(&head, &body) {
        return refusal(&fault);
    }
    next.run(Request::from_parts(head, body.into())).await
}

fn refusal(fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, fault.to_string()).into_response()
}

async fn authority(State(dock): State<Arc<Dock>>) -> Response {
    match dock.servers().authority() {
        Some(pem) => pem.to_owned().into_response(),
        None => (StatusCode::NOT_FOUND, "there are no servers").into_response(),
    }
}

async fn calls(State(dock): State<Arc<Dock>>, Query(query): Query<calls::Query>) -> Json<Log> {
    Json(dock.calls.ask(&query))
}

async fn forget(State(dock): State<Arc<Dock>>) -> StatusCode {
    dock.calls.forget();
    StatusCode::NO_CONTENT
}

async fn faults(State(dock): State<Arc<Dock>>) -> Json<Vec<Rule>> {
    Json(dock.faults.read())
}

async fn set_faults(State(dock): State<Arc<Dock>>, Json(rules): Json<Rules>) -> StatusCode {
    dock.faults.set(rules.into());
    StatusCode::NO_CONTENT
}

async fn settings(State(dock): State<Arc<Dock>>) -> Json<Settings> {
    Json(dock.settings())
}

async fn set_settings(State(dock): State<Arc<Dock>>, Json(to): Json<Settings>) -> Response {
    if let Err(wrong) = to.check() {
        return (StatusCode::UNPROCESSABLE_ENTITY, wrong.to_string()).into_response();
    }
    dock.set(to);
    StatusCode::NO_CONTENT.into_response()
}

/// How far the clock goes forward.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

/// What the clock says.
#[derive(Debug, Serialize)]
struct Now {
    now: Timestamp,
}

async fn clock(State(dock): State<Arc<Dock>>) -> Json<Now> {
    Json(Now {
        now: dock.clock().now(),
    })
}

async fn advance(State(dock): State<Arc<Dock>>, Json(by): Json<Advance>) -> Response {
    /// More is a slip of the finger; the clock itself knows where time ends.
    const MOST: Duration = Duration::from_hours(24 * 365 * 100);
    let by = Duration::from_secs(by.seconds);
    if by > MOST {
        return (StatusCode::UNPROCESSABLE_ENTITY, "a century is enough").into_response();
    }
    match dock.advance(by) {
        Ok(now) => Json(Now { now }).into_response(),
        Err(error) => {
            let status = match &error {
                Unmoved::TooFar => StatusCode::UNPROCESSABLE_ENTITY,
                Unmoved::Unkept(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, error.to_string()).into_response()
        }
    }
}

/// The account behind every caller's credentials.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    account: String,
}

async fn account(State(dock): State<Arc<Dock>>) -> Json<Account> {
    Json(Account {
        account: dock.account(),
    })
}

async fn set_account(State(dock): State<Arc<Dock>>, Json(to): Json<Account>) -> Response {
    match account_of(&to.account) {
        Ok(account) => {
            dock.set_account(account);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    }
}

async fn meddle(
    State(dock): State<Arc<Dock>>,
    Path((region, identifier)): Path<(String, String)>,
    Json(how): Json<Meddling>,
) -> Response {
    let scope = Scope {
        account: dock.account(),
        region,
    };
    match dock.write(&scope, |turn| meddle::meddle(turn, &identifier, how)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(fault) => refusal(&fault),
    }
}
