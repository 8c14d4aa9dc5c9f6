//! What a test does to RDS past the operator, and how it gets into a database.
//!
//! Nothing here may assert what a test is about.

use std::collections::BTreeMap;
use std::time::Duration;

use harness::{Database, Error, REGION, Rds, Result, eventually};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::stage::{PATIENCE, Stage, decoded};

/// Longer than a test waits for anything, and short beside the day that a test
/// has before the next backup.
const HELD: Duration = Duration::from_mins(10);

/// The hour, UTC, at which each test's day at RDS begins: the windows that
/// drydock chooses for backups and for maintenance are over by then.
const MORNING: i8 = 6;

impl Stage {
    /// Lets the account have as many instances as any test makes.
    pub(crate) async fn make_room(&self) -> Result<()> {
        let quotas = json!({"instances": 1000, "storage": 1_000_000});
        self.drydock.set(quotas).await
    }

    /// RDS, past every proxy.
    pub(crate) fn rds(&self) -> Rds {
        self.drydock.rds(REGION)
    }

    /// A session in an object's database, opened with its Secret's URL.
    pub(crate) async fn login(&self, secret: &str) -> Result<Database> {
        let secret = self.get(&format!("secret/{secret}")).await?;
        let url = decoded(&secret, "DATABASE_URL")?;
        self.login_by(&url).await
    }

    /// The same, with a URL.
    pub(crate) async fn login_by(&self, url: &str) -> Result<Database> {
        Database::login(url, &self.drydock.authority().await?).await
    }

    /// The text of an element of every instance, in RDS's order.
    pub(crate) async fn instances(&self, element: &str) -> Result<Vec<String>> {
        self.rds().texts("DescribeDBInstances", &[], element).await
    }

    /// A call to RDS past every proxy, which must succeed; its XML.
    pub(crate) async fn behind(&self, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
        let (status, xml) = self.rds().call(action, parameters).await?;
        if status.is_success() {
            return Ok(xml);
        }
        Err(Error::Unexpected(format!("{action}: {status}: {xml}")))
    }

    /// Moves drydock's clock to the next morning. By the machine's, a test that
    /// ran at night would see backups that nobody asked for.
    pub(crate) async fn morning(&self) -> Result<()> {
        let wrong = |error: jiff::Error| Error::Unexpected(error.to_string());
        let now: Timestamp = self.drydock.clock().await?.parse().map_err(wrong)?;
        let now = now.to_zoned(TimeZone::UTC);
        let mut next = now
            .date()
            .at(MORNING, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .map_err(wrong)?;
        if next <= now {
            next = next.tomorrow().map_err(wrong)?;
        }
        let left = next.timestamp().duration_since(now.timestamp());
        self.drydock.advance(left.unsigned_abs()).await
    }

    /// Lets RDS stay in these statuses until [`Self::pass`] or [`Self::let_go`].
    pub(crate) async fn hold(&self, statuses: &[&str]) -> Result<()> {
        let delay = u64::try_from(HELD.as_millis()).unwrap_or(u64::MAX);
        let delays: BTreeMap<_, _> = statuses.iter().map(|status| (status, delay)).collect();
        self.drydock.set(json!({ "delays": delays })).await
    }

    /// Ends the status that each instance is held in.
    pub(crate) async fn pass(&self) -> Result<()> {
        self.drydock.advance(HELD).await
    }

    /// Holds no instance in any status any more.
    pub(crate) async fn let_go(&self) -> Result<()> {
        self.drydock.set(json!({})).await?;
        self.pass().await
    }

    /// Has the instance of an object changed behind the operator's back, such as
    /// `{"grow": 40}`.
    pub(crate) async fn meddle(&self, name: &str, how: Value) -> Result<()> {
        let identifier = self.identifier(name).await?;
        self.drydock.meddle(REGION, &identifier, how).await
    }

    /// Has RDS say a status of an object's instance from now on; `available`
    /// heals it.
    pub(crate) async fn say(&self, name: &str, status: &str) -> Result<()> {
        self.meddle(name, json!({ "status": status })).await
    }

    /// Waits until RDS says a status of an instance.
    pub(crate) async fn rds_says(&self, identifier: &str, status: &str) -> Result<()> {
        let filter = [("DBInstanceIdentifier", identifier)];
        let rds = self.rds();
        eventually(format!("{identifier} to be {status}"), PATIENCE, || async {
            let said = rds.texts("DescribeDBInstances", &filter, "DBInstanceStatus");
            match said.await?.as_slice() {
                [said] if said == status => Ok(()),
                said => Err(Error::Unexpected(format!("{said:?}"))),
            }
        })
        .await
    }

    /// Waits until RDS has no instance of this identifier.
    pub(crate) async fn rds_lets_go(&self, identifier: &str) -> Result<()> {
        eventually(format!("the end of {identifier}"), PATIENCE, || async {
            let there = self.instances("DBInstanceIdentifier").await?;
            if there.iter().any(|there| there == identifier) {
                return Err(Error::Unexpected("it is there".to_owned()));
            }
            Ok(())
        })
        .await
    }
}
