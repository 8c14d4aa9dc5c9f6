//! Thousands of reviews that no API server sends, as bytes: each is answered by
//! the contract, or is refused in words.
//!
//! What conversion makes of any JSON value is tested where it lives; here are
//! the envelope, and the JSON that no value stands for.
//!
//! The seed is fixed, so that a failure is found again.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::review::answer;
use super::*;

const SEED: [u8; 32] = *b"stow's spoilt conversion reviews";
const CASES: u32 = 2_000;

const SPOKE: &str = "myob.com/v1alpha1";
const HUB: &str = "myob.com/v1beta1";

/// A number that no float holds.
const INFINITE: &str = "1e400";

/// How many levels of a value in a review an API server reads.
const READ: usize = 9_990;

const UID: &str = "b1fc7a4e-5d44-4d5e-a2a1-5a2f7a3d2c4e";

fn runner() -> TestRunner {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED))
}

/// JSON as text: of any type, and such as no parser has to take.
fn text() -> impl Strategy<Value = String> {
    let odd = select(vec![
        INFINITE,
        "-0",
        "-0.0",
        "18446744073709551616",
        "9007199254740993",
        "0.1000000000000000055511151231257827",
        r#""\ud800""#,
        r#""\ud83d\ude00""#,
        r#""\u0000""#,
        "\"\u{202e}\u{feff}\u{10ffff}\"",
        r#"{"a":1,"a":2}"#,
        r#"{"":{"\u0000":[]}}"#,
        "nul",
        "NaN",
        "[1,]",
        "'a'",
        "\"",
        "",
    ]);
    let whole = any::<String>().prop_map(|text| json!(text).to_string());
    let leaf = prop_oneof![
        odd.prop_map(str::to_owned),
        whole,
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
        select(vec!["null", "true", "{}", "[]"]).prop_map(str::to_owned),
    ];
    let nested = leaf.prop_recursive(3, 12, 3, |inner| {
        let list = vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(",")));
        prop_oneof![list, members("[a-c]", inner)]
    });
    let depth = prop_oneof![3 => 1..=READ, 1 => READ + 1..100_000];
    let deep = depth.prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth));
    prop_oneof![20 => nested, 1 => deep]
}

/// Whether an API server can have stored it. Of numbers that are none to it there
/// is one here.
fn is_stored(text: &str) -> bool {
    !text.contains(INFINITE) && text.bytes().take_while(|&byte| byte == b'[').count() <= READ
}

/// An object's text, each name once.
fn members(
    names: &'static str,
    values: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    btree_map(names, values, 0..4).prop_map(|all| {
        let all = all
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", all.collect::<Vec<_>>().join(","))
    })
}

/// An object that is to be converted: of either version, or of none.
fn item() -> impl Strategy<Value = String> {
    let version = select(vec![SPOKE, HUB, "myob.com/v1", "", "\\u0000"]);
    let field = "(size|storage|iops|ha|tags|storageType|multiAZ|network|backup|[a-z]{3})";
    let spec = prop_oneof![4 => members(field, text()), 1 => text()];
    let name =
        prop_oneof![3 => any::<String>().prop_map(|name| json!(name).to_string()), 1 => text()];
    let notes = "((hub|spoke).stow.myob.com/(storageType|storage|spec|network.subnetGroup)|[a-z])";
    let maps = (
        members("[a-c]", text()),
        prop_oneof![members(notes, text()), text()],
    );
    let whole = (version, spec, name, maps, text()).prop_map(|(version, spec, name, maps, extra)| {
        let (labels, annotations) = maps;
        format!(
            r#"{{"apiVersion":"{version}","kind":"PostgresDB","metadata":{{"name":{name},"labels":{labels},"annotations":{annotations}}},"spec":{spec},"status":{extra}}}"#
        )
    });
    prop_oneof![8 => whole, 1 => text()]
}

fn envelope(desired: &str, items: &[String]) -> String {
    let items = items.join(",");
    format!(
        r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","request":{{"uid":"{UID}","desiredAPIVersion":"{desired}","objects":[{items}]}},"response":{{"uid":"","convertedObjects":null}}}}"#
    )
}

/// What an answer says, its objects as text: that can hold more than a tree.
#[derive(Deserialize)]
struct Reply {
    kind: String,
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    uid: Value,
    result: Value,
    #[serde(rename = "convertedObjects")]
    converted: Vec<Box<RawValue>>,
}

