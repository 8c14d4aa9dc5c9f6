//! Storage as text: Kubernetes quantities of whole GiB, and RDS's numbers.
//!
//! Nothing here may judge a size: what RDS allows is for the schema's rules
//! and the planner.

/// Bytes of one GiB.
const GIBIBYTE: u128 = 1 << 30;

/// The whole GiB that a Kubernetes quantity amounts to, however it is spelled:
/// `20Gi`, `1Ti`, `1024Mi` and `21474836480` all count.
///
/// `None` where the text is no quantity, is signed with a minus, is not a whole
/// number of GiB, or does not fit RDS's 32-bit number.
pub fn gibibytes(text: &str) -> Option<i32> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // A second dot would stay in the fraction, and fail to parse there.
    let digits = format!("{whole}{}", fraction.trim_end_matches('0'));
    let decimals = u32::try_from(digits.len() - whole.len()).ok()?;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mantissa = if digits.is_empty() {
        0
    } else {
        digits.parse::<u128>().ok()?
    };
    let (multiplier, divisor) = scale(suffix)?;
    let divisor = divisor.checked_mul(10_u128.checked_pow(decimals)?)?;
    let bytes = mantissa.checked_mul(multiplier)?;
    let unit = GIBIBYTE.checked_mul(divisor)?;
    if !bytes.is_multiple_of(unit) {
        return None;
    }
    i32::try_from(bytes / unit).ok()
}

/// What a quantity's suffix multiplies its number by, as a fraction.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    let fraction = match suffix {
        "" => (1, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        exponent => return scientific(exponent),
    };
    Some(fraction)
}

/// The suffix `e9` or `E-3`, as a fraction.
fn scientific(suffix: &str) -> Option<(u128, u128)> {
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

/// Whole GiB as the text of a quantity, always in `Gi`: 1024 is `1024Gi`.
pub fn quantity(gibibytes: i32) -> String {
    format!("{gibibytes}Gi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_gibibytes_are_read_in_every_spelling() {
        for (text, expected) in [
            ("20Gi", 20),
            ("1Ti", 1024),
            ("64Ti", 65_536),
            ("1024Mi", 1),
            ("1048576Ki", 1),
            ("1073741824", 1),
            ("1073741824000m", 1),
            ("0.5Ti", 512),
            (".5Ti", 512),
            ("5.Gi", 5),
            ("1.50Ti", 1536),
            ("+5Gi", 5),
            ("005Gi", 5),
            ("0Gi", 0),
            ("0", 0),
            ("1.073741824e9", 1),
            ("1073741824E0", 1),
            ("10737418240e-1", 1),
            ("2147483647Gi", i32::MAX),
        ] {
            assert_eq!(gibibytes(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_whole_gibibytes() {
        for text in [
            "",
            "Gi",
            ".",
            ".Gi",
            "ten",
            "10 Gi",
            " 10Gi",
            "10gi",
            "10GB",
            "10G",
            "10",
            "-10Gi",
            "--1",
            "+-1",
            "1.5Gi",
            "1..5Ti",
            "1.5.0Ti",
            "1536Mi",
            "1e",
            "1e1.5",
            "1e99999999999",
            "1e400",
            "2147483648Gi",
            "99999999999999999999999999999999999999999Gi",
            "١٠Gi",
        ] {
            assert_eq!(gibibytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_quantity_is_read_back() {
        for number in [0, 1, 20, 1024, 65_536, i32::MAX] {
            assert_eq!(gibibytes(&quantity(number)), Some(number));
        }
    }
}
