//! A drydock with an access key of its own lets in nobody else.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_rds::Client;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use drydock::{
    servers::Servers,
    settings::Settings,
    wire::{Entrance, Key},
};

use crate::{
    berth::{Berth, code, config_of, create, until},
    http::{exchange, request},
};

pub(crate) const ID: &str = "AKIDDRYDOCK";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &[u8] = b"Action=StopDBInstance&Version=2014-10-31&DBInstanceIdentifier=a";

struct Locked {
    berth: Berth,
    _folder: tempfile::TempDir,
}

async fn locked() -> Locked {
    let folder = tempfile::tempdir().unwrap();
    let entrance = Entrance {
        key: Some(Key::new(ID, SECRET).unwrap()),
        ..Entrance::default()
    };
    let servers = Servers::None(vec!["17.6".parse().unwrap()]);
    Locked {
        berth: Berth::behind(folder.path(), Settings::default(), servers, entrance).await,
        _folder: folder,
    }
}

pub(crate) fn client(address: SocketAddr, id: &str, secret: &str, token: Option<&str>) -> Client {
    let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "test");
    let config = config_of(address, "eu-west-1").into_builder();
    let provider = aws_sdk_rds::config::SharedCredentialsProvider::new(credentials);
    Client::new(&config.credentials_provider(provider).build())
}

