//! The RDS client against a server of canned answers: what RDS, or something
//! that stands between, can put on the wire.

mod caller;
mod canned;
mod chain;
mod log;
mod mutations;
mod reads;
mod spoil;
mod spoilt;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use canned::Server;
use stow::rds::{AwsRds, CreateInstance, DeleteInstance, Outcome, Password, Settings};

const PASSWORD: &str = "correct&horse+battery-staple._~";

/// What the observer was told, in order.
type Told = Arc<Mutex<Vec<(&'static str, Outcome)>>>;

/// A chain that reads nothing of the environment it runs in.
fn chain(endpoint: &str) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .empty_test_environment()
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
}

async fn client(server: &Server) -> (AwsRds, Told) {
    connect(chain(&server.url).test_credentials()).await
}

async fn connect(chain: ConfigLoader) -> (AwsRds, Told) {
    LazyLock::force(&log::LOG);
    let told = Told::default();
    let sink = told.clone();
    let observer = Arc::new(move |action, outcome| {
        sink.lock()
            .expect("no observer panics")
            .push((action, outcome));
    });
    (AwsRds::connect_with(chain, observer).await, told)
}

fn outcomes(told: &Told) -> Vec<Outcome> {
    told.lock()
        .expect("no observer panics")
        .iter()
        .map(|(_, how)| *how)
        .collect()
}

fn instance(identifier: &str, extra: &str) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{identifier}</DBInstanceIdentifier>\
         <DBInstanceArn>arn:aws:rds:eu-west-1:1:db:{identifier}</DBInstanceArn>\
         <DBInstanceStatus>available</DBInstanceStatus><Engine>postgres</Engine>\
         <DBInstanceClass>db.t3.micro</DBInstanceClass><AllocatedStorage>20</AllocatedStorage>\
         <MultiAZ>false</MultiAZ><MasterUsername>postgres</MasterUsername>{extra}</DBInstance>"
    )
}

fn create() -> CreateInstance {
    CreateInstance {
        identifier: "orders-1".to_owned(),
        class: "db.t3.micro".to_owned(),
        storage: 20,
        storage_type: "gp3".to_owned(),
        iops: None,
        throughput: None,
        max_storage: None,
        engine_version: None,
        multi_az: true,
        database_name: "orders".to_owned(),
        master_username: "postgres".to_owned(),
        master_password: Password::new(PASSWORD.to_owned()),
        subnet_group: None,
        encrypted: true,
        kms_key: None,
        settings: Settings {
            port: Some(5432),
            backup_retention: Some(7),
            backup_window: Some("03:00-04:00".to_owned()),
            auto_minor_version_upgrade: Some(true),
            ..Settings::default()
        },
        monitoring_role: None,
        tags: BTreeMap::from([("stow.myob.com/uid".to_owned(), "u".to_owned())]),
    }
}

fn delete() -> DeleteInstance {
    DeleteInstance {
        identifier: "orders-1".to_owned(),
        final_snapshot: Some("orders-1-20261122170000".to_owned()),
    }
}
