//! What there is to order: a small table of classes and storage types.
//!
//! Must not be what Create checks: that takes any well-formed class, since nobody
//! here has its hardware, and has `rules::storage` for the rest.

use super::{
    Answer, create,
    describe::not_found,
    page::{Filters, Page},
    versions::{is, sortable},
};
use crate::{
    dock::View,
    servers::Version,
    wire::{Element, Parameters},
};

/// Classes on offer in every version.
const CLASSES: [&str; 12] = [
    "db.m5.large",
    "db.m6g.large",
    "db.m7g.large",
    "db.r6g.large",
    "db.r7g.large",
    "db.t3.micro",
    "db.t3.small",
    "db.t3.medium",
    "db.t4g.micro",
    "db.t4g.small",
    "db.t4g.medium",
    "db.t4g.large",
];

/// The longest page, which is longer here than elsewhere.
const LONGEST_PAGE: i32 = 1_000;

/// A storage type, within its bounds; as `rules::storage` has them.
struct Offer {
    kind: &'static str,
    /// GiB.
    size: (i32, i32),
    iops: Option<(i32, i32)>,
    /// IOPS for each GiB.
    ratio: Option<(f64, f64)>,
    /// MiB/s.
    throughput: Option<(i32, i32)>,
}

const LARGEST: i32 = 65_536;
/// The most MiB/s for each IOPS, of gp3.
const THROUGHPUT_PER_IOPS: f64 = 0.25;

const OFFERS: [Offer; 4] = [
    Offer {
        kind: "gp2",
        size: (20, LARGEST),
        iops: None,
        ratio: None,
        throughput: None,
    },
    Offer {
        kind: "gp3",
        size: (20, LARGEST),
        iops: Some((12_000, 64_000)),
        ratio: Some((0.0, 500.0)),
        throughput: Some((500, 4_000)),
    },
    Offer {
        kind: "io1",
        size: (100, LARGEST),
        iops: Some((1_000, 256_000)),
        ratio: Some((0.5, 50.0)),
        throughput: None,
    },
    Offer {
        kind: "io2",
        size: (100, LARGEST),
        iops: Some((1_000, 256_000)),
        ratio: Some((0.5, 1_000.0)),
        throughput: None,
    },
];

pub(super) fn describe(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let engine = parameters.required("Engine")?;
    let asked = parameters.string("EngineVersion");
    let class = parameters.string("DBInstanceClass");
    let license = parameters.string("LicenseModel");
    let vpc = parameters.boolean("Vpc")?;
    let zones = parameters.string("AvailabilityZoneGroup");
    // "This parameter isn't currently supported", says the model.
    let _none_is_known = Filters::take(&mut parameters, &[])?;
    let page = Page::up_to(&mut parameters, LONGEST_PAGE)?;
    parameters.finish()?;
    create::engine(&engine)?;
    let offered = license.is_none_or(|license| license == "postgresql-license")
        && vpc.is_none_or(|vpc| vpc)
        && zones.is_none_or(|zones| zones == view.scope.region);
    let mut rows = Vec::new();
    for version in view.versions {
        let wanted = asked.as_ref().is_none_or(|asked| is(*version, asked));
        if !offered || !wanted {
            continue;
        }
        for of in CLASSES {
            if class.as_ref().is_some_and(|class| class != of) {
                continue;
            }
            for offer in &OFFERS {
                let name = format!("{} {of} {}", sortable(*version), offer.kind);
                rows.push((name, option(view, *version, of, offer)));
            }
        }
    }
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Some(page.of(
        "DescribeOrderableDBInstanceOptionsResult",
        "OrderableDBInstanceOptions",
        rows,
    )))
}