/// The headers of a request signed so long from now.
pub(crate) fn headers(line: &str, body: &[u8], secret: &str, from_now: i64) -> String {
    let (method, path) = line.split_once(' ').unwrap();
    let identity = Credentials::new(ID, secret, None, None, "test").into();
    let offset = Duration::from_secs(from_now.unsigned_abs());
    let now = SystemTime::now();
    let time = if from_now < 0 {
        now - offset
    } else {
        now + offset
    };
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("rds")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let kind = if body.starts_with(b"{") || body.starts_with(b"[") {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    let signed = [("host", "x"), ("content-type", kind)];
    let body = SignableBody::Bytes(body);
    let request = SignableRequest::new(method, path, signed.into_iter(), body).unwrap();
    let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
    let mut head = format!("Content-Type: {kind}\r\n");
    for (name, value) in instructions.headers() {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head
}

#[tokio::test]
async fn the_sdk_comes_in_with_the_right_key_alone() {
    let locked = locked().await;
    let berth = &locked.berth;
    let right = client(berth.address(), ID, SECRET, None);
    create(&right, "a").await;
    until(&right, "a", "available").await;
    // Signed along with the rest, and otherwise ignored.
    let session = client(berth.address(), ID, SECRET, Some("token"));
    session.describe_db_instances().send().await.unwrap();
    for (id, secret, expected) in [
        (
            ID,
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEx",
            "SignatureDoesNotMatch",
        ),
        ("AKIDSOMEBODY", SECRET, "InvalidClientTokenId"),
    ] {
        let wrong = client(berth.address(), id, secret, None);
        let refused = wrong
            .stop_db_instance()
            .db_instance_identifier("a")
            .send()
            .await;
        let raw = refused.as_ref().unwrap_err().raw_response().unwrap();
        assert_eq!(raw.status().as_u16(), 403);
        assert_eq!(code(refused), expected);
    }
    let sts = config_of(berth.address(), "eu-west-1");
    let stranger = aws_sdk_sts::Client::new(&sts)
        .get_caller_identity()
        .send()
        .await;
    assert_eq!(code(stranger), "InvalidClientTokenId");
    until(&right, "a", "available").await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn what_was_not_signed_like_this_is_refused() {
    let locked = locked().await;
    let berth = &locked.berth;
    let rds = client(berth.address(), ID, SECRET, None);
    create(&rds, "a").await;
    until(&rds, "a", "available").await;
    let good = headers("POST /", BODY, SECRET, 0);
    let without = |name: &str| -> String {
        let lines = good.split_inclusive("\r\n");
        lines.filter(|line| !line.starts_with(name)).collect()
    };
    let other_body = String::from_utf8_lossy(BODY).replace("Stop", "Start");
    for (what, line, head, body, code) in [
        (
            "tampered body",
            "POST /",
            good.clone(),
            other_body.as_bytes(),
            "SignatureDoesNotMatch",
        ),
        (
            "tampered path",
            "POST /?x=1",
            good.clone(),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "tampered header",
            "POST /",
            good.replace("urlencoded", "urlencoded; charset=utf-8"),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "other region",
            "POST /",
            good.replace("eu-west-1", "eu-west-2"),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "signed header gone",
            "POST /",
            without("Content-Type"),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "no signature",
            "POST /",
            without("authorization"),
            BODY,
            "MissingAuthenticationToken",
        ),
        (
            "no date",
            "POST /",
            without("x-amz-date"),
            BODY,
            "IncompleteSignature",
        ),
        (
            "two dates",
            "POST /",
            format!("{good}x-amz-date: 20260101T000000Z\r\n"),
            BODY,
            "IncompleteSignature",
        ),
        (
            "host not signed",
            "POST /",
            good.replace(";host", ""),
            BODY,
            "IncompleteSignature",
        ),
        (
            "too old",
            "POST /",
            headers("POST /", BODY, SECRET, -16 * 60),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "too new",
            "POST /",
            headers("POST /", BODY, SECRET, 16 * 60),
            BODY,
            "SignatureDoesNotMatch",
        ),
        (
            "cut short",
            "POST /",
            format!("{}\r\n", good[..good.len() - 9].trim_end()),
            BODY,
            "Signature",
        ),
    ] {
        let answer = exchange(berth.address(), &request(line, &head, body)).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        assert!(
            answer.contains(code) && answer.contains("<Code>"),
            "{what}: {answer}"
        );
        until(&rds, "a", "available").await;
    }
    let expired = headers("POST /", BODY, SECRET, -16 * 60);
    let answer = exchange(berth.address(), &request("POST /", &expired, BODY)).await;
    assert!(answer.contains("Signature expired"), "{answer}");
    // A clock that is a little off is borne, and the whole request is good.
    let late = headers("POST /", BODY, SECRET, -14 * 60);
    let answer = exchange(berth.address(), &request("POST /", &late, BODY)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn its_own_routes_want_the_same_key() {
    let locked = locked().await;
    let berth = &locked.berth;
    let ask = async |line: &str, head: &str, body: &[u8]| {
        let answer = exchange(berth.address(), &request(line, head, body)).await;
        answer[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(ask("GET /_drydock/health", "", b"").await, 200);
    assert_eq!(ask("GET /_drydock/authority.pem", "", b"").await, 404);
    let account = br#"{"account": "210987654321"}"#;
    let json = "Content-Type: application/json\r\n";
    for (line, body) in [
        ("GET /_drydock/calls?action=x", &b""[..]),
        ("DELETE /_drydock/calls", b""),
        ("GET /_drydock/faults", b""),
        ("PUT /_drydock/faults", b"[]"),
        ("GET /_drydock/settings", b""),
        ("PUT /_drydock/settings", b"{}"),
        ("GET /_drydock/clock", b""),
        ("POST /_drydock/clock", br#"{"seconds": 5}"#),
        ("GET /_drydock/account", b""),
        ("PUT /_drydock/account", account),
        ("POST /_drydock/instances/eu-west-1/a", br#"{"delete": {}}"#),
    ] {
        assert_eq!(ask(line, json, body).await, 403, "{line}");
        let wrong = headers(line, body, "wrong-wrong-wrong", 0);
        assert_eq!(ask(line, &wrong, body).await, 403, "{line}");
        assert_eq!(berth.dock.account(), "123456789012");
    }
    for (line, body, status) in [
        ("GET /_drydock/calls?action=x", &b""[..], 200),
        ("DELETE /_drydock/calls", b"", 204),
        ("PUT /_drydock/account", account, 204),
        (
            "POST /_drydock/instances/eu-west-1/a",
            br#"{"delete": {}}"#,
            404,
        ),
    ] {
        let right = headers(line, body, SECRET, 0);
        assert_eq!(ask(line, &right, body).await, status, "{line}");
    }
    assert_eq!(berth.dock.account(), "210987654321");
}
