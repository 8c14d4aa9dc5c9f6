//! A password is in its Secret and in the call that sets it, and nowhere else;
//! and no credential of the operator's own is told to anybody.

use base64::prelude::{BASE64_STANDARD, Engine};
use harness::{Answer, Call, OperatorConfig, Result, eventually};
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::looks::said;
use crate::stage::{NAMESPACE, PATIENCE, Stage, decoded};

const ORDERS: &str = r#"{"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
    "metadata": {"name": "orders"}, "spec": {"size": "db.t3.small"}}"#;

const TAKEN: &str = r#"{"apiVersion": "myob.com/v1beta1", "kind": "PostgresDB",
    "metadata": {"name": "taken"}, "spec": {"size": "db.t3.small"}}"#;

/// Somebody's, in the way of the second object's Secret.
const THEIRS: &str = r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "taken"},
    "stringData": {"DB_PASSWORD": "canary-of-another-secret"}}"#;

/// What must be found nowhere, by what it is.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    /// The operator's own credentials, planted as it is started.
    fn of(config: &mut OperatorConfig) -> Self {
        let own = [
            ("AWS_SECRET_ACCESS_KEY", "canary-of-the-secret-access-key"),
            // AWS's have characters that are escaped wherever they are quoted.
            ("AWS_SESSION_TOKEN", "canary/of+the/session&token=="),
        ];
        let mut found = Vec::new();
        for (key, value) in own {
            config.env.push((key.to_owned(), value.to_owned()));
            found.push((key, value.to_owned()));
        }
        config.env.push((
            "RUST_LOG".to_owned(),
            "trace,aws=trace,hyper=trace".to_owned(),
        ));
        let kubeconfig = std::fs::read(&config.kubeconfig).expect("a kubeconfig");
        let kubeconfig: Value = serde_json::from_slice(&kubeconfig).expect("JSON");
        let token = kubeconfig["users"][0]["user"]["token"].as_str();
        found.push((
            "the ServiceAccount's token",
            token.expect("a token").to_owned(),
        ));
        Self(found)
    }

    fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.len() > 7, "{what} is too short to look for");
        self.0.push((what, text.to_owned()));
    }

    /// That a text holds none of them, however it writes them.
    #[track_caller]
    fn are_not_in(&self, place: &str, text: &str) {
        for (what, canary) in &self.0 {
            let base64 = BASE64_STANDARD.encode(canary);
            let form = utf8_percent_encode(canary, NON_ALPHANUMERIC).to_string();
            let json = serde_json::json!(canary).to_string();
            let xml = canary.replace('&', "&amp;");
            let forms = [
                canary.as_str(),
                base64.trim_end_matches('='),
                &form,
                json.trim_matches('"'),
                &xml,
            ];
            for found in forms {
                assert!(!text.contains(found), "{place}: {what}");
            }
        }
    }
}

/// A stage whose operator tells all that it can be made to tell.
async fn loud() -> Result<(Stage, Canaries)> {
    let mut stage = Stage::boot().await?;
    let mut canaries = None;
    let replica = stage
        .replica_with(&[], |config| canaries = Some(Canaries::of(config)))
        .await?;
    stage.replicas.push(replica);
    stage.relay().await?;
    stage.serving(0).await?;
    stage.trusted().await?;
    Ok((stage, canaries.expect("planted")))
}

#[tokio::test]
async fn values_that_reach_messages() -> Result<()> {
    let (stage, mut canaries) = loud().await?;
    stage.apply(ORDERS, &[]).await?;
    stage.ready("orders").await?;
    let secret = stage.get("secret/orders").await?;
    let first = decoded(&secret, "DB_PASSWORD")?;
    let second = refused_with_its_password(&stage, &first).await?;
    canaries.add("the first password", &first);
    canaries.add("the second password", &second);

    unreadable(&stage).await?;
    stage.apply(THEIRS, &[]).await?;
    canaries.add("another's Secret", "canary-of-another-secret");
    stage.apply(TAKEN, &[]).await?;
    stage.stalled("taken", "SecretConflict").await?;
    denied_with_its_token(&stage).await?;

    let get = [
        "get",
        "-n",
        "stow-system",
        "secret/stow-webhook",
        "-o",
        "json",
    ];
    let webhook = stage.kubectl(&get).await?;
    let webhook: Value = serde_json::from_str(&webhook).expect("JSON");
    let key = decoded(&webhook, "ca.key")?;
    let line = key.lines().nth(1).expect("PEM has a line of base64");
    canaries.add("the webhook's key", line);
    searched(&stage, &canaries).await
}

