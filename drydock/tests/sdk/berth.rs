//! A drydock of its own for each test, and clients for it.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_rds::{Client, config::Credentials, error::ProvideErrorMetadata, types::DbInstance};
use drydock::{
    dock::Dock,
    model::{Instance, Scope},
    servers::Servers,
    settings::Settings,
    store::Store,
    wire::{self, Entrance, Limits},
};
use harness::eventually;

/// Longer than anything here takes, shorter than a stuck build.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);

pub(crate) struct Berth {
    pub(crate) dock: Arc<Dock>,
    address: SocketAddr,
    // Removed when the test ends.
    folder: Option<tempfile::TempDir>,
}

impl Berth {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut berth = Self::on(folder.path(), settings).await;
        berth.folder = Some(folder);
        berth
    }

    pub(crate) async fn on(folder: &Path, settings: Settings) -> Self {
        let versions = ["16.10", "17.5", "17.6"].map(|version| version.parse().unwrap());
        Self::of(folder, settings, Servers::None(versions.into())).await
    }

    pub(crate) async fn of(folder: &Path, settings: Settings, servers: Servers) -> Self {
        Self::behind(folder, settings, servers, Entrance::default()).await
    }

    pub(crate) async fn behind(
        folder: &Path,
        settings: Settings,
        servers: Servers,
        entrance: Entrance,
    ) -> Self {
        let (store, world) = Store::open(folder).unwrap();
        let advertised = "127.0.0.1".to_owned();
        let dock = Dock::open(store, world, servers, settings, advertised).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = wire::router(Arc::clone(&dock), entrance);
        let end = std::future::pending();
        tokio::spawn(wire::serve(listener, router, Limits::default(), end));
        Self {
            dock,
            address,
            folder: None,
        }
    }

    /// All there is to know of the instances in `eu-west-1`.
    pub(crate) fn instances(&self) -> BTreeMap<String, Instance> {
        let scope = Scope {
            account: self.dock.account(),
            region: "eu-west-1".to_owned(),
        };
        self.dock.read(&scope, |view| view.region.instances.clone())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn config(&self, region: &str) -> SdkConfig {
        config_of(self.address, region)
    }

    pub(crate) fn rds(&self) -> Client {
        Client::new(&self.config("eu-west-1"))
    }
}

#[derive(Debug)]
struct Sleep;

impl aws_sdk_rds::config::AsyncSleep for Sleep {
    fn sleep(&self, duration: Duration) -> aws_sdk_rds::config::Sleep {
        aws_sdk_rds::config::Sleep::new(tokio::time::sleep(duration))
    }
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, E>,
) -> String {
    match result {
        Ok(answer) => panic!("not refused: {answer:?}"),
        Err(error) => error
            .code()
            .unwrap_or_else(|| panic!("no code: {error:?}"))
            .to_owned(),
    }
}

pub(crate) async fn create(rds: &Client, identifier: &str) {
    request(rds, identifier).send().await.unwrap();
}

/// A request that is accepted as it is.
pub(crate) fn request(
    rds: &Client,
    identifier: &str,
) -> aws_sdk_rds::operation::create_db_instance::builders::CreateDBInstanceFluentBuilder {
    rds.create_db_instance()
        .db_instance_identifier(identifier)
        .db_instance_class("db.t3.micro")
        .engine("postgres")
        .allocated_storage(20)
        .master_username("postgres")
        .master_user_password("correct-horse")
}

pub(crate) async fn describe(rds: &Client, identifier: &str) -> DbInstance {
    let described = rds
        .describe_db_instances()
        .db_instance_identifier(identifier)
        .send()
        .await
        .unwrap();
    let [instance] = described.db_instances() else {
        panic!("not one instance: {described:?}");
    };
    instance.clone()
}

/// Asks until the instance has the status.
pub(crate) async fn until(rds: &Client, identifier: &str, status: &str) -> DbInstance {
    let what = format!("{identifier} to be {status}");
    let asking = eventually(what, PATIENCE, || async {
        let instance = describe(rds, identifier).await;
        let seen = instance.db_instance_status().map(str::to_owned);
        if seen.as_deref() == Some(status) {
            Ok(instance)
        } else {
            Err(format!("{seen:?}"))
        }
    });
    asking.await.unwrap()
}

/// Asks until there is no such instance.
pub(crate) async fn until_gone(rds: &Client, identifier: &str) {
    let what = format!("{identifier} to be gone");
    let asking = eventually(what, PATIENCE, || async {
        let described = rds
            .describe_db_instances()
            .db_instance_identifier(identifier)
            .send()
            .await;
        described.is_err().then(|| code(described))
    });
    assert_eq!(asking.await.unwrap(), "DBInstanceNotFound");
}

/// Any credentials, and no retries.
pub(crate) fn config_of(address: SocketAddr, region: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(aws_sdk_rds::config::SharedCredentialsProvider::new(
            Credentials::for_tests(),
        ))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .sleep_impl(aws_sdk_rds::config::SharedAsyncSleep::new(Sleep))
        .build()
}
