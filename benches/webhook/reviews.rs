//! The loads: reviews as an API server writes them.

/// A load.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    /// How many objects a review has.
    pub(crate) objects: usize,
    /// About how many bytes each has.
    size: usize,
    /// What fills an object up to its size.
    filling: Filling,
    way: Way,
    pub(crate) connections: usize,
}

#[derive(Clone, Copy)]
enum Filling {
    /// One long annotation: text that is nothing but long.
    Padding,
    /// Managed fields of many managers: short names, nested deep.
    ManagedFields,
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

const fn small(name: &'static str, way: Way, connections: usize) -> Load {
    Load {
        name,
        objects: 1,
        size: 2_000,
        filling: Filling::Padding,
        way,
        connections,
    }
}

const fn large(name: &'static str, way: Way, filling: Filling) -> Load {
    Load {
        name,
        objects: 500,
        size: 10_000,
        filling,
        way,
        connections: 10,
    }
}

pub(crate) const LOADS: &[Load] = &[
    small("one object, up, 1 connection", Way::Up, 1),
    small("one object, up, 10 connections", Way::Up, 10),
    small("one object, down, 10 connections", Way::Down, 10),
    large("500 objects, up, padding", Way::Up, Filling::Padding),
    large("500 objects, down, padding", Way::Down, Filling::Padding),
    large(
        "500 objects, up, managed fields",
        Way::Up,
        Filling::ManagedFields,
    ),
    large(
        "500 objects, down, managed fields",
        Way::Down,
        Filling::ManagedFields,
    ),
];

impl Load {
    pub(crate) fn review(&self) -> Vec<u8> {
        let (from, to) = match self.way {
            Way::Up => ("v1alpha1", "v1beta1"),
            Way::Down => ("v1beta1", "v1alpha1"),
        };
        let objects: Vec<_> = (0..self.objects)
            .map(|number| self.object(from, number))
            .collect();
        format!(
            r#"{{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","request":{{"uid":"b1fc7a4e-5d44-4d5e-a2a1-5a2f7a3d2c4e","desiredAPIVersion":"myob.com/{to}","objects":[{}]}},"response":{{"uid":"","convertedObjects":null,"result":{{"metadata":{{}}}}}}}}"#,
            objects.join(",")
        )
        .into_bytes()
    }

    fn object(&self, version: &str, number: usize) -> String {
        let mut managers = managers(version, 0);
        let mut note = String::new();
        let length = whole(version, number, &managers, &note, self.way).len();
        match self.filling {
            Filling::Padding => note = "x".repeat(self.size.saturating_sub(length)),
            Filling::ManagedFields => {
                let one = managers.len() + 1;
                for further in 1..=self.size.saturating_sub(length) / one {
                    managers.push(',');
                    managers.push_str(&self::managers(version, further));
                }
            }
        }
        whole(version, number, &managers, &note, self.way)
    }
}

fn managers(version: &str, number: usize) -> String {
    format!(
        r#"{{"manager":"manager-{number}","operation":"Apply","apiVersion":"myob.com/{version}","time":"2026-11-20T10:11:12Z","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:example.com/owner-{number}":{{}},"f:example.com/cost-{number}":{{}}}},"f:labels":{{".":{{}},"f:app":{{}},"f:team-{number}":{{}}}}}},"f:spec":{{"f:size":{{}},"f:storage":{{}},"f:tags":{{".":{{}},"f:tag-{number}":{{}},"f:owner":{{}}}}}}}}}}"#
    )
}

fn whole(version: &str, number: usize, managers: &str, note: &str, way: Way) -> String {
    let (notes, spec) = match way {
        Way::Up => (
            r#""hub.stow.myob.com/deletionPolicy":"\"Delete\"","hub.stow.myob.com/secretName":"\"orders-db\"","#,
            r#""size":"db.t3.small","storage":"10","ha":true,"tags":{"team":"orders","cost":"1234"}"#,
        ),
        Way::Down => (
            r#""spoke.stow.myob.com/iops":"{\"shown\":1000,\"value\":\"1000\"}","#,
            r#""size":"db.t3.small","storage":"10Gi","storageType":"io1","iops":1000,"multiAZ":true,"tags":{"team":"orders","cost":"1234"},"deletionPolicy":"Delete","secretName":"orders-db","backup":{"retentionDays":7},"network":{"subnetGroup":"private"}"#,
        ),
    };
    format!(
        r#"{{"apiVersion":"myob.com/{version}","kind":"PostgresDB","metadata":{{"name":"orders-{number}","namespace":"default","uid":"0c7a2f6e-1f5e-4c0e-9d0a-{number:012}","resourceVersion":"12345","generation":3,"creationTimestamp":"2026-11-20T10:11:12Z","finalizers":["stow.myob.com/database"],"labels":{{"app":"orders","team":"payments"}},"annotations":{{{notes}"note":"{note}"}},"managedFields":[{managers}]}},"spec":{{{spec}}},"status":{{"ready":"Yes","arn":"arn:aws:rds:us-east-1:123456789012:db:orders","id":"db-ABC","endpoint":{{"address":"orders.abc.us-east-1.rds.amazonaws.com","port":5432}},"observedGeneration":3,"conditions":[{{"type":"Ready","status":"True","observedGeneration":3,"lastTransitionTime":"2026-11-20T10:21:12Z","reason":"Available","message":"the database is available"}}]}}}}"#
    )
}
