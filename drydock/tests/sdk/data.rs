//! What is in the databases: logins over TLS, rows, snapshots, restores.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, sync::Arc};

use aws_sdk_rds::{
    Client,
    primitives::DateTime,
    types::{ApplyMethod, Parameter},
};
use drydock::{servers::Servers, settings::Settings};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::berth::{Berth, describe, request, until, until_gone};

const PASSWORD: &str = "correct-horse";

pub(crate) struct Port {
    pub(crate) berth: Berth,
    pub(crate) rds: Client,
    folder: tempfile::TempDir,
}

impl Port {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root, PostgreSQL runs as another user, who must come through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        Self::on(folder).await
    }

    /// What a drydock finds that starts on the folder of another.
    async fn on(folder: tempfile::TempDir) -> Self {
        let path = folder.path().join("data");
        let cache = folder.path().join("cache");
        let servers = Servers::find(&path, &cache).await.unwrap();
        let berth = Berth::of(&path, Settings::default(), servers).await;
        let rds = berth.rds();
        Self { berth, rds, folder }
    }

    async fn create(&self, name: &str) {
        let request = request(&self.rds, name).db_name("orders");
        request.send().await.unwrap();
        until(&self.rds, name, "available").await;
    }

    pub(crate) async fn login(
        &self,
        name: &str,
        password: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let endpoint = describe(&self.rds, name).await.endpoint.unwrap();
        let authority = self.berth.dock.servers().authority().unwrap();
        let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (client, connection) = Config::new()
            .host(endpoint.address().unwrap())
            .port(u16::try_from(endpoint.port.unwrap()).unwrap())
            .user("postgres")
            .password(password)
            .dbname("orders")
            .ssl_mode(SslMode::Require)
            .connect(MakeRustlsConnect::new(tls))
            .await?;
        tokio::spawn(connection);
        Ok(client)
    }

    async fn write(&self, name: &str, row: &str) {
        let client = self.login(name, PASSWORD).await.unwrap();
        let sql = "CREATE TABLE IF NOT EXISTS cargo (item text)";
        client.batch_execute(sql).await.unwrap();
        let sql = "INSERT INTO cargo VALUES ($1)";
        client.execute(sql, &[&row]).await.unwrap();
    }

    async fn rows(&self, name: &str) -> Vec<String> {
        let client = self.login(name, PASSWORD).await.unwrap();
        let sql = "SELECT item FROM cargo ORDER BY item";
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn delete(&self, name: &str) {
        let delete = self.rds.delete_db_instance();
        let delete = delete
            .db_instance_identifier(name)
            .skip_final_snapshot(true);
        delete.send().await.unwrap();
        until_gone(&self.rds, name).await;
    }
}