/// The Secret is lost, so the password is reset; RDS first loses the call, and
/// then repeats the password in its refusal. Returns the new password.
async fn refused_with_its_password(stage: &Stage, first: &str) -> Result<String> {
    let modify = |call: &Call| call.action() == Some("ModifyDBInstance");
    let rds = &stage.only().rds;
    let away = rds.when(modify).drop();
    stage
        .kubectl(&["delete", "secret", "orders", "-n", NAMESPACE])
        .await?;
    stage.nudge("orders").await?;
    let second = eventually("another password", PATIENCE, || async {
        decoded(&stage.get("secret/orders").await?, "DB_PASSWORD")
    });
    let second = second.await?;
    assert_ne!(first, second);
    let message = format!("The parameter {second} is not a valid password");
    let refusal = Answer::rds_fault(StatusCode::BAD_REQUEST, "InvalidParameterValue", &message);
    let refused = rds.when(modify).answer(refusal);
    away.remove();
    let told = stage.stalled("orders", "Refused").await?;
    assert!(told.contains("is not a valid password"), "{told}");
    refused.remove();
    let sent = |call: &Call| call.parameter("MasterUserPassword").map(str::to_owned);
    let passwords: Vec<_> = rds.calls().iter().filter_map(sent).collect();
    assert!(passwords.iter().any(|sent| sent == first) && passwords.contains(&second));
    Ok(second)
}

/// The Secret comes back as something that is none: kube's client, left to
/// itself, logs the whole of it as a warning.
async fn unreadable(stage: &Stage) -> Result<()> {
    let read = |call: &Call| {
        let path = call.kubernetes();
        let name = path.and_then(|path| path.name);
        call.method == Method::GET && call.is_for("secrets") && name.as_deref() == Some("orders")
    };
    let torn = stage.only().api.when(read).map(|body| {
        let quoted = body.replace(r#""data":{"#, r#""data":{"MINE":7,"#);
        assert_ne!(quoted, body, "a Secret with data");
        quoted
    });
    stage.nudge("orders").await?;
    stage.said(0, "its answer cannot be read").await?;
    torn.remove();
    Ok(())
}

/// AWS repeats what it could not verify the signature of.
async fn denied_with_its_token(stage: &Stage) -> Result<()> {
    let token = "canary/of+the/session&token==";
    let message = format!(
        "The request signature we calculated does not match. The Canonical String for this request \
         should have been 'POST\n/\n\nx-amz-date:20261122T101500Z\nx-amz-security-token:{token}\n'"
    );
    let message = message.replace('&', "&amp;");
    let forbidden = Answer::rds_fault(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", &message);
    let denied = stage
        .only()
        .rds
        .when(|call| call.action().is_some())
        .answer(forbidden);
    let object = stage
        .condition("orders", "Stalled", |_, reason| reason == "AccessDenied")
        .await?;
    let told = said(&object, "Stalled");
    assert!(told.contains("x-amz-security-token:(hidden)"), "{told}");
    assert!(told.contains("check AWS_SECRET_ACCESS_KEY"), "{told}");
    denied.remove();
    Ok(())
}

/// Everything that was written, but for the Secrets.
async fn searched(stage: &Stage, canaries: &Canaries) -> Result<()> {
    let replica = stage.only();
    let output = replica.operator.output();
    assert!(output.contains("DEBUG"), "the log is as loud as it gets");
    canaries.are_not_in("the log", &output);
    let objects = ["get", "-A", "-o", "yaml", "--show-managed-fields"];
    let kinds = "postgresdbs,leases,configmaps,events,namespaces,serviceaccounts";
    let objects = stage.kubectl(&[&objects[..], &[kinds]].concat()).await?;
    for event in ["valid password", "SignatureDoesNotMatch"] {
        assert!(objects.contains(event), "nobody was told of {event}");
    }
    canaries.are_not_in("the objects and Events", &objects);
    canaries.are_not_in("the metrics", &replica.metrics().await?);
    for call in replica.rds.calls() {
        let setting = ["CreateDBInstance", "ModifyDBInstance"];
        let sets = call
            .action()
            .is_some_and(|action| setting.contains(&action));
        for (key, value) in &call.form {
            if !(sets && key == "MasterUserPassword") {
                let place = format!("{key} of {:?}", call.action());
                canaries.are_not_in(&place, value);
            }
        }
        canaries.are_not_in(
            "an RDS call's path",
            &format!("{}{:?}", call.path, call.query),
        );
    }
    for call in replica.api.calls() {
        let place = format!("{} {}", call.method, call.path);
        canaries.are_not_in("a call's path", &format!("{}{:?}", call.path, call.query));
        if !call.is_for("secrets") {
            canaries.are_not_in(&place, &call.text());
        }
    }
    Ok(())
}
