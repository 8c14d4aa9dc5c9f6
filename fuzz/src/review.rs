//! The webhook's answer to any bytes.
//!
//! Nothing here may know what an object becomes: only that the contract holds.

use serde_json::Value;
use serde_json::value::RawValue;
use stow_versions::convert::ObjectText;

use super::review_of_webhook::answer;

/// Answers a review, if it is any.
///
/// # Panics
/// Where the answer breaks the contract of conversion reviews.
pub fn review(bytes: &[u8]) {
    let converting = |object: ObjectText<'_>, desired: &str, out: &mut Vec<u8>| {
        let converted = object.convert(desired, out);
        converted.map_err(|error| error.to_string())
    };
    let mut answered = Vec::new();
    let outcome = match answer(bytes, &mut answered, converting) {
        Ok(outcome) => outcome,
        Err(refused) => {
            assert!(refused.to_string().contains("ConversionReview"));
            return;
        }
    };
    let mut again = Vec::new();
    let _ = answer(bytes, &mut again, converting).expect("it was answered before");
    assert_eq!(again, answered, "not the same twice");
    serde_json::from_slice::<&RawValue>(&answered).expect("an answer in JSON");
    // What passes through as text can be what no tree holds.
    let Ok(reply) = serde_json::from_slice::<Value>(&answered) else {
        return;
    };
    assert_eq!(reply["kind"], "ConversionReview");
    let response = &reply["response"];
    let converted = response["convertedObjects"].as_array().expect("a list");
    match &outcome {
        Ok(count) => {
            assert_eq!(response["result"]["status"], "Success");
            assert_eq!(converted.len(), *count);
            assert!(
                converted
                    .iter()
                    .all(|object| object["metadata"] != Value::Null)
            );
        }
        Err(message) => {
            assert_eq!(response["result"]["status"], "Failure");
            assert_eq!(response["result"]["message"], **message);
            assert!(
                !message.is_empty() && !message.contains("panicked"),
                "{message}"
            );
            assert!(converted.is_empty());
        }
    }
    // What was sent can have names twice, of which no reader must take the same.
    if let Ok(sent) = serde_json::from_slice::<Value>(bytes)
        && sent.to_string().len() == bytes.len()
    {
        assert_eq!(response["uid"], sent["request"]["uid"]);
        let objects = sent["request"]["objects"].as_array().map_or(0, Vec::len);
        assert!(outcome.is_err() || objects == converted.len());
    }
}
