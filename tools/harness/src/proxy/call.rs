//! What passed through a proxy, in the terms of RDS and of Kubernetes.
//!
//! It knows how both put a request into words, not what either does with it.

use http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts};
use hyper::body::Bytes;

/// Bodies of more bytes are passed on but not kept.
const KEPT_BODY: usize = 1 << 20;

/// Kubernetes resources that are written without anything being changed, or, as
/// for leases, so often that they would drown what a test counts.
const NOT_MUTATIONS: [&str; 7] = [
    "leases",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectreviews",
    "selfsubjectrulesreviews",
    "subjectaccessreviews",
    "tokenreviews",
];

/// One call. Of its headers nothing is kept: they hold credentials.
#[derive(Clone, Debug)]
pub struct Call {
    /// The first call through a proxy is 0. It keeps its number when the journal
    /// is cleared.
    pub sequence: u64,
    /// The HTTP method.
    pub method: Method,
    /// The path, percent-encoded as it was sent, without the query.
    pub path: String,
    /// The query's parameters, decoded; a key without a value has an empty one.
    pub query: Vec<(String, String)>,
    /// The decoded parameters of a form-urlencoded body, as RDS takes them.
    pub form: Vec<(String, String)>,
    /// The body, or nothing of one above a mebibyte.
    pub body: Bytes,
    /// What the upstream (or a rule in its stead) answered, once it has.
    pub status: Option<StatusCode>,
    /// Whether that answer was handed to the caller.
    pub answered: bool,
}

/// Where a Kubernetes call leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesPath {
    /// The API group, empty for the core.
    pub group: String,
    /// The version.
    pub version: String,
    /// The namespace, or nothing for what has none and for lists over all.
    pub namespace: Option<String>,
    /// The plural.
    pub resource: String,
    /// The object's name, if the call is for one.
    pub name: Option<String>,
    /// What of the object it is for (`status`, `scale`), if a part.
    pub subresource: Option<String>,
}

impl Call {
    pub(super) fn new(sequence: u64, head: &Parts, body: &Bytes) -> Self {
        let is_form = head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        Self {
            sequence,
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
            form: if is_form { pairs(body) } else { Vec::new() },
            body: if body.len() <= KEPT_BODY {
                body.clone()
            } else {
                Bytes::new()
            },
            status: None,
            answered: false,
        }
    }

    /// The RDS action (`CreateDBInstance`), of a call that has one.
    pub fn action(&self) -> Option<&str> {
        self.parameter("Action")
    }

    /// A parameter of the form.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        value(&self.form, name)
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        value(&self.query, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Where the call leads, if its path is one of Kubernetes' resources.
    pub fn kubernetes(&self) -> Option<KubernetesPath> {
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        // A Namespace is itself a resource; what follows its name is another.
        let (namespace, rest) = match rest {
            ["namespaces", namespace, resource, rest @ ..]
                if !["status", "finalize"].contains(resource) =>
            {
                (Some(*namespace), [&[*resource], rest].concat())
            }
            rest => (None, rest.to_vec()),
        };
        let mut rest = rest.into_iter().map(ToOwned::to_owned);
        Some(KubernetesPath {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            resource: rest.next()?,
            name: rest.next(),
            subresource: rest.next(),
        })
    }

    /// Whether the call is for a Kubernetes resource of this plural.
    pub fn is_for(&self, resource: &str) -> bool {
        self.kubernetes()
            .is_some_and(|path| path.resource == resource)
    }

    /// Whether it asks for a change: of RDS every action but those that only
    /// read, of Kubernetes every write of an object, Events included, except
    /// Leases, reviews of access and tokens.
    pub fn is_mutation(&self) -> bool {
        if let Some(action) = self.action() {
            let reads = ["Describe", "List", "Get", "Download"];
            return !reads.iter().any(|verb| action.starts_with(verb));
        }
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        writes.contains(&self.method)
            && self.kubernetes().is_some_and(|path| {
                !NOT_MUTATIONS.contains(&path.resource.as_str())
                    && path.subresource.as_deref() != Some("token")
            })
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn call(method: &str, uri: &str, form: &str) -> Call {
        let (head, ()) = Request::builder()
            .method(method)
            .uri(uri)
            .header(
                CONTENT_TYPE,
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .body(())
            .unwrap()
            .into_parts();
        Call::new(0, &head, &Bytes::copy_from_slice(form.as_bytes()))
    }

    #[test]
    fn rds_actions_are_mutations_unless_they_only_read() {
        for (action, mutation) in [
            ("CreateDBInstance", true),
            ("ModifyDBInstance", true),
            ("DeleteDBInstance", true),
            ("AddTagsToResource", true),
            ("RebootDBInstance", true),
            ("DescribeDBInstances", false),
            ("ListTagsForResource", false),
        ] {
            let call = call("POST", "/", &format!("Action={action}&Version=2014-10-31"));
            assert_eq!(call.is_mutation(), mutation, "{action}");
        }
    }

    #[test]
    fn kubernetes_writes_are_mutations_unless_they_change_nothing() {
        for (method, uri, mutation) in [
            ("GET", "/api/v1/namespaces/a/secrets/b", false),
            ("POST", "/api/v1/namespaces/a/secrets", true),
            (
                "PATCH",
                "/apis/myob.com/v1beta1/namespaces/a/postgresdbs/b/status",
                true,
            ),
            (
                "PUT",
                "/apis/coordination.k8s.io/v1/namespaces/a/leases/b",
                false,
            ),
            (
                "POST",
                "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                false,
            ),
            ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", false),
            (
                "POST",
                "/api/v1/namespaces/a/serviceaccounts/b/token",
                false,
            ),
            ("DELETE", "/api/v1/namespaces/a", true),
        ] {
            assert_eq!(
                call(method, uri, "").is_mutation(),
                mutation,
                "{method} {uri}"
            );
        }
    }

    #[test]
    fn paths_of_kubernetes_are_taken_apart() {
        let path = |uri| call("GET", uri, "").kubernetes();
        let object = path("/apis/myob.com/v1beta1/namespaces/a/postgresdbs/b/status?x=y").unwrap();
        assert_eq!(
            object,
            KubernetesPath {
                group: "myob.com".to_owned(),
                version: "v1beta1".to_owned(),
                namespace: Some("a".to_owned()),
                resource: "postgresdbs".to_owned(),
                name: Some("b".to_owned()),
                subresource: Some("status".to_owned()),
            }
        );
        let namespace = path("/api/v1/namespaces/a").unwrap();
        assert_eq!(namespace.resource, "namespaces");
        assert_eq!(namespace.name.as_deref(), Some("a"));
        let finalize = path("/api/v1/namespaces/a/finalize").unwrap();
        assert_eq!(finalize.resource, "namespaces");
        assert_eq!(finalize.subresource.as_deref(), Some("finalize"));
        let all = path("/api/v1/secrets").unwrap();
        assert_eq!((all.namespace, all.resource.as_str()), (None, "secrets"));
        assert_eq!(path("/readyz"), None);
        assert_eq!(path("/apis"), None);
    }

    #[test]
    fn parameters_are_decoded() {
        let call = call(
            "POST",
            "/?watch=true&a=b%20c",
            "Action=X&Tags.Tag.1.Value=a+b%2F",
        );
        assert_eq!(call.query("a"), Some("b c"));
        assert_eq!(call.parameter("Tags.Tag.1.Value"), Some("a b/"));
        assert_eq!(call.parameter("Tags.Tag.2.Value"), None);
    }
}
