//! What is done with a plan that is not to be carried out: it is told.
//!
//! Nothing here may let an action through that changes what is to stay.

use stow_versions::status::Reason;

use crate::rds::DeleteInstance;

use super::{Action, Obstacle, Plan, Presence};

/// Takes back every action, and says what they would have done. What a takeover
/// begins with is a part of the status, like what is told here, and without it an
/// edit would not be known from what was there.
pub(super) fn all(plan: &mut Plan) {
    let withheld = plan
        .actions
        .extract_if(.., |action| !matches!(action, Action::NoteInherited(_)));
    let actions: Vec<_> = withheld.map(|action| summary(&action)).collect();
    if !actions.is_empty() {
        plan.blocked.push(Obstacle::new(
            Reason::Paused,
            format!(
                "Stow runs with --read-only and changes nothing. Else it would {} next.",
                actions.join(", ")
            ),
        ));
    }
}

/// Takes back what would change something at AWS, with all that follows it. A
/// Secret is not given a password that RDS is not told, either: applications
/// would be let in no more.
pub(super) fn at_rds(plan: &mut Plan, instance: &Presence) {
    let exists = !matches!(instance, Presence::Absent { .. });
    let withheld = |action: &Action| changes_rds(action) || exists && gives_password(action);
    let Some(first) = plan.actions.iter().position(withheld) else {
        return;
    };
    let actions: Vec<_> = plan.actions.drain(first..).collect();
    let told: Vec<_> = actions.iter().map(summary).collect();
    plan.blocked.push(Obstacle::new(
        Reason::Paused,
        format!(
            "The annotation {} says that nothing is to change at AWS. Else Stow would {} next: remove the annotation to let it.",
            stow_versions::PAUSED,
            told.join(", ")
        ),
    ));
}

fn changes_rds(action: &Action) -> bool {
    match action {
        Action::Create(_)
        | Action::Modify(_)
        | Action::AddTags { .. }
        | Action::Delete(_)
        // It stands for the modification that follows it.
        | Action::NoteUpgrade { .. } => true,
        Action::AddFinalizer
        | Action::RemoveFinalizer
        | Action::Release { .. }
        | Action::NoteInherited(_)
        | Action::CreateSecret(_)
        | Action::UpdateSecret { .. }
        | Action::DeleteSecret(_) => false,
    }
}

/// Whether a Secret gets a password that RDS may not have.
fn gives_password(action: &Action) -> bool {
    match action {
        Action::CreateSecret(content) | Action::UpdateSecret { content, .. } => {
            content.password_pending
        }
        _ => false,
    }
}

/// What an action does, in words that follow "it would".
fn summary(action: &Action) -> String {
    match action {
        Action::AddFinalizer => "add the finalizer".to_owned(),
        Action::RemoveFinalizer => "remove the finalizer".to_owned(),
        Action::Release { identifier, .. } => {
            format!("remove the finalizer and leave RDS instance {identifier}")
        }
        Action::NoteUpgrade { version } => format!("note the upgrade to {version}"),
        Action::NoteInherited(_) => "note what is left as it is".to_owned(),
        Action::CreateSecret(content) if content.password_pending => {
            format!("create Secret {} with a new password", content.name)
        }
        Action::CreateSecret(content) => format!("create Secret {}", content.name),
        Action::UpdateSecret { held, content } if content.password_pending => {
            format!("write Secret {} and tell RDS its password", held.name)
        }
        Action::UpdateSecret { held, .. } => format!("write Secret {}", held.name),
        Action::DeleteSecret(held) => format!("delete Secret {}", held.name),
        Action::Create(request) => format!("create RDS instance {}", request.identifier),
        Action::Modify(request) => format!(
            "modify RDS instance {} ({})",
            request.identifier,
            request.changes().join(", ")
        ),
        Action::AddTags { arn, tags } => format!(
            "tag {arn} ({})",
            tags.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
        Action::Delete(DeleteInstance {
            identifier,
            final_snapshot,
        }) => {
            let how = final_snapshot.as_ref().map_or_else(
                || "without a final snapshot".to_owned(),
                |snapshot| format!("with final snapshot {snapshot}"),
            );
            format!("delete RDS instance {identifier} {how}")
        }
    }
}
