//! The load generator: the same for every server.

use std::time::{Duration, Instant};

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::Result;
use crate::server::{Certificates, NAME, Server};

/// What came of a turn.
pub(crate) struct Turn {
    pub(crate) took: Duration,
    /// How long each review took.
    pub(crate) latencies: Vec<Duration>,
}

type Client = SendRequest<Full<Bytes>>;

async fn connected(server: &Server, certificates: &Certificates) -> Result<Client> {
    let stream = certificates.connect(server).await?;
    let (client, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn request(review: Bytes) -> Result<Request<Full<Bytes>>> {
    Ok(Request::post("/convert")
        .header(header::HOST, NAME)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(review))?)
}

/// The answer to one review, held to the contract.
pub(crate) async fn first(
    server: &Server,
    certificates: &Certificates,
    review: &[u8],
    objects: usize,
) -> Result<Vec<u8>> {
    let mut client = connected(server, certificates).await?;
    let response = client
        .send_request(request(review.to_vec().into())?)
        .await?;
    let answer = response.into_body().collect().await?.to_bytes();
    let read: Value = serde_json::from_slice(&answer)?;
    let converted = read["response"]["convertedObjects"].as_array();
    let succeeded = read["response"]["result"]["status"] == "Success";
    if !succeeded || converted.is_none_or(|converted| converted.len() != objects) {
        return Err(format!("not converted: {}", read["response"]["result"]).into());
    }
    Ok(answer.into())
}

/// A turn of a server: the review, over each connection, again and again.
pub(crate) struct Put<'a> {
    pub(crate) review: &'a [u8],
    pub(crate) connections: usize,
    pub(crate) turn: Duration,
    /// Whether the objects of each answer are read.
    pub(crate) reads: bool,
}

impl Put<'_> {
    pub(crate) async fn on(&self, server: &Server, certificates: &Certificates) -> Result<Turn> {
        let review = Bytes::copy_from_slice(self.review);
        let mut clients = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            clients.push(connected(server, certificates).await?);
        }
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for client in clients {
            tasks.spawn(repeat(
                client,
                review.clone(),
                start + self.turn,
                self.reads,
            ));
        }
        let mut latencies = Vec::new();
        while let Some(task) = tasks.join_next().await {
            latencies.extend(task??);
        }
        Ok(Turn {
            took: start.elapsed(),
            latencies,
        })
    }
}

async fn repeat(
    mut client: Client,
    review: Bytes,
    end: Instant,
    reads: bool,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while Instant::now() < end {
        // The end of an answer is seen before its connection is free again.
        client.ready().await?;
        let start = Instant::now();
        let response = client.send_request(request(review.clone())?).await?;
        if response.status() != StatusCode::OK {
            return Err(response.status().to_string().into());
        }
        let mut body = response.into_body();
        if reads {
            let answer = body.collect().await?.to_bytes();
            serde_json::from_slice::<Value>(&answer)?;
        } else {
            while let Some(frame) = body.frame().await {
                frame?;
            }
        }
        latencies.push(start.elapsed());
    }
    Ok(latencies)
}
