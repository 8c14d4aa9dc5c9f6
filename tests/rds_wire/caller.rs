//! Whose account it is: what STS answers, and what it does not.

use stow::rds::{Error, Outcome, Rds, Refusal};

use crate::canned::{Server, error, html, raw, wrapped};
use crate::{client, outcomes};

#[tokio::test]
async fn the_account_is_what_sts_says() {
    let server = Server::start(|_, request| {
        assert_eq!(request.form["Version"], "2011-06-15");
        wrapped(
            &request.form["Action"],
            "<Arn>arn:aws:sts::111111111111:assumed-role/stow/x</Arn><UserId>A</UserId>\
             <Account>111111111111</Account>",
        )
    })
    .await;
    let (rds, told) = client(&server).await;
    assert_eq!(rds.account().await.as_deref(), Ok("111111111111"));
    assert_eq!(outcomes(&told), [Outcome::Done]);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].form["Action"], "GetCallerIdentity");
}

#[tokio::test]
async fn an_answer_without_an_account_names_none() {
    for inner in ["", "<Account></Account>", "<UserId>A</UserId>"] {
        let server = Server::start(move |_, _| wrapped("GetCallerIdentity", inner)).await;
        let (rds, _) = client(&server).await;
        let failure = rds.account().await.unwrap_err();
        assert!(matches!(failure, Error::Unknown { .. }), "{failure:?}");
    }
    // Cut off, it could have said anything.
    let server = Server::start(|_, _| {
        let whole = wrapped("GetCallerIdentity", "<Account>111111111111</Account>");
        let text = String::from_utf8(whole).expect("text");
        let (cut, _) = text
            .split_once("</GetCallerIdentityResponse>")
            .expect("an end");
        raw(cut)
    })
    .await;
    let (rds, _) = client(&server).await;
    assert!(rds.account().await.is_err());
    let server = Server::start(|_, _| html(200)).await;
    let (rds, _) = client(&server).await;
    assert!(rds.account().await.is_err());
}

#[tokio::test]
async fn credentials_that_aws_does_not_know_are_denied() {
    let server = Server::start(|_, _| error(403, "InvalidClientTokenId", "no such token")).await;
    let (rds, _) = client(&server).await;
    let failure = rds.account().await.unwrap_err();
    assert!(
        matches!(
            failure,
            Error::Refused {
                refusal: Refusal::Denied,
                ..
            }
        ),
        "{failure:?}"
    );
}
