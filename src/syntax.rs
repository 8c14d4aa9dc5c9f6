//! How names, ids and versions are written, as RDS and the API server take
//! them: the patterns of the schema's rules, for what did not pass by them.
//!
//! Nothing here may know what a text is for, or say what is wrong with it.

/// An instance class, `db.<family>.<size>`, of 64 characters at most.
pub(crate) fn is_class(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let parts: Vec<_> = text.split('.').collect();
    text.len() <= 64
        && matches!(parts.as_slice(), ["db", family, size] if plain(family) && plain(size))
}

/// The name of a database, or of its master user, of so many characters.
pub(crate) fn is_database_name(text: &str, most: usize) -> bool {
    text.len() <= most
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether PostgreSQL or RDS keeps the name of a user for itself.
pub(crate) fn is_reserved_user(text: &str) -> bool {
    let folded = text.to_ascii_lowercase();
    matches!(folded.as_str(), "admin" | "rdsadmin") || folded.starts_with("pg_")
}

/// An identifier of RDS: letters, digits and single hyphens between them, a
/// letter first.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The identifier of a DB snapshot. Those that RDS and AWS Backup take have a
/// prefix.
pub(crate) fn is_snapshot(text: &str) -> bool {
    let own = ["rds:", "awsbackup:"];
    let bare = own.iter().find_map(|prefix| text.strip_prefix(prefix));
    text.len() <= 255 && is_identifier(bare.unwrap_or(text))
}

/// The name of a DB parameter group, RDS's own included.
pub(crate) fn is_parameter_group(text: &str) -> bool {
    text.len() <= 255 && (is_identifier(text) || is_default_parameter_group(text))
}

/// The name of a parameter group that RDS brings: `default.postgres17`.
pub(crate) fn is_default_parameter_group(text: &str) -> bool {
    let major = text.strip_prefix("default.postgres");
    major.is_some_and(|major| !major.is_empty() && digits(major))
}

/// The name of a DB subnet group.
pub(crate) fn is_subnet_group(text: &str) -> bool {
    let taken = |b: u8| b.is_ascii_alphanumeric() || b"._ -".contains(&b);
    (1..=255).contains(&text.len()) && text.bytes().all(taken)
}

/// The id of a VPC security group.
pub(crate) fn is_security_group(text: &str) -> bool {
    let id = text.strip_prefix("sg-");
    id.is_some_and(|id| matches!(id.len(), 8 | 17) && hexadecimal(id))
}

/// A KMS key: its ARN, its id or its alias.
pub(crate) fn is_kms_key(text: &str) -> bool {
    if text.len() > 384 {
        return false;
    }
    if let Some(name) = text.strip_prefix("alias/") {
        return is_key_path(name);
    }
    if let Some(id) = text.strip_prefix("mrk-") {
        return id.len() == 32 && hexadecimal(id);
    }
    if !text.starts_with("arn:") {
        let groups: Vec<_> = text.split('-').collect();
        return groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| hexadecimal(group));
    }
    let Some(resource) = resource_of(text, "kms", true) else {
        return false;
    };
    let kinds = ["key/", "alias/"];
    kinds
        .iter()
        .find_map(|kind| resource.strip_prefix(kind))
        .is_some_and(is_key_path)
}

/// The ARN of an IAM role.
pub(crate) fn is_role(text: &str) -> bool {
    let path = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+=,.@_/-".contains(&b))
    };
    resource_of(text, "iam", false)
        .and_then(|resource| resource.strip_prefix("role/"))
        .is_some_and(path)
}

/// The last part of `arn:aws…:<service>:<region>:<account>:<resource>`. What
/// belongs to no region has none.
fn resource_of<'a>(text: &'a str, service: &str, regional: bool) -> Option<&'a str> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let [arn, partition, named, region, account, resource] = parts.as_slice() else {
        return None;
    };
    let low = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let place = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let fits = *arn == "arn"
        && partition.strip_prefix("aws").is_some_and(low)
        && *named == service
        && (regional && place(region) || !regional && region.is_empty())
        && account.len() == 12
        && digits(account);
    fits.then_some(resource)
}

/// A version of PostgreSQL: a major, a minor, or a minor with RDS's own suffix.
pub(crate) fn is_engine_version(text: &str) -> bool {
    let (version, own) = text
        .split_once("-rds.")
        .map_or((text, None), |(v, d)| (v, Some(d)));
    let (major, minor) = version
        .split_once('.')
        .map_or((version, None), |(a, b)| (a, Some(b)));
    major.len() == 2
        && digits(major)
        && !major.starts_with('0')
        && minor.is_none_or(|minor| matches!(minor.len(), 1 | 2) && digits(minor))
        && own.is_none_or(|date| minor.is_some() && date.len() == 8 && digits(date))
}

/// A time in UTC to the second, `2026-11-22T09:30:00Z`.
pub(crate) fn is_time(text: &str) -> bool {
    let shape = |(at, b): (usize, u8)| match at {
        4 | 7 => b == b'-',
        10 => b == b'T',
        13 | 16 => b == b':',
        19 => b == b'Z',
        _ => b.is_ascii_digit(),
    };
    let within = |from: usize, least: u8, most: u8| {
        let number = text.get(from..from + 2).and_then(|n| n.parse().ok());
        number.is_some_and(|n: u8| (least..=most).contains(&n))
    };
    text.len() == 20
        && text.bytes().enumerate().all(shape)
        && text.starts_with("20")
        && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 59)
}

/// Whether a tag's key or value has a character that RDS does not take; which.
pub(crate) fn strange_in_tag(text: &str) -> Option<char> {
    text.chars()
        .find(|c| !c.is_alphanumeric() && !" _.:/=+-@".contains(*c))
}

fn is_key_path(text: &str) -> bool {
    let taken = |b: u8| b.is_ascii_alphanumeric() || b"/_-".contains(&b);
    !text.is_empty() && text.bytes().all(taken)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn hexadecimal(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests;
