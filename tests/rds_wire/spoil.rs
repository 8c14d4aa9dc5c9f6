//! What wires, proxies and mistakes make of an answer.
//!
//! Nothing here may know what a client should make of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// How an answer is spoilt.
#[derive(Clone, Debug)]
pub(crate) enum Spoil {
    Drop(Index, Index),
    Repeat(Index, Index),
    Byte(Index, u8),
    Insert(Index, Vec<u8>),
    Value(&'static str, String),
    Rename(&'static str, &'static str),
}

const NAMES: [&str; 14] = [
    "DBInstanceIdentifier",
    "DBInstanceArn",
    "DBInstanceStatus",
    "Engine",
    "DBInstanceClass",
    "AllocatedStorage",
    "MultiAZ",
    "MasterUsername",
    "Port",
    "Address",
    "Key",
    "DBInstance",
    "DBInstances",
    "DescribeDBInstancesResult",
];

/// Any of these ways.
pub(crate) fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<Index>;
    let odd = prop_oneof![
        Just(b"</DBInstance>".to_vec()),
        Just(b"<DBInstance/>".to_vec()),
        Just(b"<!DOCTYPE a [<!ENTITY b \"c\">]>&b;".to_vec()),
        Just(b"<![CDATA[x]]><!-- -->".to_vec()),
        Just(b"&#0;&#xD800;&nope;".to_vec()),
        Just(b"<html><body>".to_vec()),
        Just(b"\xff\xfe<\0a\0>\0".to_vec()),
        Just("<a>".repeat(20_000).into_bytes()),
        Just(vec![b'x'; 100_000]),
        vec(any::<u8>(), 1..20),
    ];
    let value = select(vec![
        "",
        " ",
        "-1",
        "0",
        "1e3",
        "0x10",
        "2147483648",
        "99999999999999999999",
        "NaN",
        "True",
        "null",
        "{}",
        "&lt;a&gt;",
        "\u{202e}",
    ]);
    let name = || select(NAMES.to_vec());
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Spoil::Drop(from, to)),
        (at(), at()).prop_map(|(from, to)| Spoil::Repeat(from, to)),
        (at(), any::<u8>()).prop_map(|(place, byte)| Spoil::Byte(place, byte)),
        (at(), odd).prop_map(|(place, odd)| Spoil::Insert(place, odd)),
        (name(), value).prop_map(|(name, value)| Spoil::Value(name, value.to_owned())),
        (name(), name()).prop_map(|(name, other)| Spoil::Rename(name, other)),
    ]
}

impl Spoil {
    /// The body, spoilt.
    pub(crate) fn apply(&self, body: &[u8]) -> Vec<u8> {
        let range = |one: &Index, other: &Index| {
            let (one, other) = (one.index(body.len() + 1), other.index(body.len() + 1));
            one.min(other)..one.max(other)
        };
        let text = || String::from_utf8_lossy(body).into_owned();
        match self {
            Self::Drop(from, to) => {
                let range = range(from, to);
                [&body[..range.start], &body[range.end..]].concat()
            }
            Self::Repeat(from, to) => {
                let range = range(from, to);
                [&body[..range.end], &body[range.start..]].concat()
            }
            Self::Byte(at, byte) => {
                let mut body = body.to_vec();
                let at = at.index(body.len().max(1));
                if let Some(there) = body.get_mut(at) {
                    *there = *byte;
                }
                body
            }
            Self::Insert(at, odd) => {
                let at = at.index(body.len() + 1);
                [&body[..at], odd, &body[at..]].concat()
            }
            Self::Value(name, value) => {
                let (open, text) = (format!("<{name}>"), text());
                let parts = text.split_once(&open).and_then(|(before, rest)| {
                    let (_, after) = rest.split_once('<')?;
                    Some(format!("{before}{open}{value}<{after}"))
                });
                parts.unwrap_or(text).into_bytes()
            }
            Self::Rename(name, other) => text().replace(name, other).into_bytes(),
        }
    }
}
