//! Answers that are not RDS's any more: cut at every byte, or spoilt as wires,
//! proxies and mistakes do. None of them panics, none counts as more than it
//! says, and no mutation is sent again for it.
//!
//! The seed is fixed, so that a failure is found again.

use futures::future::join_all;
use futures::stream::{self, StreamExt};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stow::rds::{Error, Instance, ModifyInstance, Rds};

use crate::canned::{Request, Server, bytes, page, wrapped};
use crate::spoil::spoil;
use crate::{client, create, delete, instance};

const SEED: [u8; 32] = *b"what is left of an answer of RDS";
const CASES: usize = 200;

/// How many calls are under way at once.
const AT_ONCE: usize = 100;

fn runner() -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    TestRunner::new_with_rng(Config::default(), rng)
}

fn body(answer: &[u8]) -> Vec<u8> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    answer[end.expect("a head") + 4..].to_vec()
}

/// An instance with something of every kind in it.
fn rich(identifier: &str) -> String {
    instance(
        identifier,
        "<Endpoint><Address>h.example</Address><Port>5432</Port></Endpoint>\
         <PendingModifiedValues><AllocatedStorage>40</AllocatedStorage></PendingModifiedValues>\
         <TagList><Tag><Key>k</Key><Value>v</Value></Tag></TagList>",
    )
}

/// Answers a call for the instance `case-7` with the seventh of these.
async fn server(answers: Vec<Vec<u8>>) -> Server {
    Server::start(move |_, request| {
        let case = asked_for(request).and_then(|case| answers.get(case));
        case.cloned().unwrap_or_default()
    })
    .await
}

fn asked_for(request: &Request) -> Option<usize> {
    let named = ["DBInstanceIdentifier", "ResourceName"].map(|field| request.form.get(field));
    let named = named.into_iter().flatten().next()?;
    named.strip_prefix("case-")?.parse().ok()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Describe,
    Create,
    Modify,
    Delete,
    AddTags,
}

impl Call {
    const ALL: [Self; 5] = [
        Self::Describe,
        Self::Create,
        Self::Modify,
        Self::Delete,
        Self::AddTags,
    ];

    /// What RDS says when it has done it.
    fn done(self, identifier: &str) -> Vec<u8> {
        let one = instance(identifier, "");
        body(&match self {
            Self::Describe => page(&[rich(identifier), one], None),
            Self::Create => wrapped("CreateDBInstance", &one),
            Self::Modify => wrapped("ModifyDBInstance", &one),
            Self::Delete => wrapped("DeleteDBInstance", &one),
            Self::AddTags => wrapped("AddTagsToResource", ""),
        })
    }

    async fn make(self, rds: &impl Rds, identifier: &str) -> Result<Option<Instance>, Error> {
        let identifier = identifier.to_owned();
        match self {
            Self::Describe => rds.describe(&identifier).await,
            Self::Create => {
                let mut request = create();
                request.identifier = identifier;
                rds.create(&request).await.map(Some)
            }
            Self::Modify => {
                let request = ModifyInstance {
                    identifier,
                    ..ModifyInstance::default()
                };
                rds.modify(&request).await.map(Some)
            }
            Self::Delete => {
                let mut request = delete();
                request.identifier = identifier;
                rds.delete(&request).await.map(|()| None)
            }
            Self::AddTags => {
                let tags = create().tags;
                rds.add_tags(&identifier, &tags).await.map(|()| None)
            }
        }
    }
}

