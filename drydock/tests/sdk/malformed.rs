//! Requests that no SDK sends.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::berth::{Berth, create, until};

const AUTHORIZATION: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=AKID/20260131/eu-west-1/rds/aws4_request, SignedHeaders=host, Signature=00\r\n";

/// The whole answer to a request, as text.
async fn ask(berth: &Berth, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(berth.address()).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The answer may come before all of a huge body was taken.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn each_gets_an_error_and_the_instances_stay() {
    let berth = Berth::new().await;
    let rds = berth.rds();
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let version = "&Version=2014-10-31";
    let huge = format!("Action=X{version}&P={}", "x".repeat(1 << 20));
    for (head, body, status, code) in [
        (AUTHORIZATION, String::new(), 400, "MissingAction"),
        (
            AUTHORIZATION,
            "Version=2014-10-31".to_owned(),
            400,
            "MissingAction",
        ),
        (
            AUTHORIZATION,
            "Action=DescribeDBInstances".to_owned(),
            400,
            "InvalidAction",
        ),
        (
            AUTHORIZATION,
            format!("Action=Nope{version}"),
            400,
            "InvalidAction",
        ),
        (
            AUTHORIZATION,
            format!("Action=%zz{version}"),
            404,
            "MalformedQueryString",
        ),
        (
            AUTHORIZATION,
            format!("Action=%ff{version}"),
            404,
            "MalformedQueryString",
        ),
        (
            AUTHORIZATION,
            format!("Action=A&Action=B{version}"),
            404,
            "MalformedQueryString",
        ),
        (AUTHORIZATION, huge, 413, "RequestEntityTooLarge"),
        (
            AUTHORIZATION,
            format!("Action=DeleteDBInstance{version}"),
            400,
            "MissingParameter",
        ),
        (
            AUTHORIZATION,
            format!("Action=DeleteDBInstance{version}&DBInstanceIdentifier=a&SkipFinalSnapshot=si"),
            400,
            "InvalidParameterValue",
        ),
        (
            AUTHORIZATION,
            format!("Action=DescribeDBInstances{version}&Filters.Filter.x.Name=a"),
            400,
            "InvalidQueryParameter",
        ),
        (
            AUTHORIZATION,
            format!("Action=DescribeDBInstances{version}&DBInstanceIdentifier=%01<"),
            404,
            "DBInstanceNotFound",
        ),
        (
            "",
            format!("Action=DescribeDBInstances{version}"),
            403,
            "MissingAuthenticationToken",
        ),
        (
            "Authorization: Basic x\r\n",
            format!("Action=DescribeDBInstances{version}"),
            400,
            "IncompleteSignature",
        ),
    ] {
        let answer = ask(&berth, head, body.as_bytes()).await;
        let body: String = body.chars().take(80).collect();
        let line = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&line), "{body}: {answer}");
        let code = format!("<Code>{code}</Code>");
        assert!(answer.contains(&code), "{body}: {answer}");
    }
    // Broken off in the middle.
    let mut stream = TcpStream::connect(berth.address()).await.unwrap();
    let half =
        format!("POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 99\r\n\r\nAct");
    stream.write_all(half.as_bytes()).await.unwrap();
    drop(stream);
    until(&rds, "a", "available").await;
}
