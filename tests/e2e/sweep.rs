//! What RDS is made to show that moto never does: statuses that last, endpoints
//! that are not there yet, instances that go slowly.
//!
//! Nothing here may decide what the operator should make of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use harness::{Call, Proxy};

const OPEN: &str = "<DBInstance>";
const CLOSE: &str = "</DBInstance>";

/// Whether a call asks for every instance, or for a further page of them.
pub(crate) fn is_sweep(call: &Call) -> bool {
    call.action() == Some("DescribeDBInstances") && call.parameter("DBInstanceIdentifier").is_none()
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

/// RDS as a test wants it seen. The first rule of a proxy that is for a call is
/// the one applied, so rules of another kind come before this.
pub(crate) struct Guise(Arc<Mutex<HashMap<&'static str, Look>>>);

/// How the instance of one object looks.
#[derive(Clone)]
enum Look {
    /// In this status, and perhaps with an endpoint.
    Status(&'static str, Endpoint),
    /// Listed so also where it is gone.
    Lingering(String),
}

#[derive(Clone, Copy, PartialEq)]
enum Endpoint {
    Stated,
    Absent,
}

impl Guise {
    /// Begins to rewrite what RDS answers; at first to what it was.
    pub(crate) fn of(rds: &Proxy) -> Self {
        let looks: Arc<Mutex<HashMap<_, Look>>> = Arc::default();
        let (of_sweeps, of_others) = (Arc::clone(&looks), Arc::clone(&looks));
        rds.when(is_sweep)
            .map(move |xml| rewritten(&xml, &of_sweeps.lock().expect("looks"), true));
        rds.when(|call| call.action().is_some())
            .map(move |xml| rewritten(&xml, &of_others.lock().expect("looks"), false));
        Self(looks)
    }

    /// The instance of this object is in this status.
    pub(crate) fn show(&self, name: &'static str, status: &'static str) {
        self.set(name, Look::Status(status, Endpoint::Stated));
    }

    /// The same, and there is nowhere to connect to.
    pub(crate) fn show_without_endpoint(&self, name: &'static str, status: &'static str) {
        self.set(name, Look::Status(status, Endpoint::Absent));
    }

    /// Sweeps that do not list the instance of this object do, as it is in
    /// `xml`, and in status `deleting`.
    pub(crate) fn linger(&self, name: &'static str, xml: &str) {
        let mut found = None;
        each_instance(xml, |block| {
            if is_of(identifier(block), name) {
                found = Some(replaced(block, "DBInstanceStatus", Some("deleting")));
            }
            String::new()
        });
        let block = found.unwrap_or_else(|| panic!("no instance of {name}"));
        self.set(name, Look::Lingering(block));
    }

    /// The instance of this object is as RDS says.
    pub(crate) fn bare(&self, name: &'static str) {
        self.0.lock().expect("looks").remove(name);
    }

    fn set(&self, name: &'static str, look: Look) {
        self.0.lock().expect("looks").insert(name, look);
    }
}

/// A sweep's answer without the instance of this object.
pub(crate) fn without(xml: &str, name: &str) -> String {
    each_instance(xml, |block| {
        if is_of(identifier(block), name) {
            String::new()
        } else {
            block.to_owned()
        }
    })
}

fn rewritten(xml: &str, looks: &HashMap<&str, Look>, sweep: bool) -> String {
    let look_of = |block: &str| {
        let mut looks = looks.iter();
        looks.find(|(name, _)| is_of(identifier(block), name))
    };
    let mut listed = Vec::new();
    let xml = each_instance(xml, |block| {
        let Some((name, look)) = look_of(block) else {
            return block.to_owned();
        };
        listed.push(*name);
        match look {
            Look::Status(status, endpoint) => {
                let block = replaced(block, "DBInstanceStatus", Some(status));
                match endpoint {
                    Endpoint::Stated => block,
                    Endpoint::Absent => replaced(&block, "Endpoint", None),
                }
            }
            Look::Lingering(_) => block.to_owned(),
        }
    });
    let gone = looks.iter().filter_map(|(name, look)| match look {
        Look::Lingering(block) if sweep && !listed.contains(name) => Some(block.as_str()),
        _ => None,
    });
    let gone: String = gone.collect();
    if gone.is_empty() {
        return xml;
    }
    let opened = format!("<DBInstances>{gone}");
    xml.replace("<DBInstances/>", &format!("{opened}</DBInstances>"))
        .replace("<DBInstances><DBInstance>", &format!("{opened}{OPEN}"))
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

fn replaced(block: &str, element: &str, new: Option<&str>) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let Some((before, rest)) = block.split_once(&open) else {
        panic!("no {element} in {block}");
    };
    let (_, after) = rest.split_once(&close).expect("a closed element");
    let element = new.map(|text| format!("{open}{text}{close}"));
    format!("{before}{}{after}", element.unwrap_or_default())
}
