//! Names and passwords that `CreateDBInstance` takes and refuses.

use super::{ACCEPTED, Table, VALUE, check_creates};

#[tokio::test]
async fn names_and_passwords() {
    check_creates(&[
        Table {
            origin: "the model: DBInstanceIdentifier, and the guide's quotas page",
            rows: &[
                (&[("DBInstanceIdentifier", "a")], ACCEPTED),
                (&[("DBInstanceIdentifier", "a*63")], ACCEPTED),
                (&[("DBInstanceIdentifier", "A-1-b")], ACCEPTED),
                (&[("DBInstanceIdentifier", "a*64")], VALUE),
                (&[("DBInstanceIdentifier", "")], VALUE),
                (&[("DBInstanceIdentifier", "1a")], VALUE),
                (&[("DBInstanceIdentifier", "-a")], VALUE),
                (&[("DBInstanceIdentifier", "a-")], VALUE),
                (&[("DBInstanceIdentifier", "a--b")], VALUE),
                (&[("DBInstanceIdentifier", "a_b")], VALUE),
                (&[("DBInstanceIdentifier", "a.b")], VALUE),
                (&[("DBInstanceIdentifier", "ä")], VALUE),
            ],
        },
        Table {
            origin: "the model: MasterUsername; reserved words as cfn-lint#4425 and \
                     ckan-aws-templates#6 saw them refused",
            rows: &[
                (&[("MasterUsername", "a")], ACCEPTED),
                (&[("MasterUsername", "postgres")], ACCEPTED),
                (&[("MasterUsername", "Orders_1")], ACCEPTED),
                (&[("MasterUsername", "a*16")], ACCEPTED),
                (&[("MasterUsername", "a*17")], VALUE),
                (&[("MasterUsername", "-")], VALUE),
                (&[("MasterUsername", "")], VALUE),
                (&[("MasterUsername", "1a")], VALUE),
                (&[("MasterUsername", "_a")], VALUE),
                (&[("MasterUsername", "a-b")], VALUE),
                (&[("MasterUsername", "admin")], VALUE),
                (&[("MasterUsername", "Admin")], VALUE),
                (&[("MasterUsername", "rdsadmin")], VALUE),
                (&[("MasterUsername", "pg_dba")], VALUE),
                (&[("MasterUsername", "PG_dba")], VALUE),
                (&[("MasterUsername", "user")], VALUE),
                (&[("MasterUsername", "pgadmin")], ACCEPTED),
            ],
        },
        Table {
            origin: "the model: MasterUserPassword, with its length for PostgreSQL; the space is \
                     refused by the message that RDS answers with",
            rows: &[
                (&[("MasterUserPassword", "x*8")], ACCEPTED),
                (&[("MasterUserPassword", "x*128")], ACCEPTED),
                (&[("MasterUserPassword", "it's-fine")], ACCEPTED),
                (
                    &[("MasterUserPassword", "!#$%^&()_+-=[]{}|;:<>,.?~`\\")],
                    ACCEPTED,
                ),
                (&[("MasterUserPassword", "x*7")], VALUE),
                (&[("MasterUserPassword", "x*129")], VALUE),
                (&[("MasterUserPassword", "-")], VALUE),
                (&[("MasterUserPassword", "")], VALUE),
                (&[("MasterUserPassword", "correct/horse")], VALUE),
                (&[("MasterUserPassword", "correct\"horse")], VALUE),
                (&[("MasterUserPassword", "correct@horse")], VALUE),
                (&[("MasterUserPassword", "correct horse")], VALUE),
                (&[("MasterUserPassword", "correct\thorse")], VALUE),
                (&[("MasterUserPassword", "corräct-horse")], VALUE),
            ],
        },
        Table {
            origin: "the model: DBName",
            rows: &[
                (&[("DBName", "a")], ACCEPTED),
                (&[("DBName", "Orders_1")], ACCEPTED),
                (&[("DBName", "postgres")], ACCEPTED),
                (&[("DBName", "a*63")], ACCEPTED),
                (&[("DBName", "-")], ACCEPTED),
                (&[("DBName", "a*64")], VALUE),
                (&[("DBName", "")], VALUE),
                (&[("DBName", "1a")], VALUE),
                (&[("DBName", "_a")], VALUE),
                (&[("DBName", "a-b")], VALUE),
                (&[("DBName", "select")], VALUE),
                (&[("DBName", "template1")], VALUE),
            ],
        },
    ])
    .await;
}
