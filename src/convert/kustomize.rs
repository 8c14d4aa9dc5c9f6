//! What a kustomization says of the fields and the version of a `PostgresDB` whose
//! manifest is converted: its patches would miss it, or say what it says no more.
//!
//! Nothing here may change a patch: what it is applied to is not known.

use serde_json::{Value, json};
use stow_versions::convert as versions;
use stow_versions::{GROUP, HUB, KIND, SPOKE};

use super::{documents, is_ours};

/// What its writer should look at. `beside` reads the files that it names.
pub(super) fn warnings(
    text: &str,
    desired: &str,
    beside: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let Ok(documents) = documents(text) else {
        return Vec::new();
    };
    let mut look = Look {
        from: other(desired),
        desired,
        beside,
        told: Vec::new(),
    };
    for document in documents.iter().filter(|it| is_kustomization(it)) {
        look.at(document);
    }
    look.told
}

fn is_kustomization(document: &Value) -> bool {
    let kind = document["kind"].as_str();
    let says = [
        "patches",
        "patchesJson6902",
        "patchesStrategicMerge",
        "replacements",
    ];
    match kind {
        Some("Kustomization" | "Component") => true,
        // Its kind may be left out.
        None => says.iter().any(|name| document[name].is_array()),
        Some(_) => false,
    }
}

/// The version that is converted from.
fn other(desired: &str) -> String {
    let version = match desired.rsplit('/').next() {
        Some(SPOKE) => HUB,
        _ => SPOKE,
    };
    format!("{GROUP}/{version}")
}

struct Look<'a> {
    from: String,
    desired: &'a str,
    beside: &'a dyn Fn(&str) -> Option<String>,
    told: Vec<String>,
}

impl Look<'_> {
    fn at(&mut self, kustomization: &Value) {
        for list in ["patches", "patchesJson6902"] {
            for (index, entry) in items(&kustomization[list]).enumerate() {
                let place = format!("{list}[{index}]");
                let target = &entry["target"];
                if !target.is_null() && !may_be_ours(target) {
                    continue;
                }
                self.version(&format!("{place}.target"), target);
                let text = entry["patch"].as_str().map(str::to_owned);
                let file = || (self.beside)(entry["path"].as_str()?);
                // A file of manifests is converted by itself.
                if let Some(text) = text.or_else(file) {
                    self.patch(&place, &text, entry["patch"].is_string());
                }
            }
        }
        let merged = items(&kustomization["patchesStrategicMerge"]).enumerate();
        for (index, entry) in merged {
            // It is the name of a file, or the patch itself.
            if let Some(text) = entry.as_str().filter(|text| text.contains('\n')) {
                self.patch(&format!("patchesStrategicMerge[{index}]"), text, true);
            }
        }
        for (index, entry) in items(&kustomization["replacements"]).enumerate() {
            self.replacement(&format!("replacements[{index}]"), entry);
        }
    }

    fn version(&mut self, place: &str, selector: &Value) {
        let version = selector["version"].as_str();
        if may_be_ours(selector) && version.is_some() && version == self.from.rsplit('/').next() {
            let (old, new) = (&self.from, self.desired);
            self.told.push(format!(
                "{place} selects {old}, and misses what is converted: have it select {new}"
            ));
        }
    }

    /// A patch: documents to merge, or a list of operations.
    fn patch(&mut self, place: &str, text: &str, inline: bool) {
        let Ok(documents) = documents(text) else {
            return;
        };
        for document in &documents {
            if inline && is_ours(document) && document["apiVersion"] == self.from.as_str() {
                self.told.push(format!(
                    "{place} is a patch in {}: write it in {} by hand",
                    self.from, self.desired
                ));
            }
            for operation in items(document) {
                let path = operation["path"].as_str().unwrap_or_default();
                self.field(place, path, '/', operation.get("value"));
            }
        }
    }

    fn replacement(&mut self, place: &str, entry: &Value) {
        let source = &entry["source"];
        if source["kind"] == KIND {
            self.version(&format!("{place}.source"), source);
            let path = source["fieldPath"].as_str().unwrap_or_default();
            self.field(place, path, '.', None);
        }
        let targets = items(&entry["targets"]).filter(|it| it["select"]["kind"] == KIND);
        for target in targets {
            self.version(&format!("{place}.targets"), &target["select"]);
            for path in items(&target["fieldPaths"]).filter_map(Value::as_str) {
                self.field(place, path, '.', None);
            }
        }
    }

    /// A field of the spec that the other version says differently.
    fn field(&mut self, place: &str, path: &str, separator: char, value: Option<&Value>) {
        let mut parts = path.trim_start_matches(separator).split(separator);
        let (Some("spec"), Some(name)) = (parts.next(), parts.next()) else {
            return;
        };
        let known = |version: &str| versions::is_field(version, name);
        let gone = known(&self.from) && !known(self.desired);
        let value = value.filter(|_| parts.next().is_none());
        if gone || value.is_some_and(|value| self.says_otherwise(name, value)) {
            self.told.push(format!(
                "{place} changes {path} of {}, which {} says otherwise: write it so by hand",
                self.from, self.desired
            ));
        }
    }

    /// Whether a value is one of the old version that the new one spells otherwise.
    fn says_otherwise(&self, name: &str, value: &Value) -> bool {
        let mut object = json!({"apiVersion": self.from, "kind": KIND, "spec": {}});
        object["spec"][name] = value.clone();
        // Of a value that means nothing there, it may be the new one's already.
        let means = !versions::unsaid(&object, self.desired)
            .iter()
            .any(|unsaid| unsaid.field == format!("spec.{name}"));
        let after = versions::convert(object, self.desired);
        means && after.is_ok_and(|after| after["spec"].get(name) != Some(value))
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Whether a selector can mean Stow's kind: of what it leaves out, it means all.
fn may_be_ours(selector: &Value) -> bool {
    let fits = |name: &str, own: &str| selector[name].as_str().is_none_or(|it| it == own);
    let says = ["kind", "group"]
        .iter()
        .any(|name| selector[name].is_string());
    says && fits("kind", KIND) && fits("group", GROUP)
}

#[cfg(test)]
mod tests;
