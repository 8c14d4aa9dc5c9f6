//! Secrets as anybody may have edited them, from the API server's object to the
//! plan: no panic, no password lost, and nothing done beyond what is documented.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use proptest::prelude::*;
use proptest::sample::select;

use crate::plan::tests::world::{World, absent};
use crate::plan::{Action, Plan, SecretContent, password_of};
use crate::rds::ModifyInstance;

use super::*;

const PASSWORD: &str = "DB_PASSWORD";
const KEYS: [&str; 8] = [
    "DB_HOST",
    "DB_PORT",
    "DB_NAME",
    "DB_USER",
    PASSWORD,
    "DATABASE_URL",
    "EXTRA",
    "db_password",
];

/// What somebody may put under a key.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        "",
        " ",
        "p/w",
        "x",
        "orders.rds.example",
        "orders.rds.example:5432",
        "postgres://u:x@h/d",
        "postgres://u:p%2Fw@h/d",
        "://@:",
        "postgres://",
        "a:b@c://d:e@f",
    ];
    prop_oneof![
        select(words).prop_map(|word| word.as_bytes().to_vec()),
        any::<String>().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..20),
    ]
}

fn owner() -> impl Strategy<Value = OwnerReference> {
    let kind = select(vec!["PostgresDB", "PostgresDB", "Deployment", ""]);
    let version = select(vec!["myob.com/v1beta1", "myob.com/v1alpha1", "apps/v1", ""]);
    let uid = select(vec!["0b5a", "0b5a", "another", ""]);
    (kind, version, uid).prop_map(|(kind, version, uid)| OwnerReference {
        kind: kind.to_owned(),
        api_version: version.to_owned(),
        uid: uid.to_owned(),
        name: "orders".to_owned(),
        ..OwnerReference::default()
    })
}

