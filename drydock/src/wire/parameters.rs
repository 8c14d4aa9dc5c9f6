//! The parameters of a request: form-urlencoded pairs, of which each is taken
//! once, and those that nobody took are an error.
//!
//! Must not know any parameter's meaning beyond its type.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::fault::{self, Fault};

/// What is left of a request's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Prefix of the names, for messages about members of lists.
    path: String,
    values: BTreeMap<String, String>,
}

impl Parameters {
    /// Reads a body. Percent signs that encode nothing, text that is not UTF-8
    /// and names given twice are refused: guessing would hide a client's bug.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let malformed = |what: &str| fault::MALFORMED_QUERY_STRING.because(what);
        if !well_encoded(body) {
            return Err(malformed("The body is not form-urlencoded UTF-8."));
        }
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if let Some(_first) = values.insert(name.to_string(), value.into_owned()) {
                return Err(malformed(&format!("The parameter {name} is given twice.")));
            }
        }
        Ok(Self {
            path: String::new(),
            values,
        })
    }

    /// All that is left, for the log of calls.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Puts a value in, in place of the client's.
    pub fn put(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) => self.values.insert(name.to_owned(), value),
            None => self.values.remove(name),
        };
    }

    /// A string, if the request has it.
    pub fn string(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    /// A string that the request must have.
    pub fn required(&mut self, name: &str) -> Result<String, Fault> {
        self.string(name).ok_or_else(|| {
            fault::MISSING_PARAMETER.because(format!(
                "The request must contain the parameter {}{name}.",
                self.path
            ))
        })
    }

    /// A whole number, if the request has it.
    pub fn integer(&mut self, name: &str) -> Result<Option<i32>, Fault> {
        self.typed(name, "an integer", |value| value.parse().ok())
    }

    /// `true` or `false`, if the request has it.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>, Fault> {
        self.typed(name, "true or false", |value| value.parse().ok())
    }

    /// A time in RFC 3339, if the request has it.
    pub fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Fault> {
        self.typed(name, "a time like 2026-01-31T12:00:00Z", |value| {
            value.parse().ok()
        })
    }

    fn typed<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.string(name) else {
            return Ok(None);
        };
        read(&value).map(Some).ok_or_else(|| {
            fault::INVALID_PARAMETER_VALUE
                .because(format!("{}{name} must be {kind}, not {value}", self.path))
        })
    }

    /// A list of strings: `Name.Member.1=…`, or `Name.member.1=…` as the older
    /// SDKs write it. Without the parameter it is nothing; `Name=` is empty.
    pub fn strings(&mut self, name: &str, member: &str) -> Result<Option<Vec<String>>, Fault> {
        let Some(members) = self.members(name, member)? else {
            return Ok(None);
        };
        members
            .into_iter()
            .map(|mut each| {
                let value = each.required("")?;
                each.finish()?;
                Ok(value)
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list of structures: `Name.Member.1.Field=…`.
    pub fn members(&mut self, name: &str, member: &str) -> Result<Option<Vec<Self>>, Fault> {
        let prefix = format!("{name}.");
        let names: Vec<_> = self
            .values
            .range(prefix.clone()..)
            .map(|(key, _)| key.clone())
            .take_while(|key| key.starts_with(&prefix))
            .collect();
        let empty = match self.values.get(name) {
            Some(value) if value.is_empty() => self.values.remove(name).is_some(),
            _ => false,
        };
        let mut members: BTreeMap<u32, Self> = BTreeMap::new();
        for key in names {
            let (index, field) = position(&key[prefix.len()..], member).ok_or_else(|| {
                fault::INVALID_QUERY_PARAMETER
                    .because(format!("The parameter {}{key} is not known.", self.path))
            })?;
            let each = members.entry(index).or_insert_with(|| Self {
                path: format!("{}{prefix}{member}.{index}.", self.path),
                values: BTreeMap::new(),
            });
            if let Some(value) = self.values.remove(&key)
                && each.values.insert(field.to_owned(), value).is_some()
            {
                // `Tags.Tag.1.Key` and `Tags.member.1.Key`.
                return Err(fault::MALFORMED_QUERY_STRING
                    .because(format!("The parameter {}{key} is given twice.", self.path)));
            }
        }
        Ok((empty || !members.is_empty()).then(|| members.into_values().collect()))
    }

    /// Ends the reading: what was not taken is unknown.
    pub fn finish(self) -> Result<(), Fault> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => Err(fault::INVALID_QUERY_PARAMETER.because(format!(
                "The parameter {}{name} is not known, or not supported here.",
                self.path
            ))),
        }
    }
}

