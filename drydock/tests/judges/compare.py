"""In what two endpoints' answers to one request differ, by shape and by value.

Says where they differ, never who is right.
"""

import datetime
import re
from dataclasses import dataclass

ABSENT = "absent"
# What differs between any two runs, so that only its presence and type count.
VOLATILE = re.compile(
    r"(ResponseMetadata|Message|Address|Port|HostedZoneId|DbInstancePort|DbiResourceId|VpcId|UserId"
    r"|VpcSecurityGroupId|SubnetIdentifier|KmsKeyId|Description|DBInstanceAutomatedBackupsArn)$"
)


@dataclass(frozen=True)
class Difference:
    """`where` is a path such as `DBInstance.Endpoint.Port`, `HTTP`, or `Error`."""

    request: str
    where: str
    moto: str
    drydock: str


def differences(moto, drydock, version):
    """What differs between two outcomes of one case. The `version` of the engine
    is this machine's, and is written as `{version}`."""
    name = moto.case.name
    mine, theirs = _verdict(drydock), _verdict(moto)
    if mine != theirs:
        return [Difference(name, "answer", theirs, mine)]
    if drydock.parsed is None or drydock.answer.status != 200:
        return []
    rows = []
    _walk("", moto.parsed, drydock.parsed, rows)
    return [Difference(name, where, *(_neutral(value, version) for value in values)) for where, *values in rows]


def _neutral(value, version):
    """A value without this machine's version in it."""
    major = version.partition(".")[0]
    names = {version: "{version}", version.replace(".", "-"): "{version}", f"postgres-{major}": "postgres-{major}"}
    for own, neutral in names.items():
        value = value.replace(own, neutral)
    return value


def _verdict(outcome):
    """Accepted, or the status and code of a refusal."""
    if outcome.parsed is None:
        return f"{outcome.answer.status}, not XML"
    if outcome.answer.status == 200:
        return "accepted"
    return f"{outcome.answer.status} {outcome.parsed.get('Error', {}).get('Code', 'without a code')}"


def _walk(path, moto, drydock, rows):
    name = path.rpartition(".")[2]
    if name == "ResponseMetadata":
        return
    if isinstance(moto, dict) and isinstance(drydock, dict):
        for key in sorted(moto.keys() | drydock.keys()):
            inner = f"{path}.{key}" if path else key
            _walk(inner, moto.get(key), drydock.get(key), rows)
    elif isinstance(moto, list) and isinstance(drydock, list):
        if len(moto) != len(drydock):
            rows.append((f"{path}[]", f"{len(moto)} members", f"{len(drydock)} members"))
        for one, other in zip(_sorted(moto), _sorted(drydock)):
            _walk(f"{path}[]", one, other, rows)
    elif moto is None or drydock is None:
        if moto is not drydock:
            rows.append((path, _shown(name, moto), _shown(name, drydock)))
    elif type(moto) is not type(drydock):
        rows.append((path, _type(moto), _type(drydock)))
    elif VOLATILE.search(name) or isinstance(moto, datetime.datetime):
        return
    elif moto != drydock:
        rows.append((path, _shown(name, moto), _shown(name, drydock)))


def _sorted(members):
    """Lists by their members' names: neither endpoint promises an order."""
    return sorted(members, key=_name)


def _name(member):
    if not isinstance(member, dict):
        return str(member)
    names = ["Key", "ParameterName", "SubnetAvailabilityZone", "StorageType"]
    return str(next((member[name] for name in names if name in member), ""))


def _type(value):
    return f"a {type(value).__name__}"


def _shown(name, value):
    """A value that is the same in each run."""
    if value is None:
        return ABSENT
    if isinstance(value, datetime.datetime):
        return "a time"
    if isinstance(value, (dict, list)):
        return "empty" if not value else f"a {'structure' if isinstance(value, dict) else 'list'}"
    if VOLATILE.search(name):
        return _type(value)
    return f"`{value}`"
