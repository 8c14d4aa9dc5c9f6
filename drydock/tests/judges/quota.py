"""Lets a region have so many instances.

    quota.py INSTANCES
"""

import json
import sys
import urllib.request

from berth import URL, admin


def main(instances):
    settings = json.loads(admin("settings")) | {"instances": int(instances), "snapshots": 1000}
    request = urllib.request.Request(
        f"{URL}/_drydock/settings",
        data=json.dumps(settings).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=60).close()


if __name__ == "__main__":
    main(*sys.argv[1:])
