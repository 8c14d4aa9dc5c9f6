//! Which cluster a command talks to: by `--context`, and told before all else.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Two clusters at ports where nobody listens.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: first, cluster: {server: 'http://127.0.0.1:1'}}
- {name: second, cluster: {server: 'http://127.0.0.1:2'}}
users:
- {name: me, user: {}}
contexts:
- {name: one, context: {cluster: first, user: me}}
- {name: two, context: {cluster: second, user: me}}
";

fn stow(kubeconfig: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stow"))
        .args(arguments)
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .output()
        .expect("stow runs")
}

#[test]
fn the_first_line_says_which_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("config");
    fs::write(&kubeconfig, KUBECONFIG).expect("a file");
    let commands: [(&[&str], i32); 2] = [
        (&["preflight", "--output", "json"], 2),
        (&["migrate", "--verify", "--patience", "1s"], 3),
    ];
    for (command, code) in commands {
        for (context, expected) in [
            (None, "API server http://127.0.0.1:1, context \"one\"\n"),
            (
                Some("two"),
                "API server http://127.0.0.1:2, context \"two\"\n",
            ),
        ] {
            let chosen = context.map(|name| ["--context", name]);
            let arguments = [command, chosen.as_ref().map_or(&[], |it| &it[..])].concat();
            let output = stow(&kubeconfig, &arguments);
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{told}");
            assert!(told.starts_with(expected), "{told}");
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(!printed.contains("API server http"), "{printed}");
        }
        let output = stow(&kubeconfig, &[command, &["--context", "three"]].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(
            told.contains("the context \"three\" cannot be used"),
            "{told}"
        );
    }
    let nowhere = folder.path().join("none");
    let output = stow(&nowhere, &["preflight"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("no Kubernetes cluster: set KUBECONFIG"),
        "{told}"
    );
}
