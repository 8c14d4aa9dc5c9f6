//! HTTP without an SDK: drydock's own routes, and requests that no SDK sends.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A claim that drydock without a key believes.
pub(crate) const AUTHORIZATION: &str = "Authorization: AWS4-HMAC-SHA256 \
    Credential=AKID/20260131/eu-west-1/rds/aws4_request, SignedHeaders=host, Signature=00\r\n";

/// Sends bytes, and takes what comes until the connection ends.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The answer may come before all of a huge request was taken.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The whole answer to a request, as text.
pub(crate) async fn post(address: SocketAddr, head: &str, body: &[u8]) -> String {
    exchange(address, &request("POST /", head, body)).await
}

/// A request as bytes.
pub(crate) fn request(line: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The status and the body of one of drydock's own routes.
pub(crate) async fn admin(address: SocketAddr, line: &str, json: &str) -> (u16, String) {
    let (method, path) = line.split_once(' ').unwrap();
    let line = format!("{method} /_drydock/{path}");
    let head = "Content-Type: application/json\r\n";
    let answer = exchange(address, &request(&line, head, json.as_bytes())).await;
    let status = answer[9..12].parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}
