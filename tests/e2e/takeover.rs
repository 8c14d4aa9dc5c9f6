//! What the operator of 2017 left is taken over, and nothing of a database is
//! changed by that.

use harness::Result;

use crate::legacy::{self, Legacy, Shape, Unknown, instances};
use crate::stage::Stage;

/// The fixture is what it says: what no test of what follows would notice.
#[tokio::test]
async fn a_cluster_is_as_2017_left_it() -> Result<()> {
    for unknown in [Unknown::BySchema, Unknown::ByDefinition] {
        let stage = Stage::bare_with(&legacy::drydock_arguments()).await?;
        let left = Legacy::leave(&stage, unknown, Shape::ALL.len(), 1).await?;
        let wrong = &left.of(Shape::WrongTypes).object;
        assert_eq!(wrong["spec"]["size"], 5, "{unknown:?}");
        assert!(wrong["metadata"]["finalizers"].is_null());
        let beside = &left.of(Shape::Unknown).object;
        assert_eq!(beside["notes"]["owner"], "the shop", "{unknown:?}");
        let null = left.of(Shape::NullSpec).object.as_object();
        let null = null.and_then(|object| object.get("spec"));
        assert!(null.is_some_and(serde_json::Value::is_null), "{unknown:?}");
        let (relic, identifier) = left.databases().next().expect("a database");
        assert_eq!(relic.object["status"]["id"], identifier);
        assert_eq!(
            left.by_name(left.with_rows()).map(|it| &it.shape),
            Some(&Shape::Texts)
        );
        let database = stage.login(left.with_rows()).await?;
        assert_eq!(database.texts(instances::ITEMS).await?, ["salt", "tea"]);
        let raw = stage.stored(&relic.name).await?;
        assert!(raw.contains("myob.com/v1alpha1"), "{raw}");
        assert!(raw.contains(legacy::OPERATOR), "{raw}");
    }
    Ok(())
}
