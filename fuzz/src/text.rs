//! Quantities of storage, as users and AWS write them.
//!
//! Nothing here may know a unit that the parser does not.

use stow_versions::storage;

/// Parses text as a quantity.
///
/// # Panics
/// Where the parser does, or where what it reads does not come back.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(gibibytes) = storage::gibibytes(text) {
        let said = storage::quantity(gibibytes);
        assert_eq!(
            storage::gibibytes(&said),
            Some(gibibytes),
            "{text} is {said}"
        );
        assert!(text.is_ascii() && gibibytes >= 0, "{text}");
    }
    if let Some(digits) = text.strip_suffix("Gi")
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        assert_eq!(storage::gibibytes(text), digits.parse().ok(), "{text}");
    }
}
