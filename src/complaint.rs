//! What a task says of a trouble that lasts: once for each that is new, and where
//! the API server is the trouble, with what to do about it.
//!
//! Nothing here may decide whether to try again: that is the task's.

use crate::chain::Chain;

/// The failure that a task last spoke of. A loop that tries every few seconds
/// would otherwise bury the one line that matters under its own repetitions.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    last: Option<String>,
}

impl Complaint {
    /// Whether this text is news, to be logged.
    pub(crate) fn is_new(&mut self, text: &str) -> bool {
        if self.last.as_deref() == Some(text) {
            return false;
        }
        self.last = Some(text.to_owned());
        true
    }

    /// It works again. Returns whether there had been a complaint.
    pub(crate) fn settle(&mut self) -> bool {
        self.last.take().is_some()
    }
}

/// What a call was for, so that a refusal can name the missing right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// The verb of RBAC: `get`, `create`, `update`, `patch`, `watch`.
    pub verb: &'a str,
    /// The resource as RBAC writes it, with its name: `secrets "stow-webhook"`.
    pub resource: &'a str,
    /// The file of `yaml/` that grants the right or brings what is missing.
    pub manifest: &'a str,
}

impl Attempt<'_> {
    /// The failure in words that a person can act on.
    pub(crate) fn explain(&self, error: &kube::Error) -> String {
        let Self {
            verb,
            resource,
            manifest,
        } = self;
        match error {
            kube::Error::Api(status) if status.code == 403 => format!(
                "the API server forbids to {verb} {resource}: apply {manifest}, which grants it ({})",
                status.message
            ),
            kube::Error::Api(status) if status.code == 404 => format!(
                "the API server knows nothing of what it was asked to {verb}, {resource}: apply \
                 yaml/crd.yaml and {manifest}"
            ),
            kube::Error::Api(status) if status.code == 401 => format!(
                "the API server does not accept these credentials, wanting to {verb} {resource}: \
                 check the ServiceAccount token or the kubeconfig ({})",
                status.message
            ),
            kube::Error::Api(status) => format!(
                "the API server answered {} to {verb} {resource}: {}",
                status.code, status.message
            ),
            kube::Error::SerdeError(error) => format!(
                "the API server was asked to {verb} {resource}: {}",
                unreadable(error)
            ),
            other => format!(
                "the API server could not be asked to {verb} {resource}: {}",
                Chain(other)
            ),
        }
    }
}

/// An answer that is not what was asked for. serde's own words quote what they
/// did not expect, which may be the value of a Secret.
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    format!(
        "its answer cannot be read, from line {}, column {} on: something on the way may have \
         changed it",
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    #[test]
    fn an_answer_that_cannot_be_read_is_not_quoted() {
        let error = serde_json::from_str::<u8>(r#""hunter2""#).unwrap_err();
        assert!(error.to_string().contains("hunter2"), "{error}");
        let text = ATTEMPT.explain(&kube::Error::SerdeError(error));
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("create secrets"), "{text}");
    }

    const ATTEMPT: Attempt<'static> = Attempt {
        verb: "create",
        resource: "secrets",
        manifest: "yaml/deployment.yaml",
    };

    fn refused(code: u16) -> kube::Error {
        kube::Error::Api(Box::new(
            Status::failure("no such right", "Forbidden").with_code(code),
        ))
    }

    #[test]
    fn a_missing_right_is_named_with_the_file_that_grants_it() {
        let text = ATTEMPT.explain(&refused(403));
        assert!(text.contains("create secrets"), "{text}");
        assert!(text.contains("yaml/deployment.yaml"), "{text}");
    }

    #[test]
    fn a_lasting_failure_is_news_once_and_again_after_it_healed() {
        let mut complaint = Complaint::default();
        assert!(complaint.is_new("away"));
        assert!(!complaint.is_new("away"));
        assert!(complaint.is_new("forbidden"));
        assert!(complaint.settle());
        assert!(!complaint.settle());
        assert!(complaint.is_new("forbidden"));
    }
}