fn option(view: &View<'_>, version: Version, class: &str, offer: &Offer) -> Element {
    let Offer {
        kind,
        size: (least, most),
        iops,
        ratio,
        throughput,
    } = offer;
    let zones = ['a', 'b', 'c'].map(|zone| {
        Element::new("AvailabilityZone").field("Name", format!("{}{zone}", view.scope.region))
    });
    Element::new("OrderableDBInstanceOption")
        .field("Engine", "postgres")
        .field("EngineVersion", version)
        .field("DBInstanceClass", class)
        .field("LicenseModel", "postgresql-license")
        .field("AvailabilityZoneGroup", &view.scope.region)
        .list("AvailabilityZones", zones)
        .field("MultiAZCapable", true)
        .field("ReadReplicaCapable", false)
        .field("Vpc", true)
        .field("SupportsStorageEncryption", true)
        .field("StorageType", kind)
        .field("SupportsIops", iops.is_some())
        .field("SupportsStorageThroughput", throughput.is_some())
        .field("SupportsEnhancedMonitoring", true)
        .field("SupportsIAMDatabaseAuthentication", true)
        .field("SupportsPerformanceInsights", true)
        .field("SupportsStorageAutoscaling", true)
        .field("SupportsKerberosAuthentication", false)
        .field("SupportsGlobalDatabases", false)
        .field("SupportsClusters", false)
        .field("SupportsDedicatedLogVolume", matches!(*kind, "io1" | "io2"))
        .field("OutpostCapable", false)
        .list("SupportedNetworkTypes", [Element::text("member", "IPV4")])
        .field("MinStorageSize", least)
        .field("MaxStorageSize", most)
        .maybe("MinIopsPerDbInstance", iops.map(|(least, _)| least))
        .maybe("MaxIopsPerDbInstance", iops.map(|(_, most)| most))
        .maybe("MinIopsPerGib", ratio.map(|(least, _)| least))
        .maybe("MaxIopsPerGib", ratio.map(|(_, most)| most))
        .maybe(
            "MinStorageThroughputPerDbInstance",
            throughput.map(|(least, _)| least),
        )
        .maybe(
            "MaxStorageThroughputPerDbInstance",
            throughput.map(|(_, most)| most),
        )
        .maybe("MinStorageThroughputPerIops", throughput.map(|_| 0.0))
        .maybe(
            "MaxStorageThroughputPerIops",
            throughput.map(|_| THROUGHPUT_PER_IOPS),
        )
}

/// `DescribeValidDBInstanceModifications`: the storage that an instance may have
/// from now on, which is never less than it has.
pub(super) fn modifications(view: &View<'_>, mut parameters: Parameters) -> Answer {
    let asked = parameters.required("DBInstanceIdentifier")?;
    parameters.finish()?;
    let instance = view
        .region
        .instances
        .get(&asked.to_ascii_lowercase())
        .and_then(|instance| instance.seen(view.now))
        .ok_or_else(|| not_found(&asked))?;
    let current = &instance.configuration;
    let storage = OFFERS.iter().map(|offer| {
        let (least, most) = offer.size;
        let size = range("Range", least.max(current.storage), most, 1);
        let speed = |(least, most)| range("Range", least, most, 1);
        let ratio = |(least, most): (f64, f64)| {
            Element::new("DoubleRange")
                .field("From", least)
                .field("To", most)
        };
        Element::new("ValidStorageOptions")
            .field("StorageType", offer.kind)
            .list("StorageSize", [size])
            .list("ProvisionedIops", offer.iops.map(speed))
            .list("IopsToStorageRatio", offer.ratio.map(ratio))
            .list("ProvisionedStorageThroughput", offer.throughput.map(speed))
            .list(
                "StorageThroughputToIopsRatio",
                offer.throughput.map(|_| ratio((0.0, THROUGHPUT_PER_IOPS))),
            )
            .field("SupportsStorageAutoscaling", true)
    });
    let message = Element::new("ValidDBInstanceModificationsMessage")
        .list("Storage", storage)
        .list("ValidProcessorFeatures", [])
        .field("SupportsDedicatedLogVolume", true);
    Ok(Some(
        Element::new("DescribeValidDBInstanceModificationsResult").with(message),
    ))
}

fn range(name: &str, from: i32, to: i32, step: i32) -> Element {
    Element::new(name)
        .field("From", from)
        .field("To", to)
        .field("Step", step)
}
