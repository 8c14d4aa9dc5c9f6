//! Parameter groups' names of parameters, where no PostgreSQL can be asked.

/// Whether a name could be a parameter's.
pub fn plausible(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || "_.".contains(each))
}
