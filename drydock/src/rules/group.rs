//! Parameter groups' names and values of parameters.
//!
//! Must not know which parameters there are: only a server can say.

use super::invalid;
use crate::{fault::Fault, postgres::Parameter};

/// Whether a name could be a parameter's, where no `PostgreSQL` can be asked.
pub fn plausible(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || "_.".contains(each))
}

/// The values that RDS says a parameter may have, in its own notation; nothing
/// where it is any text.
pub fn allowed(parameter: &Parameter) -> Option<String> {
    match (&parameter.range, parameter.data_type) {
        (Some((least, most)), _) => Some(format!("{least}-{most}")),
        (None, "boolean") => Some("0,1".to_owned()),
        (None, _) => None,
    }
}

/// Whether RDS would take a value. Numbers come without a unit, in the unit that
/// `PostgreSQL` has for the parameter.
pub fn value(parameter: &Parameter, value: &str) -> Result<(), Fault> {
    if value.starts_with('{') {
        return Err(invalid(format!(
            "Formulas are not evaluated here: {value} for: {}",
            parameter.name
        )));
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let fits = match (&parameter.range, parameter.data_type) {
        (Some((least, most)), kind) => {
            let whole = kind != "integer" || value.parse::<i64>().is_ok();
            let within = number(value)
                .zip(number(least).zip(number(most)))
                .is_some_and(|(value, (least, most))| (least..=most).contains(&value));
            whole && within
        }
        (None, "boolean") => matches!(value, "0" | "1" | "on" | "off" | "true" | "false"),
        (None, _) => true,
    };
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "Invalid parameter value: {value} for: {} allowed values are: {}",
        parameter.name,
        allowed(parameter).unwrap_or_default()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(data_type: &'static str, range: Option<(&str, &str)>) -> Parameter {
        Parameter {
            name: "x".to_owned(),
            restarts: false,
            description: String::new(),
            data_type,
            range: range.map(|(least, most)| (least.to_owned(), most.to_owned())),
            preset: None,
        }
    }

    #[test]
    fn numbers_lie_in_their_range_and_have_no_unit() {
        let whole = parameter("integer", Some(("64", "2147483647")));
        let float = parameter("float", Some(("0", "1.79769e+308")));
        let either = parameter("boolean", None);
        let text = parameter("string", None);
        for (parameter, given, fine) in [
            (&whole, "64", true),
            (&whole, "2147483647", true),
            (&whole, "63", false),
            (&whole, "2147483648", false),
            (&whole, "64MB", false),
            (&whole, "64.5", false),
            (&whole, "", false),
            (&whole, "{DBInstanceClassMemory/32768}", false),
            (&float, "1.1", true),
            (&float, "-0.1", false),
            (&float, "NaN", false),
            (&either, "1", true),
            (&either, "2", false),
            (&text, "anything", true),
        ] {
            let refused = value(parameter, given).err();
            assert_eq!(refused.is_none(), fine, "{given}: {refused:?}");
        }
    }
}