/// RDS's own longest list, of parameters in one call, has 20 members; of tags, 50.
const MOST_MEMBERS: u32 = 1_000;

/// `Tag.3.Key` is field `Key` of the third.
fn position<'a>(rest: &'a str, member: &str) -> Option<(u32, &'a str)> {
    let rest = rest
        .strip_prefix(member)
        .or_else(|| rest.strip_prefix("member"))?
        .strip_prefix('.')?;
    let (index, field) = rest.split_once('.').unwrap_or((rest, ""));
    // Nothing but digits, and no zeros before them: no member has two names.
    let plain = index.bytes().all(|byte| byte.is_ascii_digit()) && !index.starts_with('0');
    let index = index.parse().ok().filter(|_| plain)?;
    (index <= MOST_MEMBERS).then_some((index, field))
}

fn well_encoded(body: &[u8]) -> bool {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(*byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return false;
        };
        let Ok(byte) = u8::try_from(high * 16 + low) else {
            return false;
        };
        bytes.push(byte);
    }
    std::str::from_utf8(&bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Parameters {
        Parameters::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let mut parameters = parse("Tags.Tag.10.Key=b&Tags.Tag.2.Key=a&Tags.member.2.Value=x%20y");
        let mut tags = parameters.members("Tags", "Tag").unwrap().unwrap();
        assert_eq!(tags.len(), 2);
        assert_eq!(tags[0].string("Key").as_deref(), Some("a"));
        assert_eq!(tags[0].string("Value").as_deref(), Some("x y"));
        assert_eq!(tags[1].string("Key").as_deref(), Some("b"));
        assert_eq!(parameters.finish(), Ok(()));
    }

    #[test]
    fn an_empty_list_is_not_an_absent_one() {
        assert_eq!(parse("Tags=").strings("Tags", "Tag"), Ok(Some(vec![])));
        assert_eq!(parse("").strings("Tags", "Tag"), Ok(None));
    }

    #[test]
    fn a_member_has_one_number_and_one_name() {
        for body in [
            "Tags.Tag.0.Key=a",
            "Tags.Tag.01.Key=a",
            "Tags.Tag.%2B1.Key=a",
            "Tags.Tag.-1.Key=a",
            "Tags.Tag.1001.Key=a",
            "Tags.Tag.99999999999.Key=a",
            "Tags.Tag.Key=a",
            "Tags.Tag.1.Key=a&Tags.member.1.Key=b",
        ] {
            assert!(parse(body).members("Tags", "Tag").is_err(), "{body}");
        }
    }

    #[test]
    fn what_nobody_took_is_an_error() {
        let code = |result: Result<(), Fault>| result.unwrap_err().code;
        assert_eq!(code(parse("Nope=1").finish()), "InvalidQueryParameter");
        let mut parameters = parse("Tags.Tag.1.Key=a&Tags.Tag.1.Nope=b");
        let mut tags = parameters.members("Tags", "Tag").unwrap().unwrap();
        assert!(tags[0].required("Key").is_ok());
        let fault = tags.remove(0).finish().unwrap_err();
        assert!(fault.message.contains("Tags.Tag.1.Nope"), "{fault}");
    }

    #[test]
    fn malformed_bodies_are_refused() {
        for body in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%zz",
            b"a=%ff",
            b"a=\xff",
            b"a=1&a=2",
        ] {
            let refused = Parameters::parse(body).map_err(|fault| fault.code);
            assert_eq!(refused, Err("MalformedQueryString".to_owned()), "{body:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_reading(body: Vec<u8>) {
            if let Ok(mut parameters) = Parameters::parse(&body) {
                let _ = parameters.members("Tags", "Tag");
                let _ = parameters.strings("Tags", "Tag");
                let _ = parameters.finish();
            }
        }

        #[test]
        fn what_is_encoded_is_read(name in "[A-Za-z]{1,9}", value: String) {
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair(&name, &value)
                .finish();
            let mut parameters = parse(&body);
            proptest::prop_assert_eq!(parameters.string(&name), Some(value));
        }
    }

    #[test]
    fn types_are_checked() {
        assert!(parse("N=1.5").integer("N").is_err());
        assert!(parse("N=99999999999").integer("N").is_err());
        assert!(parse("B=yes").boolean("B").is_err());
        assert!(parse("T=noon").time("T").is_err());
        assert!(parse("T=2026-01-31T12:00:00Z").time("T").unwrap().is_some());
    }
}
