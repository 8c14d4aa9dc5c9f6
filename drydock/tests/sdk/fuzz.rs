//! Thousands of malformed requests: each is answered with an error, and changes
//! nothing.
//!
//! The seed is fixed, so that a failure is found again.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderName, HeaderValue, Request},
};
use drydock::{
    model::Instance,
    wire::{self, Entrance},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::berth::{Berth, create, until};

const SEED: [u8; 32] = *b"drydock's malformed requests, 26";
const CREDENTIAL: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/rds/aws4_request, \
    SignedHeaders=host, Signature=00";
const CASES: u32 = 1_500;

/// Requests that would do something.
const GOOD: [&str; 5] = [
    "Action=ModifyDBInstance&DBInstanceIdentifier=a&AllocatedStorage=40&ApplyImmediately=true",
    "Action=DeleteDBInstance&DBInstanceIdentifier=a&SkipFinalSnapshot=true",
    "Action=StopDBInstance&DBInstanceIdentifier=a",
    "Action=AddTagsToResource&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v\
     &ResourceName=arn:aws:rds:eu-west-1:123456789012:db:a",
    "Action=CreateDBInstance&DBInstanceIdentifier=b&DBInstanceClass=db.t3.micro&Engine=postgres\
     &AllocatedStorage=20&MasterUsername=postgres&MasterUserPassword=correct-horse",
];
const VERSION: &str = "&Version=2014-10-31";

struct Harness {
    runtime: Runtime,
    berth: Berth,
    router: Router,
    before: BTreeMap<String, Instance>,
}

impl Harness {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let berth = runtime.block_on(async {
            let berth = Berth::new().await;
            create(&berth.rds(), "a").await;
            until(&berth.rds(), "a", "available").await;
            berth
        });
        let router = wire::router(Arc::clone(&berth.dock), Entrance::default());
        let before = berth.instances();
        Self {
            runtime,
            berth,
            router,
            before,
        }
    }

    /// The status and the text of the answer.
    fn ask(&self, request: Request<Body>) -> (u16, String) {
        self.runtime.block_on(async {
            let Ok(answer) = self.router.clone().oneshot(request).await;
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            (status, String::from_utf8(body.into()).unwrap())
        })
    }

    /// That a request was refused and left everything as it was.
    fn refused(&self, request: Request<Body>) -> Result<(), TestCaseError> {
        let (status, text) = self.ask(request);
        prop_assert!((400..500).contains(&status), "{status}: {text}");
        let code = text.split_once("<Code>").map(|(_, rest)| rest);
        let code = code
            .and_then(|rest| rest.split_once("</Code>"))
            .map(|(code, _)| code);
        prop_assert!(code.is_some_and(|code| !code.is_empty()), "{text}");
        prop_assert!(text.contains("<RequestId>"), "{text}");
        prop_assert!(self.berth.instances() == self.before, "{text}");
        Ok(())
    }

    /// It still answers, and has the same instances.
    fn end(self) {
        let rds = self.berth.rds();
        let found = self
            .runtime
            .block_on(rds.describe_db_instances().send())
            .unwrap();
        assert_eq!(found.db_instances().len(), self.before.len());
        assert_eq!(self.berth.instances(), self.before);
    }
}

fn runner() -> TestRunner {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &SEED))
}

fn request(authorization: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post("/").body(body.into()).unwrap();
    if let Some(authorization) = authorization {
        let value = HeaderValue::from_str(authorization).unwrap();
        request.headers_mut().insert("authorization", value);
    }
    request
}

/// What makes a good request malformed.
#[derive(Debug, Clone)]
enum Spoil {
    Append(Vec<u8>),
    Repeat(usize),
    Unknown(String, String),
    Version(String),
    Authorization(Option<String>),
    Header(&'static str, &'static str),
    BreakOff(usize),
    Method(&'static str),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let not_utf8: &[&[u8]] = &[
        b"%",
        b"%4",
        b"%g0",
        b"%ff",
        b"\xff",
        b"%c3%28",
        b"\xc3(",
        b"%ed%a0%80",
    ];
    let broken = not_utf8
        .iter()
        .map(|bytes| bytes.to_vec())
        .collect::<Vec<_>>();
    let members = [
        "Tags.Tag.0.Key",
        "Tags.Tag.-1.Key",
        "Tags.Tag.01.Key",
        "Tags.Tag.999999999.Key",
        "Tags.Tag.1.Key.Key",
        "Tags.Tag.1.1.1.1.Key",
        "Tags.Tag.Key",
        "Tags.Tag..Key",
        "Tags..1.Key",
        "Tags.Tag.99999999999999999999.Key",
        "Tags.tag.1.Key",
        "Tags.Tag.2.key",
        "Tags.member.1.Key ",
    ];
    let member = select(members.to_vec()).prop_map(str::to_owned);
    let strange = "[A-Za-z]{0,12}[X.][a-z0-9.]{1,12}|\\PC{1,30}";
    let headers = [
        ("content-type", "application/json"),
        ("content-type", "text/xml"),
        (
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-16",
        ),
        ("content-encoding", "gzip"),
        ("content-encoding", "br, identity"),
    ];
    prop_oneof![
        select(broken).prop_map(Spoil::Append),
        any::<usize>().prop_map(Spoil::Repeat),
        (
            prop_oneof![member, strange.prop_map(String::from)],
            any::<String>()
        )
            .prop_map(|(name, value)| Spoil::Unknown(name, value)),
        "[0-9-]{0,9}".prop_map(Spoil::Version),
        proptest::option::of("[ -~]{0,60}").prop_map(Spoil::Authorization),
        select(headers.to_vec()).prop_map(|(name, value)| Spoil::Header(name, value)),
        any::<usize>().prop_map(Spoil::BreakOff),
        select(vec!["GET", "PUT", "HEADER", "DELETE", "PATCH"]).prop_map(Spoil::Method),
    ]
}

