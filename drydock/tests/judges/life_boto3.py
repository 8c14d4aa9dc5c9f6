"""A life by boto3: created, changed, saved, restored, tagged, deleted, and what
is in the database at each turn.

    life_boto3.py
"""

import datetime

import pg8000.exceptions
from berth import DATABASE, PASSWORD, USER, describe, equal, login, rds, refused, rows, until, wait, write

NEXT_PASSWORD = "battery-staple"


def create(client):
    made = client.create_db_instance(
        DBInstanceIdentifier="Orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        DBName=DATABASE,
        MasterUsername=USER,
        MasterUserPassword=PASSWORD,
        CopyTagsToSnapshot=True,
        BackupRetentionPeriod=7,
        PreferredMaintenanceWindow="sun:05:00-sun:05:30",
        PreferredBackupWindow="03:00-03:30",
        Tags=[{"Key": "team", "Value": "a b=c@d"}],
    )["DBInstance"]
    equal(made["DBInstanceStatus"], "creating")
    equal("Endpoint" in made, False)
    wait(client, "db_instance_available", DBInstanceIdentifier="orders")
    instance = describe(client, "orders")
    equal(instance["TagList"], [{"Key": "team", "Value": "a b=c@d"}])
    write(instance["Endpoint"], "before")
    return instance


def change(client, instance):
    client.modify_db_instance(DBInstanceIdentifier="orders", DBInstanceClass="db.t3.small")
    waiting = describe(client, "orders")
    equal(waiting["DBInstanceClass"], "db.t3.micro")
    equal(waiting["PendingModifiedValues"], {"DBInstanceClass": "db.t3.small"})
    client.modify_db_instance(DBInstanceIdentifier="orders", AllocatedStorage=40, ApplyImmediately=True)
    wait(client, "db_instance_available", DBInstanceIdentifier="orders")
    flushed = describe(client, "orders")
    equal((flushed["DBInstanceClass"], flushed["AllocatedStorage"]), ("db.t3.small", 40))
    equal(flushed["PendingModifiedValues"], {})
    equal(flushed["Endpoint"], instance["Endpoint"])
    client.stop_db_instance(DBInstanceIdentifier="orders")
    until(client, "orders", "stopped")
    client.start_db_instance(DBInstanceIdentifier="orders")
    wait(client, "db_instance_available", DBInstanceIdentifier="orders")
    equal(rows(instance["Endpoint"]), ["before"])


def tag(client, instance):
    arn = instance["DBInstanceArn"]
    client.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "stage", "Value": ""}])
    client.remove_tags_from_resource(ResourceName=arn, TagKeys=["team", "absent"])
    equal(client.list_tags_for_resource(ResourceName=arn)["TagList"], [{"Key": "stage", "Value": ""}])


def save_and_restore(client, instance):
    client.create_db_snapshot(DBSnapshotIdentifier="saved", DBInstanceIdentifier="orders")
    wait(client, "db_snapshot_available", DBSnapshotIdentifier="saved")
    wait(client, "db_instance_available", DBInstanceIdentifier="orders")
    write(instance["Endpoint"], "between")
    moment = datetime.datetime.now(datetime.timezone.utc)
    write(instance["Endpoint"], "after")

    client.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored", DBSnapshotIdentifier="saved"
    )
    client.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="orders", TargetDBInstanceIdentifier="rewound", RestoreTime=moment
    )
    for name, expected in [("restored", ["before"]), ("rewound", ["before", "between"])]:
        wait(client, "db_instance_available", DBInstanceIdentifier=name)
        restored = describe(client, name)
        equal(rows(restored["Endpoint"]), expected)
        equal(restored["TagList"], [{"Key": "stage", "Value": ""}])
        equal(restored["DBName"], DATABASE)
    equal(rows(instance["Endpoint"]), ["after", "before", "between"])


def change_password(client, instance):
    client.modify_db_instance(DBInstanceIdentifier="orders", MasterUserPassword=NEXT_PASSWORD)
    wait(client, "db_instance_available", DBInstanceIdentifier="orders")
    equal(rows(instance["Endpoint"], NEXT_PASSWORD), ["after", "before", "between"])
    try:
        with login(instance["Endpoint"], PASSWORD):
            raise AssertionError("the old password works still")
    except pg8000.exceptions.DatabaseError as error:
        equal(error.args[0]["C"], "28P01")


def delete(client):
    refused("InvalidParameterCombination", client.delete_db_instance, DBInstanceIdentifier="orders")
    client.delete_db_instance(DBInstanceIdentifier="orders", FinalDBSnapshotIdentifier="last")
    for name in ["restored", "rewound"]:
        client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    for name in ["orders", "restored", "rewound"]:
        wait(client, "db_instance_deleted", DBInstanceIdentifier=name)
        refused("DBInstanceNotFound", client.describe_db_instances, DBInstanceIdentifier=name)
    wait(client, "db_snapshot_completed", DBSnapshotIdentifier="last")
    client.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="again", DBSnapshotIdentifier="last")
    wait(client, "db_instance_available", DBInstanceIdentifier="again")
    equal(rows(describe(client, "again")["Endpoint"], NEXT_PASSWORD), ["after", "before", "between"])
    client.delete_db_instance(DBInstanceIdentifier="again", SkipFinalSnapshot=True)
    wait(client, "db_instance_deleted", DBInstanceIdentifier="again")
    for name in ["saved", "last"]:
        client.delete_db_snapshot(DBSnapshotIdentifier=name)
        wait(client, "db_snapshot_deleted", DBSnapshotIdentifier=name)


def main():
    client = rds()
    instance = create(client)
    change(client, instance)
    tag(client, instance)
    save_and_restore(client, instance)
    change_password(client, instance)
    delete(client)


if __name__ == "__main__":
    main()
