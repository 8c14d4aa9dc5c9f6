//! The policies for writes in v1alpha1, as `ValidatingAdmissionPolicies`.
//!
//! The schema of v1beta1 does not judge such a write, although what its
//! annotations say ends up in v1beta1: so `hub` repeats its rules, and `kept`
//! sees to it that nobody loses what v1alpha1 cannot say. Nor can the schema of
//! v1alpha1 state a type: `types` does. And `conversion` keeps what all of it
//! stands on.
//!
//! A policy does not ratchet by itself. Nothing here may refuse a write that
//! leaves alone what a rule is about, or an object that was stored before could
//! take neither label nor finalizer.

mod conversion;
pub(crate) mod expression;
mod hub;
mod kept;
mod types;

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec, Validation, Variable,
};
use kube::core::{Message, ObjectMeta};

pub use conversion::conversion_stays;
pub use hub::hub_rules;
pub use kept::kept_annotations;
pub use types::spoke_types;

/// What a policy is about.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The API group.
    pub group: &'static str,
    /// The version that the policy is written for.
    pub version: &'static str,
    /// The plural of the resource.
    pub resource: &'static str,
    /// `Namespaced` or `Cluster`: what the resource is.
    pub reach: &'static str,
    /// `CREATE`, `UPDATE`, `DELETE`.
    pub operations: &'static [&'static str],
    /// `Exact`, for requests in that version alone, or `Equivalent`, for
    /// requests in every version, converted.
    pub match_policy: &'static str,
}

/// A policy before it has a name.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which requests it judges.
    pub scope: Scope,
    /// What must hold of a request for the policy to be about it: a name and an
    /// expression each.
    pub conditions: Vec<(&'static str, String)>,
    /// What the validations share: a name and an expression each.
    pub variables: Vec<(&'static str, String)>,
    /// What must hold.
    pub validations: Vec<Validation>,
}

impl Policy {
    /// The policy and the binding that puts it into force, both of that name.
    pub fn named(
        self,
        name: &str,
    ) -> (ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding) {
        let metadata = || ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some([("app.kubernetes.io/name".to_owned(), "stow".to_owned())].into()),
            ..ObjectMeta::default()
        };
        let list = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        let scope = &self.scope;
        let rule = NamedRuleWithOperations {
            api_groups: list(&[scope.group]),
            api_versions: list(&[scope.version]),
            operations: list(scope.operations),
            resources: list(&[scope.resource]),
            scope: Some(scope.reach.to_owned()),
            ..NamedRuleWithOperations::default()
        };
        let conditions = self.conditions.into_iter();
        let conditions = conditions.map(|(name, expression)| MatchCondition {
            name: name.to_owned(),
            expression,
        });
        let variables = self
            .variables
            .into_iter()
            .map(|(name, expression)| Variable {
                name: name.to_owned(),
                expression,
            });
        let some = |variables: Vec<Variable>| (!variables.is_empty()).then_some(variables);
        let policy = ValidatingAdmissionPolicy {
            metadata: metadata(),
            spec: Some(ValidatingAdmissionPolicySpec {
                failure_policy: Some("Fail".to_owned()),
                match_constraints: Some(MatchResources {
                    match_policy: Some(scope.match_policy.to_owned()),
                    resource_rules: Some(vec![rule]),
                    ..MatchResources::default()
                }),
                match_conditions: Some(conditions.collect()),
                variables: some(variables.collect()),
                validations: Some(self.validations),
                ..ValidatingAdmissionPolicySpec::default()
            }),
            ..ValidatingAdmissionPolicy::default()
        };
        let binding = ValidatingAdmissionPolicyBinding {
            metadata: metadata(),
            spec: Some(ValidatingAdmissionPolicyBindingSpec {
                policy_name: Some(name.to_owned()),
                validation_actions: list(&["Deny"]),
                ..ValidatingAdmissionPolicyBindingSpec::default()
            }),
        };
        (policy, binding)
    }
}

/// What must hold, and what is said where it does not: text, or an expression
/// that makes it.
pub fn validation(expression: String, message: Message) -> Validation {
    let (message, message_expression) = match message {
        Message::Message(text) => (Some(text), None),
        Message::Expression(expression) => (None, Some(expression)),
    };
    Validation {
        expression,
        message,
        message_expression,
        reason: Some("Invalid".to_owned()),
    }
}
