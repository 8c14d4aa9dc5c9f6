//! Objects of one second, judged in any order, each on what is there by then.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use proptest::prelude::*;
use serde_json::json;
use stow_versions::status::PostgresDBStatus;

use super::*;

const MOST: usize = 2;
const OBJECTS: usize = 5;

fn object(index: usize) -> PostgresDB {
    PostgresDB {
        metadata: ObjectMeta {
            name: Some(format!("db-{index}")),
            namespace: Some("shop".into()),
            uid: Some(format!("u{index}")),
            creation_timestamp: Some(Time(Timestamp::UNIX_EPOCH)),
            finalizers: Some(vec![stow_versions::FINALIZER.into()]),
            ..ObjectMeta::default()
        },
        spec: json!({}),
        status: PostgresDBStatus::default(),
    }
}

fn configuration() -> Configuration {
    let data = [
        ("aws.rds.postgres.default.instance.class", "db.t4g.micro"),
        ("policy.maxPerNamespace", "2"),
    ];
    let data = data.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Configuration::read(&data.into())
}

proptest! {
    #[test]
    fn as_many_as_may_have_a_database_get_one(
        arrivals in Just((0..OBJECTS).collect::<Vec<_>>()).prop_shuffle(),
        turns in prop::collection::vec((0..OBJECTS, 1..=OBJECTS), 0..40),
    ) {
        let (places, configuration) = (Places::default(), configuration());
        let mut placed = [false; OBJECTS];
        let mut judge = |turn: usize, arrived: usize| {
            let own = object(arrivals[turn]);
            let uid = own.metadata.uid.clone().unwrap();
            let subject = crate::cluster::subject_of("c1", &own).unwrap();
            let look = || {
                let others = arrivals[..arrived].iter().filter(|other| **other != arrivals[turn]);
                others.map(|other| object(*other).as_neighbour()).collect()
            };
            let desired = places.judge(&uid, look, |neighbours, placed| {
                let surroundings = Surroundings {
                    configuration: Some(&configuration), neighbours, placed, left_behind: &[],
                };
                validate::desired(&subject, &own, surroundings)
            });
            let Goal::Exists(database) = desired.goal else { panic!("it is not deleted") };
            placed[turn] = database.creation.is_ok();
            placed.iter().filter(|placed| **placed).count()
        };
        let (mut arrived, mut before) = (1, 0);
        // Whatever came before, one more look at each is enough: nobody is
        // waked by the place that another gives back.
        let last = (0..OBJECTS).map(|turn| (turn, OBJECTS));
        for (turn, seen) in turns.into_iter().chain(last) {
            arrived = arrived.max(seen);
            if turn < arrived {
                let now = judge(turn, arrived);
                prop_assert!((before..=MOST).contains(&now), "{before}, then {now}");
                before = now;
            }
        }
        prop_assert_eq!(before, MOST);
    }
}
