//! What there is to order: engine versions, classes, certificates, what an
//! instance may become, and what AWS plans for it.

use aws_sdk_rds::types::{DbEngineVersion, Filter};

use crate::berth::{Berth, code, request, until};

fn versions(found: &[DbEngineVersion]) -> Vec<&str> {
    found.iter().filter_map(|it| it.engine_version()).collect()
}

/// The region has 16.10, 17.5 and 17.6.
#[tokio::test]
async fn engine_versions_are_filtered() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let filter = |name: &str, values: &[&str]| {
        let values = values.iter().copied().map(str::to_owned).collect();
        Filter::builder()
            .name(name)
            .set_values(Some(values))
            .build()
    };
    let ask = || rds.describe_db_engine_versions();
    for (request, expected) in [
        (ask(), &["16.10", "17.5", "17.6"][..]),
        (ask().engine("postgres"), &["16.10", "17.5", "17.6"]),
        (ask().engine_version("17"), &["17.5", "17.6"]),
        (ask().engine_version("17.5"), &["17.5"]),
        (ask().engine_version("15"), &[]),
        (ask().db_parameter_group_family("postgres16"), &["16.10"]),
        (ask().default_only(true), &["17.6"]),
        (ask().default_only(true).engine_version("16"), &["16.10"]),
        (ask().default_only(true).engine_version("17"), &["17.6"]),
        (ask().default_only(true).engine_version("17.5"), &[]),
        (
            ask()
                .default_only(true)
                .db_parameter_group_family("postgres16"),
            &["16.10"],
        ),
        (ask().include_all(true), &["16.10", "17.5", "17.6"]),
        (
            ask().list_supported_timezones(true).engine_version("16"),
            &["16.10"],
        ),
        (
            ask().filters(filter("engine-version", &["17.5", "16.10"])),
            &["16.10", "17.5"],
        ),
        (
            ask().filters(filter("db-parameter-group-family", &["postgres17"])),
            &["17.5", "17.6"],
        ),
        (ask().filters(filter("status", &["deprecated"])), &[]),
        (ask().filters(filter("engine-mode", &["serverless"])), &[]),
        (ask().filters(filter("engine", &["mysql"])), &[]),
    ] {
        let input = format!("{request:?}");
        let found = request.send().await.unwrap();
        assert_eq!(versions(found.db_engine_versions()), expected, "{input}");
    }
    for wrong in [
        ask().engine("mysql"),
        ask().filters(filter("colour", &["red"])),
        ask().max_records(101),
    ] {
        assert_eq!(code(wrong.send().await), "InvalidParameterValue");
    }
}

/// Without servers, versions are names alone, and every upgrade is possible.
#[tokio::test]
async fn a_version_says_what_it_can_become() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let found = rds.describe_db_engine_versions().send().await.unwrap();
    let targets: Vec<Vec<_>> = found
        .db_engine_versions()
        .iter()
        .map(|it| {
            let targets = it.valid_upgrade_target().iter();
            targets
                .map(|to| {
                    (
                        to.engine_version().unwrap(),
                        to.is_major_version_upgrade.unwrap(),
                    )
                })
                .collect()
        })
        .collect();
    let expected = [
        vec![("17.5", true), ("17.6", true)],
        vec![("17.6", false)],
        vec![],
    ];
    assert_eq!(targets, expected);
    let newest = &found.db_engine_versions()[2];
    assert_eq!(newest.db_parameter_group_family(), Some("postgres17"));
    assert_eq!(newest.major_engine_version(), Some("17"));
    assert_eq!(newest.supported_ca_certificate_identifiers().len(), 3);
}

#[tokio::test]
async fn upgrades_are_promised_where_servers_can_do_them() {
    let port = crate::port::Port::new().await;
    let servers = port.berth.dock.servers();
    let found = port.rds.describe_db_engine_versions().send().await.unwrap();
    let found = found.db_engine_versions();
    assert_eq!(found.len(), servers.versions().len());
    let promised = found
        .iter()
        .any(|version| !version.valid_upgrade_target().is_empty());
    assert_eq!(promised, servers.upgrades() && found.len() > 1);
}

