"""Sends the suite to moto and to drydock, and holds what differs to a list.

    check_differences.py MOTO DRYDOCK LIST [--write]

Fails on a difference without a ruling, on a ruling without a difference, and on
a list that is not what was found; `--write` makes it so.
"""

import difflib
import pathlib
import sys

import compare
import endpoint
from rulings import RULINGS
from suite import SUITE

HEAD = """# Where moto and drydock differ

[moto](https://github.com/getmoto/moto) is an RDS endpoint that nobody of this
project wrote. A suite of {cases} requests, good and bad, goes to both; botocore
parses both answers, and status, code, members, types and values are compared.
What is not listed here is the same. {same} of the requests are answered alike.

Generated: `JUDGES=write cargo test -p drydock --test judges moto` writes it, and
without that the same command fails where it is stale. Who is right is written in
`drydock/tests/judges/rulings.py`.

Values that differ from run to run (times, ports, resource ids) are compared by
type. *absent* is a member that an answer does not have.
"""


def rows_of(found):
    """A table's rows: one for each way in which requests differ."""
    grouped = {}
    for it in found:
        requests = grouped.setdefault((it.where, it.moto, it.drydock), [])
        if it.request not in requests:
            requests.append(it.request)
    for (where, moto, drydock), requests in sorted(grouped.items()):
        yield f"| {'; '.join(requests)} | {where} | {moto} | {drydock} |"


def main(moto_url, drydock_url, path, *options):
    drydock = endpoint.drydock(drydock_url)
    moto = endpoint.moto(moto_url, drydock.own["version"])
    pairs = zip(moto.run(SUITE), drydock.run(SUITE))
    each = [compare.differences(one, other, drydock.own["version"]) for one, other in pairs]
    decided = {ruling: [] for ruling in RULINGS}
    wrong = []
    for difference in sum(each, []):
        ruling = next((ruling for ruling in RULINGS if ruling.takes(difference)), None)
        if ruling is None:
            wrong.append(f"not ruled on: {difference}")
        else:
            decided[ruling].append(difference)
    wrong += [f"nothing differs so any more: {it.title}" for it, found in decided.items() if not found]

    text = [HEAD.format(cases=len(SUITE), same=sum(not found for found in each))]
    for ruling, found in decided.items():
        text += [f"## {ruling.title}\n", f"Right: **{ruling.right}**. {ruling.why}", f"<{ruling.document}>\n"]
        text += ["| request | where | moto | drydock |", "|---|---|---|---|", *rows_of(found), ""]
    text = "\n".join(text)
    listed = pathlib.Path(path)
    if "--write" in options:
        listed.write_text(text)
    before = listed.read_text() if listed.exists() else ""
    wrong += difflib.unified_diff(before.splitlines(), text.splitlines(), "listed", "found", lineterm="", n=1)
    print("\n".join(wrong))
    print(f"{len(SUITE)} requests, {len(sum(each, []))} differences, {len(wrong)} lines wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
