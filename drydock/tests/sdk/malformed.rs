//! Requests that no SDK sends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use drydock::{
    model::Instance,
    wire::{self, Entrance, Limits},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    berth::{Berth, create, describe, until},
    http::{AUTHORIZATION, exchange, post, request},
};

const DESCRIBE: &str = "Action=DescribeDBInstances&Version=2014-10-31";

async fn with_an_instance() -> (Berth, BTreeMap<String, Instance>) {
    let berth = Berth::new().await;
    create(&berth.rds(), "a").await;
    until(&berth.rds(), "a", "available").await;
    let instances = berth.instances();
    (berth, instances)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn each_gets_an_error_and_the_instances_stay() {
    let (berth, before) = with_an_instance().await;
    let version = "&Version=2014-10-31";
    let modify =
        format!("Action=ModifyDBInstance{version}&ApplyImmediately=true&DBInstanceIdentifier=a");
    let gzip = format!("{AUTHORIZATION}Content-Encoding: gzip\r\n");
    let json = format!("{AUTHORIZATION}Content-Type: application/json\r\n");
    let latin = format!(
        "{AUTHORIZATION}Content-Type: application/x-www-form-urlencoded; charset=latin1\r\n"
    );
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
        (
            AUTHORIZATION,
            format!("Action=X{version}&P={}", "x".repeat(1 << 20)),
            413,
            "RequestEntityTooLarge",
        ),
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
            format!("{DESCRIBE}&Filters.Filter.x.Name=a"),
            400,
            "InvalidQueryParameter",
        ),
        (
            AUTHORIZATION,
            format!("{DESCRIBE}&Filters.Filter.999999999.Name=a"),
            400,
            "InvalidQueryParameter",
        ),
        (
            AUTHORIZATION,
            format!("{DESCRIBE}&Filters.Filter.99999999999999999999.Name=a"),
            400,
            "InvalidQueryParameter",
        ),
        (
            AUTHORIZATION,
            format!("{DESCRIBE}&MaxRecords=-1"),
            400,
            "InvalidParameterValue",
        ),
        (
            AUTHORIZATION,
            format!("{DESCRIBE}&DBInstanceIdentifier=%01<"),
            404,
            "DBInstanceNotFound",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=-40"),
            400,
            "Invalid",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=4294967336"),
            400,
            "InvalidParameterValue",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=0x28"),
            400,
            "InvalidParameterValue",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=40&AllocatedStorage=40"),
            404,
            "MalformedQueryString",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=40&allocatedstorage=40"),
            400,
            "InvalidQueryParameter",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=40&Note=%e9"),
            404,
            "MalformedQueryString",
        ),
        (
            AUTHORIZATION,
            format!("{modify}&AllocatedStorage=40%"),
            404,
            "MalformedQueryString",
        ),
        (
            &gzip,
            format!("{modify}&AllocatedStorage=40"),
            415,
            "UnsupportedMediaType",
        ),
        (
            &json,
            format!("{modify}&AllocatedStorage=40"),
            415,
            "UnsupportedMediaType",
        ),
        (
            &latin,
            format!("{modify}&AllocatedStorage=40"),
            415,
            "UnsupportedMediaType",
        ),
        ("", DESCRIBE.to_owned(), 403, "MissingAuthenticationToken"),
        (
            "Authorization: Basic x\r\n",
            DESCRIBE.to_owned(),
            400,
            "IncompleteSignature",
        ),
    ] {
        let answer = post(berth.address(), head, body.as_bytes()).await;
        let body: String = body.chars().take(120).collect();
        let line = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&line), "{body}: {answer}");
        let code = format!("<Code>{code}");
        assert!(answer.contains(&code), "{body}: {answer}");
        let id = answer.split_once("x-amzn-requestid: ").unwrap().1;
        let id = format!("<RequestId>{}</RequestId>", &id[..36]);
        assert!(answer.contains(&id), "{answer}");
    }
    for line in ["GET /", "PUT /", "DELETE /", "OPTIONS /"] {
        let answer = exchange(berth.address(), &request(line, AUTHORIZATION, b"")).await;
        assert!(answer.contains("requests are POST"), "{line}: {answer}");
    }
    let head = exchange(berth.address(), &request("HEAD /", "", b"")).await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    describe(&berth.rds(), "a").await;
    assert_eq!(berth.instances(), before);
}

