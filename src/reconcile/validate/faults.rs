//! Every fault of a spec that shows without the configuration: the rules of the
//! schema once more, for what reached storage by another way.
//!
//! Nothing here may compare with RDS, or with an earlier spec.

mod groups;
mod origin;

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use stow_versions::limits::{MOST_TAGS, PORT};
use stow_versions::storage;
use stow_versions::v1beta1::PostgresDBSpec;

use crate::cluster::is_secret_name;
use crate::plan::is_reserved_tag;
use crate::syntax;

use super::volume::Wish;

const DNS_NAME: &str =
    "lowercase letters, digits, hyphens and dots, a letter or digit at both ends";
const IDENTIFIER: &str = "letters, digits and single hyphens between them, a letter first";

/// Every fault, each with its field and what to write.
pub(super) fn all(spec: &PostgresDBSpec) -> Vec<String> {
    let PostgresDBSpec {
        size,
        storage,
        storage_type,
        iops,
        throughput,
        max_storage,
        engine_version,
        allow_major_version_upgrade: _,
        multi_az: _,
        port,
        backup,
        maintenance_window,
        auto_minor_version_upgrade: _,
        apply_changes: _,
        parameter_group,
        network,
        encryption,
        iam_authentication: _,
        monitoring,
        extended_support: _,
        tags: _,
        database_name,
        master_username,
        deletion_policy: _,
        deletion_protection: _,
        restore_from,
        adopt,
        secret_name,
    } = spec;
    let mut faults = Faults::default();
    let class = "an instance class such as \"db.t3.micro\"";
    faults.text("size", size.as_ref(), syntax::is_class, class);
    let wish = Wish {
        kind: *storage_type,
        size: faults.size("storage", storage.as_ref()),
        max_size: faults.size("maxStorage", max_storage.as_ref()),
        iops: *iops,
        throughput: *throughput,
    };
    faults.0.extend(wish.faults());
    let version = "a major or minor version of PostgreSQL such as \"17\" or \"17.4\"";
    faults.text(
        "engineVersion",
        engine_version.as_ref(),
        syntax::is_engine_version,
        version,
    );
    faults.number(
        "port",
        *port,
        |port| PORT.contains(&port),
        "a port from 1150 to 65535",
    );
    let group = format!("the name of a DB parameter group, {IDENTIFIER}");
    faults.text(
        "parameterGroup",
        parameter_group.as_ref(),
        syntax::is_parameter_group,
        &group,
    );
    faults.windows(backup.as_ref(), maintenance_window.as_ref());
    faults.network(network.as_ref());
    faults.encryption(encryption.as_ref());
    faults.monitoring(monitoring.as_ref());
    faults.tags(spec);
    let name = "a letter, then up to 62 letters, digits or underscores";
    let form = |name: &str| syntax::is_database_name(name, 63);
    faults.text("databaseName", database_name.as_ref(), form, name);
    let user =
        "a letter, then up to 15 letters, digits or underscores, and not admin, rdsadmin or pg_*";
    let form = |name: &str| syntax::is_database_name(name, 16) && !syntax::is_reserved_user(name);
    faults.text("masterUsername", master_username.as_ref(), form, user);
    faults.origin(restore_from.as_ref(), adopt.as_ref());
    // An empty one stands for the object's own.
    let secret_name = secret_name.as_ref().filter(|name| !name.is_empty());
    faults.text("secretName", secret_name, is_secret_name, DNS_NAME);
    faults.0
}

#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, field: &str, has: impl Debug, write: &str) {
        self.0
            .push(format!("spec.{field} is {has:?}: write {write}."));
    }

    fn text(
        &mut self,
        field: &str,
        value: Option<&String>,
        form: impl Fn(&str) -> bool,
        write: &str,
    ) {
        if let Some(value) = value.filter(|value| !form(value)) {
            self.add(field, value, write);
        }
    }

    fn number(
        &mut self,
        field: &str,
        value: Option<i64>,
        takes: impl Fn(i64) -> bool,
        write: &str,
    ) {
        if let Some(value) = value.filter(|value| !takes(*value)) {
            self.add(field, value, write);
        }
    }

    /// A size in GiB, where it is one.
    fn size(&mut self, field: &str, text: Option<&Quantity>) -> Option<i32> {
        let text = &text?.0;
        let size = storage::gibibytes(text);
        if size.is_none() {
            self.add(field, text, "a whole number of GiB such as \"20Gi\"");
        }
        size
    }

    fn tags(&mut self, spec: &PostgresDBSpec) {
        let Some(tags) = &spec.tags else {
            return;
        };
        for (key, value) in tags {
            let strange = syntax::strange_in_tag(key).or_else(|| syntax::strange_in_tag(value));
            if let Some(c) = strange {
                self.0.push(format!(
                    "spec.tags has {c:?} in {key:?}: write letters, digits, spaces or any of _ . : / = + - @."
                ));
            }
            if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
                self.0.push(format!(
                    "spec.tags has {key:?}: write a key of 1 to 128 and a value of up to 256 characters."
                ));
            }
            if is_reserved_tag(key) {
                self.0.push(format!(
                    "spec.tags has {key:?}, which is reserved: take another key."
                ));
            }
        }
        let count = tags.len();
        if count > MOST_TAGS {
            self.0.push(format!(
                "spec.tags has {count} keys: write at most {MOST_TAGS}, since RDS takes 50 and Stow sets seven."
            ));
        }
    }
}
