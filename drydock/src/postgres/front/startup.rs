//! The first messages of a client, before authentication: whether it wants TLS,
//! and who it says it is. Source: PostgreSQL's documentation, "Message Formats".

use std::{io, net::IpAddr};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const TLS_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// The first byte of a TLS handshake, for clients that do not ask beforehand.
const HANDSHAKE: u8 = 0x16;
/// PostgreSQL's own bound on a startup message.
const LONGEST: u32 = 10_000;
/// Kerberos is asked for once, then TLS once.
const REQUESTS: usize = 2;

/// What a client's connection goes on as.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Tls,
    /// Without encryption; these are the first bytes of its startup message.
    Plain([u8; 8]),
}

/// Answers the requests for encryption, up to what is none.
pub(super) async fn opening(stream: &mut TcpStream) -> io::Result<Opening> {
    for _ in 0..=REQUESTS {
        let mut head = [0; 8];
        // The TLS library wants to see a handshake from its first byte on.
        if stream.peek(&mut head[..1]).await? == 1 && head[0] == HANDSHAKE {
            return Ok(Opening::Tls);
        }
        stream.read_exact(&mut head).await?;
        match number(&head, 4) {
            TLS_REQUEST => {
                stream.write_all(b"S").await?;
                return Ok(Opening::Tls);
            }
            GSS_REQUEST => stream.write_all(b"N").await?,
            _ => return Ok(Opening::Plain(head)),
        }
    }
    Err(malformed("asked for encryption again and again"))
}

/// A startup message, or a request to cancel a query: both are the server's.
#[derive(Debug)]
pub(super) struct Startup(Vec<u8>);

impl Startup {
    /// Reads the rest of a message that begins with `head`.
    pub(super) async fn read<S: AsyncRead + Unpin>(
        head: [u8; 8],
        stream: &mut S,
    ) -> io::Result<Self> {
        let length = number(&head, 0);
        if !(8..=LONGEST).contains(&length) {
            return Err(malformed("has a startup message of impossible length"));
        }
        let mut message = head.to_vec();
        message.resize(length as usize, 0);
        stream.read_exact(&mut message[8..]).await?;
        Ok(Self(message))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a client without TLS is told where TLS is a must, in RDS's words;
    /// nothing for a cancel request, which nobody answers.
    pub(super) fn unencrypted_refusal(&self, client: IpAddr) -> Option<Vec<u8>> {
        if number(&self.0, 4) == CANCEL_REQUEST {
            return None;
        }
        let user = self.setting("user").unwrap_or_default();
        let database = self.setting("database").unwrap_or_else(|| user.clone());
        Some(refusal(
            "28000",
            &format!(
                "no pg_hba.conf entry for host \"{client}\", user \"{user}\", \
                 database \"{database}\", no encryption"
            ),
        ))
    }

    fn setting(&self, name: &str) -> Option<String> {
        let mut texts = self.0.get(8..)?.split(|&byte| byte == 0);
        while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
            if key == name.as_bytes() {
                return Some(String::from_utf8_lossy(value).into_owned());
            }
        }
        None
    }
}

/// An error that ends a connection, as PostgreSQL writes it.
pub(super) fn refusal(code: &str, message: &str) -> Vec<u8> {
    let mut fields = Vec::new();
    for (kind, text) in [('S', "FATAL"), ('V', "FATAL"), ('C', code), ('M', message)] {
        fields.push(kind as u8);
        fields.extend(text.bytes().filter(|&byte| byte != 0));
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX);
    let mut bytes = vec![b'E'];
    bytes.extend(length.to_be_bytes());
    bytes.extend(fields);
    bytes
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|four| four.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the client {what}"))
}