/// The answer, if there is one, held to the contract.
fn answered(body: &[u8]) -> Result<Option<Response>, TestCaseError> {
    let mut answered = Vec::new();
    let outcome = match answer(body, &mut answered, between_versions) {
        Ok(outcome) => outcome,
        Err(refused) => {
            prop_assert!(
                refused.to_string().contains("ConversionReview"),
                "{}",
                refused
            );
            return Ok(None);
        }
    };
    let Reply { kind, response } = serde_json::from_slice(&answered)
        .map_err(|error| TestCaseError::fail(format!("the answer is no JSON: {error}")))?;
    prop_assert_eq!(kind, "ConversionReview");
    match response.result["status"].as_str() {
        Some("Success") => prop_assert_eq!(Ok(response.converted.len()), outcome),
        Some("Failure") => {
            let message = response.result["message"].as_str().unwrap_or_default();
            prop_assert!(!message.is_empty());
            prop_assert!(!message.contains("panicked"), "{}", message);
            prop_assert_eq!(response.converted.len(), 0);
        }
        other => prop_assert!(false, "{:?}", other),
    }
    Ok(Some(response))
}

/// The members of an object; nothing where the text is none.
fn members_of(text: &str) -> Option<BTreeMap<String, Box<RawValue>>> {
    serde_json::from_str(text).ok()
}

/// A part of an object, as a tree.
fn part(object: &str, name: &str) -> Option<Value> {
    serde_json::from_str(members_of(object)?.get(name)?.get()).ok()
}

/// What of an object conversion has no say in, by path: all but the version, the
/// spec and Stow's own annotations. An answer has metadata where the object has
/// none, and annotations where something is to be remembered.
fn rest(object: &str) -> BTreeMap<String, String> {
    fn add(path: &str, text: &str, all: &mut BTreeMap<String, String>) {
        let inner = matches!(path, "" | "/metadata" | "/metadata/annotations");
        if let Some(members) = inner.then(|| members_of(text)).flatten() {
            for (name, raw) in members {
                add(&format!("{path}/{name}"), raw.get(), all);
            }
        } else if !(inner && text == "null") {
            // Written anew, a number may look different. What only text can hold
            // was copied.
            let tree: Option<Value> = serde_json::from_str(text).ok();
            let text = tree.map_or_else(|| text.to_owned(), |tree| tree.to_string());
            all.insert(path.to_owned(), text);
        }
    }
    let mut all = BTreeMap::new();
    add("", object, &mut all);
    all.retain(|path, _| {
        let own = path.starts_with("/metadata/annotations/") && path.contains(".stow.myob.com/");
        path != "/apiVersion" && path != "/spec" && !own
    });
    all
}

