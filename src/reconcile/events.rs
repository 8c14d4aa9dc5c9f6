//! The Events that people are shown: what was done, and what changed.
//!
//! Nothing here may tell a thing twice, or hold a password.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use stow_versions::status::{ConditionType, PostgresDBStatus, Reason};
use stow_versions::storage;

use crate::cluster::Event;
use crate::plan::{Action, Desired, Stays};

/// Something that the operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    reason: Reason,
    pub(super) action: String,
    pub(super) note: String,
}

impl Happening {
    /// What an action means to the object's owner, if anything.
    pub(super) fn of(action: &Action, desired: &Desired) -> Option<Self> {
        let identifier = desired.subject.identifier();
        let (reason, action, note) = match action {
            Action::Create(request) => (
                Reason::Creating,
                "CreateDBInstance".to_owned(),
                format!(
                    "Creating RDS instance {identifier}: {}, {} of {}",
                    request.class,
                    storage::quantity(request.storage),
                    request.storage_type
                ),
            ),
            Action::Modify(request) => {
                let changes = request.changes().join(", ");
                // Events of one action and reason share their first note.
                let action = format!("ModifyDBInstance({changes})")
                    .chars()
                    .take(128)
                    .collect();
                (
                    Reason::Modifying,
                    action,
                    format!("Modifying RDS instance {identifier}: {changes}"),
                )
            }
            Action::AddTags { tags, .. } => (
                Reason::Modifying,
                "AddTagsToResource".to_owned(),
                format!(
                    "Tagging RDS instance {identifier}: {}",
                    tags.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            ),
            Action::Delete(request) => (
                Reason::Deleting,
                "DeleteDBInstance".to_owned(),
                request.final_snapshot.as_ref().map_or_else(
                    || format!("Deleting RDS instance {identifier} and its automated backups, without a final snapshot"),
                    |snapshot| format!("Deleting RDS instance {identifier}, with final snapshot {snapshot}"),
                ),
            ),
            Action::RemoveFinalizer => (
                Reason::Deleting,
                "RemoveFinalizer".to_owned(),
                format!("Letting the object go, since RDS has no instance {identifier}"),
            ),
            Action::Release { identifier, why } => (
                Reason::Deleting,
                "RemoveFinalizer".to_owned(),
                match why {
                    Stays::ByPolicy => format!(
                        "Letting the object go. RDS instance {identifier} stays, by spec.deletionPolicy, with its tags; the Secret goes with the object"
                    ),
                    Stays::NotOurs => format!(
                        "Letting the object go. RDS instance {identifier} is not its own, and stays"
                    ),
                },
            ),
            Action::AddFinalizer
            | Action::NoteUpgrade { .. }
            | Action::NoteInherited(_)
            | Action::CreateSecret(_)
            | Action::UpdateSecret { .. }
            | Action::DeleteSecret(_) => return None,
        };
        Some(Self {
            reason,
            action,
            note,
        })
    }

    pub(super) fn event(&self) -> Event {
        Event {
            warning: false,
            reason: self.reason.to_string(),
            action: self.action.clone(),
            note: self.note.clone(),
        }
    }
}

/// The Events that follow from what was done and from how the status changed.
pub(super) fn events(
    before: &PostgresDBStatus,
    after: &PostgresDBStatus,
    happenings: &[Happening],
) -> Vec<Event> {
    let mut events: Vec<_> = happenings.iter().map(Happening::event).collect();
    let stalled = find(after, ConditionType::Stalled);
    let was_stalled = find(before, ConditionType::Stalled);
    if let Some(now) = stalled
        && was_stalled.is_none_or(|was| was.reason != now.reason || was.message != now.message)
    {
        events.push(Event {
            warning: true,
            reason: now.reason.clone(),
            // Events of one action and reason share their first note.
            action: format!("Reconcile({:016x})", fingerprint(&now.message)),
            note: now.message.clone(),
        });
    }
    let is_true =
        |condition: Option<&Condition>| condition.is_some_and(|ready| ready.status == "True");
    if is_true(find(after, ConditionType::Ready)) && !is_true(find(before, ConditionType::Ready)) {
        events.push(Event {
            warning: false,
            reason: Reason::Available.to_string(),
            action: "Reconcile".to_owned(),
            note: "The database can be used.".to_owned(),
        });
    }
    events
}

fn find(status: &PostgresDBStatus, kind: ConditionType) -> Option<&Condition> {
    status
        .conditions
        .iter()
        .find(|condition| condition.type_ == kind.as_str())
}

/// FNV-1a: stable across releases, unlike the standard library's hasher.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