#[tokio::test]
async fn what_is_not_http_ends_and_the_instances_stay() {
    let (berth, before) = with_an_instance().await;
    let many = "X-Many: y\r\n".repeat(500);
    let long = format!("X-Long: {}\r\n", "y".repeat(1 << 20));
    let many = request(
        "POST /",
        &format!("{AUTHORIZATION}{many}"),
        DESCRIBE.as_bytes(),
    );
    let long = request(
        "POST /",
        &format!("{AUTHORIZATION}{long}"),
        DESCRIBE.as_bytes(),
    );
    let lengths =
        format!("POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: -1\r\n\r\n");
    let two = format!(
        "POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: 4\r\nContent-Length: 5\r\n\r\nActi"
    );
    let chunk = format!(
        "POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    );
    for (what, bytes, expected) in [
        ("many headers", many, "HTTP/1.1 431 "),
        ("a long header", long, "HTTP/1.1 431 "),
        (
            "a length that is none",
            lengths.into_bytes(),
            "HTTP/1.1 400 ",
        ),
        ("two lengths", two.into_bytes(), "HTTP/1.1 400 "),
        (
            "no HTTP",
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(),
            "HTTP/1.1 400 ",
        ),
        ("a chunk that is none", chunk.into_bytes(), "HTTP/1.1 4"),
    ] {
        let answer = exchange(berth.address(), &bytes).await;
        assert!(answer.starts_with(expected), "{what}: {answer}");
    }
    // Broken off in the middle, in each way.
    let body = "Action=StopDBInstance&Version=2014-10-31&DBInstanceIdentifier=a";
    let length = body.len() + 20;
    for half in [
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Content-Length: {length}\r\n\r\n{body}"
        ),
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}Transfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n",
            body.len()
        ),
        "POST / HT".to_owned(),
    ] {
        let mut stream = TcpStream::connect(berth.address()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(!answer.contains(" 200 "), "{half}: {answer}");
    }
    describe(&berth.rds(), "a").await;
    assert_eq!(berth.instances(), before);
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order() {
    let (berth, _) = with_an_instance().await;
    let first = String::from_utf8(request("POST /", AUTHORIZATION, DESCRIBE.as_bytes())).unwrap();
    let first = first.replace("Connection: close\r\n", "");
    let second = request("POST /", AUTHORIZATION, b"Action=Nope&Version=2014-10-31");
    let answers = exchange(berth.address(), &[first.as_bytes(), &second].concat()).await;
    let (described, refused) = answers
        .split_once("</DescribeDBInstancesResponse>")
        .unwrap();
    assert!(
        described.contains(" 200 ") && described.contains(">a<"),
        "{answers}"
    );
    assert!(refused.contains("<Code>InvalidAction</Code>"), "{answers}");
}

#[tokio::test]
async fn slow_clients_are_not_waited_for() {
    let (berth, before) = with_an_instance().await;
    let patience = Duration::from_millis(200);
    let entrance = Entrance {
        patience,
        ..Entrance::default()
    };
    let limits = Limits {
        patience,
        ..Limits::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = wire::router(Arc::clone(&berth.dock), entrance);
    let serving = tokio::spawn(wire::serve(
        listener,
        router,
        limits,
        std::future::pending(),
    ));
    // Neither ends its request, and both keep the connection.
    let body = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{AUTHORIZATION}Content-Length: 99\r\n\r\nAct"
    );
    let answer = exchange(address, body.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
    let answer = exchange(address, b"POST / HTTP/1.1\r\nHos").await;
    assert!(!answer.contains(" 200 "), "{answer}");
    let answer = exchange(address, b"").await;
    assert_eq!(answer, "");
    describe(&berth.rds(), "a").await;
    assert_eq!(berth.instances(), before);
    serving.abort();
}
