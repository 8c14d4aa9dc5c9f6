//! The API server's audit log: what was asked of it, by whom, and which rule
//! allowed it.
//!
//! Metadata alone is kept: bodies hold Secrets. Nothing here may judge whether a
//! request should have been made.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::error::{Error, Result};

/// The policy and the log, in the control plane's folder.
pub(super) const POLICY: &str = "audit-policy.json";
pub(super) const LOG: &str = "audit.log";

/// One request, as the API server judged it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Audited {
    /// The verb of RBAC, such as `list`; `get`, `post` for what is no resource.
    pub verb: String,
    /// What it is for, or the path of what is no resource.
    pub target: Target,
    /// The HTTP status of the answer.
    pub code: u64,
    /// Whether RBAC let it through.
    pub allowed: bool,
    /// Whom RBAC says it was allowed by; empty where it was not.
    pub reason: String,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A resource, as RBAC sees it.
    Resource {
        /// Empty for the core.
        group: String,
        /// With its subresource, if it is for one: `postgresdbs/status`.
        resource: String,
        /// Empty across namespaces.
        namespace: String,
        /// Empty for a create, and for a list of all.
        name: String,
    },
    /// A path such as `/version`.
    Path(String),
}

/// Writes the policy that keeps the requests of these users, and of nobody else.
pub(super) fn write_policy(folder: &Path, users: &[&str]) -> Result<()> {
    let nothing = json!({"level": "None"});
    let rules = if users.is_empty() {
        // A rule for no user is one for all.
        json!([nothing])
    } else {
        json!([{"level": "Metadata", "users": users}, nothing])
    };
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        // A watch that is never answered to its end is known by its start.
        "omitStages": ["RequestReceived"],
        "rules": rules,
    });
    fs::write(folder.join(POLICY), policy.to_string())
        .map_err(Error::system("writing the audit policy"))
}

/// What the log holds of one user so far, in its order, a watch once.
pub(super) fn read(folder: &Path, user: &str) -> Result<Vec<Audited>> {
    let log =
        fs::read_to_string(folder.join(LOG)).map_err(Error::system("reading the audit log"))?;
    // The API server may be in the middle of the last line.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let mut found = Vec::new();
    for line in whole.lines() {
        let event: Value = serde_json::from_str(line)
            .map_err(|error| Error::Unexpected(format!("the audit log has {line}: {error}")))?;
        let is_watch = event["verb"] == "watch";
        let is_end = event["stage"] == "ResponseComplete";
        // A refusal has no start of its own.
        let counts = if is_watch && event["responseStatus"]["code"] == 200 {
            !is_end
        } else {
            is_end
        };
        if event["user"]["username"] == user && counts {
            found.push(audited(&event));
        }
    }
    Ok(found)
}

fn audited(event: &Value) -> Audited {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &event["objectRef"];
    let target = if object["resource"].is_string() {
        let resource = text(&object["resource"]);
        Target::Resource {
            group: text(&object["apiGroup"]),
            resource: match object["subresource"].as_str() {
                Some(part) => format!("{resource}/{part}"),
                None => resource,
            },
            namespace: text(&object["namespace"]),
            name: text(&object["name"]),
        }
    } else {
        Target::Path(text(&event["requestURI"]))
    };
    let annotations = &event["annotations"];
    Audited {
        verb: text(&event["verb"]),
        target,
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
        allowed: annotations["authorization.k8s.io/decision"] == "allow",
        reason: text(&annotations["authorization.k8s.io/reason"]),
    }
}
