//! `stow convert` as it is typed: files, folders, standard input, exit codes.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const OLD: &str = "\
apiVersion: myob.com/v1alpha1
kind: PostgresDB
metadata:
  name: orders # as its Secret
spec:
  size: db.t3.small
  ha: true
";

const NEW: &str = "\
apiVersion: myob.com/v1beta1
kind: PostgresDB
metadata:
  name: orders # as its Secret
spec:
  size: db.t3.small
  multiAZ: true
";

const TEMPLATE: &str = "kind: PostgresDB\nmetadata: {name: {{ .Release.Name }}}\n";

fn convert(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stow"))
        .arg("convert")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("stow starts");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_folder_is_converted_in_place_and_what_cannot_be_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("shop")).expect("a folder");
    fs::write(at("shop/orders.yaml"), OLD).expect("a file");
    fs::write(at("shop/notes.txt"), OLD).expect("a file");
    fs::write(at("chart.yml"), TEMPLATE).expect("a file");
    fs::write(at("same.json"), "{\"kind\": \"Other\"}\n").expect("a file");
    fs::set_permissions(at("shop/orders.yaml"), fs::Permissions::from_mode(0o640)).expect("rights");
    let same = fs::metadata(at("same.json"))
        .expect("a file")
        .modified()
        .expect("a time");

    let output = convert(folder.path(), &["-f", ".", "--in-place"], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(text(&output.stdout), "");
    assert!(
        told.contains("chart.yml: it cannot be read as YAML"),
        "{told}"
    );
    assert!(
        told.contains("1 of 3 files could not be converted"),
        "{told}"
    );

    let read = |name: &str| fs::read_to_string(at(name)).expect("a file");
    assert_eq!(read("shop/orders.yaml"), NEW);
    assert_eq!(read("shop/notes.txt"), OLD);
    assert_eq!(read("chart.yml"), TEMPLATE);
    let metadata = fs::metadata(at("shop/orders.yaml")).expect("a file");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    let now = fs::metadata(at("same.json"))
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(now, same, "what says the same is not written");

    // And back, as it was.
    let back = ["-f", "shop/orders.yaml", "--to", "v1alpha1", "-i"];
    assert_eq!(convert(folder.path(), &back, "").status.code(), Some(0));
    assert_eq!(read("shop/orders.yaml"), OLD);
}

#[test]
fn what_comes_in_goes_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = convert(folder.path(), &["-f", "-"], OLD);
    assert_eq!(text(&output.stdout), NEW);
    assert_eq!(output.status.code(), Some(0));

    fs::write(folder.path().join("one.yaml"), OLD).expect("a file");
    let both = ["-f", "one.yaml", "-f", "-"];
    let output = convert(folder.path(), &both, "kind: Other\n");
    assert_eq!(text(&output.stdout), format!("{NEW}---\nkind: Other\n"));

    let output = convert(folder.path(), &["-f", "none.yaml"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("none.yaml: No such file"));
    // It says which files.
    assert_eq!(convert(folder.path(), &[], "").status.code(), Some(2));
}

#[test]
fn a_template_or_a_null_is_refused_and_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let filled = format!("{OLD}  storage: ${{STORAGE}}\n");
    let filled = format!("kind: Other\n---\n{}", filled.replace("true", "${HA}"));
    let patch = OLD.replace("true", "null");
    fs::write(at("filled.yaml"), &filled).expect("a file");
    fs::write(at("patch.yaml"), &patch).expect("a file");

    let output = convert(folder.path(), &["-f", ".", "-i"], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for expected in [
        "filled.yaml: document 2: PostgresDB orders: ",
        "spec.ha is \"${HA}\", which v1beta1 cannot say: write true or false",
        "spec.storage is \"${STORAGE}\"",
        "--keep-in-annotations",
        "patch.yaml: document 1: PostgresDB orders: spec.ha is null",
        "2 of 2 files could not be converted",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let read = |name: &str| fs::read_to_string(at(name)).expect("a file");
    assert_eq!((read("filled.yaml"), read("patch.yaml")), (filled, patch));

    // Who wants annotations says so; of a null none can say anything.
    let keeping = ["-f", ".", "-i", "--keep-in-annotations"];
    let output = convert(folder.path(), &keeping, "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(read("filled.yaml").contains("spoke.stow.myob.com/ha"));
    assert!(read("patch.yaml").contains("ha: null"));
}

#[test]
fn what_only_v1beta1_can_say_does_not_go_back_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = format!("{NEW}  deletionPolicy: Retain\n");
    let back = ["-f", "-", "--to", "v1alpha1"];
    let output = convert(folder.path(), &back, &new);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let told = text(&output.stderr);
    assert!(
        told.contains("spec.deletionPolicy is \"Retain\", which v1alpha1 cannot say"),
        "{told}"
    );
    let keeping = [&back[..], &["--keep-in-annotations"]].concat();
    let output = convert(folder.path(), &keeping, &new);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("hub.stow.myob.com/deletionPolicy"));
}

#[test]
fn a_pipeline_hears_what_would_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("new.yaml"), NEW).expect("a file");
    let check = ["-f", ".", "--check"];
    let output = convert(folder.path(), &check, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0));

    fs::write(at("old.yaml"), OLD).expect("a file");
    fs::write(at("null.yaml"), OLD.replace("true", "null")).expect("a file");
    let output = convert(folder.path(), &check, "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("old.yaml: would change"), "{told}");
    assert!(
        told.contains("1 of 3 files would change, and 1 could not be converted"),
        "{told}"
    );
    assert_eq!(text(&output.stdout), "");
    assert_eq!(fs::read_to_string(at("old.yaml")).expect("a file"), OLD);
    let both = ["-f", ".", "--check", "-i"];
    assert_eq!(convert(folder.path(), &both, "").status.code(), Some(2));
}

#[test]
fn an_overlay_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let overlay = OLD
        .replace("  size: db.t3.small\n", "")
        .replace("ha: true", "storage: \"100\"");
    fs::write(at("overlay.yaml"), overlay).expect("a file");
    let kustomization = "\
resources: [../base]
patches:
- target: {kind: PostgresDB, version: v1alpha1}
  path: ops.json
";
    fs::write(at("kustomization.yaml"), kustomization).expect("a file");
    let operations = "[{\"op\": \"replace\", \"path\": \"/spec/ha\", \"value\": false}]\n";
    fs::write(at("ops.json"), operations).expect("a file");

    let output = convert(folder.path(), &["-f", ".", "-i"], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for expected in [
        "overlay.yaml: warning: document 1: PostgresDB orders: storageType: gp2 was added",
        "kustomization.yaml: warning: patches[0].target selects myob.com/v1alpha1",
        "kustomization.yaml: warning: patches[0] changes /spec/ha",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let read = fs::read_to_string(at("kustomization.yaml")).expect("a file");
    assert_eq!(read, kustomization);
}
