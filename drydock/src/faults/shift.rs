//! A page of instances that begins elsewhere than its Marker says.

use crate::dock::View;

/// The Marker for a page that begins `by` instances later or (negative) earlier;
/// nothing for one that begins with the first.
pub fn shifted(view: &View<'_>, marker: &str, by: i32) -> Option<String> {
    let names: Vec<_> = view.region.instances.keys().collect();
    let passed = names.partition_point(|name| name.as_str() <= marker);
    let passed = passed.saturating_add_signed(isize::try_from(by).unwrap_or(isize::MAX));
    let last = passed.min(names.len()).checked_sub(1)?;
    names.get(last).map(|name| (*name).clone())
}