#[tokio::test]
async fn an_instance_is_a_server() {
    let port = Port::new().await;
    port.create("orders").await;
    port.write("orders", "tea").await;

    let modify = port
        .rds
        .modify_db_instance()
        .db_instance_identifier("orders");
    let modify = modify.master_user_password("another-horse");
    modify.send().await.unwrap();
    until(&port.rds, "orders", "available").await;
    assert!(port.login("orders", PASSWORD).await.is_err());
    let client = port.login("orders", "another-horse").await.unwrap();
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert!(!row.get::<_, bool>(0));

    let before = describe(&port.rds, "orders").await.endpoint;
    let stop = port.rds.stop_db_instance().db_instance_identifier("orders");
    stop.send().await.unwrap();
    until(&port.rds, "orders", "stopped").await;
    assert!(port.login("orders", "another-horse").await.is_err());
    let start = port
        .rds
        .start_db_instance()
        .db_instance_identifier("orders");
    start.send().await.unwrap();
    until(&port.rds, "orders", "available").await;
    assert_eq!(describe(&port.rds, "orders").await.endpoint, before);
    port.login("orders", "another-horse").await.unwrap();

    port.delete("orders").await;
    let left = std::fs::read_dir(port.folder.path().join("data/instances")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_restored_snapshot_has_the_rows_of_its_time_and_the_old_password() {
    let port = Port::new().await;
    port.create("source").await;
    port.write("source", "before").await;
    let snapshot = port.rds.create_db_snapshot();
    let snapshot = snapshot
        .db_instance_identifier("source")
        .db_snapshot_identifier("kept");
    snapshot.send().await.unwrap();
    until(&port.rds, "source", "available").await;
    port.write("source", "after").await;
    port.delete("source").await;

    let restore = port.rds.restore_db_instance_from_db_snapshot();
    let restore = restore
        .db_instance_identifier("copy")
        .db_snapshot_identifier("kept");
    restore.send().await.unwrap();
    until(&port.rds, "copy", "available").await;
    assert_eq!(port.rows("copy").await, ["before"]);

    let delete = port.rds.delete_db_snapshot().db_snapshot_identifier("kept");
    delete.send().await.unwrap();
    let snapshots = port.folder.path().join("data/snapshots");
    while std::fs::read_dir(&snapshots).unwrap().count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_point_in_time_is_between_two_rows_also_when_the_clock_was_moved() {
    let port = Port::new().await;
    let ahead = std::time::Duration::from_hours(30);
    port.berth.dock.advance(ahead).unwrap();
    port.create("source").await;
    port.write("source", "before").await;
    let between = port.berth.dock.clock().now();
    port.berth.dock.advance(ahead).unwrap();
    port.write("source", "after").await;

    let restore = |target: &str| {
        port.rds
            .restore_db_instance_to_point_in_time()
            .source_db_instance_identifier("source")
            .target_db_instance_identifier(target)
    };
    let time = DateTime::from_nanos(between.as_nanosecond()).unwrap();
    restore("then").restore_time(time).send().await.unwrap();
    restore("now")
        .use_latest_restorable_time(true)
        .send()
        .await
        .unwrap();
    until(&port.rds, "then", "available").await;
    until(&port.rds, "now", "available").await;
    assert_eq!(port.rows("then").await, ["before"]);
    assert_eq!(port.rows("now").await, ["after", "before"]);
}

#[tokio::test]
async fn backups_outlive_a_deleted_instance_if_asked() {
    let port = Port::new().await;
    port.create("source").await;
    port.write("source", "tea").await;
    let resource = describe(&port.rds, "source").await.dbi_resource_id.unwrap();
    let delete = port
        .rds
        .delete_db_instance()
        .db_instance_identifier("source");
    let delete = delete
        .skip_final_snapshot(true)
        .delete_automated_backups(false);
    delete.send().await.unwrap();
    until_gone(&port.rds, "source").await;
    let backups = port.rds.describe_db_instance_automated_backups();
    let backups = backups.dbi_resource_id(&resource).send().await.unwrap();
    let [backup] = backups.db_instance_automated_backups() else {
        panic!("not one backup: {backups:?}");
    };
    assert_eq!(backup.status(), Some("retained"));

    let restore = port.rds.restore_db_instance_to_point_in_time();
    let restore = restore
        .source_dbi_resource_id(&resource)
        .use_latest_restorable_time(true);
    restore
        .target_db_instance_identifier("again")
        .send()
        .await
        .unwrap();
    until(&port.rds, "again", "available").await;
    assert_eq!(port.rows("again").await, ["tea"]);
}

#[tokio::test]
async fn a_parameter_group_sets_what_the_server_does() {
    let port = Port::new().await;
    let version = port.berth.dock.servers().versions()[0];
    let group = port
        .rds
        .create_db_parameter_group()
        .db_parameter_group_name("tuned");
    let group = group.db_parameter_group_family(format!("postgres{}", version.major));
    group.description("tuned").send().await.unwrap();
    let request = request(&port.rds, "orders").db_name("orders");
    let request = request.engine_version(version.to_string());
    request
        .db_parameter_group_name("tuned")
        .send()
        .await
        .unwrap();
    until(&port.rds, "orders", "available").await;
    let set = |name: &str, value: &str, method: ApplyMethod| {
        let parameter = Parameter::builder()
            .parameter_name(name)
            .parameter_value(value)
            .apply_method(method)
            .build();
        port.rds
            .modify_db_parameter_group()
            .db_parameter_group_name("tuned")
            .parameters(parameter)
    };
    set("work_mem", "8192", ApplyMethod::Immediate)
        .send()
        .await
        .unwrap();
    let shown = async |name: &str| -> String {
        let client = port.login("orders", PASSWORD).await.unwrap();
        client
            .query_one(&format!("SHOW {name}"), &[])
            .await
            .unwrap()
            .get(0)
    };
    while shown("work_mem").await != "8MB" {}
    let refused = set("max_connections", "50", ApplyMethod::Immediate)
        .send()
        .await;
    assert_eq!(crate::berth::code(refused), "InvalidParameterCombination");
    let refused = set("no_such_thing", "50", ApplyMethod::Immediate)
        .send()
        .await;
    assert_eq!(crate::berth::code(refused), "InvalidParameterValue");
    set("max_connections", "50", ApplyMethod::PendingReboot)
        .send()
        .await
        .unwrap();
    let waiting = until(&port.rds, "orders", "available").await;
    let status = waiting.db_parameter_groups()[0].parameter_apply_status();
    assert_eq!(status, Some("pending-reboot"));
    let reboot = port
        .rds
        .reboot_db_instance()
        .db_instance_identifier("orders");
    reboot.send().await.unwrap();
    let done = until(&port.rds, "orders", "available").await;
    let status = done.db_parameter_groups()[0].parameter_apply_status();
    assert_eq!(status, Some("in-sync"));
    assert_eq!(shown("max_connections").await, "50");
}
