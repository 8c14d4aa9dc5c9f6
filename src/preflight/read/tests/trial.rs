use super::*;
use crate::preflight::cluster::Trial;
use crate::preflight::read::pages::Survey;

/// What came of trying a conversion, where single reads of a version are answered so.
async fn tried(version: &'static str, code: u16, names: &'static [&'static str]) -> Trial {
    let (reader, _) = reader(move |path, _| {
        if path.contains("/secrets/") {
            failure(404, "none")
        } else if path.ends_with("/postgresdbs") {
            page(names, "")
        } else if path.contains(version) {
            failure(code, "conversion webhook failed")
        } else {
            let (code, mut list) = page(&["a"], "");
            (code, list["items"][0].take())
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    reader.trial(&installation(), &survey).await
}

#[tokio::test]
async fn a_conversion_is_tried_on_one_object_in_both_versions() {
    for version in ["/v1alpha1/", "/v1beta1/"] {
        let fails = tried(version, 500, &["a", "b"]).await;
        let Trial::Fails(why) = fails else {
            panic!("{fails:?}");
        };
        let told = format!("postgresdb shop/a in {}", version.trim_matches('/'));
        assert!(why.to_string().contains(&told), "{why}");
    }
    let denied = tried("/v1alpha1/", 403, &["a"]).await;
    assert!(matches!(denied, Trial::Forbidden(_)), "{denied:?}");
    let works = tried("/none/", 500, &["a"]).await;
    assert!(
        matches!(&works, Trial::Works(object) if object == "shop/a"),
        "{works:?}"
    );
    let untried = tried("/none/", 500, &[]).await;
    assert!(matches!(untried, Trial::Untried), "{untried:?}");
}

/// What came of trying where objects of these names are gone since they were listed,
/// as the API server says of an object or of a path.
async fn tried_without(gone: &'static [&'static str], of_object: bool) -> Trial {
    let (reader, _) = reader(move |path, _| {
        let name = path.rsplit('/').next().unwrap_or_default();
        if path.contains("/secrets/") {
            failure(404, "none")
        } else if path.ends_with("/postgresdbs") {
            page(&["a", "b"], "")
        } else if path.contains("/v1alpha1/") && gone.contains(&name) {
            let (code, mut status) = failure(404, "not found");
            if of_object {
                status["details"] = json!({"name": name, "kind": "postgresdbs"});
            }
            (code, status)
        } else {
            let (code, mut list) = page(&[name], "");
            (code, list["items"][0].take())
        }
    });
    let survey = reader.objects(&installation(), &standards()).await;
    reader.trial(&installation(), &survey).await
}

#[tokio::test]
async fn an_object_that_is_deleted_meanwhile_says_nothing_of_a_conversion() {
    let next = tried_without(&["a"], true).await;
    assert!(
        matches!(&next, Trial::Works(object) if object == "shop/b"),
        "{next:?}"
    );
    let none = tried_without(&["a", "b"], true).await;
    assert!(matches!(none, Trial::Untried), "{none:?}");
    // That the version is not known is another matter.
    let unserved = tried_without(&["a"], false).await;
    assert!(matches!(unserved, Trial::Fails(_)), "{unserved:?}");
}

#[tokio::test]
async fn what_is_not_converted_is_not_tried() {
    let (reader, calls) = reader(|path, _| match path {
        path if path.contains("/secrets/") => failure(404, "none"),
        _ => page(&["a"], ""),
    });
    let survey = reader.objects(&installation(), &standards()).await;
    calls.lock().unwrap().clear();
    let changed = |change: fn(&mut Crd)| {
        let mut changed = installation();
        change(changed.definition.as_mut().unwrap().as_mut().unwrap());
        changed
    };
    let alone = changed(|crd| crd.spec.versions[0].served = false);
    let without = changed(|crd| crd.spec.conversion = None);
    for installation in [alone, without] {
        let needless = reader.trial(&installation, &survey).await;
        assert!(matches!(needless, Trial::Needless), "{needless:?}");
    }
    let unlisted = Survey::default();
    let needless = reader.trial(&installation(), &unlisted).await;
    assert!(matches!(needless, Trial::Needless), "{needless:?}");
    assert_eq!(calls.lock().unwrap().len(), 0);
}
