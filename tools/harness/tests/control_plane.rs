//! The control plane boots, and a test can see into it from every side.

#![expect(
    clippy::unwrap_used,
    reason = "clippy exempts test functions, and not what they call"
)]

use std::time::Duration;

use harness::{ControlPlane, Proxy, Target, Upstream, eventually};
use http::{Request, header::AUTHORIZATION};
use http_body_util::Full;

const SOON: Duration = Duration::from_secs(30);

const READER: &str = "system:serviceaccount:default:reader";

#[tokio::test]
async fn boots_and_serves() {
    let mut control_plane = ControlPlane::start_auditing(&[READER]).await.unwrap();

    let version = control_plane.kubectl(&["version"]).await.unwrap();
    let version = version.ok().unwrap();
    assert!(version.contains("Server Version: v1.37.2"), "{version}");

    etcd_and_the_api_server_hold_the_same(&control_plane).await;
    the_controllers_work(&control_plane).await;
    a_token_has_the_rights_of_its_account_alone(&control_plane).await;
    a_refusal_is_an_output_and_not_an_error(&control_plane).await;
    the_api_server_ends_and_comes_back(&mut control_plane).await;

    let pids = control_plane.pids();
    assert_eq!(pids.len(), 3);
    let folder = control_plane.folder().to_owned();
    control_plane.stop();
    for pid in pids {
        assert!(!harness::process::is_alive(pid));
    }
    assert!(!folder.exists());
}

async fn etcd_and_the_api_server_hold_the_same(control_plane: &ControlPlane) {
    let etcd = control_plane.etcd();
    let manifest = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"seen","namespace":"default"},"data":{"key":"written through the API"}}"#;
    let applied = control_plane.kubectl_in(manifest, &["apply", "-f", "-"]);
    applied.await.unwrap().ok().unwrap();
    let stored = etcd.get("/registry/configmaps/default/seen").await.unwrap();
    let stored = String::from_utf8_lossy(&stored.unwrap()).into_owned();
    assert!(stored.contains("written through the API"), "{stored}");

    let behind = manifest
        .replace("seen", "behind")
        .replace("through the API", "past the API");
    etcd.put("/registry/configmaps/default/behind", &behind)
        .await
        .unwrap();
    let read = control_plane.kubectl(&["get", "configmap", "behind", "-o", "yaml"]);
    let read = read.await.unwrap().ok().unwrap();
    assert!(read.contains("written past the API"), "{read}");

    assert_eq!(etcd.get("/registry/nothing").await.unwrap(), None);
}

async fn the_controllers_work(control_plane: &ControlPlane) {
    let create = control_plane.kubectl(&["create", "namespace", "short-lived"]);
    create.await.unwrap().ok().unwrap();
    let fill = [
        "create",
        "configmap",
        "inhabitant",
        "--namespace=short-lived",
    ];
    control_plane.kubectl(&fill).await.unwrap().ok().unwrap();
    let delete = ["delete", "namespace", "short-lived", "--timeout=60s"];
    control_plane.kubectl(&delete).await.unwrap().ok().unwrap();
}

async fn a_token_has_the_rights_of_its_account_alone(control_plane: &ControlPlane) {
    for command in [
        &["create", "serviceaccount", "reader"][..],
        &[
            "create",
            "role",
            "reader",
            "--verb=get,list",
            "--resource=configmaps",
        ],
        &[
            "create",
            "rolebinding",
            "reader",
            "--role=reader",
            "--serviceaccount=default:reader",
        ],
    ] {
        control_plane.kubectl(command).await.unwrap().ok().unwrap();
    }
    let token = control_plane.token("default", "reader").await.unwrap();
    let kubeconfig = control_plane
        .kubeconfig(control_plane.url(), &token)
        .unwrap();
    let reader = control_plane.kubectl_as(kubeconfig);
    // The authorizer learns of the binding by a watch.
    eventually("the reader to be allowed", SOON, || async {
        reader.run(&["get", "configmaps"]).await?.ok()
    })
    .await
    .unwrap();
    let secrets = reader.run(&["get", "secrets"]).await.unwrap();
    assert!(!secrets.success());
    assert!(secrets.stderr.contains("Forbidden"), "{}", secrets.stderr);

    let proxy = Proxy::start(control_plane.upstream()).await.unwrap();
    let through = Upstream::http(proxy.address().to_string());
    for (resource, status) in [("configmaps", 200), ("secrets", 403)] {
        let request = Request::get(format!("/api/v1/namespaces/default/{resource}"))
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::default())
            .unwrap();
        assert_eq!(through.text(request).await.unwrap().0, status);
        assert_eq!(proxy.count(|call| call.is_for(resource)), 1);
    }
    assert_eq!(proxy.mutations().len(), 0);
    its_requests_are_in_the_audit_log(control_plane);
}

fn its_requests_are_in_the_audit_log(control_plane: &ControlPlane) {
    let audited = control_plane.audited(READER).unwrap();
    let of = |wanted: &str, code: u64| {
        let mut found = audited.iter().filter(|request| {
            request.code == code
                && matches!(&request.target, Target::Resource { resource, .. } if resource == wanted)
        });
        found.next().cloned()
    };
    let read = of("configmaps", 200).unwrap();
    assert_eq!((read.verb.as_str(), read.allowed), ("list", true));
    assert!(read.reason.contains("RoleBinding \"reader"), "{read:?}");
    let refused = of("secrets", 403).unwrap();
    assert!(!refused.allowed, "{refused:?}");
    // kubectl's own right, of which nobody asked for a record.
    let others = control_plane.audited("admin").unwrap();
    assert_eq!(others, []);
}

async fn a_refusal_is_an_output_and_not_an_error(control_plane: &ControlPlane) {
    let output = control_plane.kubectl(&["get", "configmap", "absent"]);
    let output = output.await.unwrap();
    assert_eq!(output.status, Some(1));
    assert!(output.stderr.contains("NotFound"), "{}", output.stderr);
    let error = output.ok().unwrap_err().to_string();
    assert!(
        error.starts_with("kubectl get configmap absent: "),
        "{error}"
    );
}

/// Over the same etcd, at the same address, with the same keys: a token of before
/// is one still.
async fn the_api_server_ends_and_comes_back(control_plane: &mut ControlPlane) {
    let before = control_plane.pids();
    let token = control_plane.token("default", "reader").await.unwrap();
    control_plane.kill_api_server().await.unwrap();
    let away = control_plane.kubectl(&["get", "configmap", "seen"]);
    let away = away.await.unwrap();
    assert!(away.stderr.contains("refused"), "{}", away.stderr);

    control_plane.start_api_server().await.unwrap();
    let kubeconfig = control_plane.kubeconfig(control_plane.url(), &token);
    let reader = control_plane.kubectl_as(kubeconfig.unwrap());
    let read = reader.run(&["get", "configmap", "seen", "-o", "yaml"]);
    let read = read.await.unwrap().ok().unwrap();
    assert!(read.contains("written through the API"), "{read}");
    let after = control_plane.pids();
    let stayed = after.iter().filter(|pid| before.contains(pid));
    assert_eq!((after.len(), stayed.count()), (3, 2));
}
