//! The admin endpoint, under `/_drydock/`: JSON, for those who run drydock.
//!
//! RDS has nothing like it; Stow must never call it outside its tests.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    calls::Log,
    dock::Dock,
    fault::Fault,
    faults::Rule,
    meddle::{self, Meddling},
    model::Scope,
    settings::Settings,
};

/// The routes of the admin endpoint.
pub fn routes() -> Router<Arc<Dock>> {
    Router::new()
        .route("/_drydock/health", get(|| async { "ok" }))
        .route("/_drydock/authority.pem", get(authority))
        .route("/_drydock/calls", get(calls).delete(forget))
        .route("/_drydock/faults", get(faults).put(set_faults))
        .route("/_drydock/settings", get(settings).put(set_settings))
        .route("/_drydock/clock", get(clock).post(advance))
        .route("/_drydock/account", get(account).put(set_account))
        .route("/_drydock/instances/{region}/{identifier}", post(meddle))
}

async fn authority(State(dock): State<Arc<Dock>>) -> Response {
    match dock.servers().authority() {
        Some(pem) => pem.to_owned().into_response(),
        None => (StatusCode::NOT_FOUND, "there are no servers").into_response(),
    }
}

async fn calls(State(dock): State<Arc<Dock>>) -> Json<Log> {
    Json(dock.calls.read())
}

async fn forget(State(dock): State<Arc<Dock>>) -> StatusCode {
    dock.calls.forget();
    StatusCode::NO_CONTENT
}

async fn faults(State(dock): State<Arc<Dock>>) -> Json<Vec<Rule>> {
    Json(dock.faults.read())
}

async fn set_faults(State(dock): State<Arc<Dock>>, Json(rules): Json<Vec<Rule>>) -> StatusCode {
    dock.faults.set(rules);
    StatusCode::NO_CONTENT
}

async fn settings(State(dock): State<Arc<Dock>>) -> Json<Settings> {
    Json(dock.settings())
}

async fn set_settings(State(dock): State<Arc<Dock>>, Json(settings): Json<Settings>) -> StatusCode {
    dock.set(settings);
    StatusCode::NO_CONTENT
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
    /// Beyond it the clock leaves the years that can be written.
    const MOST: Duration = Duration::from_hours(24 * 365 * 100);
    let by = Duration::from_secs(by.seconds);
    if by > MOST {
        return (StatusCode::BAD_REQUEST, "a century is enough").into_response();
    }
    match dock.advance(by) {
        Ok(now) => Json(Now { now }).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
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
    let digits = to.account.len() == 12 && to.account.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return (StatusCode::BAD_REQUEST, "an account has 12 digits").into_response();
    }
    dock.set_account(to.account);
    StatusCode::NO_CONTENT.into_response()
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
    let done = dock.write(&scope, |turn| meddle::meddle(turn, &identifier, how));
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(Fault {
            status, message, ..
        }) => (
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            message,
        )
            .into_response(),
    }
}