#[test]
fn any_objects_are_answered_by_the_contract_and_keep_what_is_theirs() {
    let desired = select(vec![HUB, HUB, SPOKE, "myob.com/v1", ""]);
    let (converted, beyond_trees) = (Cell::new(0), Cell::new(0));
    let reviews = (desired, vec(item(), 0..4));
    let outcome = runner().run(&reviews, |(desired, items)| {
        let body = envelope(desired, &items);
        let reply = answered(body.as_bytes())?;
        let Some(reply) = reply else {
            // Only what is no JSON is not answered; a strict reader agrees.
            let strict: Result<Box<RawValue>, _> = serde_json::from_str(&body);
            prop_assert!(strict.is_err(), "{}", body);
            return Ok(());
        };
        prop_assert_eq!(&reply.uid, UID);
        for (before, after) in items.iter().zip(&reply.converted) {
            prop_assert_eq!(part(after.get(), "apiVersion"), Some(desired.into()));
            prop_assert_eq!(rest(after.get()), rest(before));
            converted.set(converted.get() + 1);
            if serde_json::from_str::<Value>(before).is_err() {
                beyond_trees.set(beyond_trees.get() + 1);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(converted.get() > 50, "too few cases convert: {converted:?}");
    assert!(beyond_trees.get() > 5, "no tree fails: {beyond_trees:?}");
}

#[test]
fn what_converts_comes_back_as_it_was() {
    let deep = Cell::new(0);
    let outcome = runner().run(&item(), |item| {
        let there = answered(envelope(HUB, std::slice::from_ref(&item)).as_bytes())?;
        let there = there.and_then(|reply| reply.converted.into_iter().next());
        let Some(there) = there else {
            return Ok(());
        };
        // Where annotations are none, as no API server has it, nothing can be
        // remembered.
        let remembers = members_of(&item)
            .and_then(|object| members_of(object.get("metadata")?.get()))
            .is_none_or(|metadata| match metadata.get("annotations") {
                None => true,
                Some(notes) => notes.get() == "null" || members_of(notes.get()).is_some(),
            });
        if part(&item, "apiVersion") != Some(SPOKE.into()) || !remembers {
            return Ok(());
        }
        let back = answered(envelope(SPOKE, &[there.get().to_owned()]).as_bytes())?;
        let back = back.and_then(|reply| reply.converted.into_iter().next());
        let back = back.ok_or_else(|| TestCaseError::fail("it does not come back"))?;
        prop_assert_eq!(rest(back.get()), rest(&item));
        let spec = |object: &str| {
            let spec = members_of(object)?.remove("spec")?;
            members_of(spec.get())
        };
        let (before, after) = (spec(&item), spec(back.get()));
        for field in ["size", "storage", "iops", "ha", "tags"] {
            let [before, after] = [&before, &after].map(|spec| {
                let raw = spec.as_ref()?.get(field)?.get();
                let tree: Option<Value> = serde_json::from_str(raw).ok();
                if tree.is_none() && !is_stored(raw) {
                    return None;
                }
                if raw.starts_with('[') && tree.is_none() {
                    deep.set(deep.get() + 1);
                }
                Some(tree.map_or_else(|| raw.to_owned(), |tree| tree.to_string()))
            });
            prop_assert_eq!(after, before, "{}", field);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(deep.get() > 0, "none is too deep for a tree: {deep:?}");
}

/// How the bytes of a review are spoilt.
#[derive(Clone, Debug)]
enum Spoil {
    Cut(Index),
    Drop(Index, Index),
    Repeat(Index, Index),
    Byte(Index, u8),
    Insert(Index, String),
    Rename(&'static str, String),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<Index>;
    let names = vec![
        "uid",
        "request",
        "objects",
        "desiredAPIVersion",
        "kind",
        "apiVersion",
        "ConversionReview",
    ];
    prop_oneof![
        at().prop_map(Spoil::Cut),
        (at(), at()).prop_map(|(from, to)| Spoil::Drop(from, to)),
        (at(), at()).prop_map(|(from, to)| Spoil::Repeat(from, to)),
        (at(), any::<u8>()).prop_map(|(place, byte)| Spoil::Byte(place, byte)),
        (at(), text()).prop_map(|(place, text)| Spoil::Insert(place, text)),
        (select(names), "[a-z\"\\\\]{0,3}").prop_map(|(name, to)| Spoil::Rename(name, to)),
    ]
}

impl Spoil {
    fn apply(&self, body: Vec<u8>) -> Vec<u8> {
        let place = |index: &Index| index.index(body.len() + 1);
        let range = |one: &Index, other: &Index| {
            let (one, other) = (place(one), place(other));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Cut(at) => body[..place(at)].to_vec(),
            Self::Drop(from, to) => {
                let range = range(from, to);
                [&body[..range.start], &body[range.end..]].concat()
            }
            Self::Repeat(from, to) => {
                let range = range(from, to);
                [&body[..range.end], &body[range.start..]].concat()
            }
            Self::Byte(at, byte) => {
                let mut body = body;
                if let Some(there) = (!body.is_empty()).then(|| at.get_mut(&mut body)) {
                    *there = *byte;
                }
                body
            }
            Self::Insert(at, text) => {
                let at = place(at);
                [&body[..at], text.as_bytes(), &body[at..]].concat()
            }
            Self::Rename(name, to) => String::from_utf8_lossy(&body)
                .replacen(name, to, 1)
                .into_bytes(),
        }
    }
}

#[test]
fn property_09_spoilt_bytes_are_answered_or_refused_in_words() {
    let sound = object("orders", 3).to_string();
    let cases = (vec(item(), 0..2), vec(spoil(), 1..4));
    let outcome = runner().run(&cases, |(mut items, spoils)| {
        items.push(sound.clone());
        let body = spoils
            .iter()
            .fold(envelope(HUB, &items).into_bytes(), |body, spoil| {
                spoil.apply(body)
            });
        if let Some(reply) = answered(&body)? {
            // The uid may be spoilt too; then it is answered as it was sent. JSON
            // that is too deep as a whole can still be answered object by object.
            if let Ok(sent) = serde_json::from_slice::<Value>(&body) {
                prop_assert_eq!(&reply.uid, &sent["request"]["uid"]);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Any bytes, through the socket: no connection dies without an answer.
#[tokio::test]
async fn any_bytes_get_a_status() {
    let server = start(limits(), between_versions).await;
    let mut runner = runner();
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..200),
        text().prop_map(String::into_bytes),
        item().prop_map(|item| envelope(SPOKE, &[item]).into_bytes()),
    ];
    for _ in 0..60 {
        let body = bytes.new_tree(&mut runner).expect("a case").current();
        let (status, _, reply) = server.client().await.send(body.clone()).await.unwrap();
        let shown = String::from_utf8_lossy(&body);
        match status.as_u16() {
            // What passes through as text can be what no tree holds.
            200 => drop(serde_json::from_slice::<&RawValue>(&reply).expect("JSON")),
            400 => assert!(String::from_utf8_lossy(&reply).contains("ConversionReview")),
            other => panic!("{other} for {shown}"),
        }
    }
    server.stop().await;
}
