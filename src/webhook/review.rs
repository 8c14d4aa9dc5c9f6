//! The wire contract of a conversion review: bytes in, bytes out.
//!
//! Pure: no I/O and no runtime. The envelope has types of its own, since a
//! request carries an empty `response` with `convertedObjects: null`, and an
//! answer without the request's uid loses its message. Objects stay raw JSON
//! until their turn comes, so that one at a time lies in memory as a tree.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Converts one object to an apiVersion; the error is told to the user.
pub(super) type Convert = fn(Value, &str) -> Result<Value, String>;

const KIND: &str = "ConversionReview";

/// The review of the request. What else it carries is of no interest.
#[derive(Deserialize)]
struct Review<'a> {
    #[serde(borrow, rename = "apiVersion")]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow, rename = "desiredAPIVersion")]
    desired: Cow<'a, str>,
    // Go writes an empty list as null.
    #[serde(borrow)]
    objects: Option<Vec<&'a RawValue>>,
}

#[derive(Serialize)]
struct Reply<'a, T> {
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    kind: &'a str,
    response: Response<'a, T>,
}

#[derive(Serialize)]
struct Response<'a, T> {
    uid: &'a str,
    #[serde(rename = "convertedObjects")]
    converted: &'a [T],
    result: Outcome<'a>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// The body is not a review that could be answered: there is no uid to answer to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the body is no ConversionReview of apiextensions.k8s.io: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the body is a {api_version} {kind}, not a ConversionReview of apiextensions.k8s.io")]
    NotAReview { api_version: String, kind: String },
}

/// An answer, to be sent with HTTP 200 whether or not it converted: a status of
/// another class would lose the message.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// How many objects were converted, or why none was.
    pub(super) outcome: Result<usize, String>,
}

/// Answers a review. One object that fails fails all of them, as the contract
/// has it, and the message says which and why.
pub(super) fn answer(body: &[u8], convert: Convert) -> Result<Answer, Malformed> {
    let review: Review<'_> = serde_json::from_slice(body)?;
    if review.kind != KIND || !review.api_version.starts_with("apiextensions.k8s.io/") {
        return Err(Malformed::NotAReview {
            api_version: review.api_version.into_owned(),
            kind: review.kind.into_owned(),
        });
    }
    let objects = review.request.objects.as_deref().unwrap_or_default();
    let converted: Result<Vec<Box<RawValue>>, String> = objects
        .iter()
        .enumerate()
        .map(|(index, object)| {
            one(object, &review.request.desired, convert)
                .map_err(|failure| failure.tell(index, objects.len(), &review.request.desired))
        })
        .collect();
    let (converted, outcome) = match converted {
        Ok(converted) => {
            let count = converted.len();
            (converted, Ok(count))
        }
        Err(message) => (Vec::new(), Err(message)),
    };
    let body = serde_json::to_vec(&Reply {
        api_version: &review.api_version,
        kind: &review.kind,
        response: Response {
            uid: &review.request.uid,
            converted: &converted,
            result: Outcome {
                status: if outcome.is_ok() {
                    "Success"
                } else {
                    "Failure"
                },
                message: outcome.as_ref().err().map_or("", String::as_str),
            },
        },
    })?;
    Ok(Answer { body, outcome })
}

/// One object that could not be converted.
struct Failure {
    /// `PostgresDB default/orders`, as far as the object says.
    name: Option<String>,
    reason: String,
}

impl Failure {
    fn tell(&self, index: usize, count: usize, desired: &str) -> String {
        let reason = &self.reason;
        let place = format!("object {} of {count}", index + 1);
        match &self.name {
            Some(name) => format!("{name} ({place}) cannot be converted to {desired}: {reason}"),
            None => {
                format!("{place}, which has no name, cannot be converted to {desired}: {reason}")
            }
        }
    }
}

fn one(raw: &RawValue, desired: &str, convert: Convert) -> Result<Box<RawValue>, Failure> {
    let object: Value = serde_json::from_str(raw.get()).map_err(|error| Failure {
        name: None,
        reason: error.to_string(),
    })?;
    let name = name(&object);
    // A bug that one object meets must not take the connection down with the
    // other reviews on it, and must reach the user by name. Nothing that the
    // closure touches outlives it.
    let converted = catch_unwind(AssertUnwindSafe(|| convert(object, desired)))
        .unwrap_or_else(|_| Err("the conversion panicked: this is a bug in Stow".to_owned()));
    converted
        .and_then(|object| serde_json::value::to_raw_value(&object).map_err(|e| e.to_string()))
        .map_err(|reason| Failure { name, reason })
}