fn spoilt(good: &str, spoil: Spoil) -> Request<Body> {
    let whole = format!("{good}{VERSION}");
    match spoil {
        Spoil::Append(bytes) => request(Some(CREDENTIAL), [whole.as_bytes(), &bytes].concat()),
        Spoil::Repeat(which) => {
            let pairs: Vec<_> = whole.split('&').collect();
            let again = pairs[which % pairs.len()];
            request(Some(CREDENTIAL), format!("{whole}&{again}"))
        }
        Spoil::Unknown(name, value) => {
            let mut pairs = form_urlencoded::Serializer::new(whole);
            request(Some(CREDENTIAL), pairs.append_pair(&name, &value).finish())
        }
        Spoil::Version(version) => request(Some(CREDENTIAL), format!("{good}&Version={version}")),
        Spoil::Authorization(claim) => request(claim.as_deref(), whole),
        Spoil::Header(name, value) => {
            let mut request = request(Some(CREDENTIAL), whole);
            let name = HeaderName::from_static(name);
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
            request
        }
        Spoil::BreakOff(at) => {
            let first = Bytes::copy_from_slice(&whole.as_bytes()[..at % whole.len()]);
            let broken = std::io::Error::other("broken off");
            let parts = futures::stream::iter([Ok(first), Err(broken)]);
            request(Some(CREDENTIAL), Body::from_stream(parts))
        }
        Spoil::Method(method) => {
            let mut request = request(Some(CREDENTIAL), whole);
            *request.method_mut() = method.parse().unwrap();
            request
        }
    }
}

#[test]
fn spoilt_requests_are_refused() {
    let harness = Harness::new();
    let cases = (select(GOOD.to_vec()), spoil());
    let run = runner().run(&cases, |(good, spoil)| harness.refused(spoilt(good, spoil)));
    run.unwrap();
    harness.end();
}

#[test]
fn any_bytes_are_refused() {
    let harness = Harness::new();
    let headers = vec(("[a-z][a-z0-9-]{0,20}", vec(0x20u8..=0xff, 0..40)), 0..6);
    let cases = (vec(any::<u8>(), 0..400), headers);
    let run = runner().run(&cases, |(body, headers)| {
        let mut request = request(Some(CREDENTIAL), body);
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            // DEL is no header's.
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers_mut().append(name, value);
            }
        }
        harness.refused(request)
    });
    run.unwrap();
    harness.end();
}

#[test]
fn any_values_are_understood_or_refused() {
    let harness = Harness::new();
    let actions = [
        "CreateDBInstance",
        "DescribeDBInstances",
        "ModifyDBInstance",
        "DeleteDBInstance",
        "RestoreDBInstanceFromDBSnapshot",
        "RestoreDBInstanceToPointInTime",
        "CreateDBSnapshot",
        "DescribeDBSnapshots",
        "CopyDBSnapshot",
        "AddTagsToResource",
        "ListTagsForResource",
        "DescribeDBEngineVersions",
        "DescribeOrderableDBInstanceOptions",
        "CreateDBParameterGroup",
        "ModifyDBParameterGroup",
        "CreateDBSubnetGroup",
        "DescribeDBInstanceAutomatedBackups",
    ];
    let names = [
        "DBInstanceIdentifier",
        "AllocatedStorage",
        "Iops",
        "MaxRecords",
        "Marker",
        "Engine",
        "EngineVersion",
        "Port",
        "Tags.Tag.1.Key",
        "Tags.Tag.1.Value",
        "Filters.Filter.1.Name",
        "Filters.Filter.1.Values.Value.1",
        "DBSnapshotIdentifier",
        "ResourceName",
        "RestoreTime",
        "DBParameterGroupName",
        "DBParameterGroupFamily",
        "Description",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "BackupRetentionPeriod",
        "MasterUserPassword",
        "DBName",
        "SourceDBInstanceIdentifier",
        "TargetDBInstanceIdentifier",
        "MultiAZ",
        "StorageType",
        "VpcSecurityGroupIds.VpcSecurityGroupId.1",
        "DBSubnetGroupName",
        "StorageThroughput",
        "UseLatestRestorableTime",
        "NewDBInstanceIdentifier",
        "MaxAllocatedStorage",
    ];
    let values = prop_oneof![
        any::<String>(),
        any::<i64>().prop_map(|number| number.to_string()),
        // `a` as a name would make some of them good.
        select(vec![
            "",
            "a ",
            "postgres",
            "true",
            "gp3",
            "17",
            "17.6",
            "-1",
            "0",
            "2147483648",
            "arn:aws:rds:",
            "9999-12-31T23:59:60Z"
        ])
        .prop_map(String::from),
    ];
    let pairs = vec((select(names.to_vec()), values), 0..8);
    let run = runner().run(&(select(actions.to_vec()), pairs), |(action, pairs)| {
        let mut body = form_urlencoded::Serializer::new(format!("Action={action}{VERSION}"));
        let body = body.extend_pairs(pairs).finish();
        let (status, text) = harness.ask(request(Some(CREDENTIAL), body));
        prop_assert!(status < 500, "{text}");
        let code = text.contains("<Code>") && text.contains("<RequestId>");
        prop_assert!(status == 200 || code, "{text}");
        prop_assert!(harness.berth.instances() == harness.before, "{text}");
        Ok(())
    });
    run.unwrap();
    harness.end();
}