#[tokio::test]
async fn orderable_options_are_filtered_and_paged() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let ask = || {
        rds.describe_orderable_db_instance_options()
            .engine("postgres")
    };
    let all = ask().max_records(1_000).send().await.unwrap();
    let all = all.orderable_db_instance_options();
    assert!(all.len() > 100, "{}", all.len());
    let mut paged = Vec::new();
    let mut marker = None;
    loop {
        let page = ask()
            .max_records(20)
            .set_marker(marker)
            .send()
            .await
            .unwrap();
        paged.extend(page.orderable_db_instance_options().to_vec());
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
    let one = ask()
        .engine_version("17.6")
        .db_instance_class("db.t3.micro");
    let one = one.license_model("postgresql-license").vpc(true);
    let one = one
        .availability_zone_group("eu-west-1")
        .send()
        .await
        .unwrap();
    let one = one.orderable_db_instance_options();
    let kinds: Vec<_> = one.iter().filter_map(|it| it.storage_type()).collect();
    assert_eq!(kinds, ["gp2", "gp3", "io1", "io2"]);
    assert_eq!(one[0].max_storage_size, Some(65_536));
    assert_eq!(one[1].max_storage_throughput_per_db_instance, Some(4_000));
    assert_eq!(one[2].max_iops_per_gib, Some(50.0));
    for none in [
        ask().vpc(false),
        ask().license_model("license-included"),
        ask().engine_version("15"),
        ask().db_instance_class("db.t1.micro"),
    ] {
        let none = none.send().await.unwrap();
        assert_eq!(none.orderable_db_instance_options(), []);
    }
    for wrong in [
        ask().engine("mysql"),
        ask().max_records(1_001),
        ask().max_records(19),
    ] {
        assert_eq!(code(wrong.send().await), "InvalidParameterValue");
    }
}

/// What is on offer is what Create takes: each row at both of its ends.
#[tokio::test]
async fn what_is_on_offer_can_be_had() {
    let berth = Berth::new().await;
    berth.dock.set(drydock::settings::Settings {
        instances: usize::MAX,
        storage: i64::MAX,
        ..berth.dock.settings()
    });
    let rds = berth.rds();
    let offers = rds.describe_orderable_db_instance_options();
    let offers = offers.engine("postgres").engine_version("17.6");
    let offers = offers
        .db_instance_class("db.t3.micro")
        .send()
        .await
        .unwrap();
    for offer in offers.orderable_db_instance_options() {
        let kind = offer.storage_type().unwrap();
        let provisioned = kind.starts_with("io");
        for (size, iops) in [
            (offer.min_storage_size, offer.min_iops_per_db_instance),
            (offer.max_storage_size, offer.max_iops_per_db_instance),
        ] {
            let create = request(&rds, &format!("{kind}-{}", size.unwrap()));
            let create = create.storage_type(kind).set_allocated_storage(size);
            let create = create.set_iops(iops.filter(|_| provisioned));
            create.send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn certificates() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let all = rds.describe_certificates().send().await.unwrap();
    assert_eq!(all.certificates().len(), 3);
    let default = all.default_certificate_for_new_launches();
    assert_eq!(default, Some("rds-ca-rsa2048-g1"));
    let one = rds.describe_certificates();
    let one = one.certificate_identifier("rds-ca-ecc384-g1").send().await;
    assert_eq!(one.unwrap().certificates().len(), 1);
    let none = rds.describe_certificates().certificate_identifier("mine");
    assert_eq!(code(none.send().await), "CertificateNotFound");
}

#[tokio::test]
async fn what_an_instance_may_become_and_what_is_planned_for_it() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    let create_big = request(&rds, "a").allocated_storage(500);
    create_big.send().await.unwrap();
    let arn = until(&rds, "a", "available").await.db_instance_arn.unwrap();
    let valid = rds.describe_valid_db_instance_modifications();
    let valid = valid.db_instance_identifier("A").send().await.unwrap();
    let valid = valid.valid_db_instance_modifications_message.unwrap();
    let gp3 = valid
        .storage()
        .iter()
        .find(|it| it.storage_type() == Some("gp3"));
    let gp3 = gp3.unwrap();
    let range = |it: &aws_sdk_rds::types::Range| (it.from.unwrap(), it.to.unwrap());
    assert_eq!(range(&gp3.storage_size()[0]), (500, 65_536));
    assert_eq!(range(&gp3.provisioned_iops()[0]), (12_000, 64_000));
    assert_eq!(
        range(&gp3.provisioned_storage_throughput()[0]),
        (500, 4_000)
    );
    let none = rds.describe_valid_db_instance_modifications();
    let none = none.db_instance_identifier("none").send().await;
    assert_eq!(code(none), "DBInstanceNotFound");

    let planned = rds.describe_pending_maintenance_actions();
    let planned = planned.resource_identifier(&arn).send().await.unwrap();
    assert_eq!(planned.pending_maintenance_actions(), []);
    let none = rds.describe_pending_maintenance_actions();
    let none = none.resource_identifier(format!("{arn}x")).send().await;
    assert_eq!(code(none), "ResourceNotFoundFault");
}