fn name(object: &Value) -> Option<String> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let kind = text("/kind").unwrap_or("object");
    let name = text("/metadata/name")?;
    Some(match text("/metadata/namespace") {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn relabel(mut object: Value, desired: &str) -> Result<Value, String> {
        match object["spec"]["size"].as_str() {
            Some("bad") => Err("size is bad".to_owned()),
            Some("panic") => panic!("a bug"),
            _ => {
                object["apiVersion"] = json!(desired);
                Ok(object)
            }
        }
    }

    /// The envelope as an API server writes it, the empty response included.
    fn review(objects: &Value) -> Vec<u8> {
        json!({
            "kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1",
            "request": {"uid": "0c7a2f6e", "desiredAPIVersion": "myob.com/v1beta1", "objects": objects},
            "response": {"uid": "", "convertedObjects": null, "result": {"metadata": {}}},
        })
        .to_string()
        .into_bytes()
    }

    fn object(name: &str, size: &str) -> Value {
        json!({"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
               "metadata": {"namespace": "default", "name": name}, "spec": {"size": size}})
    }

    fn answered(objects: &Value) -> Value {
        serde_json::from_slice(&answer(&review(objects), relabel).unwrap().body).unwrap()
    }

    #[test]
    fn order_and_count_are_kept_and_the_envelope_is_echoed() {
        let reply = answered(&json!([
            object("a", "s"),
            object("b", "m"),
            object("a", "l")
        ]));
        assert_eq!(reply["apiVersion"], "apiextensions.k8s.io/v1");
        assert_eq!(reply["kind"], "ConversionReview");
        assert_eq!(reply["response"]["uid"], "0c7a2f6e");
        assert_eq!(reply["response"]["result"], json!({"status": "Success"}));
        let converted = reply["response"]["convertedObjects"].as_array().unwrap();
        let sizes: Vec<_> = converted
            .iter()
            .map(|o| o["spec"]["size"].as_str().unwrap())
            .collect();
        assert_eq!(sizes, ["s", "m", "l"]);
        assert!(
            converted
                .iter()
                .all(|o| o["apiVersion"] == "myob.com/v1beta1")
        );
        assert_eq!(reply.get("request"), None);
    }

    #[test]
    fn one_failure_fails_all_and_is_named() {
        let reply = answered(&json!([object("a", "s"), object("orders", "bad")]));
        let result = &reply["response"]["result"];
        assert_eq!(result["status"], "Failure");
        assert_eq!(
            result["message"],
            "PostgresDB default/orders (object 2 of 2) cannot be converted to myob.com/v1beta1: size is bad"
        );
        assert_eq!(reply["response"]["uid"], "0c7a2f6e");
        assert_eq!(reply["response"]["convertedObjects"], json!([]));
    }

    #[test]
    fn a_panic_is_a_failure_of_that_object() {
        let reply = answered(&json!([object("orders", "panic")]));
        let message = reply["response"]["result"]["message"].as_str().unwrap();
        assert!(
            message.contains("default/orders") && message.contains("bug"),
            "{message}"
        );
    }

    #[test]
    fn an_object_without_a_name_is_told_by_its_place() {
        let reply = answered(&json!([{"spec": {"size": "bad"}}]));
        let message = reply["response"]["result"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("object 1 of 1, which has no name"),
            "{message}"
        );
    }

    #[test]
    fn no_objects_are_no_failure() {
        for objects in [json!([]), json!(null)] {
            let reply = answered(&objects);
            assert_eq!(reply["response"]["result"]["status"], "Success");
            assert_eq!(reply["response"]["convertedObjects"], json!([]));
        }
    }

    #[test]
    fn what_is_no_review_is_said_so() {
        let table: [(&[u8], &str); 6] = [
            (b"", "EOF"),
            (b"\x16\x03\x01\xff", "no ConversionReview"),
            (b"[]", "no ConversionReview"),
            (br#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview"}"#, "request"),
            (
                br#"{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":null}"#,
                "no ConversionReview",
            ),
            (
                br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"","desiredAPIVersion":"","objects":[]}}"#,
                "AdmissionReview",
            ),
        ];
        for (body, expected) in table {
            let error = answer(body, relabel).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
