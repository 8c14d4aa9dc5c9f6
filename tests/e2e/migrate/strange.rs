//! Objects that cannot be read as all others: they are named, by a preflight and by
//! a migration, the others go on, and what is advised about them helps.

use harness::{Error, Result, eventually};
use serde_json::{Value, json};

use super::yard::{NEW, Yard, manifest};
use crate::at_rest::key;
use crate::preflight::look;
use crate::stage::{NAMESPACE, PATIENCE};

/// Deeper than a tree of JSON is read.
const DEPTH: usize = 200;

/// As 2017 stored it.
fn stored(name: &str, spec: &Value, owned: &Value) -> Value {
    json!({
        "apiVersion": "myob.com/v1alpha1", "kind": "PostgresDB",
        "metadata": {
            "name": name, "namespace": NAMESPACE, "generation": 1,
            "uid": format!("00000000-0000-4000-8000-{:0>12}", name.len()),
            "creationTimestamp": "2017-11-22T00:00:00Z",
            "managedFields": [{
                "manager": "2017", "operation": "Update", "apiVersion": "myob.com/v1alpha1",
                "time": "2017-11-22T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": owned,
            }],
        },
        "spec": spec,
    })
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({}), |inner, _| json!({"f:a": inner}))
}

/// The line of a preflight's table about an object and a check.
async fn foretold(yard: &Yard, object: &str, check: &str) -> Result<String> {
    let (code, table) = look::run(yard.stage.cluster.admin_kubeconfig(), &[]).await?;
    assert_eq!(code, Some(1), "{table}");
    let mut lines = table.lines();
    let told = lines.find(|line| line.contains(object) && line.contains(check));
    let told = told.map(str::to_owned);
    told.ok_or_else(|| Error::Unexpected(format!("nothing of {object}, {check}: {table}")))
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_others_go_on() -> Result<()> {
    let yard = Yard::open().await?;
    let spec = json!({"size": "db.t3.small", "storage": "10"});
    let orders = manifest("v1alpha1", "orders", &spec);
    yard.stage.apply(&orders, &[]).await?;
    let owned = json!({"f:spec": {"f:size": {}, "f:backup": nested(DEPTH)}});
    let deep = stored("deep", &spec, &owned);
    yard.stage.plant("deep", &deep).await?;
    yard.store("v1beta1").await?;
    too_deep(&yard).await?;
    too_large(&yard).await
}

async fn too_deep(yard: &Yard) -> Result<()> {
    let told = foretold(yard, "shop/deep", "migration").await?;
    assert!(told.contains("nested too deep"), "{told}");

    let refused = yard.migrate(&[]).await?;
    assert_eq!(refused.code, 1, "{}", refused.said);
    let named = "shop/deep: its managedFields are nested too deep";
    assert!(refused.said.contains(named), "{}", refused.said);
    assert_eq!(yard.stage.old_at_rest().await?, [key("deep")]);
    let both = json!(["v1beta1", "v1alpha1"]);
    assert_eq!(yard.stage.stored_versions().await?, both);
    let proof = yard.migrate(&["--verify"]).await?;
    assert_eq!(proof.code, 1, "{}", proof.said);
    assert!(proof.said.contains("shop/deep: "), "{}", proof.said);

    let mut quoted = refused.said.split('`');
    let advised = quoted.find(|text| text.starts_with("kubectl patch "));
    let words = advised.unwrap_or_default().split_whitespace().skip(1);
    let words: Vec<_> = words.map(|word| word.trim_matches('\'')).collect();
    yard.stage.kubectl(&words).await?;
    let done = yard.migrate(&[]).await?;
    assert_eq!(done.code, 0, "{}", done.said);
    assert_eq!(yard.stage.old_at_rest().await?, <[&str; 0]>::default());
    let spec = yard.stage.get(&format!("{NEW}/deep")).await?["spec"].clone();
    let expected = json!({"size": "db.t3.small", "storage": "10Gi", "storageType": "gp2"});
    assert_eq!(spec, expected);
    Ok(())
}

/// What v1beta1 cannot say is kept in annotations, of which there may be so much.
async fn too_large(yard: &Yard) -> Result<()> {
    let just = stored(
        "just-enough",
        &json!({"size": {"a": "x".repeat(200_000)}}),
        &json!({}),
    );
    yard.stage.plant("just-enough", &just).await?;
    let what = format!("{NEW}/just-enough");
    eventually("it to be shown", PATIENCE, || yard.stage.get(&what)).await?;

    let large = stored(
        "too-large",
        &json!({"size": {"a": "x".repeat(300_000)}}),
        &json!({}),
    );
    yard.stage.plant("too-large", &large).await?;
    let shown = yard.stage.get(&format!("{NEW}/too-large")).await;
    let refused = shown
        .expect_err("an object of so many annotations")
        .to_string();
    assert!(refused.contains("262144"), "{refused}");
    let told = foretold(yard, "shop/too-large", "unreadable").await?;
    assert!(told.contains("262144"), "{told}");
    let given_up = yard.migrate(&["--patience", "1s"]).await?;
    assert_eq!(given_up.code, 3, "{}", given_up.said);
    assert!(
        given_up.said.contains("stow preflight"),
        "{}",
        given_up.said
    );

    let (_, table) = look::run(yard.stage.cluster.admin_kubeconfig(), &[]).await?;
    let mut unreadable = table.lines().filter(|line| line.contains("unreadable"));
    assert!(unreadable.all(|line| line.contains("too-large")), "{table}");
    Ok(())
}
