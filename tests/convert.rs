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
