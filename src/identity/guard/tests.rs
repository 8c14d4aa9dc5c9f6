mod world;

use std::collections::BTreeMap;

use super::*;
use crate::cluster::Kept;
use crate::rds::{Pending, Settings};
use world::World;

const NAMESPACE: &str = "stow-system";
const HERE: &str = "111111111111";
const ELSEWHERE: &str = "222222222222";

fn of(data: BTreeMap<String, String>) -> Kept {
    let resource_version = format!("{data:?}");
    Kept {
        data,
        resource_version,
    }
}

fn data(cluster: &str, account: &str, region: &str) -> BTreeMap<String, String> {
    [
        ("cluster", cluster),
        ("account", account),
        ("region", region),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

fn instance(region: &str, account: &str) -> Instance {
    Instance {
        identifier: "orders".into(),
        arn: format!("arn:aws:rds:{region}:{account}:db:orders"),
        lacks: None,
        resource_id: None,
        status: "available".into(),
        endpoint: None,
        engine: "postgres".into(),
        engine_version: None,
        class: "db.t3.small".into(),
        storage: 20,
        storage_type: None,
        iops: None,
        throughput: None,
        max_storage: None,
        multi_az: false,
        database_name: None,
        master_username: "postgres".into(),
        subnet_group: None,
        encrypted: None,
        kms_key: None,
        settings: Settings::default(),
        parameters: None,
        read_replicas: Vec::new(),
        pending: Pending::default(),
        tags: BTreeMap::new(),
    }
}

/// A guard of cluster `c1` in `eu-west-1`, with STS at hand.
fn guard(pins: bool) -> (Arc<World>, Guard<World, World>) {
    let world = Arc::new(World::default());
    *world.account.lock().unwrap() = Some(HERE.to_owned());
    let own = Own {
        namespace: NAMESPACE.to_owned(),
        cluster: "c1".to_owned(),
        region: Some("eu-west-1".to_owned()),
    };
    let guard = Guard::new(
        world.clone(),
        world.clone(),
        own,
        Fence::open(),
        pins,
        Metrics::new(),
    );
    (world, guard)
}

fn kept(world: &World) -> Option<BTreeMap<String, String>> {
    world.kept.lock().unwrap().clone().map(|kept| kept.data)
}

#[tokio::test]
async fn a_first_start_pins_all_of_it_and_a_second_writes_nothing() {
    let (world, guard) = guard(true);
    guard.sweep().await.unwrap();
    assert_eq!(kept(&world), Some(data("c1", HERE, "eu-west-1")));
    let version = world.kept.lock().unwrap().clone();
    guard.sweep().await.unwrap();
    assert_eq!(*world.kept.lock().unwrap(), version);
}

#[tokio::test]
async fn an_operator_that_changes_nothing_pins_nothing_and_still_compares() {
    let (world, guard) = guard(false);
    guard.sweep().await.unwrap();
    assert_eq!(kept(&world), None);
    *world.kept.lock().unwrap() = Some(of(data("c1", ELSEWHERE, "eu-west-1")));
    guard.sweep().await.unwrap_err();
}

#[tokio::test]
async fn a_switch_of_any_facet_stops_and_heals_once_it_is_put_back() {
    for (pinned, facet) in [
        (data("c2", HERE, "eu-west-1"), "cluster id"),
        (data("c1", ELSEWHERE, "eu-west-1"), "AWS account"),
        (data("c1", HERE, "us-east-1"), "AWS region"),
    ] {
        let (world, guard) = guard(true);
        *world.kept.lock().unwrap() = Some(of(pinned.clone()));
        let obstacle = guard.sweep().await.unwrap_err();
        assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
        assert!(obstacle.message.contains(facet), "{}", obstacle.message);
        let page = guard.metrics.encode().unwrap();
        assert!(page.contains("stow_identity_mismatch 1\n"), "{page}");
        guard.vouch([].iter()).await.unwrap_err();
        assert_eq!(kept(&world), Some(pinned), "the pin is nobody's to mend");

        *world.kept.lock().unwrap() = Some(of(data("c1", HERE, "eu-west-1")));
        guard.sweep().await.unwrap();
        guard.vouch([].iter()).await.unwrap();
        let page = guard.metrics.encode().unwrap();
        assert!(page.contains("stow_identity_mismatch 0\n"), "{page}");
    }
}

#[tokio::test]
async fn an_instance_shows_the_account_and_sts_is_not_asked() {
    let (world, guard) = guard(true);
    *world.instances.lock().unwrap() = vec![instance("eu-west-1", HERE)];
    guard.sweep().await.unwrap();
    assert_eq!(*world.asked.lock().unwrap(), 0);
    assert_eq!(kept(&world), Some(data("c1", HERE, "eu-west-1")));

    // One of another account is among those that a torn sweep listed.
    let both = vec![
        instance("eu-west-1", HERE),
        instance("eu-west-1", ELSEWHERE),
    ];
    *world.instances.lock().unwrap() = both;
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
}

#[tokio::test]
async fn an_empty_account_is_asked_for_its_name() {
    let (world, guard) = guard(true);
    *world.instances.lock().unwrap() = vec![instance("eu-west-1", HERE)];
    guard.sweep().await.unwrap();
    // Other credentials, and nothing there.
    world.instances.lock().unwrap().clear();
    *world.account.lock().unwrap() = Some(ELSEWHERE.to_owned());
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
    assert!(obstacle.message.contains(ELSEWHERE), "{}", obstacle.message);
}

#[tokio::test]
async fn before_something_is_done_the_account_is_asked_for_whatever_the_sweep_listed() {
    let (world, guard) = guard(true);
    let listed = [instance("eu-west-1", HERE)];
    *world.instances.lock().unwrap() = listed.to_vec();
    guard.sweep().await.unwrap();
    guard.vouch(listed.iter()).await.unwrap();
    *world.account.lock().unwrap() = Some(ELSEWHERE.to_owned());
    let obstacle = guard.vouch(listed.iter()).await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
}

#[tokio::test]
async fn without_sts_an_instance_serves_and_nothing_else_does() {
    let (world, guard) = guard(true);
    *world.account.lock().unwrap() = None;
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::Unreachable);
    assert!(
        obstacle.message.contains("no way there"),
        "{}",
        obstacle.message
    );
    assert_eq!(kept(&world), None, "half a pin would be none");

    let listed = [instance("eu-west-1", HERE)];
    *world.instances.lock().unwrap() = listed.to_vec();
    guard.sweep().await.unwrap();
    guard.vouch(listed.iter()).await.unwrap();
    guard.vouch([].iter()).await.unwrap_err();

    // Empty again: that it was ours proves nothing about what it is.
    world.instances.lock().unwrap().clear();
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::Unreachable);
}

