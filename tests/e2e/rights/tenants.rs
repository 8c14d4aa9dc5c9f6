//! What the built-in roles let a tenant do with databases.

use harness::{Error, Result, eventually};

use crate::stage::{NAMESPACE, PATIENCE, Stage};

const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// What a role may do with objects; their status, finalizers and Secrets-by-Stow
/// are asked for apart.
const ROLES: [(&str, &[&str]); 3] = [
    ("view", &["get", "list", "watch"]),
    (
        "edit",
        &[
            "get", "list", "watch", "create", "update", "patch", "delete",
        ],
    ),
    (
        "admin",
        &[
            "get", "list", "watch", "create", "update", "patch", "delete",
        ],
    ),
];

#[tokio::test]
async fn the_built_in_roles_reach_databases_and_never_their_status() -> Result<()> {
    let stage = Stage::boot().await?;
    for (role, _) in ROLES {
        let binding = [
            "create",
            "rolebinding",
            role,
            &format!("--clusterrole={role}"),
            &format!("--user={role}"),
            "-n",
            NAMESPACE,
        ];
        stage.kubectl(&binding).await?;
    }
    // A controller adds Stow's rules to the built-in roles.
    eventually("the aggregated roles", PATIENCE, || async {
        for (role, _) in ROLES {
            if !may(&stage, role, "get", "postgresdbs.myob.com", NAMESPACE).await? {
                return Err(Error::Unexpected(format!("{role} is as it was")));
            }
        }
        Ok(())
    })
    .await?;
    for (role, allowed) in ROLES {
        for verb in VERBS {
            for (resource, namespace, expected) in [
                ("postgresdbs.myob.com", NAMESPACE, allowed.contains(&verb)),
                ("postgresdbs.myob.com", "default", false),
                ("postgresdbs.myob.com/status", NAMESPACE, false),
                ("postgresdbs.myob.com/finalizers", NAMESPACE, false),
            ] {
                let found = may(&stage, role, verb, resource, namespace).await?;
                assert_eq!(found, expected, "{role}: {verb} {resource} in {namespace}");
            }
        }
    }
    a_tenant_keeps_a_database_and_forges_nothing(&stage).await
}

/// Whether a user may, as the API server's own authorizer says.
async fn may(stage: &Stage, user: &str, verb: &str, what: &str, within: &str) -> Result<bool> {
    let (resource, part) = what.split_once('/').unwrap_or((what, ""));
    let part = format!("--subresource={part}");
    let question = ["auth", "can-i", verb, resource, &part, "--as", user];
    let question = [&question[..], &["-n", within]].concat();
    let answer = stage.cluster.kubectl(&question).await?;
    match answer.stdout.trim() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Error::Unexpected(answer.stderr)),
    }
}

/// The same by deeds.
async fn a_tenant_keeps_a_database_and_forges_nothing(stage: &Stage) -> Result<()> {
    let object = "apiVersion: myob.com/v1beta1\nkind: PostgresDB\nmetadata:\n  name: till\n";
    let as_edit = |arguments: &[&str]| {
        let arguments = [arguments, &["-n", NAMESPACE, "--as", "edit"]].concat();
        let arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
        async move {
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            stage.cluster.kubectl_in(object, &arguments).await
        }
    };
    as_edit(&["apply", "-f", "-"]).await?.ok()?;
    let forged = r#"{"status":{"ready":"available"}}"#;
    let forge = ["patch", "postgresdb/till", "--type=merge", "-p", forged];
    let refused = as_edit(&[&forge[..], &["--subresource=status"]].concat()).await?;
    assert!(!refused.success());
    assert!(refused.stderr.contains("Forbidden"), "{}", refused.stderr);
    // By the main resource a status is not written at all.
    as_edit(&forge).await?.ok()?;
    let ready = "jsonpath={.status.ready}";
    let get = as_edit(&["get", "postgresdb/till", "-o", ready]).await?;
    assert_eq!(get.ok()?, "");
    as_edit(&["delete", "postgresdb/till"])
        .await?
        .ok()
        .map(drop)
}
