//! Lists in pages, and filters.
//!
//! Must not know what is listed.

use crate::{
    fault::{self, Fault},
    wire::{Element, Parameters},
};

/// Whether a list's own parameter, if it is given, names a member. Names are the
/// same in any case.
pub(super) fn names(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
}

/// Which page of a list is asked for.
#[derive(Debug)]
pub(super) struct Page {
    most: usize,
    marker: Option<String>,
}

impl Page {
    /// Takes `MaxRecords` (20–100) and `Marker`.
    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Fault> {
        Self::up_to(parameters, 100)
    }

    /// The same, for an Action whose pages may be longer.
    pub(super) fn up_to(parameters: &mut Parameters, longest: i32) -> Result<Self, Fault> {
        let most = parameters.integer("MaxRecords")?.unwrap_or(100);
        if !(20..=longest).contains(&most) {
            return Err(fault::INVALID_PARAMETER_VALUE.because(format!(
                "Invalid value {most} for MaxRecords. Must be between 20 and {longest}"
            )));
        }
        Ok(Self {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            marker: parameters.string("Marker"),
        })
    }

    /// The result with the page's members, of all that come sorted by the name
    /// that goes into the marker.
    pub(super) fn of(
        &self,
        result: &str,
        list: &str,
        all: impl IntoIterator<Item = (String, Element)>,
    ) -> Element {
        let mut rest = all.into_iter().filter(|(name, _)| {
            self.marker
                .as_ref()
                .is_none_or(|marker| name.as_str() > marker.as_str())
        });
        let mut marker = None;
        let members: Vec<_> = rest
            .by_ref()
            .take(self.most)
            .map(|(name, element)| {
                marker = Some(name);
                element
            })
            .collect();
        let marker = rest.next().and(marker);
        Element::new(result)
            .maybe("Marker", marker)
            .list(list, members)
    }
}

/// `Filters`, of which each must hold by one of its values.
#[derive(Debug)]
pub(super) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Takes the filters, of which only these names are known.
    pub(super) fn take(parameters: &mut Parameters, known: &[&str]) -> Result<Self, Fault> {
        let mut filters = Vec::new();
        for mut filter in parameters.members("Filters", "Filter")?.unwrap_or_default() {
            let name = filter.required("Name")?;
            let values = filter.strings("Values", "Value")?.unwrap_or_default();
            filter.finish()?;
            if !known.contains(&&*name) {
                return Err(fault::INVALID_PARAMETER_VALUE
                    .because(format!("Unrecognized filter name: {name}")));
            }
            if values.is_empty() {
                return Err(fault::INVALID_PARAMETER_COMBINATION
                    .because(format!("The filter {name} has no values.")));
            }
            filters.push((name, values));
        }
        Ok(Self(filters))
    }

    /// Whether something passes, that has these values for a filter's name.
    pub(super) fn pass(&self, has: impl Fn(&str) -> Vec<String>) -> bool {
        self.0.iter().all(|(name, values)| {
            has(name).iter().any(|value| {
                values
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(value))
            })
        })
    }
}