#[tokio::test]
async fn what_somebody_pins_at_the_same_time_counts() {
    let (world, guard) = guard(true);
    *world.rival.lock().unwrap() = Some(data("c1", ELSEWHERE, "eu-west-1"));
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::InvalidConfiguration);
    assert_eq!(kept(&world), Some(data("c1", ELSEWHERE, "eu-west-1")));
}

#[tokio::test]
async fn a_deleted_entry_is_pinned_anew_and_the_others_stay() {
    let (world, guard) = guard(true);
    let mut partial = data("c1", HERE, "us-east-1");
    partial.insert("note".into(), "ours".into());
    partial.remove("account");
    *world.kept.lock().unwrap() = Some(of(partial.clone()));
    guard.sweep().await.unwrap_err();
    assert_eq!(kept(&world), Some(partial.clone()), "not while one differs");

    partial.insert("region".into(), "eu-west-1".into());
    *world.kept.lock().unwrap() = Some(of(partial.clone()));
    guard.sweep().await.unwrap();
    partial.insert("account".into(), HERE.into());
    assert_eq!(kept(&world), Some(partial));
}

#[tokio::test]
async fn a_pin_that_cannot_be_read_is_remembered_but_not_guessed() {
    let failure = |world: &World, failure| *world.failure.lock().unwrap() = failure;
    let away = || cluster::Error::Unavailable {
        what: "reading ConfigMap stow-identity".into(),
        message: "no answer".into(),
    };
    let (world, guard) = guard(true);
    failure(&world, Some(away()));
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::Unreachable);
    guard.vouch([].iter()).await.unwrap_err();

    failure(&world, None);
    guard.sweep().await.unwrap();
    failure(&world, Some(away()));
    guard.sweep().await.unwrap();
    *world.account.lock().unwrap() = Some(ELSEWHERE.to_owned());
    guard.sweep().await.unwrap_err();

    let forbidden = cluster::Error::Forbidden {
        what: "reading ConfigMap stow-identity".into(),
        message: "no".into(),
    };
    failure(&world, Some(forbidden));
    let obstacle = guard.sweep().await.unwrap_err();
    assert_eq!(obstacle.reason, Reason::AccessDenied);
    assert!(
        obstacle.message.contains("yaml/deployment.yaml"),
        "{}",
        obstacle.message
    );
}
