//! The objects, a page at a time, and the Secrets that they name.
//!
//! Nothing here may hold more than one page of objects, but for when each was
//! made where they are counted, or keep a Secret longer
//! than it takes to judge it.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::core::Request;
use stow_versions::{GROUP, HUB, PLURAL, SPOKE};

use super::{AT_ONCE, Installation, Reader, Unread, timed};
use crate::cluster::{Neighbour, SecretRead, is_secret_name};
use crate::preflight::finding::{Check, Finding, Severity};
use crate::preflight::objects::{self, Binding, Standards, Writers};
use crate::untyped::{PAGE, Page, Untyped, everywhere};

/// How often a listing is begun anew that took so long that the API server has
/// forgotten where it began.
const TRIES: usize = 3;

/// How many objects are kept in mind to try a conversion on: any of them may be
/// deleted before it is.
const EXAMPLES: usize = 5;

/// What all objects came to.
#[derive(Debug, Default)]
pub(in crate::preflight) struct Survey {
    pub(in crate::preflight) findings: Vec<Finding>,
    pub(in crate::preflight) objects: usize,
    pub(in crate::preflight) clean: usize,
    pub(in crate::preflight) writers: Writers,
    /// Whether they were listed at all.
    pub(in crate::preflight) listed: bool,
    /// Some of them, to try a conversion on.
    pub(in crate::preflight) examples: Vec<Example>,
    /// The namespaces whose Secrets could not be read: why, and of how many
    /// objects.
    unread: BTreeMap<String, (String, usize)>,
}

/// Where an object is.
#[derive(Debug)]
pub(in crate::preflight) struct Example {
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Example {
    fn of(object: &Untyped) -> Self {
        Self {
            namespace: object.metadata("namespace").to_owned(),
            name: object.metadata("name").to_owned(),
        }
    }
}

/// The objects of each namespace, as far as they count for one another: they are
/// listed twice for that, and only where the platform counts.
type Neighbours = BTreeMap<String, Vec<Neighbour>>;

/// Why a listing did not come to its end.
enum Broken {
    /// It took too long.
    Expired,
    Unread(Unread),
}

impl Reader {
    /// Judges every object, in whichever version the API server can show.
    pub(in crate::preflight) async fn objects(
        &self,
        installation: &Installation,
        standards: &Standards,
    ) -> Survey {
        let mut told = None;
        for version in versions(installation) {
            match self.all(version, standards).await {
                Ok(mut survey) => {
                    survey.listed = true;
                    return survey.with_unread();
                }
                // The first is that of the version to come.
                Err(unread) => told = told.or(Some(unread)),
            }
        }
        let mut survey = Survey::default();
        if let Some(unread) = told {
            let finding = Finding::new(
                Severity::Unknown,
                Check::Objects,
                format!("The objects cannot be read: {unread}"),
            );
            survey.findings.push(finding.advise(
                "Let the webhook serve, or have whoever runs this be granted the rights of \
                 docs/preflight.md, and look again.",
            ));
        }
        survey
    }

    async fn all(&self, version: &str, standards: &Standards) -> Result<Survey, Unread> {
        let what = format!("{PLURAL}.{version}.{GROUP}");
        for _ in 0..TRIES {
            match self.once(version, &what, standards).await {
                Ok(survey) => return Ok(survey),
                Err(Broken::Expired) => {}
                Err(Broken::Unread(unread)) => return Err(unread),
            }
        }
        let why = "each listing took longer than the API server remembers".to_owned();
        Err(Unread {
            what,
            why,
            reached: true,
            denied: false,
            gone: false,
        })
    }

    async fn once(
        &self,
        version: &str,
        what: &str,
        standards: &Standards,
    ) -> Result<Survey, Broken> {
        let mut neighbours = Neighbours::new();
        if standards.counts() {
            let mut next = Some(String::new());
            while let Some(from) = next {
                let page = self.page(version, what, &from).await?;
                for (namespace, one) in page.items.iter().filter_map(objects::neighbour) {
                    neighbours.entry(namespace).or_default().push(one);
                }
                next = page.next();
            }
        }
        let mut survey = Survey::default();
        let mut next = Some(String::new());
        while let Some(from) = next {
            let page = self.page(version, what, &from).await?;
            self.judge(&page.items, standards, &neighbours, &mut survey)
                .await;
            next = page.next();
        }
        Ok(survey)
    }

