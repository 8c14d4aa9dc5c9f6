//! A moto server of a test's own.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Runs until it is dropped.
pub(crate) struct Moto {
    /// Where it listens.
    pub(crate) url: String,
    address: String,
    _process: Child,
}

impl Moto {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let process = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            // Each create takes one of 1,000 snapshots otherwise.
            .env("MOTO_RDS_SNAPSHOT_LIMIT", "100000")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("moto_server is on the PATH");
        let address = format!("127.0.0.1:{port}");
        for _ in 0..300 {
            if TcpStream::connect(&address).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self {
            url: format!("http://{address}"),
            address,
            _process: process,
        }
    }

    /// Its answer to `DescribeDBSnapshots`, as text.
    pub(crate) async fn snapshots(&self) -> String {
        let body = "Action=DescribeDBSnapshots&Version=2014-10-31";
        let mut stream = TcpStream::connect(&self.address)
            .await
            .expect("moto answers");
        let request = format!(
            "POST / HTTP/1.0\r\nHost: rds.eu-west-1.amazonaws.com\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=x/20261122/eu-west-1/rds/aws4_request, \
             SignedHeaders=host, Signature=x\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("moto answers");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .await
            .expect("moto answers");
        answer
    }
}
