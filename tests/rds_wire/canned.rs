//! An HTTP server on loopback whose answers a test writes, byte by byte.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request, as far as tests look at it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The value of `User-Agent` and of AWS's own header, joined.
    pub(crate) user_agent: String,
    /// The fields of the Query protocol, decoded.
    pub(crate) form: BTreeMap<String, String>,
    /// The body as it was sent.
    pub(crate) body: String,
}

/// The server; it ends with the value.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers each request by `answer`, given how many came before. Empty bytes
    /// close the connection without an answer.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Request) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let seen = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else {
                    continue;
                };
                let turn = {
                    let mut seen = seen.lock().expect("no test panics while it holds this");
                    seen.push(request.clone());
                    seen.len() - 1
                };
                // A client that has gone needs no answer.
                let _ = stream.write_all(&answer(turn, &request)).await;
                let _ = stream.shutdown().await;
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// What came so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests
            .lock()
            .expect("no test panics while it holds this")
            .clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request with a `Content-Length`.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let header = |name: &str| {
                head.lines()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.trim().to_owned())
            };
            let length: usize = header("content-length")?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
                return Some(Request {
                    user_agent: [header("user-agent"), header("x-amz-user-agent")]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(" "),
                    form: fields(&body),
                    body,
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn fields(body: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

/// These bytes, whatever they are.
pub(crate) fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A response that holds this XML.
pub(crate) fn xml(status: u16, body: &str) -> Vec<u8> {
    bytes(status, body.as_bytes())
}

/// A response that claims to hold XML, and holds this.
pub(crate) fn bytes(status: u16, body: &[u8]) -> Vec<u8> {
    respond(status, "text/xml", body)
}

/// What a proxy says.
pub(crate) fn html(status: u16) -> Vec<u8> {
    respond(
        status,
        "text/html",
        b"<html><body><h1>Sorry</h1></body></html>",
    )
}

/// An error document of RDS.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Vec<u8> {
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><Error>\
             <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        ),
    )
}

/// The success of `action`, around what it holds.
pub(crate) fn wrapped(action: &str, inner: &str) -> Vec<u8> {
    xml(
        200,
        &format!(
            "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">\
             <{action}Result>{inner}</{action}Result></{action}Response>"
        ),
    )
}

/// A page of a `DescribeDBInstances`.
pub(crate) fn page(instances: &[String], marker: Option<&str>) -> Vec<u8> {
    let marker = marker.map_or_else(String::new, |marker| {
        let marker = marker.replace('&', "&amp;").replace('<', "&lt;");
        format!("<Marker>{marker}</Marker>")
    });
    let instances = instances.concat();
    wrapped(
        "DescribeDBInstances",
        &format!("<DBInstances>{instances}</DBInstances>{marker}"),
    )
}

fn respond(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