prop_compose! {
    /// The settled Secret with some of its keys changed, or one made of nothing.
    fn secrets()(
        complete in prop::bool::weighted(0.8),
        removed in prop::collection::vec(select(KEYS.to_vec()), 0..3),
        written in prop::collection::btree_map(select(KEYS.to_vec()), value(), 0..3),
        kind in select(vec![Some("Opaque"), Some("Opaque"), Some("kubernetes.io/tls"), Some(""), None]),
        label in select(vec![Some("stow"), Some("stow"), Some("Helm"), None]),
        pending in select(vec![None, Some("pending"), Some("done"), Some("")]),
        owners in prop::collection::vec(owner(), 0..3),
        proper in any::<bool>(),
        name in select(vec!["orders", "orders", "another"]),
        no_data in prop::bool::weighted(0.05),
    ) -> Secret {
        let held = World::settled().held().data.clone();
        let mut data: BTreeMap<String, Vec<u8>> = if complete {
            held.into_iter().map(|(key, value)| (key, value.into_bytes())).collect()
        } else {
            BTreeMap::new()
        };
        for key in removed {
            data.remove(key);
        }
        data.extend(written.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let data = data.into_iter().map(|(key, value)| (key, ByteString(value))).collect();
        let mut secret = Secret {
            data: Some(data).filter(|_| !no_data),
            type_: kind.map(str::to_owned),
            ..Secret::default()
        };
        let metadata = &mut secret.metadata;
        metadata.name = Some(name.to_owned());
        metadata.labels = label.map(|by| BTreeMap::from([("app.kubernetes.io/managed-by".to_owned(), by.to_owned())]));
        metadata.annotations = pending.map(|mark| BTreeMap::from([("stow.myob.com/password".to_owned(), mark.to_owned())]));
        metadata.owner_references = Some(owners).filter(|owners| !owners.is_empty());
        if proper {
            let ours = OwnerReference {
                kind: "PostgresDB".into(),
                api_version: "myob.com/v1beta1".into(),
                uid: "0b5a".into(),
                ..OwnerReference::default()
            };
            metadata.owner_references = Some(vec![ours]);
            metadata.labels = Some(BTreeMap::from([("app.kubernetes.io/managed-by".to_owned(), "stow".to_owned())]));
            secret.type_ = Some("Opaque".to_owned());
        }
        secret
    }
}

/// What else is known beside the Secret.
fn worlds() -> impl Strategy<Value = World> {
    select(vec![0, 1, 2, 3, 4, 5]).prop_map(|which| {
        World::settled().with(|world| match which {
            0 => {}
            1 => {
                world.instance().endpoint = None;
                world.instance().status = "creating".to_owned();
            }
            2 => world.instance().status = "backing-up".to_owned(),
            3 => world.observed.instance = absent(3),
            4 => {
                world.observed.instance = absent(3);
                world.observed.recorded = false;
            }
            _ => world.observed.instance = Presence::Unknown,
        })
    })
}

/// What RDS is asked for by a plan about a Secret: a password at most.
fn told_to_rds(plan: &Plan) -> Result<Vec<&str>, TestCaseError> {
    let mut passwords = Vec::new();
    for action in &plan.actions {
        match action {
            Action::Modify(request) => {
                let password = request.master_password.as_ref();
                let alone = ModifyInstance {
                    identifier: request.identifier.clone(),
                    master_password: password.cloned(),
                    ..ModifyInstance::default()
                };
                prop_assert_eq!(request.as_ref(), &alone);
                passwords.extend(password.map(crate::rds::Password::expose));
            }
            Action::CreateSecret(_) | Action::UpdateSecret { .. } => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
    Ok(passwords)
}

fn updates(plan: &Plan) -> impl Iterator<Item = &SecretContent> {
    plan.actions.iter().filter_map(|action| match action {
        Action::UpdateSecret { content, .. } => Some(content),
        _ => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_edited_secret_loses_no_password_and_moves_nothing_else(secret in secrets(), world in worlds()) {
        let state = judge(&world.desired.subject, SecretRead::from(secret.clone()));
        let world = world.with(|world| world.observed.secret = state.clone());
        let plan = world.plan();
        let there = matches!(world.observed.instance, Presence::Present(_));
        let gone = matches!(world.observed.instance, Presence::Absent { .. });
        match &state {
            SecretState::Ours(held) => {
                let password = password_of(held);
                let password = password.as_ref().map(crate::rds::Password::expose);
                if gone && !world.observed.recorded && (held.password_pending || password.is_none()) {
                    // Nothing says that the instance ever existed: it is created,
                    // with the password that the Secret keeps.
                    for action in &plan.actions {
                        if let Action::Create(request) = action {
                            prop_assert_eq!(Some(request.master_password.expose()), password);
                        }
                    }
                    return Ok(());
                }
                let told = told_to_rds(&plan)?;
                prop_assert!(there || plan.actions.is_empty(), "{:?}", plan);
                if let Some(password) = password {
                    for content in updates(&plan) {
                        prop_assert_eq!(content.data.get(PASSWORD).map(String::as_str), Some(password));
                    }
                    prop_assert!(told.iter().all(|told| *told == password));
                    let sound = held.data == World::settled().held().data;
                    prop_assert!(told.is_empty() || !sound || held.password_pending, "{:?}", plan);
                } else {
                    // It is made anew, and kept before RDS is told.
                    prop_assert!(told.is_empty());
                    for content in updates(&plan) {
                        prop_assert!(content.password_pending);
                        prop_assert_eq!(content.data.get(PASSWORD).map(String::as_str), Some("fresh"));
                    }
                }
            }
            SecretState::Unmarked(held) => {
                prop_assert!(told_to_rds(&plan)?.is_empty());
                for content in updates(&plan) {
                    prop_assert!(content.data.keys().all(|key| !held.data.contains_key(key)), "{:?}", content);
                    prop_assert!(!content.data.contains_key(PASSWORD));
                    let host = held.data.get("DB_HOST").and_then(|host| host.split(':').next());
                    prop_assert_eq!(host, Some("orders.rds.example"));
                }
            }
            SecretState::Foreign(_) => {
                prop_assert_eq!(&plan.actions, &[]);
                let conflicts = plan.blocked.iter().any(|told| told.reason == Reason::SecretConflict);
                prop_assert!(conflicts || !there, "{:?}", plan);
            }
            SecretState::Missing | SecretState::Unreadable(_) => prop_assert!(false, "{:?}", state),
        }
    }
}
