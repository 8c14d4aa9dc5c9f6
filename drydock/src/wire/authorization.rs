//! Who is calling, and which region and service, from the signature's scope.
//!
//! This says what the caller claims; whether it is true is for the entrance.

use axum::http::{HeaderMap, header};

use crate::fault::{self, Fault};

/// The services that answer here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Databases.
    Rds,
    /// Who am I.
    Sts,
}

impl Service {
    /// As signatures name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rds => "rds",
            Self::Sts => "sts",
        }
    }
}

/// What a request's `Authorization` header claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The access key's id.
    pub access_key: String,
    /// The region.
    pub region: String,
    /// The service.
    pub service: Service,
}

impl Authorization {
    /// Reads the header of Signature Version 4.
    pub fn read(headers: &HeaderMap) -> Result<Self, Fault> {
        let Some(header) = headers.get(header::AUTHORIZATION) else {
            return Err(fault::MISSING_AUTHENTICATION_TOKEN
                .because("Request is missing Authentication Token"));
        };
        header
            .to_str()
            .ok()
            .and_then(|header| header.strip_prefix("AWS4-HMAC-SHA256 "))
            .and_then(|parts| {
                parts
                    .split(',')
                    .find_map(|part| part.trim().strip_prefix("Credential="))
            })
            .and_then(Self::from_credential)
            .ok_or_else(|| {
                fault::INCOMPLETE_SIGNATURE
                    .because("The request signature does not conform to AWS standards.")
            })
    }

    /// `KEY/20260131/eu-west-1/rds/aws4_request`
    fn from_credential(credential: &str) -> Option<Self> {
        let mut parts = credential.rsplitn(5, '/');
        let ("aws4_request", service, region, _date, access_key) = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
        ) else {
            return None;
        };
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|each| each.is_ascii_alphanumeric() || each == '-')
        };
        Some(Self {
            access_key: Some(access_key).filter(|key| plain(key))?.to_owned(),
            region: Some(region).filter(|region| plain(region))?.to_owned(),
            service: match service {
                "rds" => Service::Rds,
                "sts" => Service::Sts,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<Authorization, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, header.parse().unwrap());
        Authorization::read(&headers).map_err(|fault| fault.code)
    }

    #[test]
    fn the_scope_says_where() {
        let read_ok = read(
            "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/rds/aws4_request, \
             SignedHeaders=host, Signature=00",
        );
        assert_eq!(
            read_ok,
            Ok(Authorization {
                access_key: "AKID".to_owned(),
                region: "eu-west-1".to_owned(),
                service: Service::Rds,
            })
        );
        for wrong in [
            "",
            "Basic xyz",
            "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/rds",
            "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-1/s3/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID/20260131/../rds/aws4_request",
        ] {
            assert_eq!(
                read(wrong),
                Err("IncompleteSignature".to_owned()),
                "{wrong}"
            );
        }
    }
}
