//! A plan as a line that a table of tests can hold.
//!
//! Nothing here may leave out what tells two plans apart.

use stow_versions::status::Reason;

use crate::plan::{Action, Noted, Plan, Stays};

/// A plan in words: what it does, what it waits for, what blocks it.
pub(crate) fn told(plan: &Plan) -> String {
    let mut words: Vec<String> = plan.actions.iter().map(action).collect();
    let reasons = |mark: char, reasons: Vec<Reason>| {
        reasons
            .into_iter()
            .map(move |reason| format!("{mark}{reason}"))
            .collect::<Vec<_>>()
    };
    words.extend(reasons(
        '~',
        plan.waiting
            .iter()
            .map(|obstacle| obstacle.reason)
            .collect(),
    ));
    words.extend(reasons(
        '!',
        plan.blocked
            .iter()
            .map(|obstacle| obstacle.reason)
            .collect(),
    ));
    words.join(" ")
}

fn action(action: &Action) -> String {
    match action {
        Action::AddFinalizer => "+finalizer".into(),
        Action::RemoveFinalizer => "-finalizer".into(),
        Action::Release { identifier, why } => match why {
            Stays::ByPolicy => format!("-finalizer(leaves {identifier})"),
            Stays::NotOurs => "-finalizer".into(),
        },
        Action::NoteUpgrade { version } => format!("note({version})"),
        Action::NoteInherited(inherited) => {
            let inherited = inherited
                .iter()
                .map(|(path, text)| format!("{path}={text}"));
            format!("inherits({})", inherited.collect::<Vec<_>>().join(","))
        }
        Action::CreateSecret(content) => {
            let mark = if content.password_pending { "*" } else { "" };
            format!("+secret({}{mark})", content.name)
        }
        Action::UpdateSecret { held, content } => {
            let changed = content
                .data
                .iter()
                .filter(|(key, value)| held.data.get(*key) != Some(value));
            let mut keys: Vec<_> = changed.map(|(key, _)| key.as_str()).collect();
            let noted = content.password_pending || held.noted == Noted::This;
            if keys.is_empty() && !noted && !held.password_pending {
                keys.push("note");
            }
            if held.password_pending != content.password_pending {
                keys.push(if content.password_pending {
                    "*"
                } else {
                    "settled"
                });
            }
            format!("secret({})", keys.join(","))
        }
        Action::DeleteSecret(held) => format!("-secret({})", held.name),
        Action::Create(request) => format!("create({})", request.identifier),
        Action::Modify(request) => {
            let parts = [
                request.class.clone(),
                request.storage.map(|size| format!("{size}GiB")),
                request.storage_type.clone(),
                request.iops.map(|iops| format!("{iops}iops")),
                request
                    .throughput
                    .map(|throughput| format!("{throughput}MiB/s")),
                request.max_storage.map(|size| format!("max={size}GiB")),
                request
                    .multi_az
                    .map(|multi_az| format!("multiAZ={multi_az}")),
                request
                    .engine_version
                    .as_ref()
                    .map(|version| format!("version={version}")),
                request
                    .allow_major_version_upgrade
                    .then(|| "major".to_owned()),
                Some(request.settings.words().join(",")).filter(|words| !words.is_empty()),
                request.monitoring_role.as_ref().map(|_| "role".to_owned()),
                request
                    .master_password
                    .as_ref()
                    .map(|password| format!("password={}", password.expose())),
                request.apply_immediately.then(|| "now".to_owned()),
            ];
            format!(
                "modify({})",
                parts.into_iter().flatten().collect::<Vec<_>>().join(",")
            )
        }
        Action::AddTags { tags, .. } => {
            format!(
                "tag({})",
                tags.keys().cloned().collect::<Vec<_>>().join(",")
            )
        }
        Action::Delete(request) => format!(
            "delete({})",
            request.final_snapshot.as_deref().unwrap_or("no snapshot")
        ),
    }
}
