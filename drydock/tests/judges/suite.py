"""The suite: a table of requests, good and bad, in the order in which they go to
an endpoint.

Says nothing of answers. Values in braces are an endpoint's own (`{subnet_a}`, `{version}`).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One request. `name` is what the list of differences calls it."""

    name: str
    action: str | None
    parameters: dict = field(default_factory=dict)
    service: str = "rds"
    version: str | None = None


def tags(*pairs):
    """`Tags` as the SDKs write them."""
    parameters = {}
    for number, (key, value) in enumerate(pairs, 1):
        parameters[f"Tags.Tag.{number}.Key"] = key
        parameters[f"Tags.Tag.{number}.Value"] = value
    return parameters


def create(identifier="orders", **changes):
    """CreateDBInstance that is accepted as it is; None takes a parameter away."""
    parameters = {
        "DBInstanceIdentifier": identifier,
        "DBInstanceClass": "db.t3.micro",
        "Engine": "postgres",
        "AllocatedStorage": "20",
        "MasterUsername": "harbour",
        "MasterUserPassword": "correct-horse",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def named(identifier="orders", **more):
    return {"DBInstanceIdentifier": identifier, **more}


def snapshot(identifier, **more):
    return {"DBSnapshotIdentifier": identifier, **more}


ARN = "arn:aws:rds:eu-west-1:{account}:"
GROUP = {"DBParameterGroupName": "tuned"}
SUBNETS = {"DBSubnetGroupName": "quay"}
WINDOW = {"PreferredMaintenanceWindow": "sun:05:00-sun:05:30", "PreferredBackupWindow": "03:00-03:30"}


def setting(name, value, method="immediate"):
    return {
        **GROUP,
        "Parameters.Parameter.1.ParameterName": name,
        "Parameters.Parameter.1.ParameterValue": value,
        "Parameters.Parameter.1.ApplyMethod": method,
    }


PROTOCOL = [
    Case("who am I", "GetCallerIdentity", service="sts"),
    Case("no such Action", "RaiseDBInstance"),
    Case("no Action", None),
    Case("another version of the API", "DescribeDBInstances", version="1999-01-01"),
    Case("describe nothing yet", "DescribeDBInstances"),
    Case("describe with an unknown parameter", "DescribeDBInstances", {"Colour": "blue"}),
    Case("an Action of RDS that is not here", "DescribeDBLogFiles", named("absent")),
]

GROUPS = [
    Case("parameter group", "CreateDBParameterGroup",
         {**GROUP, "DBParameterGroupFamily": "{family}", "Description": "ours", **tags(("team", "a"))}),
    Case("parameter group again", "CreateDBParameterGroup",
         {**GROUP, "DBParameterGroupFamily": "{family}", "Description": "ours"}),
    Case("parameter group of no family", "CreateDBParameterGroup",
         {"DBParameterGroupName": "odd", "DBParameterGroupFamily": "postgres1", "Description": "x"}),
    Case("parameter group without its family", "CreateDBParameterGroup",
         {"DBParameterGroupName": "odd-2", "Description": "x"}),
    Case("another parameter group", "CreateDBParameterGroup",
         {"DBParameterGroupName": "spare", "DBParameterGroupFamily": "{family}", "Description": "ours"}),
    Case("parameter groups", "DescribeDBParameterGroups", GROUP),
    Case("parameter group that is absent", "DescribeDBParameterGroups", {"DBParameterGroupName": "absent"}),
    Case("set a parameter", "ModifyDBParameterGroup", setting("work_mem", "8192")),
    Case("set an unknown parameter", "ModifyDBParameterGroup", setting("wrok_mem", "1")),
    Case("set a static parameter at once", "ModifyDBParameterGroup", setting("max_connections", "50")),
    Case("set a parameter in an absent group", "ModifyDBParameterGroup",
         {**setting("work_mem", "1"), "DBParameterGroupName": "absent"}),
    Case("what a user set", "DescribeDBParameters", {**GROUP, "Source": "user"}),
    Case("parameters of an absent group", "DescribeDBParameters", {"DBParameterGroupName": "absent"}),
    Case("subnet group", "CreateDBSubnetGroup",
         {**SUBNETS, "DBSubnetGroupDescription": "ours",
          "SubnetIds.SubnetIdentifier.1": "{subnet_a}", "SubnetIds.SubnetIdentifier.2": "{subnet_b}"}),
    Case("subnet group again", "CreateDBSubnetGroup",
         {**SUBNETS, "DBSubnetGroupDescription": "ours",
          "SubnetIds.SubnetIdentifier.1": "{subnet_a}", "SubnetIds.SubnetIdentifier.2": "{subnet_b}"}),
    Case("subnet group of one subnet", "CreateDBSubnetGroup",
         {"DBSubnetGroupName": "narrow", "DBSubnetGroupDescription": "x",
          "SubnetIds.SubnetIdentifier.1": "{subnet_a}"}),
    Case("subnet groups", "DescribeDBSubnetGroups", SUBNETS),
    Case("subnet group that is absent", "DescribeDBSubnetGroups", {"DBSubnetGroupName": "absent"}),
    *(
        Case(f"{what} subnet group", f"{verb}DBSubnetGroup",
             {"DBSubnetGroupName": name, "DBSubnetGroupDescription": "theirs",
              "SubnetIds.SubnetIdentifier.1": "{subnet_a}", "SubnetIds.SubnetIdentifier.2": "{subnet_b}"})
        for what, verb, name in [
            ("another", "Create", "spare"), ("a third", "Create", "third"), ("modify a", "Modify", "third"),
        ]
    ),
]

OFFERS = [
    Case("engine versions", "DescribeDBEngineVersions", {"Engine": "postgres", "EngineVersion": "{version}"}),
    Case("orderable options", "DescribeOrderableDBInstanceOptions",
         {"Engine": "postgres", "EngineVersion": "{version}", "DBInstanceClass": "db.t3.micro"}),
]

CREATION = [
    Case("create", "CreateDBInstance",
         create(EngineVersion="{version}", DBName="cargo", **WINDOW, **tags(("team", "a"), ("stage", "test")))),
    Case("create the same again", "CreateDBInstance", create()),
    Case("create with everything", "CreateDBInstance",
         create("full", EngineVersion="{version}", DBInstanceClass="db.m5.large", StorageType="gp3",
                AllocatedStorage="400", Iops="12000", StorageThroughput="500", MaxAllocatedStorage="1000",
                DBParameterGroupName="tuned", DBSubnetGroupName="quay", Port="5433", MultiAZ="true",
                BackupRetentionPeriod="7", StorageEncrypted="true", CopyTagsToSnapshot="true",
                DeletionProtection="true", PubliclyAccessible="false", AutoMinorVersionUpgrade="false",
                **WINDOW)),
    # Each has a name of its own, since one endpoint may accept what the other does not.
    *(
        Case(f"create {what}", "CreateDBInstance", create(**{"identifier": f"refused-{number}"} | changes))
        for number, (what, changes) in enumerate({
            "without a class": {"DBInstanceClass": None},
            "without an engine": {"Engine": None},
            "without a name": {"identifier": None},
            "without a user": {"MasterUsername": None},
            "without a password": {"MasterUserPassword": None},
            "without storage": {"AllocatedStorage": None},
            "with a digit first": {"identifier": "1st"},
            "with a double hyphen": {"identifier": "a--b"},
            "with 64 letters": {"identifier": "a" * 64},
            "of another engine": {"Engine": "postgress"},
            "of a version that is not": {"EngineVersion": "99.1"},
            "of a class that is none": {"DBInstanceClass": "huge"},
            "of 5 GiB": {"AllocatedStorage": "5"},
            "of storage in words": {"AllocatedStorage": "twenty"},
            "of a storage type that is none": {"StorageType": "tape"},
            "with IOPS on small gp3": {"StorageType": "gp3", "Iops": "3000"},
            "with IOPS on gp2": {"StorageType": "gp2", "Iops": "3000"},
            "with io1 without IOPS": {"StorageType": "io1", "AllocatedStorage": "100"},
            "with a short password": {"MasterUserPassword": "short"},
            "with a slash in the password": {"MasterUserPassword": "with/a/slash"},
            "with a reserved user": {"MasterUsername": "rdsadmin"},
            "with a port below 1150": {"Port": "80"},
            "with 36 days of backups": {"BackupRetentionPeriod": "36"},
            "in an absent subnet group": {"DBSubnetGroupName": "absent"},
            "with an absent parameter group": {"DBParameterGroupName": "absent"},
            "with a reserved tag": tags(("aws:team", "a")),
            "with an unknown parameter": {"Colour": "blue"},
        }.items())
    ),
    Case("describe one", "DescribeDBInstances", named()),
    Case("describe one in capitals", "DescribeDBInstances", named("ORDERS")),
    Case("describe the full one", "DescribeDBInstances", named("full")),
    Case("describe an absent one", "DescribeDBInstances", named("absent")),
    Case("describe by filter", "DescribeDBInstances",
         {"Filters.Filter.1.Name": "db-instance-id", "Filters.Filter.1.Values.Value.1": "orders"}),
    Case("describe by an unknown filter", "DescribeDBInstances",
         {"Filters.Filter.1.Name": "colour", "Filters.Filter.1.Values.Value.1": "blue"}),
    Case("describe a page of 19", "DescribeDBInstances", {"MaxRecords": "19"}),
    Case("describe a page of 101", "DescribeDBInstances", {"MaxRecords": "101"}),
    Case("describe a page of some", "DescribeDBInstances", {"MaxRecords": "some"}),
]

CHANGES = [
    Case("modify the class in the window", "ModifyDBInstance", named(DBInstanceClass="db.t3.small")),
    Case("describe what waits", "DescribeDBInstances", named()),
    Case("modify storage at once", "ModifyDBInstance",
         named(AllocatedStorage="40", ApplyImmediately="true")),
    Case("describe what was modified", "DescribeDBInstances", named()),
    Case("modify the password", "ModifyDBInstance", named(MasterUserPassword="another-horse")),
    Case("modify to a short password", "ModifyDBInstance", named(MasterUserPassword="short")),
    Case("modify an absent one", "ModifyDBInstance", named("absent", DBInstanceClass="db.t3.small")),
    Case("modify nothing", "ModifyDBInstance", named()),
    Case("modify to an absent parameter group", "ModifyDBInstance", named(DBParameterGroupName="absent")),
    Case("tags", "ListTagsForResource", {"ResourceName": ARN + "db:orders"}),
    Case("add tags", "AddTagsToResource",
         {"ResourceName": ARN + "db:orders", **tags(("stage", "live"), ("owner", "b"))}),
    Case("remove tags", "RemoveTagsFromResource",
         {"ResourceName": ARN + "db:orders", "TagKeys.member.1": "owner", "TagKeys.member.2": "absent"}),
    Case("tags afterwards", "ListTagsForResource", {"ResourceName": ARN + "db:orders"}),
    Case("tags of an absent one", "ListTagsForResource", {"ResourceName": ARN + "db:absent"}),
    Case("tags of no ARN", "ListTagsForResource", {"ResourceName": "orders"}),
    Case("tags without a resource", "ListTagsForResource"),
    Case("reboot", "RebootDBInstance", named()),
    Case("reboot an absent one", "RebootDBInstance", named("absent")),
    Case("stop", "StopDBInstance", named()),
    Case("stop again", "StopDBInstance", named()),
    Case("modify a stopped one", "ModifyDBInstance", named(DBInstanceClass="db.m5.large")),
    Case("start", "StartDBInstance", named()),
    Case("start again", "StartDBInstance", named()),
]

COPIES = [
    Case("snapshot", "CreateDBSnapshot", snapshot("before", **named(), **tags(("kept", "yes")))),
    Case("snapshot again", "CreateDBSnapshot", snapshot("before", **named())),
    Case("snapshot of an absent one", "CreateDBSnapshot", snapshot("odd", **named("absent"))),
    Case("snapshot with a digit first", "CreateDBSnapshot", snapshot("1st", **named())),
    Case("describe a snapshot", "DescribeDBSnapshots", snapshot("before")),
    Case("describe an absent snapshot", "DescribeDBSnapshots", snapshot("absent")),
    Case("describe manual snapshots of one", "DescribeDBSnapshots", named(SnapshotType="manual")),
    Case("copy a snapshot", "CopyDBSnapshot",
         {"SourceDBSnapshotIdentifier": "before", "TargetDBSnapshotIdentifier": "copied", "CopyTags": "true"}),
    Case("copy an absent snapshot", "CopyDBSnapshot",
         {"SourceDBSnapshotIdentifier": "absent", "TargetDBSnapshotIdentifier": "copied-2"}),
    Case("copy onto another snapshot", "CopyDBSnapshot",
         {"SourceDBSnapshotIdentifier": "before", "TargetDBSnapshotIdentifier": "copied"}),
    Case("restore a snapshot", "RestoreDBInstanceFromDBSnapshot", snapshot("before", **named("restored"))),
    Case("restore onto another instance", "RestoreDBInstanceFromDBSnapshot", snapshot("before", **named())),
    Case("restore an absent snapshot", "RestoreDBInstanceFromDBSnapshot", snapshot("absent", **named("odd"))),
    Case("restore with a password", "RestoreDBInstanceFromDBSnapshot",
         snapshot("before", **named("odd", MasterUserPassword="correct-horse"))),
    Case("describe what was restored", "DescribeDBInstances", named("restored")),
    Case("restore to the latest time", "RestoreDBInstanceToPointInTime",
         {"SourceDBInstanceIdentifier": "orders", "TargetDBInstanceIdentifier": "rewound",
          "UseLatestRestorableTime": "true"}),
    Case("restore an absent one to a time", "RestoreDBInstanceToPointInTime",
         {"SourceDBInstanceIdentifier": "absent", "TargetDBInstanceIdentifier": "odd",
          "UseLatestRestorableTime": "true"}),
    Case("restore to no time", "RestoreDBInstanceToPointInTime",
         {"SourceDBInstanceIdentifier": "orders", "TargetDBInstanceIdentifier": "odd"}),
    Case("automated backups of one", "DescribeDBInstanceAutomatedBackups", named()),
    Case("delete a snapshot", "DeleteDBSnapshot", snapshot("copied")),
    Case("delete an absent snapshot", "DeleteDBSnapshot", snapshot("copied")),
]

DELETION = [
    Case("delete a protected one", "DeleteDBInstance", named("full", SkipFinalSnapshot="true")),
    Case("delete and say nothing of a snapshot", "DeleteDBInstance", named("restored")),
    Case("delete with and without a snapshot", "DeleteDBInstance",
         named("rewound", SkipFinalSnapshot="true", FinalDBSnapshotIdentifier="last")),
    Case("delete onto a snapshot that is there", "DeleteDBInstance", named(FinalDBSnapshotIdentifier="before")),
    Case("delete an absent one", "DeleteDBInstance", named("absent", SkipFinalSnapshot="true")),
    Case("delete a subnet group in use", "DeleteDBSubnetGroup", SUBNETS),
    Case("delete with a final snapshot", "DeleteDBInstance", named(FinalDBSnapshotIdentifier="last")),
    Case("describe the deleted one", "DescribeDBInstances", named()),
    Case("describe the final snapshot", "DescribeDBSnapshots", snapshot("last")),
    Case("lift the protection", "ModifyDBInstance", named("full", DeletionProtection="false")),
    Case("delete without a snapshot", "DeleteDBInstance", named("full", SkipFinalSnapshot="true")),
    Case("delete a parameter group", "DeleteDBParameterGroup", {"DBParameterGroupName": "spare"}),
    Case("delete an absent parameter group", "DeleteDBParameterGroup", {"DBParameterGroupName": "absent"}),
    Case("delete a subnet group", "DeleteDBSubnetGroup", {"DBSubnetGroupName": "spare"}),
    Case("delete an absent subnet group", "DeleteDBSubnetGroup", {"DBSubnetGroupName": "absent"}),
]

# Last, since what is refused by one and not by the other leaves them apart.
PARTING = [
    Case("one more", "CreateDBInstance", create("one", EngineVersion="{version}", **GROUP, **WINDOW)),
    Case("modify storage to less", "ModifyDBInstance", named("one", AllocatedStorage="10")),
    Case("another more", "CreateDBInstance", create("two", EngineVersion="{version}", **WINDOW)),
    Case("rename to a name that is taken", "ModifyDBInstance",
         named("two", NewDBInstanceIdentifier="one", ApplyImmediately="true")),
    Case("delete a parameter group in use", "DeleteDBParameterGroup", GROUP),
]

SUITE = [*PROTOCOL, *GROUPS, *OFFERS, *CREATION, *CHANGES, *COPIES, *DELETION, *PARTING]
