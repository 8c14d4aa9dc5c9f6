//! The operator runs with what it was given and nothing of the caller's. A
//! script stands for its binary and prints what it sees.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use harness::{Operator, OperatorConfig, eventually};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn runs_with_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("stow");
    let script = "#!/bin/sh\necho arguments: \"$@\"\nenv | sort\nexec sleep 600\n";
    fs::write(&binary, script).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();

    let arguments = ["--namespace", "stow-system"];
    let kubeconfig = Path::new("/the/kubeconfig");
    let mut config = OperatorConfig::run(&binary, kubeconfig, "http://127.0.0.1:1", &arguments);
    config.env.push(("STOW_TEST".to_owned(), "yes".to_owned()));
    let mut operator = Operator::spawn(&config).unwrap();
    let output = eventually("the script's words", SOON, || async {
        let output = operator.output();
        output.contains("STOW_TEST=yes\n").then_some(output)
    })
    .await
    .unwrap();

    assert!(output.starts_with("arguments: run --namespace stow-system\n"));
    let of_aws_or_kubernetes: Vec<_> = output
        .lines()
        .filter(|line| line.starts_with("AWS_") || line.starts_with("KUBE"))
        .collect();
    assert_eq!(
        of_aws_or_kubernetes,
        [
            "AWS_ACCESS_KEY_ID=test",
            "AWS_EC2_METADATA_DISABLED=true",
            "AWS_ENDPOINT_URL=http://127.0.0.1:1",
            "AWS_REGION=us-east-1",
            "AWS_SECRET_ACCESS_KEY=test",
            "KUBECONFIG=/the/kubeconfig",
        ]
    );

    operator.check().unwrap();
    operator.kill().unwrap();
    assert_eq!(operator.wait(SOON).await.unwrap(), 128 + 9);
}
