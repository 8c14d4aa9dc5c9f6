//! The wire contract of a conversion review: bytes in, bytes out.
//!
//! Nothing here may do I/O or know a runtime. The envelope has types of its own, since a
//! request carries an empty `response` with `convertedObjects: null`, and an
//! answer without the request's uid loses its message. The body is read in one
//! pass, and the answer is written into one buffer: what an object keeps is
//! copied from the one to the other.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stow_versions::convert::{ConvertError, ObjectText};

/// Appends one object in an apiVersion; the error is told to the user.
pub(super) type Convert = fn(ObjectText<'_>, &str, &mut Vec<u8>) -> Result<(), String>;

/// What an object may grow by: a few annotations. An answer that grows by more
/// only finds its buffer too small.
const GROWTH: usize = 512;

const KIND: &str = "ConversionReview";

/// The review of the request. What else it carries is of no interest.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Review<'a, T> {
    #[serde(borrow, rename = "apiVersion")]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Request<'a, T>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Request<'a, T> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow, rename = "desiredAPIVersion")]
    desired: Cow<'a, str>,
    // Go writes an empty list as null.
    objects: Option<Vec<T>>,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// The body is not a review that could be answered: there is no uid to answer to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the body is no ConversionReview of apiextensions.k8s.io: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the body is no ConversionReview of apiextensions.k8s.io: {0}")]
    Text(#[from] std::str::Utf8Error),
    #[error("the body is a {api_version} {kind}, not a ConversionReview of apiextensions.k8s.io")]
    NotAReview { api_version: String, kind: String },
}

/// How many objects were converted, or why none was. Either goes out with HTTP 200:
/// a status of another class would lose the message.
pub(super) type Outcome = Result<usize, String>;

/// An object, or why there is none.
type Item<'a> = Result<ObjectText<'a>, ConvertError>;

/// Appends the answer to a review. One object that fails fails all of them, as the
/// contract has it, and the message says which and why.
pub(super) fn answer(
    body: &[u8],
    out: &mut Vec<u8>,
    convert: Convert,
) -> Result<Outcome, Malformed> {
    // Once, and not for each text in it.
    let body = std::str::from_utf8(body)?;
    let review = read(body)?;
    if review.kind != KIND || !review.api_version.starts_with("apiextensions.k8s.io/") {
        return Err(Malformed::NotAReview {
            api_version: review.api_version.into_owned(),
            kind: review.kind.into_owned(),
        });
    }
    let desired = &review.request.desired;
    let objects = review.request.objects.unwrap_or_default();
    let count = objects.len();
    out.reserve_exact(body.len() + GROWTH * (count + 1));
    for (before, text) in [
        (r#"{"apiVersion":"#, &review.api_version),
        (r#","kind":"#, &review.kind),
        (r#","response":{"uid":"#, &review.request.uid),
    ] {
        out.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut *out, text)?;
    }
    out.extend_from_slice(br#","convertedObjects":["#);
    let none = out.len();
    let mut outcome = Ok(count);
    for (index, object) in objects.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if let Err(reason) = one(object, desired, convert, out) {
            out.truncate(none);
            let name = name(body, index);
            outcome = Err(told(name, &reason, index, count, desired));
            break;
        }
    }
    let result = Status {
        status: if outcome.is_ok() {
            "Success"
        } else {
            "Failure"
        },
        message: outcome.as_ref().err().map_or("", String::as_str),
    };
    out.extend_from_slice(br#"],"result":"#);
    serde_json::to_writer(&mut *out, &result)?;
    out.extend_from_slice(b"}}");
    Ok(outcome)
}

/// Reads a review with its objects. Where one of them cannot be read, the whole
/// cannot, and it is read again to see which.
fn read(body: &str) -> Result<Review<'_, Item<'_>>, Malformed> {
    if let Ok(review) = serde_json::from_str::<Review<'_, ObjectText<'_>>>(body) {
        return Ok(review.map(Ok));
    }
    Ok(raw(body)?.map(|object| ObjectText::parse(object.get())))
}

/// Reads a review, and nothing of its objects.
fn raw(body: &str) -> serde_json::Result<Review<'_, &RawValue>> {
    serde_json::from_str(body)
}

impl<'a, T> Review<'a, T> {
    fn map<U>(self, each: fn(T) -> U) -> Review<'a, U> {
        let Request {
            uid,
            desired,
            objects,
        } = self.request;
        let objects = objects.map(|objects| objects.into_iter().map(each).collect());
        Review {
            api_version: self.api_version,
            kind: self.kind,
            request: Request {
                uid,
                desired,
                objects,
            },
        }
    }
}

fn one(object: Item<'_>, desired: &str, convert: Convert, out: &mut Vec<u8>) -> Result<(), String> {
    let object = object.map_err(|error| error.to_string())?;
    // A bug that one object meets must not take the connection down with the
    // other reviews on it, and must reach the user by name. What the closure has
    // written by then is taken back.
    catch_unwind(AssertUnwindSafe(|| convert(object, desired, out)))
        .unwrap_or_else(|_| Err("the conversion panicked: this is a bug in Stow".to_owned()))
}

/// What the object at an index is called. It is read again, since nearly always
/// nobody asks.
fn name(body: &str, index: usize) -> Option<String> {
    let objects = raw(body).ok()?.request.objects?;
    ObjectText::parse(objects.get(index)?.get()).ok()?.name()
}

/// The message for an object that could not be converted.
fn told(name: Option<String>, reason: &str, index: usize, count: usize, desired: &str) -> String {
    let place = format!("object {} of {count}", index + 1);
    match name {
        Some(name) => format!("{name} ({place}) cannot be converted to {desired}: {reason}"),
        None => format!("{place}, which has no name, cannot be converted to {desired}: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn moody(object: ObjectText<'_>, desired: &str, out: &mut Vec<u8>) -> Result<(), String> {
        let start = out.len();
        object
            .convert(desired, out)
            .map_err(|error| error.to_string())?;
        let object: Value = serde_json::from_slice(&out[start..]).unwrap();
        match object["spec"]["size"].as_str() {
            Some("bad") => Err("size is bad".to_owned()),
            Some("panic") => panic!("a bug"),
            _ => Ok(()),
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
        let mut out = Vec::new();
        answer(&review(objects), &mut out, moody).unwrap().ok();
        serde_json::from_slice(&out).unwrap()
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
            let error = answer(body, &mut Vec::new(), moody)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
