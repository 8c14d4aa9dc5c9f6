//! What an operator that is to change nothing does with a plan: it tells it.
//!
//! Nothing here may let an action through.

use stow_versions::status::Reason;

use super::{Action, Obstacle, Plan};

/// Takes back every action, and says what they would have done.
pub(super) fn all(plan: &mut Plan) {
    let actions: Vec<_> = plan
        .actions
        .drain(..)
        .map(|action| summary(&action))
        .collect();
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

/// What an action does, in words that follow "it would".
fn summary(action: &Action) -> String {
    match action {
        Action::AddFinalizer => "add the finalizer".to_owned(),
        Action::RemoveFinalizer => "remove the finalizer".to_owned(),
        Action::CreateSecret(content) => format!("create Secret {}", content.name),
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
        Action::Delete(request) => format!(
            "delete RDS instance {} with final snapshot {}",
            request.identifier, request.final_snapshot
        ),
    }
}
