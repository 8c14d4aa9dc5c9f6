"""An endpoint that takes the suite, and what it answered."""

import time
from dataclasses import dataclass

import wire

# Statuses in which nothing moves by itself.
RESTING = {"available", "stopped"}
PATIENCE = 120


@dataclass(frozen=True)
class Outcome:
    """A case, the answer, and how botocore reads it (None where it cannot)."""

    case: object
    answer: wire.Answer
    parsed: dict | None


class Endpoint:
    """One endpoint; `own` are its values for the braces of the suite. One that
    `moves` has statuses on the way."""

    def __init__(self, url, own, moves):
        self.url = url
        self.own = own
        self.moves = moves

    def run(self, suite):
        """Sends every case, each after what the one before set off is over."""
        return [self._one(case) for case in suite]

    def _one(self, case):
        parameters = {name: self._own(value) for name, value in case.parameters.items()}
        answer = wire.send(self.url, case.action, parameters, case.service, case.version)
        if self.moves:
            self.settle()
        return Outcome(case, answer, wire.parse(answer, case.action, case.service))

    def _own(self, value):
        return value.format(**self.own)

    def settle(self):
        """Waits until no instance and no snapshot is on its way."""
        deadline = time.monotonic() + PATIENCE
        while moving := self._moving():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.url}: {moving} do not settle")
            time.sleep(0.02)

    def _moving(self):
        instances = self._list("DescribeDBInstances", "DBInstances")
        snapshots = self._list("DescribeDBSnapshots", "DBSnapshots")
        moving = [it["DBInstanceIdentifier"] for it in instances if it["DBInstanceStatus"] not in RESTING]
        moving += [it["DBSnapshotIdentifier"] for it in snapshots if it["Status"] != "available"]
        return moving

    def _list(self, action, member):
        return wire.parse(wire.send(self.url, action, {}), action)[member]


def drydock(url):
    """drydock takes any subnet's id, and has the versions of this machine."""
    versions = wire.parse(wire.send(url, "DescribeDBEngineVersions", {}), "DescribeDBEngineVersions")
    version = versions["DBEngineVersions"][-1]["EngineVersion"]
    return Endpoint(url, {"subnet_a": "subnet-1", "subnet_b": "subnet-2", **_common(version)}, moves=True)


def moto(url, version):
    """moto takes any version, and the subnets of its default VPC alone, which
    its EC2 lists."""
    answer = wire.send(url, "DescribeSubnets", {}, service="ec2")
    subnets = {}
    for subnet in wire.document(answer).iter():
        fields = {wire.local(child.tag): child.text for child in subnet}
        if {"subnetId", "availabilityZone"} <= fields.keys():
            subnets[fields["availabilityZone"]] = fields["subnetId"]
    first, second = (subnets[zone] for zone in sorted(subnets)[:2])
    return Endpoint(url, {"subnet_a": first, "subnet_b": second, **_common(version)}, moves=False)


def _common(version):
    return {
        "account": "123456789012",
        "version": version,
        "family": f"postgres{version.partition('.')[0]}",
    }
