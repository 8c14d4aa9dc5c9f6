"""Lists longer than a page, by boto3's paginators and by the CLI's options.

    pages.py
"""

import re

from berth import equal, rds, wait
from cli import aws

# A page holds 20 at least.
NAMES = [f"berth-{number:02}" for number in range(45)]


def names(answer):
    return [instance["DBInstanceIdentifier"] for instance in answer["DBInstances"]]


def snapshots(client, kind=None):
    """The snapshots' names, by pages of 20: more than one."""
    wanted = {} if kind is None else {"SnapshotType": kind}
    pages = client.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20}, **wanted)
    return [it["DBSnapshotIdentifier"] for page in pages for it in page["DBSnapshots"]]


def by_boto3(client):
    pages = client.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20})
    listed = [names(page) for page in pages]
    equal([len(page) for page in listed], [20, 20, 5])
    equal(sorted(sum(listed, [])), NAMES)
    first = client.describe_db_instances(MaxRecords=20)
    second = client.describe_db_instances(MaxRecords=20, Marker=first["Marker"])
    equal(set(names(first)) & set(names(second)), set())

    equal(sorted(snapshots(client, "manual")), [f"of-{name}" for name in NAMES])
    # Each instance was backed up as it was made, under a name with the time in it.
    automated = [re.fullmatch(r"rds:(.*)-\d{4}(-\d\d){4}", it) for it in snapshots(client, "automated")]
    equal(sorted(name[1] for name in automated), NAMES)
    equal(len(snapshots(client)), 2 * len(NAMES))

    some = client.describe_db_instances(
        Filters=[{"Name": "db-instance-id", "Values": NAMES[3:30]}], MaxRecords=20
    )
    equal((names(some), "Marker" in some), (NAMES[3:23], True))


def by_cli():
    # The CLI cuts pages of 20 to 30 members, and goes on in the midst of one.
    some = aws("describe-db-instances", "--page-size", "20", "--max-items", "30")
    rest = aws("describe-db-instances", "--page-size", "20", "--starting-token", some["NextToken"])
    equal(len(names(some)), 30)
    equal(sorted(names(some) + names(rest)), NAMES)
    equal(sorted(names(aws("describe-db-instances"))), NAMES)


def main():
    client = rds()
    for name in NAMES:
        client.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="harbour",
            MasterUserPassword="correct-horse",
        )
    for name in NAMES:
        wait(client, "db_instance_available", DBInstanceIdentifier=name)
        client.create_db_snapshot(DBSnapshotIdentifier=f"of-{name}", DBInstanceIdentifier=name)
    by_boto3(client)
    by_cli()


if __name__ == "__main__":
    main()
