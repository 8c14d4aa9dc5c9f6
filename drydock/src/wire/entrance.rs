//! Who may come in: everybody, or the holder of one access key, whose Signature
//! Version 4 is then verified on every request.
//!
//! The signature is made again by AWS's own signer, and the two are compared.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_lc_rs::{constant_time, digest};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use axum::http::{HeaderMap, header, request::Parts};
use jiff::{SignedDuration, Timestamp, civil};

use super::Authorization;
use crate::fault::{self, Fault};

/// How far a client's clock may be off, as at AWS.
const SKEW: SignedDuration = SignedDuration::from_mins(15);
const DATE: &str = "x-amz-date";

/// How requests are let in.
#[derive(Debug)]
pub struct Entrance {
    /// The one key that is let in; every caller without.
    pub key: Option<Key>,
    /// How long a request's body may take.
    pub patience: Duration,
}

impl Default for Entrance {
    /// Everybody.
    fn default() -> Self {
        Self {
            key: None,
            patience: Duration::from_secs(30),
        }
    }
}

/// An access key.
pub struct Key {
    id: String,
    secret: String,
}

/// A key that nobody should rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Clients could not name it.
    #[error("an access key's id is 1 to 128 letters and digits")]
    Id,
    /// It could be guessed.
    #[error("a secret access key has at least 16 characters")]
    Secret,
}

impl Key {
    /// A key with this id and this secret.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self, BadKey> {
        let (id, secret) = (id.into(), secret.into());
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain || !(1..=128).contains(&id.len()) {
            return Err(BadKey::Id);
        }
        if secret.len() < 16 {
            return Err(BadKey::Secret);
        }
        Ok(Self { id, secret })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = formatter.debug_struct("Key");
        key.field("id", &self.id).finish_non_exhaustive()
    }
}

impl Entrance {
    /// Lets a request in, or says why not.
    pub fn admit(&self, head: &Parts, body: &[u8]) -> Result<(), Fault> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        let claim = Authorization::read(&head.headers)?;
        if claim.access_key != key.id {
            return Err(fault::INVALID_CLIENT_TOKEN_ID
                .because("The security token included in the request is invalid."));
        }
        let signature = Signature::read(&head.headers).ok_or_else(|| {
            fault::INCOMPLETE_SIGNATURE
                .because("The request signature does not conform to AWS standards.")
        })?;
        signature.check_time(Timestamp::now())?;
        let expected = signature.expected(key, &claim, head, body);
        let same = expected.is_some_and(|expected| {
            let (expected, given) = (expected.as_bytes(), signature.hex.as_bytes());
            constant_time::verify_slices_are_equal(expected, given).is_ok()
        });
        if !same {
            return Err(refused(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method.",
            ));
        }
        Ok(())
    }
}

fn refused(why: impl Into<String>) -> Fault {
    fault::SIGNATURE_DOES_NOT_MATCH.because(why)
}

/// What is to be verified of an `Authorization` header.
struct Signature<'a> {
    day: &'a str,
    time: Timestamp,
    signed: Vec<&'a str>,
    hex: &'a str,
}

impl<'a> Signature<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let once = |name: &str| {
            let mut all = headers.get_all(name).iter();
            let first = all.next()?.to_str().ok()?;
            all.next().is_none().then_some(first)
        };
        let (_, fields) = once(header::AUTHORIZATION.as_str())?.split_once(' ')?;
        let field = |name| {
            fields.split(',').find_map(|field| {
                let (found, value) = field.trim().split_once('=')?;
                (found == name).then_some(value)
            })
        };
        let time = once(DATE)?;
        let time = civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
        let signed: Vec<_> = field("SignedHeaders")?.split(';').collect();
        // What is not signed could be replayed elsewhere, or at another time.
        let needed = [header::HOST.as_str(), DATE];
        needed
            .iter()
            .all(|name| signed.contains(name))
            .then_some(())?;
        Some(Self {
            day: field("Credential")?.rsplit('/').nth(3)?,
            time: time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
            signed,
            hex: field("Signature")?,
        })
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Fault> {
        let written = |time: Timestamp| time.strftime("%Y%m%dT%H%M%SZ").to_string();
        let (time, now_written) = (written(self.time), written(now));
        if !time.starts_with(self.day) {
            return Err(refused(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP",
            ));
        }
        let age = self.time.duration_until(now);
        if age > SKEW {
            return Err(refused(format!(
                "Signature expired: {time} is now earlier than the limit, 15 min. before \
                 {now_written}"
            )));
        }
        if age < -SKEW {
            return Err(refused(format!(
                "Signature not yet current: {time} is still later than the limit, 15 min. after \
                 {now_written}"
            )));
        }
        Ok(())
    }

    /// The signature that the key's holder would have sent; nothing, if what is
    /// said to be signed is not there.
    fn expected(
        &self,
        key: &Key,
        claim: &Authorization,
        head: &Parts,
        body: &[u8],
    ) -> Option<String> {
        let mut headers = Vec::new();
        for name in &self.signed {
            if *name == DATE {
                // The signer adds it from the time that it is told.
                continue;
            }
            let before = headers.len();
            for value in head.headers.get_all(*name) {
                headers.push((*name, value.to_str().ok()?));
            }
            (headers.len() > before).then_some(())?;
        }
        let path = head.uri.path_and_query()?.as_str();
        // The signer writes bodies into its trace, and passwords are in them.
        let hash = digest::digest(&digest::SHA256, body);
        let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
        let body = SignableBody::Precomputed(hash.collect());
        let request =
            SignableRequest::new(head.method.as_str(), path, headers.into_iter(), body).ok()?;
        let mut settings = SigningSettings::default();
        settings.excluded_headers = Some(Vec::<Cow<'static, str>>::new());
        let identity = Credentials::new(&key.id, &key.secret, None, None, "drydock").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&claim.region)
            .name(claim.service.name())
            .time(SystemTime::from(self.time))
            .settings(settings)
            .build()
            .ok()?
            .into();
        let (_, signature) = sign(request, &parameters).ok()?.into_parts();
        Some(signature)
    }
}
