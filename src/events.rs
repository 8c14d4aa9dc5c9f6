//! Who reports what Stow's Events tell.
//!
//! Nothing here may decide what is worth an Event.

use kube::Client;
use kube::runtime::events::{Recorder, Reporter};

/// Publishes Events in the name of a replica.
pub(crate) fn recorder(client: Client, instance: &str) -> Recorder {
    let reporter = Reporter {
        controller: "stow.myob.com".to_owned(),
        instance: Some(instance.to_owned()),
    };
    Recorder::new(client, reporter)
}
