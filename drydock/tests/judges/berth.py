"""drydock as boto3 and a PostgreSQL driver reach it: what the lives have in
common.

The environment says where it is: AWS_ENDPOINT_URL, credentials, the region.
"""

import os
import ssl
import time
import urllib.request
from contextlib import contextmanager

import boto3
import pg8000.native
from botocore.exceptions import ClientError

URL = os.environ["AWS_ENDPOINT_URL"]
USER, PASSWORD, DATABASE = "harbour", "correct-horse", "cargo"
# boto3's own waiters, which ask every 30 s, and here sooner.
SOON = {"Delay": 0.1, "MaxAttempts": 1200}


def rds():
    return boto3.client("rds")


def wait(client, waiter, **whom):
    client.get_waiter(waiter).wait(WaiterConfig=SOON, **whom)


def until(client, name, status):
    """For the statuses that boto3 has no waiter for."""
    deadline = time.monotonic() + SOON["Delay"] * SOON["MaxAttempts"]
    while (found := describe(client, name)["DBInstanceStatus"]) != status:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} is {found}, not {status}")
        time.sleep(SOON["Delay"])


def describe(client, name):
    return client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def refused(code, call, **parameters):
    """The call must be refused with this code."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        equal(error.response["Error"]["Code"], code)
    else:
        raise AssertionError(f"not refused with {code}: {answer}")


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r}, expected {expected!r}")


def admin(path):
    """What drydock itself says, beside RDS's API."""
    with urllib.request.urlopen(f"{URL}/_drydock/{path}", timeout=60) as answer:
        return answer.read().decode()


def trust():
    """Trusts drydock's own authority and nobody else, names included."""
    return ssl.create_default_context(cadata=admin("authority.pem"))


@contextmanager
def login(endpoint, password=PASSWORD, context=None):
    """A session over TLS, with the server's certificate and name verified."""
    session = pg8000.native.Connection(
        USER,
        host=endpoint["Address"],
        port=endpoint["Port"],
        database=DATABASE,
        password=password,
        ssl_context=context or trust(),
        timeout=60,
    )
    try:
        yield session
    finally:
        session.close()


def write(endpoint, item, password=PASSWORD):
    with login(endpoint, password) as session:
        session.run("CREATE TABLE IF NOT EXISTS loads (item text)")
        session.run("INSERT INTO loads VALUES (:item)", item=item)


def rows(endpoint, password=PASSWORD):
    with login(endpoint, password) as session:
        return sorted(item for (item,) in session.run("SELECT item FROM loads"))
