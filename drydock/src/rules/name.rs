//! Names and passwords.
//!
//! Must not know which names are taken.

mod reserved;

use super::invalid;
use crate::fault::Fault;

/// The role that stands for a superuser; it is there before the master user.
const SUPERUSER: &str = "rds_superuser";

/// A resource's identifier in the form it is stored in: lowercase. Letters,
/// digits and hyphens, a letter first, no hyphen last nor two in a row.
pub fn identifier(parameter: &str, value: &str, longest: usize) -> Result<String, Fault> {
    let fits = (1..=longest).contains(&value.len())
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '-')
        && !value.ends_with('-')
        && !value.contains("--");
    if fits {
        return Ok(value.to_ascii_lowercase());
    }
    Err(invalid(format!(
        "The parameter {parameter} is not a valid identifier. Identifiers must begin with a \
         letter; must contain only ASCII letters, digits, and hyphens; and must not end with a \
         hyphen or contain two consecutive hyphens. They have at most {longest} characters."
    )))
}

/// A subnet group's name in the form it is stored in: more signs are allowed.
pub fn subnet_group(value: &str) -> Result<String, Fault> {
    let fits = (1..=255).contains(&value.len())
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || " ._-".contains(each))
        && !value.eq_ignore_ascii_case("default");
    if fits {
        return Ok(value.to_ascii_lowercase());
    }
    Err(invalid(format!(
        "The parameter DBSubnetGroupName is not valid: {value}"
    )))
}

fn word(value: &str, longest: usize) -> bool {
    (1..=longest).contains(&value.len())
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_')
}

/// The master user's name.
pub fn master_username(value: &str) -> Result<(), Fault> {
    let lower = value.to_ascii_lowercase();
    if !word(value, 16) {
        return Err(invalid(format!(
            "The parameter MasterUsername is not valid: {value}. It has 1 to 16 letters, digits \
             and underscores, and begins with a letter."
        )));
    }
    if lower.starts_with("pg_") {
        return Err(invalid(format!(
            "MasterUsername {value} cannot be used because role names starting with \"pg_\" are \
             reserved by the PostgreSQL engine"
        )));
    }
    if reserved::is(&lower) || lower == SUPERUSER {
        return Err(invalid(format!(
            "MasterUsername {value} cannot be used as it is a reserved word used by the engine"
        )));
    }
    Ok(())
}

/// A master password.
pub fn password(value: &str) -> Result<(), Fault> {
    if !(8..=128).contains(&value.chars().count()) {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than \
             8 characters or longer than 128 characters.",
        ));
    }
    if value
        .chars()
        .any(|each| !each.is_ascii_graphic() || "/\"@".contains(each))
    {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII \
             characters besides '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}

/// The name of the database made with an instance.
pub fn database(value: &str) -> Result<(), Fault> {
    if !word(value, 63) {
        return Err(invalid(format!(
            "DBName must begin with a letter and contain only alphanumeric characters and \
             underscores, 63 at most: {value}"
        )));
    }
    let lower = value.to_ascii_lowercase();
    if reserved::is(&lower) || matches!(&*lower, "template0" | "template1") {
        return Err(invalid(format!(
            "DBName {value} cannot be used. It is a reserved word for this engine"
        )));
    }
    Ok(())
}

/// An instance class: `db.<family>.<size>`.
pub fn class(value: &str) -> Result<(), Fault> {
    let plain = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-')
        })
    };
    let mut parts = value.split('.');
    let fits = parts.next() == Some("db")
        && plain(parts.next())
        && plain(parts.next())
        && parts.next().is_none_or(|tpc| tpc.starts_with("tpc"));
    if fits {
        return Ok(());
    }
    Err(invalid(format!("Invalid DB Instance class: {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn table<T>(check: impl Fn(&str) -> Result<T, Fault>, accepted: &[&str], refused: &[&str]) {
        for value in accepted {
            assert!(check(value).is_ok(), "refused {value:?}");
        }
        for value in refused {
            let code = check(value).err().map(|fault| fault.code);
            assert_eq!(code.as_deref(), Some("InvalidParameterValue"), "{value:?}");
        }
    }

    #[test]
    fn identifiers() {
        let longest = "a".repeat(63);
        let longer = "a".repeat(64);
        table(
            |value| identifier("DBInstanceIdentifier", value, 63),
            &["a", "A-1", "orders-1", &longest],
            &["", "1a", "-a", "a-", "a--b", "a_b", "ä", "a b", &longer],
        );
        assert_eq!(identifier("X", "Orders-A", 63).unwrap(), "orders-a");
    }

    #[test]
    fn master_usernames() {
        table(
            master_username,
            &["a", "postgres", "Orders_1", "abcdefghijklmnop"],
            &[
                "",
                "1a",
                "_a",
                "a-b",
                "admin",
                "RDSADMIN",
                "pg_x",
                "user",
                "rds_superuser",
                "abcdefghijklmnopq",
            ],
        );
    }

    #[test]
    fn passwords() {
        let longest = "x".repeat(128);
        let longer = "x".repeat(129);
        table(
            password,
            &["12345678", "it's-fine", "!#$%^&*()", &longest],
            &[
                "",
                "1234567",
                "a/345678",
                "a\"345678",
                "a@345678",
                "a 345678",
                "ä2345678",
                &longer,
            ],
        );
    }

    #[test]
    fn databases_and_classes() {
        table(
            database,
            &["a", "orders_1"],
            &["", "1a", "a-b", "_a", "Order", "admin", &"a".repeat(64)],
        );
        table(
            class,
            &[
                "db.t3.micro",
                "db.r6gd.2xlarge",
                "db.m5d.metal",
                "db.r5.8xlarge.tpc2.mem3x",
            ],
            &[
                "",
                "t3.micro",
                "db.t3",
                "db..micro",
                "db.t3.micro.x",
                "db.T3.micro",
            ],
        );
    }
}
