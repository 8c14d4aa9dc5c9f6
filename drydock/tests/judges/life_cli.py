"""A life by the AWS CLI's own commands and waiters.

    life_cli.py FOLDER

The waiters ask every 30 s. Their delays alone are changed, in a copy in FOLDER
that AWS_DATA_PATH puts before the CLI's own; what they wait for is AWS's.
"""

import datetime
import json
import os
import pathlib
import sys
import urllib.request

from berth import DATABASE, PASSWORD, URL, USER, equal, rows, write
from botocore.loaders import Loader
from cli import aws, run


def shorten(folder):
    waiters = Loader().load_service_model("rds", "waiters-2")
    for waiter in waiters["waiters"].values():
        waiter["delay"], waiter["maxAttempts"] = 0.1, 1200
    place = pathlib.Path(folder, "rds", "2014-10-31")
    place.mkdir(parents=True)
    (place / "waiters-2.json").write_text(json.dumps(waiters))
    # The CLI put its own data there when it was imported.
    os.environ["AWS_DATA_PATH"] = os.pathsep.join([folder, os.environ["AWS_DATA_PATH"]])


def fails(code, text, *words):
    """`aws rds …` must end with this exit code, and say this."""
    done = run(*words)
    equal((done.code, text in done.complained), (code, True))


def named(name):
    return ("--db-instance-identifier", name)


def snapshot(name):
    return ("--db-snapshot-identifier", name)


def endpoint(name):
    return aws("describe-db-instances", *named(name), "--query", "DBInstances[0].Endpoint")


def create():
    aws("create-db-instance", *named("orders"), "--db-instance-class", "db.t3.micro",
        "--engine", "postgres", "--allocated-storage", "20", "--db-name", DATABASE,
        "--master-username", USER, "--master-user-password", PASSWORD,
        "--tags", "Key=team,Value=a", "--copy-tags-to-snapshot", "--deletion-protection")
    aws("wait", "db-instance-available", *named("orders"))
    write(endpoint("orders"), "before")


def change():
    changed = aws("modify-db-instance", *named("orders"), "--allocated-storage", "40",
                  "--apply-immediately", "--query", "DBInstance.PendingModifiedValues")
    equal(changed, {"AllocatedStorage": 40})
    aws("wait", "db-instance-available", *named("orders"))
    arn = aws("describe-db-instances", *named("orders"), "--query", "DBInstances[0].DBInstanceArn")
    aws("add-tags-to-resource", "--resource-name", arn, "--tags", "Key=stage,Value=test")
    aws("remove-tags-from-resource", "--resource-name", arn, "--tag-keys", "team")
    equal(aws("list-tags-for-resource", "--resource-name", arn),
          {"TagList": [{"Key": "stage", "Value": "test"}]})


def save_and_restore():
    aws("create-db-snapshot", *named("orders"), *snapshot("saved"))
    aws("wait", "db-snapshot-available", *snapshot("saved"))
    write(endpoint("orders"), "between")
    moment = datetime.datetime.now(datetime.timezone.utc).isoformat()
    write(endpoint("orders"), "after")
    aws("restore-db-instance-from-db-snapshot", *named("restored"), *snapshot("saved"))
    aws("restore-db-instance-to-point-in-time", "--source-db-instance-identifier", "orders",
        "--target-db-instance-identifier", "rewound", "--restore-time", moment)
    for name, expected in [("restored", ["before"]), ("rewound", ["before", "between"])]:
        aws("wait", "db-instance-available", *named(name))
        equal(rows(endpoint(name)), expected)


def fail():
    """A waiter gives up where it can only wait in vain."""
    request = urllib.request.Request(
        f"{URL}/_drydock/instances/{os.environ['AWS_DEFAULT_REGION']}/restored",
        data=json.dumps({"status": "failed"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).close()
    fails(255, "terminal failure state", "wait", "db-instance-available", *named("restored"))


def delete():
    fails(255, "InvalidParameterCombination", "delete-db-instance", *named("orders"), "--skip-final-snapshot")
    aws("modify-db-instance", *named("orders"), "--no-deletion-protection")
    aws("delete-db-instance", *named("orders"), "--final-db-snapshot-identifier", "last")
    for name in ["restored", "rewound"]:
        aws("delete-db-instance", *named(name), "--skip-final-snapshot")
    for name in ["orders", "restored", "rewound"]:
        aws("wait", "db-instance-deleted", *named(name))
    aws("wait", "db-snapshot-available", *snapshot("last"))
    fails(255, "DBInstanceNotFound", "describe-db-instances", *named("orders"))
    aws("delete-db-snapshot", *snapshot("last"))
    aws("wait", "db-snapshot-deleted", *snapshot("last"))


def main(folder):
    shorten(folder)
    create()
    change()
    save_and_restore()
    fail()
    delete()


if __name__ == "__main__":
    main(*sys.argv[1:])
