//! An object that the API server refuses: it is told, the others go on, and nobody
//! is told that all is well, whatever the cluster's own migration says.

use harness::{Error, Result, eventually};
use serde_json::json;

use super::yard::{OLD, Yard, manifest};
use crate::stage::{NAMESPACE, PATIENCE};

/// A rule of the platform that lets nobody write one object.
const FROZEN: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: frozen
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: ["myob.com"]
        apiVersions: ["*"]
        resources: ["postgresdbs"]
        operations: ["UPDATE"]
  validations:
    - expression: object.metadata.name != "frozen"
      message: the platform has frozen it
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: frozen
spec:
  policyName: frozen
  validationActions: [Deny]
"#;

const MIGRATION: &str = r"
apiVersion: storagemigration.k8s.io/v1
kind: StorageVersionMigration
metadata:
  name: postgresdbs
spec:
  resource:
    group: myob.com
    resource: postgresdbs
";

async fn freeze(yard: &Yard) -> Result<()> {
    yard.stage.apply(FROZEN, &[]).await?;
    let label = [
        "label",
        OLD,
        "frozen",
        "-n",
        NAMESPACE,
        "a=b",
        "--dry-run=server",
    ];
    eventually("the policy to hold", PATIENCE, || async {
        let label = yard.stage.cluster.kubectl(&label).await?;
        if label.success() {
            return Err(Error::Unexpected(label.stdout));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn nobody_is_told_that_all_is_well_while_one_is_refused() -> Result<()> {
    let yard = Yard::open().await?;
    for name in ["frozen", "orders"] {
        let spec = json!({"size": "db.t3.small", "storage": "10"});
        yard.stage
            .apply(&manifest("v1alpha1", name, &spec), &[])
            .await?;
    }
    yard.store("v1beta1").await?;
    let specs = yard.specs().await?;
    freeze(&yard).await?;
    let both = json!(["v1beta1", "v1alpha1"]);

    let asked = yard.migrate(&["--dry-run"]).await?;
    assert_eq!(asked.code, 1, "{}", asked.said);
    assert!(
        asked
            .said
            .contains("shop/frozen: the API server refuses it"),
        "{}",
        asked.said
    );
    assert_eq!(yard.stage.old_at_rest().await?.len(), 2);

    let refused = yard.migrate(&[]).await?;
    assert_eq!(refused.code, 1, "{}", refused.said);
    for words in [
        "shop/frozen: ",
        "the platform has frozen it",
        "stow migrate",
        "stays as it is",
    ] {
        assert!(refused.said.contains(words), "{words}: {}", refused.said);
    }
    let old = yard.stage.old_at_rest().await?;
    assert_eq!(old.len(), 1, "the other went on: {old:?}");
    assert_eq!(yard.stage.stored_versions().await?, both);

    if yard.stage.migrates_by_itself().await? {
        fall_into_the_trap(&yard).await?;
    }

    // Verification notices what no policy holds up as well.
    let unfreeze = ["delete", "validatingadmissionpolicybinding/frozen"];
    yard.stage.kubectl(&unfreeze).await?;
    eventually("the policy to let go", PATIENCE, || async {
        let proof = yard.migrate(&["--verify"]).await?;
        if proof.said.contains("refuses") {
            return Err(Error::Unexpected(proof.said));
        }
        assert_eq!(proof.code, 1, "{}", proof.said);
        assert!(
            proof.said.contains("was not stored as v1beta1"),
            "{}",
            proof.said
        );
        assert!(
            proof
                .said
                .contains("v1alpha1 is named in its managedFields"),
            "{}",
            proof.said
        );
        Ok(())
    })
    .await?;
    let done = yard.migrate(&[]).await?;
    assert_eq!(done.code, 0, "{}", done.said);
    assert_eq!(yard.stage.old_at_rest().await?, <[&str; 0]>::default());
    assert_eq!(yard.migrate(&["--verify"]).await?.code, 0);
    assert_eq!(yard.specs().await?, specs);
    Ok(())
}

/// The cluster's own migration fails at the object too, and says the opposite.
async fn fall_into_the_trap(yard: &Yard) -> Result<()> {
    yard.stage.apply(MIGRATION, &[]).await?;
    let failed = [
        "wait",
        "--for=condition=Failed",
        "storageversionmigration/postgresdbs",
        "--timeout=150s",
    ];
    yard.stage.kubectl(&failed).await?;
    assert_eq!(
        yard.stage.stored_versions().await?,
        json!(["v1beta1"]),
        "the trap"
    );
    assert_eq!(
        yard.stage.stored("frozen").await?["apiVersion"],
        "myob.com/v1alpha1"
    );
    let proof = yard.migrate(&["--verify"]).await?;
    assert_eq!(proof.code, 1, "{}", proof.said);
    for words in [
        "shop/frozen: ",
        "1 of 2 objects are not migrated",
        "which is not so: do not remove v1alpha1",
    ] {
        assert!(proof.said.contains(words), "{words}: {}", proof.said);
    }
    Ok(())
}