    /// The page that begins there; the first one, where that is empty.
    async fn page(&self, version: &str, what: &str, from: &str) -> Result<Page, Broken> {
        let mut parameters = ListParams::default().limit(PAGE);
        if !from.is_empty() {
            parameters = parameters.continue_token(from);
        }
        let request = async {
            let request = Request::new(everywhere(version))
                .list(&parameters)
                .map_err(kube::Error::BuildRequest)?;
            match self.client.request::<Page>(request).await {
                Err(kube::Error::Api(status)) if status.code == 410 => Ok(None),
                other => other.map(Some),
            }
        };
        let page = timed(what.to_owned(), request).await;
        page.map_err(Broken::Unread)?.ok_or(Broken::Expired)
    }

    async fn judge(
        &self,
        objects: &[Untyped],
        standards: &Standards,
        neighbours: &Neighbours,
        survey: &mut Survey,
    ) {
        let judgements = stream::iter(objects).map(|object| async move {
            let beside = neighbours
                .get(object.metadata("namespace"))
                .map_or(&[][..], Vec::as_slice);
            let mut judgement = objects::judge(object, standards, beside);
            let mut unread = None;
            if let Some(binding) = judgement.binding.take() {
                match self.bound(&binding).await {
                    Ok(read) => judgement.findings.extend(binding.judge(read)),
                    Err(error) => unread = Some((binding.namespace().to_owned(), error)),
                }
            }
            (object, judgement, unread)
        });
        let mut judgements = judgements.buffered(AT_ONCE);
        while let Some((object, judgement, unread)) = judgements.next().await {
            survey.objects += 1;
            if survey.examples.len() < EXAMPLES {
                survey.examples.push(Example::of(object));
            }
            survey.writers.note(object);
            let bad = |finding: &Finding| finding.severity <= Severity::Unknown;
            if !judgement.findings.iter().any(bad) {
                survey.clean += 1;
            }
            survey.findings.extend(judgement.findings);
            if let Some((namespace, error)) = unread {
                let entry = survey.unread.entry(namespace);
                entry.or_insert_with(|| (error.to_string(), 0)).1 += 1;
            }
        }
    }

    /// The Secret that an object names.
    async fn bound(&self, binding: &Binding) -> Result<SecretRead, Unread> {
        // A name comes from a spec that anybody may have written, and becomes
        // part of a URL.
        if !is_secret_name(binding.secret()) {
            return Ok(SecretRead::Missing);
        }
        let found: Option<Secret> = self.secret(binding.namespace(), binding.secret()).await?;
        Ok(found.map_or(SecretRead::Missing, SecretRead::from))
    }
}

impl Survey {
    /// The same, with a finding for each namespace whose Secrets were not shown.
    fn with_unread(mut self) -> Self {
        for (namespace, (why, count)) in std::mem::take(&mut self.unread) {
            let finding = Finding::new(
                Severity::Unknown,
                Check::Secret,
                format!(
                    "The Secrets of {count} objects in namespace {namespace} cannot be read: {why}"
                ),
            );
            self.findings
                .push(finding.advise("Grant the rights of docs/preflight.md."));
        }
        self
    }
}

/// The versions in which the API server shows objects: v1beta1 first, since it
/// says all.
pub(super) fn versions(installation: &Installation) -> Vec<&'static str> {
    let known = [HUB, SPOKE];
    match &installation.definition {
        Err(_) => known.into(),
        Ok(None) => Vec::new(),
        Ok(Some(crd)) => {
            let served = |name: &&str| {
                let mut versions = crd.spec.versions.iter();
                versions.any(|version| version.name == *name && version.served)
            };
            known.into_iter().filter(served).collect()
        }
    }
}