/// Has RDS answer so to each call, all at once.
async fn results(call: Call, answers: Vec<Vec<u8>>) -> Vec<Result<Option<Instance>, Error>> {
    let count = answers.len();
    let server = server(answers).await;
    let (rds, _) = client(&server).await;
    let rds = &rds;
    let calls = (0..count).map(|case| async move { call.make(rds, &format!("case-{case}")).await });
    let results: Vec<_> = stream::iter(calls).buffered(AT_ONCE).collect().await;
    if call != Call::Describe {
        assert_eq!(server.requests().len(), count, "{call:?} is sent once");
    }
    results
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_cut_at_any_byte_is_none() {
    for call in Call::ALL {
        let whole = |case: usize| call.done(&format!("case-{case}"));
        // A read is sent again, and takes its time for that.
        let step = if call == Call::Describe { 5 } else { 1 };
        let length = whole(0).len();
        let cuts: Vec<_> = (0..length).rev().step_by(step).collect();
        let cut = |(case, cut): (usize, &usize)| bytes(200, &whole(case)[..*cut]);
        let results = results(call, cuts.iter().enumerate().map(cut).collect()).await;
        for (cut, result) in cuts.iter().zip(results) {
            assert!(
                matches!(result, Err(Error::Unknown { .. })),
                "{call:?} cut at {cut}: {result:?}"
            );
        }
        // The whole of it is one.
        let sound = vec![bytes(200, &whole(0))];
        let result = results_of_one(call, sound).await;
        assert!(result.is_ok(), "{call:?}: {result:?}");
    }
}

async fn results_of_one(call: Call, answers: Vec<Vec<u8>>) -> Result<Option<Instance>, Error> {
    results(call, answers).await.remove(0)
}

/// A sweep asks for no instance by name, so each cut has a server of its own:
/// wherever an element ends, which is where a reader may think that all does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_cut_between_any_two_elements_is_none() {
    let whole = body(&page(&[rich("a"), rich("b"), rich("c")], None));
    let text = String::from_utf8(whole).unwrap();
    let ends = text.match_indices('>').map(|(at, _)| at + 1);
    let cuts: Vec<_> = ends.filter(|end| *end < text.len()).collect();
    assert!(cuts.len() > 60, "{}", cuts.len());
    join_all(cuts.into_iter().map(|cut| {
        let left = text[..cut].to_owned();
        async move {
            let answer = bytes(200, left.as_bytes());
            let server = Server::start(move |_, _| answer.clone()).await;
            let (rds, _) = client(&server).await;
            let result = rds.sweep().await;
            assert!(
                matches!(result, Err(Error::Unknown { .. })),
                "{result:?} of {left}"
            );
        }
    }))
    .await;
}

/// A page whose end is there and which lacks something before it. What is cut
/// out so that no tag shows it, no reader can see; for that, RDS is asked about
/// an instance by name before it counts as gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_lacks_a_piece_is_none() {
    let whole = body(&page(&[rich("a"), rich("b"), rich("c")], None));
    let whole = String::from_utf8(whole).unwrap();
    let without = |tag: &str| whole.replacen(tag, "", 1);
    let from = |start: &str, end: &str| {
        let (before, _) = whole.split_once(start).unwrap();
        let (_, after) = whole.rsplit_once(end).unwrap();
        format!("{before}{end}{after}")
    };
    let torn = [
        without("<DBInstance>"),
        without("</DBInstance>"),
        without("</DBInstances>"),
        without("</DescribeDBInstancesResult>"),
        without("</MultiAZ>"),
        without("</TagList>"),
        without("</DBInstance"),
        whole.replacen("</DBInstance>", "</DBInstances>", 1),
        whole.replacen("</DBInstance>", "</x>", 1),
        from("<AllocatedStorage>", "</DBInstances>"),
        from(
            "<DBInstance><DBInstanceIdentifier>b",
            "</DescribeDBInstancesResult>",
        ),
        from("</DBInstance>", "</DescribeDBInstancesResponse>"),
        format!("{whole}{whole}"),
        format!("{whole}<html/>"),
    ];
    join_all(torn.into_iter().map(|torn| async move {
        let answer = bytes(200, torn.as_bytes());
        let server = Server::start(move |_, _| answer.clone()).await;
        let (rds, _) = client(&server).await;
        let result = rds.sweep().await;
        assert!(
            matches!(result, Err(Error::Unknown { .. })),
            "{result:?} of {torn}"
        );
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoilt_answer_is_unknown_or_whole() {
    let mut runner = runner();
    for call in Call::ALL {
        let mut answers = Vec::new();
        for case in 0..CASES {
            let spoils = vec(spoil(), 1..3).new_tree(&mut runner).unwrap().current();
            let whole = call.done(&format!("case-{case}"));
            let left = spoils.iter().fold(whole, |body, spoil| spoil.apply(&body));
            let status = if case % 10 == 0 { 500 } else { 200 };
            answers.push((status, left));
        }
        let sent = answers.iter().map(|(status, body)| bytes(*status, body));
        let results = results(call, sent.collect()).await;
        let mut unknown = 0;
        for (case, result) in results.into_iter().enumerate() {
            let (status, body) = &answers[case];
            let shown = String::from_utf8_lossy(&body[..body.len().min(2000)]);
            match result {
                // What is taken for an instance is the one that was asked for,
                // or made, with all that RDS always states.
                Ok(Some(instance)) => {
                    assert_eq!((*status, instance.lacks), (200, None), "{call:?}: {shown}");
                    let named = instance.identifier == format!("case-{case}");
                    assert!(named || call != Call::Describe, "{instance:?} of {shown}");
                }
                Ok(None) => assert!(
                    *status == 200 && matches!(call, Call::Delete | Call::AddTags),
                    "{call:?} of {shown}"
                ),
                Err(Error::Unknown { .. }) => unknown += 1,
                Err(other) => panic!("{other:?} of {call:?}, {shown}"),
            }
        }
        assert!(unknown > CASES / 10, "{call:?}: {unknown}");
    }
}
