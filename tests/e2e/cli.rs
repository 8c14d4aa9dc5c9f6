//! The binary as a person runs it: what it says before it can do anything, and
//! how it is run outside the cluster.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};

use harness::{Error, Operator, OperatorConfig, REGION, Result, eventually, free_port};
use serde_json::Value;

use crate::stage::{NAMESPACE, PATIENCE, Stage};

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stow"))
}

/// Runs it to its end, in an environment that names no cluster and no AWS.
fn stow(arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .env_clear()
        .output()
        .expect("the binary runs")
}

fn told(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

fn loopback() -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)))
}

#[test]
fn it_says_what_it_is_and_what_it_takes() {
    let version = stow(&["--version"]);
    assert!(version.status.success());
    assert_eq!(
        told(&version),
        concat!("stow ", env!("CARGO_PKG_VERSION"), "\n")
    );

    let help = stow(&["--help"]);
    assert!(help.status.success());
    for word in ["stow run", "stow crd", "KUBECONFIG", "AWS_REGION"] {
        assert!(told(&help).contains(word), "{word}: {}", told(&help));
    }
    let run = stow(&["run", "--help"]);
    assert!(run.status.success());
    for word in [
        "--webhook-listen",
        "--webhook-url",
        "--metrics-listen",
        "--namespace",
        "--log-format",
        "--cluster-id",
        "--read-only",
        "STOW_NAMESPACE",
        "stow-system",
        "RUST_LOG",
        "/readyz",
    ] {
        assert!(told(&run).contains(word), "{word}: {}", told(&run));
    }

    for (arguments, words) in [
        (
            &["run", "--webhook-url", "http://127.0.0.1/convert"][..],
            &["https://", "/convert"][..],
        ),
        (
            &["run", "--sweep-interval", "5"],
            &["--sweep-interval", "30s"],
        ),
        (&["run", "--log-format", "xml"], &["text", "json"]),
        (&["fly"], &["fly", "--help"]),
    ] {
        let refused = stow(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        for word in words {
            assert!(told(&refused).contains(word), "{word}: {}", told(&refused));
        }
    }
}

#[test]
fn what_it_lacks_at_the_start_ends_it_with_words() -> Result<()> {
    let (webhook, metrics) = (loopback()?.to_string(), loopback()?.to_string());
    let listen = [
        "run",
        "--webhook-listen",
        &webhook,
        "--metrics-listen",
        &metrics,
    ];
    let nowhere = stow(&listen);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(told(&nowhere).contains("KUBECONFIG"), "{}", told(&nowhere));

    for flag in ["--webhook-listen", "--metrics-listen"] {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = taken.local_addr().expect("its address").to_string();
        let other = if flag == "--webhook-listen" {
            "--metrics-listen"
        } else {
            "--webhook-listen"
        };
        let ended = stow(&["run", flag, &address, other, &metrics]);
        assert_eq!(ended.status.code(), Some(1), "{flag}");
        for word in [flag, &address, "in use"] {
            assert!(told(&ended).contains(word), "{word}: {}", told(&ended));
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_api_server_that_is_away_is_waited_for() -> Result<()> {
    let mut stage = Stage::boot().await?;
    let mut replica = stage.replica(&["--log-format", "json"]).await?;
    // The operator that serves begins anew, and meets it from its first call on.
    replica.operator.kill()?;
    replica.operator.wait(PATIENCE).await?;
    let away = replica.api.when(|_| true).drop();
    replica.api.forget();
    stage.replicas.push(replica);
    stage.restart(0)?;
    let said = stage.said(0, "could not be asked to").await?;
    assert!(
        said.contains("leases") || said.contains("stow-webhook"),
        "{said}"
    );
    let mut attempts = Vec::new();
    for resource in ["secrets", "leases"] {
        let seen = eventually(format!("attempts on {resource}"), PATIENCE, || async {
            let seen = stage.only().api.count(|call| call.is_for(resource));
            (seen >= 3).then_some(seen)
        });
        attempts.push((resource, seen.await?));
    }
    stage.replicas[0].operator.check()?;

    away.remove();
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;
    let good = r#"{"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
        "metadata": {"name": "good"}, "spec": {"size": "db.t3.small"}}"#;
    stage.apply(good, &[]).await?;
    stage.ready("good").await?;
    // What stays the same was told once, and not with every attempt.
    let mut warnings = Vec::new();
    for line in stage.replicas[0].operator.output().lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        if line["level"] == "WARN" {
            warnings.push(line["message"].to_string());
        }
    }
    for (resource, attempts) in attempts {
        let told = warnings.iter().filter(|line| line.contains(resource));
        let told = told.count();
        assert!(
            (1..attempts).contains(&told),
            "{attempts} attempts on {resource}: {warnings:#?}"
        );
    }
    Ok(())
}

/// As `make run` does it: no Service, no relay, the administrator's kubeconfig.
#[tokio::test]
async fn it_runs_outside_the_cluster() -> Result<()> {
    let stage = Stage::bare().await?;
    let webhook = loopback()?.to_string();
    let metrics = loopback()?.to_string();
    let url = format!("https://{webhook}/convert");
    let printed = stow(&["crd", "--webhook-url", &url]);
    assert!(printed.status.success(), "{}", told(&printed));
    let apply = ["apply", "-f", "-"];
    let definition = String::from_utf8_lossy(&printed.stdout);
    stage.cluster.kubectl_in(&definition, &apply).await?.ok()?;
    stage.manifest("yaml/config-map.yaml").await?;

    let arguments = [
        "--webhook-listen",
        &webhook,
        "--webhook-url",
        &url,
        "--metrics-listen",
        &metrics,
    ];
    let kubeconfig = stage.cluster.admin_kubeconfig();
    let config = OperatorConfig::run(binary(), kubeconfig, stage.drydock.url(), &arguments);
    let mut operator = Operator::spawn(&config)?;
    let old = r#"{"apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {"name": "old"}, "spec": {"size": "db.t2.small", "storage": "20"}}"#;
    eventually("a v1alpha1 apply", PATIENCE, || async {
        stage.apply(old, &[]).await
    })
    .await?;
    let ready = stage.ready("old").await;
    ready.map_err(|error| Error::Unexpected(format!("{error}\n{}", operator.tail())))?;
    let wait = [
        "wait",
        "--for=condition=Ready",
        "-n",
        NAMESPACE,
        "postgresdbs.v1alpha1.myob.com/old",
    ];
    stage.kubectl(&wait).await?;
    assert!(operator.output().contains(REGION), "it says where it works");

    operator.terminate()?;
    assert_eq!(operator.wait(PATIENCE).await?, 0, "{}", operator.tail());
    Ok(())
}
