//! What an instance's version is by the server behind it, whatever was asked for.

use crate::{
    model::{Instance, Region},
    servers::Version,
};

/// The server behind a new instance runs this. Another major than was copied is
/// that of the restored moment: its parameter group is the default.
pub(super) fn note(instance: &mut Instance, version: Version) {
    let it = &mut instance.configuration;
    let stored: Option<Version> = it.engine_version.parse().ok();
    if stored.is_none_or(|stored| stored.major != version.major) {
        it.parameter_group = format!("default.postgres{}", version.major);
    }
    it.engine_version = version.to_string();
}

/// Takes over the minor versions that this machine has now: programs are updated
/// while drydock is not running.
pub fn renew(region: &mut Region, here: &[Version]) {
    for instance in region.instances.values_mut() {
        let stored = &mut instance.configuration.engine_version;
        let Ok(was) = stored.parse::<Version>() else {
            continue;
        };
        let newest = here.iter().filter(|it| it.major == was.major).max();
        if let Some(newest) = newest.filter(|_| !here.contains(&was)) {
            *stored = newest.to_string();
        }
    }
}
