//! A schema's rule as an expression of a policy: `self` and `oldSelf` become
//! the places that they stand for.
//!
//! Nothing here may read a rule further than its names and texts.

/// A rule of the schema at a place such as `spec.backup.window`; the root is
/// the empty place.
pub(crate) fn placed(rule: &str, place: &str) -> String {
    let (new, old) = (at("object", place), at("oldObject", place));
    let mut placed = String::new();
    let mut rest = rule;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => text(rest),
            c if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match token {
            _ if placed.ends_with('.') => placed.push_str(token),
            "self" => placed.push_str(&new),
            "oldSelf" => {
                if let Some(after) = rest.strip_prefix(".hasValue()") {
                    placed.push_str(&was(place));
                    rest = after;
                } else {
                    placed.push_str(&old);
                    rest = rest.strip_prefix(".value()").unwrap_or(rest);
                }
            }
            _ => placed.push_str(token),
        }
    }
    placed
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The length of the quoted text that an expression begins with.
fn text(expression: &str) -> usize {
    let mut escaped = false;
    for (index, c) in expression.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return index + 1,
            _ => {}
        }
    }
    expression.len()
}

/// A place of the object, or of the one before.
pub(crate) fn at(root: &str, place: &str) -> String {
    match place {
        "" => root.to_owned(),
        place => format!("{root}.{place}"),
    }
}

/// Whether the object has something at that place.
pub(crate) fn is(place: &str) -> String {
    there("object", place)
}

/// Whether there was an object before, with something at that place.
pub(crate) fn was(place: &str) -> String {
    let there = there("oldObject", place);
    match place {
        "" => "(oldObject != null)".to_owned(),
        _ => format!("(oldObject != null && {there})"),
    }
}

fn there(root: &str, place: &str) -> String {
    match place {
        "" => "true".to_owned(),
        place => crate::v1beta1::rules::has(root, place),
    }
}

/// A text as a literal of an expression.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_stands_at_its_place() {
        for (rule, place, expected) in [
            ("self >= 1", "spec.iops", "object.spec.iops >= 1"),
            (
                "self == oldSelf",
                "spec.a",
                "object.spec.a == oldObject.spec.a",
            ),
            (
                "has(self.a) || (oldSelf.hasValue() && has(oldSelf.value().a))",
                "spec",
                "has(object.spec.a) || ((oldObject != null && has(oldObject.spec)) && \
                 has(oldObject.spec.a))",
            ),
            (
                "self.myself != 'self' && self.self != 'it\\'s self'",
                "",
                "object.myself != 'self' && object.self != 'it\\'s self'",
            ),
            ("!oldSelf.hasValue()", "", "!(oldObject != null)"),
        ] {
            assert_eq!(placed(rule, place), expected, "{rule}");
        }
    }

    #[test]
    fn a_text_is_quoted() {
        assert_eq!(quoted(r"it's \d"), r"'it\'s \\d'");
    }
}
