//! Names, ids and versions, as users and AWS write them.
//!
//! Nothing here may know a name of its own: what it asks of those that are taken is
//! what keeps a request to AWS whole.

use super::syntax;

/// Reads text as each of them.
///
/// # Panics
/// Where a parser does, or takes what no such name has.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let taken = [
        ("class", syntax::is_class(text), 64),
        ("database", syntax::is_database_name(text, 63), 63),
        ("identifier", syntax::is_identifier(text), usize::MAX),
        ("snapshot", syntax::is_snapshot(text), 255),
        ("parameter group", syntax::is_parameter_group(text), 255),
        ("subnet group", syntax::is_subnet_group(text), 255),
        ("security group", syntax::is_security_group(text), 20),
        ("KMS key", syntax::is_kms_key(text), 384),
        ("role", syntax::is_role(text), usize::MAX),
        ("engine version", syntax::is_engine_version(text), 18),
        ("time", syntax::is_time(text), 20),
    ];
    for (what, taken, most) in taken {
        let printable = |b: u8| (b' '..=b'~').contains(&b) && !b"\"'\\$&<>".contains(&b);
        let clean = !text.is_empty() && text.len() <= most && text.bytes().all(printable);
        assert!(!taken || clean, "{text:?} is taken for a {what}");
    }
    let _ = syntax::is_reserved_user(text);
    // That it is RDS's own bounds no length.
    let default = syntax::is_default_parameter_group(text) && text.len() <= 255;
    assert!(!default || syntax::is_parameter_group(text));
    if let Some(strange) = syntax::strange_in_tag(text) {
        assert!(text.contains(strange));
    }
}
