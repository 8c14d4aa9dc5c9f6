//! What conversion does with a field is decided for each, or it does not compile.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// The macros of conversion's table, as they stand there.
fn macros() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/convert/fields.rs");
    let text = fs::read_to_string(path).expect("conversion's table");
    let one = |name: &str| {
        let (_, rest) = text
            .split_once(&format!("macro_rules! {name} {{"))
            .expect("a macro");
        let (body, _) = rest.split_once("\n}\n").expect("its end");
        format!("macro_rules! {name} {{{body}\n}}\n")
    };
    one("decide") + &one("group")
}

/// Compiles a spec of two fields and a group of two, with decisions on these.
fn compiled(fields: &str, members: &str, folder: &Path) -> Output {
    let of = |names: &str, decision: &str| {
        let each = names.split(' ').map(|name| format!("{name}: {decision},"));
        each.collect::<String>()
    };
    let program = format!(
        "#![allow(dead_code)]
         mod v1beta1 {{
             pub struct PostgresDBSpec {{ pub size: u8, pub novel: u8 }}
             pub struct Backup {{ pub window: u8, pub fresh: u8 }}
         }}
         mod convert {{
             use crate::v1beta1;
             pub struct Decision;
             pub struct HubOnly;
             {}
             decide! {{ {} }}
             group! {{ BACKUP of Backup {{ {} }} }}
         }}",
        macros(),
        of(fields, "Decision"),
        of(members, "HubOnly"),
    );
    let file = folder.join("table.rs");
    fs::write(&file, program).expect("a file");
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .arg(&file)
        .arg("--out-dir")
        .arg(folder)
        .output()
        .expect("a compiler")
}

fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decisions");
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn property_07_a_field_without_a_decision_does_not_compile() {
    let folder = scratch();
    let whole = compiled("size novel", "window fresh", &folder);
    let said = String::from_utf8_lossy(&whole.stderr).into_owned();
    assert!(whole.status.success(), "{said}");
    for (fields, members, forgetful) in [
        ("size", "window fresh", "decide"),
        ("size novel", "window", "group"),
    ] {
        let output = compiled(fields, members, &folder);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{forgetful} forgets a field");
        assert!(
            said.contains(&format!("in the macro `{forgetful}`")),
            "{said}"
        );
    }
}
