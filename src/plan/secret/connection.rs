//! The keys of a Secret, by which applications connect.
//!
//! Nothing here may decide whether they are written.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::rds::{Instance, Password};

use super::HeldSecret;

pub(super) const DB_HOST: &str = "DB_HOST";
const DB_PORT: &str = "DB_PORT";
const DB_NAME: &str = "DB_NAME";
const DB_USER: &str = "DB_USER";
pub(super) const DB_PASSWORD: &str = "DB_PASSWORD";
pub(super) const DATABASE_URL: &str = "DATABASE_URL";

/// Every key of a Secret.
pub(crate) const KEYS: [&str; 6] = [
    DB_HOST,
    DB_PORT,
    DB_NAME,
    DB_USER,
    DB_PASSWORD,
    DATABASE_URL,
];

/// RFC 3986: only the unreserved characters stand for themselves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether somebody wrote a password over ours: the URL still has another.
pub(super) fn is_overwritten(held: &HeldSecret, password: &Password) -> bool {
    let in_url = held.data.get(DATABASE_URL).and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        let (user_and_password, _) = rest.split_once('@')?;
        Some(user_and_password.split_once(':')?.1)
    });
    in_url.is_some_and(|in_url| in_url != encoded(password.expose()))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The keys of a Secret for an instance; only the password while RDS has not
/// given it an endpoint.
pub(super) fn connection(instance: &Instance, password: &Password) -> BTreeMap<String, String> {
    let mut data = BTreeMap::from([(DB_PASSWORD.to_owned(), password.expose().to_owned())]);
    let Some((host, port)) = &instance.endpoint else {
        return data;
    };
    // RDS always makes `postgres`; `DBName` is what it makes besides.
    let name = instance.database_name.as_deref().unwrap_or("postgres");
    let user = &instance.master_username;
    let url = format!(
        "postgres://{}:{}@{host}:{port}/{}?sslmode=require",
        encoded(user),
        encoded(password.expose()),
        encoded(name),
    );
    for (key, value) in [
        (DB_HOST, host.clone()),
        (DB_PORT, port.to_string()),
        (DB_NAME, name.to_owned()),
        (DB_USER, user.clone()),
        (DATABASE_URL, url),
    ] {
        data.insert(key.to_owned(), value);
    }
    data
}
