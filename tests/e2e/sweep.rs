//! Which calls read all instances, which are about one, and what a test does to
//! the pages of the former.
//!
//! Nothing here may decide what the operator should make of it.

use harness::Call;

const OPEN: &str = "<DBInstance>";
const CLOSE: &str = "</DBInstance>";

/// Whether a call asks for every instance, or for a further page of them.
pub(crate) fn is_sweep(call: &Call) -> bool {
    call.action() == Some("DescribeDBInstances") && call.parameter("DBInstanceIdentifier").is_none()
}

/// Whether a call asks AWS whose its credentials are.
pub(crate) fn asks_who_it_is(call: &Call) -> bool {
    call.action() == Some("GetCallerIdentity")
}

/// Whether a call is for the instance of the object of this name.
pub(crate) fn is_for(call: &Call, name: &str) -> bool {
    let of = |text: &str| is_of(text, name);
    call.parameter("DBInstanceIdentifier").is_some_and(of)
        || call
            .parameter("ResourceName")
            .and_then(|arn| arn.rsplit(':').next())
            .is_some_and(of)
}

/// Whether an identifier is that of an object of this name.
fn is_of(identifier: &str, name: &str) -> bool {
    let rest = identifier.strip_prefix(name);
    // The uid follows, which has 36 characters.
    rest.is_some_and(|rest| rest.starts_with('-') && rest.len() == 37)
}

/// A page with each instance of the object of this name as `edit` makes it.
pub(crate) fn edited(xml: &str, name: &str, edit: impl Fn(&str) -> String) -> String {
    each_instance(xml, |block| {
        if is_of(identifier(block), name) {
            edit(block)
        } else {
            block.to_owned()
        }
    })
}

/// A page without the instance of this object.
pub(crate) fn without(xml: &str, name: &str) -> String {
    edited(xml, name, |_| String::new())
}

fn identifier(block: &str) -> &str {
    let rest = block.split_once("<DBInstanceIdentifier>");
    let text = rest.and_then(|(_, rest)| rest.split_once('<'));
    text.map_or("", |(text, _)| text)
}

/// The document with each `<DBInstance>` as `edit` makes it.
fn each_instance(xml: &str, mut edit: impl FnMut(&str) -> String) -> String {
    let mut edited = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((start, end)) = rest
        .find(OPEN)
        .and_then(|start| Some((start, rest.find(CLOSE)? + CLOSE.len())))
    {
        edited.push_str(&rest[..start]);
        edited.push_str(&edit(&rest[start..end]));
        rest = &rest[end..];
    }
    edited + rest
}
