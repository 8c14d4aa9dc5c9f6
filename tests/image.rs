//! The image and the Deployment that runs it, read together: what one promises,
//! the other must hold.

use std::path::Path;
use std::process::Command;

use clap::Parser;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde_json::Value;
use stow::cli::{Cli, Command as Subcommand, LogFormat, Run};

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The Dockerfile's instructions, each with its arguments; lines that go on are one.
fn instructions() -> Vec<(String, String)> {
    let dockerfile = text("Dockerfile");
    let lines: Vec<_> = dockerfile
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    joined
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// The arguments of the one instruction of that name in the last stage.
#[track_caller]
fn the(name: &str) -> String {
    let all = instructions();
    let last = all.iter().rposition(|(name, _)| name == "FROM");
    let stage = &all[last.expect("a stage")..];
    let mut found = stage.iter().filter(|(found, _)| found == name);
    let (_, arguments) = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "{name} twice: only the last counts");
    arguments.clone()
}

/// What the build leaves in the image, by absolute path.
fn puts(path: &str) -> bool {
    let found = instructions();
    let mut runs = found.iter().filter(|(name, _)| name == "RUN");
    let copied = the("COPY") == "--from=build /out /";
    copied && runs.any(|(_, command)| command.contains(&format!("/out{path}")))
}

fn strings(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|e| panic!("not in the exec form: {json}: {e}"))
}

fn pod() -> PodSpec {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text("yaml/deployment.yaml")).expect("YAML");
    let mut documents = documents.into_iter();
    let deployment = documents.find(|document| document["kind"] == "Deployment");
    let deployment: Deployment =
        serde_json::from_value(deployment.expect("a Deployment")).expect("a Deployment");
    deployment.spec.expect("spec").template.spec.expect("spec")
}

/// The command line that a kubelet makes of both.
fn command_line(container: &Container) -> Vec<String> {
    let entrypoint = strings(&the("ENTRYPOINT"));
    let command = container.command.clone().unwrap_or(entrypoint);
    let arguments = container.args.clone();
    let arguments = arguments.unwrap_or_else(|| strings(&the("CMD")));
    let variables: Vec<_> = container.env.iter().flatten().map(|v| &v.name).collect();
    let expanded = arguments.into_iter().map(|argument| {
        let argument = variables.iter().fold(argument, |argument, name| {
            argument.replace(&format!("$({name})"), "stow-system")
        });
        assert!(!argument.contains("$("), "no such variable: {argument}");
        argument
    });
    command.into_iter().chain(expanded).collect()
}

fn settings(line: &[String]) -> Run {
    match Cli::try_parse_from(line).map(|cli| cli.command) {
        Ok(Subcommand::Run(settings)) => *settings,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn the_command_line_of_the_deployment_is_one_that_stow_takes() {
    let pod = pod();
    let [container] = pod.containers.as_slice() else {
        panic!("one container: {:?}", pod.containers)
    };
    let line = command_line(container);
    assert!(puts(&line[0]), "the image has no {}", line[0]);
    let settings = settings(&line);
    assert_eq!(settings.namespace, "stow-system");
    assert!(matches!(settings.log_format, LogFormat::Json));
    assert_eq!(settings.webhook_url, None);

    let ports = container.ports.iter().flatten();
    let ports: Vec<_> = ports
        .map(|port| {
            (
                port.name.as_deref().unwrap_or_default(),
                port.container_port,
            )
        })
        .collect();
    let listening = [
        ("webhook", settings.webhook_listen),
        ("metrics", settings.metrics_listen),
    ];
    assert_eq!(
        ports,
        listening.map(|(name, address)| (name, i32::from(address.port())))
    );
    for (name, address) in listening {
        assert!(
            address.ip().is_unspecified(),
            "{name} is for loopback alone"
        );
        assert!(address.port() >= 1024, "{name} needs a capability");
    }
    let probes = [&container.liveness_probe, &container.readiness_probe];
    for (probe, path) in probes.into_iter().zip(["/healthz", "/readyz"]) {
        let get = probe.as_ref().and_then(|probe| probe.http_get.as_ref());
        let get = get.expect("a probe over HTTP");
        assert_eq!(get.path.as_deref(), Some(path));
        assert_eq!(serde_json::json!(get.port), "metrics");
    }
}

#[test]
fn the_image_runs_by_itself() {
    let mut line = strings(&the("ENTRYPOINT"));
    line.extend(strings(&the("CMD")));
    settings(&line);
}

#[test]
fn both_mean_the_same_user_who_is_not_root() {
    let pod = pod();
    let context = pod.security_context.expect("a security context");
    let (user, group) = (context.run_as_user, context.run_as_group);
    let (user, group) = (user.expect("a user"), group.expect("a group"));
    assert_eq!(context.run_as_non_root, Some(true));
    // By number: a kubelet cannot tell of a name that it is not root.
    assert_eq!(the("USER"), format!("{user}:{group}"));
    assert!(user > 0 && group > 0);
    // The token of a role is readable by the group.
    assert_eq!(context.fs_group, Some(group));
    let passwd = format!("echo 'stow:x:{user}:{group}::/:/sbin/nologin' >/out/etc/passwd");
    assert!(
        instructions().iter().any(|(_, run)| run.contains(&passwd)),
        "no {passwd}"
    );
    let container = pod.containers[0].security_context.clone();
    let container = container.expect("a security context");
    assert_eq!(container.read_only_root_filesystem, Some(true));
    assert_eq!(container.allow_privilege_escalation, Some(false));
    let kept = container.capabilities.expect("capabilities");
    assert_eq!(kept.drop, Some(vec!["ALL".to_owned()]));
    assert_eq!(kept.add, None);
}

/// The place of the CA roots is one at which the TLS stack looks by itself.
#[test]
fn the_roots_of_trust_are_where_they_are_looked_for() {
    const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
    assert!(puts(ROOTS), "the image has no {ROOTS}");
    let binary = std::fs::read(env!("CARGO_BIN_EXE_stow")).expect("the binary");
    let looked_for = |part: &[u8]| part == ROOTS.as_bytes();
    assert!(
        binary.windows(ROOTS.len()).any(looked_for),
        "stow does not look at {ROOTS}"
    );
    let installs = instructions()
        .iter()
        .any(|(_, run)| run.contains("apt-get install") && run.contains(" ca-certificates "));
    assert!(installs, "nothing puts {ROOTS} into the build");
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let said = |text: String| text.contains(variable);
        assert!(!said(text("Dockerfile")) && !said(text("yaml/deployment.yaml")));
    }
}

/// The image has the libraries that `ldd` lists and nothing else: a library
/// that is loaded by name, as a plugin is, would be missing.
#[test]
fn the_binary_lists_its_libraries_and_each_has_a_path() {
    let listed = Command::new("ldd")
        .arg(env!("CARGO_BIN_EXE_stow"))
        .output()
        .expect("ldd");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for line in listed.lines().map(str::trim) {
        // The kernel's own, which is no file.
        let kernel = line.starts_with("linux-vdso");
        assert!(kernel || line.contains('/'), "no file: {line}");
    }
    let gathered = instructions()
        .iter()
        .any(|(_, run)| run.contains("ldd /out/usr/local/bin/stow | grep -o '/[^ ]*'"));
    assert!(gathered, "the image has no libraries");
}
