//! Region, credentials and endpoint: what happens where one is missing.

use aws_config::Region;
use stow::rds::{Error, Outcome, Rds};

use crate::canned::{Server, page};
use crate::{chain, client, connect, create, delete, outcomes};

#[tokio::test]
async fn a_closed_port_is_unknown() {
    let server = Server::start(|_, _| Vec::new()).await;
    let url = server.url.clone();
    drop(server);
    let (rds, _) = connect(chain(&url).test_credentials()).await;
    let failure = rds.delete(&delete()).await.unwrap_err();
    assert!(matches!(failure, Error::Unknown { .. }), "{failure:?}");
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_sent() {
    let server = Server::start(|_, _| page(&[], None)).await;

    let (rds, told) = connect(chain(&server.url).no_credentials()).await;
    let failures = [
        rds.check().await.unwrap_err(),
        rds.sweep().await.unwrap_err(),
        rds.create(&create()).await.unwrap_err(),
    ];
    for failure in failures {
        assert!(matches!(failure, Error::Unconfigured { .. }), "{failure:?}");
        let text = failure.to_string();
        assert!(text.contains("AWS_PROFILE"), "{text}");
    }
    assert_eq!(outcomes(&told), [Outcome::Unsent, Outcome::Unsent]);

    let nowhere = chain(&server.url).region(None::<Region>).test_credentials();
    let (rds, _) = connect(nowhere).await;
    assert_eq!(rds.region(), None);
    for failure in [
        rds.check().await.unwrap_err(),
        rds.sweep().await.unwrap_err(),
    ] {
        assert!(failure.to_string().contains("AWS_REGION"), "{failure}");
    }

    let both = chain(&server.url).region(None::<Region>).no_credentials();
    let (rds, _) = connect(both).await;
    let failure = rds.check().await.unwrap_err().to_string();
    assert!(
        failure.contains("AWS_REGION") && failure.contains("AWS_PROFILE"),
        "{failure}"
    );

    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_complete_chain_passes_the_check() {
    let server = Server::start(|_, _| page(&[], None)).await;
    let (rds, _) = client(&server).await;
    assert_eq!(rds.check().await, Ok(()));
    assert_eq!(rds.region().as_deref(), Some("eu-west-1"));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_for_a_person_to_fix() {
    let (rds, _) = connect(chain("not a url").test_credentials()).await;
    let failure = rds.sweep().await.unwrap_err();
    assert!(matches!(failure, Error::Unconfigured { .. }), "{failure:?}");
}
