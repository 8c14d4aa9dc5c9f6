//! A world for the planner to look at: a database that exists and is as its
//! spec says. Each test changes what it is about.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use stow_versions::v1beta1::DeletionPolicy;

pub(crate) use super::words::told;
use crate::plan::{
    Creation, Database, Desired, Goal, HeldSecret, Noted, Observed, Ownership, Plan, Presence,
    SecretState, SentPassword, Subject, ownership, plan,
};
use crate::rds::{Instance, Password, Pending, Settings};

pub(crate) const FINAL_SNAPSHOT: &str = "orders-0b5a-20261122010203";

pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)
}

/// Missing from that many sweeps, for long enough.
pub(crate) fn absent(sweeps: u32) -> Presence {
    absent_for(sweeps, 300)
}

/// Missing from that many sweeps, for so many seconds.
pub(crate) fn absent_for(sweeps: u32, seconds: i64) -> Presence {
    let since = SignedDuration::from_secs(seconds);
    Presence::Absent {
        sweeps,
        since,
        going: false,
    }
}

pub(crate) fn subject() -> Subject {
    Subject {
        cluster: "c1".into(),
        namespace: "shop".into(),
        name: "orders".into(),
        uid: "0b5a".into(),
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
}

impl World {
    /// An instance at rest, as its spec says.
    pub(crate) fn settled() -> Self {
        let desired = Desired {
            subject: subject(),
            goal: Goal::Exists(Box::new(database())),
            stated: BTreeMap::new(),
            applies_at_once: false,
            paused: false,
        };
        let instance = instance();
        let observed = Observed {
            finalizer: true,
            recorded: true,
            secret: SecretState::Ours(secret(&instance)),
            instance: Presence::Present(Box::new(instance)),
            copy: None,
            elsewhere: None,
            previous: None,
            former_secret: None,
            fresh_password: Password::new("fresh".into()),
            issued: Vec::new(),
            asked: Vec::new(),
            sent_password: None,
            failed: Vec::new(),
            upgrade_tried: None,
            reported: true,
            inherited: None,
            read_only: false,
        };
        Self { desired, observed }
    }

    /// Nothing but the object.
    pub(crate) fn blank() -> Self {
        let mut world = Self::settled();
        world.observed.finalizer = false;
        world.observed.recorded = false;
        world.observed.instance = absent(1);
        world.observed.secret = SecretState::Missing;
        world
    }

    /// The settled world, its object deleted.
    pub(crate) fn leaving() -> Self {
        let mut world = Self::settled();
        world.desired.goal = Goal::Gone {
            policy: Ok(DeletionPolicy::Snapshot),
            final_snapshot: FINAL_SNAPSHOT.into(),
            deletion_protection: None,
        };
        world
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn database(&mut self) -> &mut Database {
        match &mut self.desired.goal {
            Goal::Exists(database) => database,
            goal => panic!("{goal:?} has no database"),
        }
    }

    pub(crate) fn instance(&mut self) -> &mut Instance {
        match &mut self.observed.instance {
            Presence::Present(instance) => instance,
            presence => panic!("{presence:?} has no instance"),
        }
    }

    pub(crate) fn held(&mut self) -> &mut HeldSecret {
        match &mut self.observed.secret {
            SecretState::Ours(held) | SecretState::Unmarked(held) => held,
            secret => panic!("{secret:?} holds nothing"),
        }
    }

    /// Whether the instance says itself that it is somebody else's.
    pub(crate) fn is_foreign(&self) -> bool {
        let Presence::Present(instance) = &self.observed.instance else {
            return false;
        };
        matches!(
            ownership(&self.desired.subject, instance),
            Ownership::Foreign(_)
        )
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.desired, &self.observed, now())
    }
}

pub(crate) fn database() -> Database {
    Database {
        class: Some("db.t3.small".into()),
        storage: Some(100),
        storage_type: Some("gp3".into()),
        iops: None,
        throughput: None,
        max_storage: None,
        engine_version: None,
        allow_major_version_upgrade: false,
        multi_az: Some(false),
        settings: Settings::default(),
        apply_changes: None,
        monitoring_role: Some("arn:aws:iam::123456789012:role/monitor".into()),
        subnet_group: None,
        encrypted: None,
        kms_key: None,
        tags: BTreeMap::from([("team".into(), "shop".into())]),
        required_tags: BTreeMap::new(),
        database_name: Some("orders".into()),
        master_username: None,
        secret_name: "orders".into(),
        creation: Ok(Box::new(Creation {
            class: "db.t3.small".into(),
            storage: 100,
            storage_type: "gp3".into(),
            iops: None,
            throughput: None,
            max_storage: None,
            engine_version: None,
            multi_az: false,
            database_name: "orders".into(),
            master_username: "postgres".into(),
            subnet_group: None,
            encrypted: true,
            kms_key: None,
            settings: settings(),
            monitoring_role: None,
        })),
        denied: None,
        undecided: None,
    }
}

/// What RDS shows of an instance whose spec says nothing more.
pub(crate) fn settings() -> Settings {
    Settings {
        port: Some(5432),
        backup_retention: Some(7),
        backup_window: Some("03:00-04:00".into()),
        maintenance_window: Some("sun:05:00-sun:06:00".into()),
        auto_minor_version_upgrade: Some(true),
        parameter_group: Some("default.postgres17".into()),
        security_groups: Some(["sg-1".into()].into()),
        publicly_accessible: Some(false),
        iam_authentication: Some(false),
        performance_insights: Some(false),
        enhanced_interval: Some(0),
        log_exports: Some([].into()),
        extended_support: Some(false),
        deletion_protection: Some(false),
    }
}

pub(crate) fn instance() -> Instance {
    let mut tags = subject().tags();
    tags.insert("team".into(), "shop".into());
    Instance {
        identifier: subject().identifier(),
        arn: "arn:aws:rds:eu-west-1:123456789012:db:orders-0b5a".into(),
        lacks: None,
        resource_id: Some("db-1".into()),
        status: "available".into(),
        endpoint: Some(("orders.rds.example".into(), 5432)),
        engine: "postgres".into(),
        engine_version: Some("17.4".into()),
        class: "db.t3.small".into(),
        storage: 100,
        storage_type: Some("gp3".into()),
        iops: Some(3000),
        throughput: Some(125),
        max_storage: None,
        multi_az: false,
        database_name: Some("orders".into()),
        master_username: "postgres".into(),
        subnet_group: Some("private".into()),
        encrypted: Some(true),
        kms_key: Some("arn:aws:kms:eu-west-1:123456789012:key/0b5a".into()),
        settings: settings(),
        parameters: Some("in-sync".into()),
        read_replicas: Vec::new(),
        pending: Pending::default(),
        tags,
    }
}

/// The Secret that goes with an instance.
pub(crate) fn secret(instance: &Instance) -> HeldSecret {
    let (host, port) = instance
        .endpoint
        .clone()
        .expect("the instance has an endpoint");
    let data = [
        ("DB_HOST", host.clone()),
        ("DB_PORT", port.to_string()),
        ("DB_NAME", "orders".into()),
        ("DB_USER", "postgres".into()),
        ("DB_PASSWORD", "p/w".into()),
        (
            "DATABASE_URL",
            format!("postgres://postgres:p%2Fw@{host}:{port}/orders?sslmode=require"),
        ),
    ];
    HeldSecret {
        name: "orders".into(),
        uid: "secret-uid".into(),
        resource_version: "7".into(),
        data: data
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        password_pending: false,
        noted: Noted::This,
    }
}

/// Somebody writes a password over the one that RDS accepted.
pub(super) fn overwrite(world: &mut World, password: &str) {
    let held = world.held();
    held.data.insert("DB_PASSWORD".into(), password.into());
    held.noted = Noted::Another;
}

/// What RDS was sent, and accepted.
pub(super) fn sent(password: &str) -> SentPassword {
    SentPassword {
        password: Password::new(password.into()),
        accepted: true,
    }
}

/// What a row does to its world.
pub(crate) type Change = fn(&mut World);

/// Asserts the plan for a world, in words.
#[track_caller]
pub(crate) fn decides(world: World, change: impl FnOnce(&mut World), want: &str) {
    assert_eq!(told(&world.with(change).plan()), want);
}
