//! Whose an instance is.
//!
//! Nothing here may trust a name alone, or a tag alone: AWS copies tags to
//! restored instances, and anybody may take a name.

use crate::rds::Instance;

use super::identity::{
    Subject, TAG_2017_NAMESPACE, TAG_2017_RESOURCE, TAG_CLUSTER, TAG_IDENTIFIER, TAG_OBJECT,
    TAG_UID,
};
use super::state::is_going;

/// Whose the instance of an object's identifier is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// This object's.
    Ours,
    /// This object's since 2017: the exact name and that operator's tags. It
    /// takes our tags before anything else is done to it.
    Since2017,
    /// It has the object's identifier and lacks what would prove whose it is.
    /// Not to be touched, nor to be forgotten; the text says why.
    Unproven(String),
    /// Somebody else's, by its own word. Not to be touched; the text says why.
    Foreign(String),
}

/// Judges the instance that has the subject's identifier.
pub fn ownership(subject: &Subject, instance: &Instance) -> Ownership {
    let tag = |key: &str| instance.tags.get(key).map(String::as_str);
    let identifier = subject.identifier();
    if instance.identifier != identifier {
        return Ownership::Foreign(format!("its identifier is not {identifier}"));
    }
    if let Some(field) = instance.lacks {
        return Ownership::Unproven(format!("RDS describes it without {field}"));
    }
    if instance.engine != "postgres" {
        return Ownership::Foreign(format!("its engine is {}", instance.engine));
    }
    let wanted = [
        (TAG_CLUSTER, subject.cluster.as_str()),
        (TAG_UID, subject.uid.as_str()),
        (TAG_IDENTIFIER, identifier.as_str()),
    ];
    for (key, want) in wanted {
        if let Some(value) = tag(key).filter(|value| *value != want) {
            return Ownership::Foreign(format!("its tag {key} is {value:?}, not {want:?}"));
        }
    }
    let missing = wanted
        .map(|(key, _)| key)
        .into_iter()
        .find(|key| tag(key).is_none());
    let of_2017 = tag(TAG_2017_NAMESPACE) == Some(&subject.namespace)
        && tag(TAG_2017_RESOURCE) == Some(&subject.name);
    let ours = [TAG_CLUSTER, TAG_UID, TAG_OBJECT, TAG_IDENTIFIER];
    let unmarked = ours.iter().all(|key| tag(key).is_none());
    match missing {
        None => Ownership::Ours,
        Some(_) if of_2017 && unmarked => Ownership::Since2017,
        Some(_) if unmarked => Ownership::Unproven("it carries no tag of Stow".to_owned()),
        Some(key) => Ownership::Unproven(format!("its tag {key} is missing")),
    }
}

/// The instance under another identifier that carries this object's tags: a
/// restore, or the object's own instance renamed.
pub fn copies<'a>(
    subject: &Subject,
    instances: impl Iterator<Item = &'a Instance>,
) -> Option<&'a Instance> {
    let identifier = subject.identifier();
    instances.into_iter().find(|instance| {
        instance.identifier != identifier
            && instance.tags.get(TAG_CLUSTER) == Some(&subject.cluster)
            && instance.tags.get(TAG_UID) == Some(&subject.uid)
    })
}

/// The object that an instance was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeFor<'a> {
    /// `metadata.namespace`.
    pub namespace: &'a str,
    /// `metadata.name`.
    pub name: &'a str,
    /// `metadata.uid`.
    pub uid: &'a str,
}

/// Which object of this cluster an instance was made for, by its tags. None for
/// a restore, which has the tags of what it was made from.
pub fn made_for<'a>(cluster: &str, instance: &'a Instance) -> Option<MadeFor<'a>> {
    let tag = |key: &str| instance.tags.get(key).map(String::as_str);
    let own = tag(TAG_CLUSTER) == Some(cluster)
        && tag(TAG_IDENTIFIER) == Some(instance.identifier.as_str());
    let (namespace, name) = tag(TAG_OBJECT)?.split_once('/')?;
    let uid = tag(TAG_UID)?;
    own.then_some(MadeFor {
        namespace,
        name,
        uid,
    })
}

/// The instance of an earlier object of the same namespace and name, unless it
/// is going already.
pub fn previous<'a>(
    subject: &Subject,
    instances: impl Iterator<Item = &'a Instance>,
) -> Option<&'a Instance> {
    let object = subject.object();
    instances.into_iter().find(|instance| {
        instance.tags.get(TAG_CLUSTER) == Some(&subject.cluster)
            && instance.tags.get(TAG_OBJECT) == Some(&object)
            && instance
                .tags
                .get(TAG_UID)
                .is_some_and(|uid| *uid != subject.uid)
            && instance.tags.get(TAG_IDENTIFIER) == Some(&instance.identifier)
            && !is_going(&instance.status)
    })
}
