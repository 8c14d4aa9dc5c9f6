//! What a preflight asked of the API server, by its audit log, beside the rights
//! that `yaml/preflight.yaml` grants.

use std::collections::BTreeSet;

use harness::{Audited, Result, Target};
use k8s_openapi::api::rbac::v1::ClusterRole;

use super::look::{self, Looker};
use crate::stage::{LOOKER, NAMESPACE, Stage, file};

/// It reads, is refused nothing, and needs every right that it has.
pub(super) fn nothing_but_reads(stage: &Stage) -> Result<()> {
    let audited = stage.cluster.audited(LOOKER)?;
    assert!(audited.len() > 50, "{} requests", audited.len());
    for request in &audited {
        let Audited { verb, code, .. } = request;
        assert!(["get", "list"].contains(&verb.as_str()), "{request:?}");
        assert!([200, 404].contains(code) || is_dead(request), "{request:?}");
        assert!(request.allowed, "{request:?}");
    }
    let used: BTreeSet<_> = audited.iter().filter_map(right).collect();
    let text = std::fs::read_to_string(file("yaml/preflight.yaml")).expect("the role");
    let role: ClusterRole = serde_saphyr::from_str(&text).expect("a ClusterRole");
    let mut granted = BTreeSet::new();
    for rule in role.rules.iter().flatten() {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                for verb in &rule.verbs {
                    granted.insert((group.clone(), resource.clone(), verb.clone()));
                }
            }
        }
    }
    assert_eq!(used, granted);
    Ok(())
}

/// Objects that a webhook would have to convert while none runs.
fn is_dead(request: &Audited) -> bool {
    let of = |resource: &str| resource == "postgresdbs";
    let Target::Resource { resource, .. } = &request.target else {
        return false;
    };
    request.code == 500 && of(resource)
}

fn right(request: &Audited) -> Option<(String, String, String)> {
    let Target::Resource {
        group, resource, ..
    } = &request.target
    else {
        return None;
    };
    Some((group.clone(), resource.clone(), request.verb.clone()))
}

/// Without a right, or an API server, it says that it cannot tell.
pub(super) async fn without_them_it_cannot_tell(stage: &Stage) -> Result<()> {
    let account = ["create", "serviceaccount", "nobody", "-n", NAMESPACE];
    stage.kubectl(&account).await?;
    let told = Looker::named(stage, "nobody").await?.look().await?;
    assert_eq!(told.code, Some(2), "{}", told.report);
    assert_eq!(told.report["verdict"], "unknown");
    for check in ["definition", "objects", "rights", "policies", "config-map"] {
        assert!(
            !told.of("unknown", check).is_empty(),
            "{check}: {}",
            told.report
        );
    }
    let gone = stage.cluster.kubeconfig("http://127.0.0.1:1", "none")?;
    for kubeconfig in [gone, file("no-such-file")] {
        let (code, text) = look::run(&kubeconfig, &[]).await?;
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("stow: "), "{text}");
    }
    Ok(())
}
