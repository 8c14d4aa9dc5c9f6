//! What a spec names at AWS, held against the platform's lists: who reaches a
//! database, what encrypts it, what it is set up by.
//!
//! Nothing here may ask AWS whether what is named exists.

use stow_versions::v1beta1::{Network, PostgresDBSpec};

use super::{Judge, quoted};
use crate::config::Policy;
use crate::syntax;

impl Judge<'_> {
    pub(super) fn names(&mut self, spec: &mut PostgresDBSpec) {
        let Policy {
            public_access,
            security_groups,
            subnet_groups,
            kms_keys,
            parameter_groups,
            ..
        } = self.policy;
        let own = self.configuration;
        fold(&mut spec.parameter_group);
        if let Some(Network {
            subnet_group,
            security_groups: groups,
            publicly_accessible,
        }) = &mut spec.network
        {
            fold(subnet_group);
            if !public_access && publicly_accessible.take_if(|public| *public).is_some() {
                self.deny(
                    "network.publiclyAccessible",
                    true,
                    "policy.publicAccess",
                    false,
                );
            }
            let known =
                |id: &String| security_groups.contains(id) || own.security_groups.contains(id);
            if let Some(groups) = groups.take_if(|groups| !groups.iter().all(known)) {
                let strange: Vec<_> = groups.into_iter().filter(|id| !known(id)).collect();
                let allows = either(security_groups, &own.security_groups);
                let (field, key) = ("network.securityGroups", "policy.securityGroups");
                self.deny(field, strange.join(", "), key, allows);
            }
            let (field, key) = ("network.subnetGroup", "policy.subnetGroups");
            self.name(
                subnet_group,
                field,
                key,
                subnet_groups,
                own.subnet_group.as_ref(),
            );
        }
        let keys = spec
            .encryption
            .as_mut()
            .map(|encryption| &mut encryption.kms_key);
        if let Some(key) = keys {
            let platform = own.kms_key.as_ref();
            self.name(
                key,
                "encryption.kmsKey",
                "policy.kmsKeys",
                kms_keys,
                platform,
            );
        }
        let brought = |group: &String| syntax::is_default_parameter_group(group);
        let brought = spec.parameter_group.clone().filter(brought);
        let (field, key) = ("parameterGroup", "policy.parameterGroups");
        let before = self.denied.len();
        self.name(
            &mut spec.parameter_group,
            field,
            key,
            parameter_groups,
            brought.as_ref(),
        );
        if self.denied.len() > before {
            // An upgrade without its group would be one to the new major's default,
            // and there is no way back.
            spec.engine_version = None;
        }
    }

    /// A name that has to be on a list, or the platform's own.
    fn name(
        &mut self,
        name: &mut Option<String>,
        field: &str,
        key: &str,
        listed: &[String],
        own: Option<&String>,
    ) {
        let denied = name.take_if(|name| !listed.contains(name) && own != Some(name));
        if let Some(name) = denied {
            let own: Vec<_> = own.into_iter().cloned().collect();
            self.deny(field, quoted(&name), key, either(listed, &own));
        }
    }
}

/// Writes a group's name as RDS does, which keeps it in lower case.
fn fold(name: &mut Option<String>) {
    if let Some(name) = name {
        name.make_ascii_lowercase();
    }
}

/// What may be named: what is listed, and the platform's own.
fn either(listed: &[String], own: &[String]) -> String {
    let all: Vec<_> = listed.iter().chain(own).map(String::as_str).collect();
    if all.is_empty() {
        "none to be named".to_owned()
    } else {
        all.join(", ")
    }
}
