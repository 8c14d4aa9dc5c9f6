//! How `yaml/deployment.yaml` runs the operator.
//!
//! Nothing here may add a right, or an argument, of its own.

use harness::OperatorConfig;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

use super::rules::documents;

/// Replaces the arguments and adds the environment of the Deployment's.
pub(super) fn as_deployed(config: &mut OperatorConfig) {
    as_run_by(config, container());
}

/// Replaces the arguments and adds the environment of a container. Its ports are the
/// test's, on loopback, and so is how often RDS is looked at.
pub(crate) fn as_run_by(config: &mut OperatorConfig, container: Container) {
    let env = environment(&container);
    let listen = |flag: &str| {
        let at = config.args.iter().position(|argument| argument == flag);
        let address = at.and_then(|at| config.args.get(at + 1));
        address.expect("the stage chooses an address").clone()
    };
    let (webhook, metrics) = (listen("--webhook-listen"), listen("--metrics-listen"));
    let arguments = container.args.expect("arguments").into_iter();
    config.args = arguments
        .map(|argument| match argument.split_once("=0.0.0.0:") {
            Some(("--webhook-listen", _)) => format!("--webhook-listen={webhook}"),
            Some(("--metrics-listen", _)) => format!("--metrics-listen={metrics}"),
            Some((flag, _)) => panic!("{flag} listens, and the test knows nothing of it"),
            None => expanded(argument, &env),
        })
        .collect();
    config.env.extend(env);
    for (key, value) in [
        ("STOW_SWEEP_INTERVAL", "2s"),
        ("STOW_PROGRESS_INTERVAL", "300ms"),
    ] {
        config.env.push((key.to_owned(), value.to_owned()));
    }
}

fn container() -> Container {
    let mut deployments = documents().filter(|document| document["kind"] == "Deployment");
    let deployment = deployments.next().expect("a Deployment");
    let deployment: Deployment = serde_json::from_value(deployment).expect("a Deployment");
    let pod = deployment.spec.expect("spec").template.spec.expect("spec");
    pod.containers.into_iter().next().expect("a container")
}

/// The environment, with what a kubelet fills in.
fn environment(container: &Container) -> Vec<(String, String)> {
    let variables = container.env.iter().flatten();
    variables
        .map(|variable| {
            let field = variable.value_from.as_ref();
            let field = field.and_then(|from| Some(from.field_ref.as_ref()?.field_path.as_str()));
            let value = match (field, &variable.value) {
                (Some("metadata.namespace"), None) => "stow-system",
                (None, Some(value)) => value,
                other => panic!("{}: {other:?}", variable.name),
            };
            (variable.name.clone(), value.to_owned())
        })
        .collect()
}

/// An argument as a kubelet expands it.
fn expanded(argument: String, env: &[(String, String)]) -> String {
    env.iter().fold(argument, |argument, (key, value)| {
        argument.replace(&format!("$({key})"), value)
    })
}
