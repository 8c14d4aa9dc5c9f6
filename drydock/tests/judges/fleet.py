"""So many instances at once, by boto3, with a login over TLS and a row in each;
prints what they cost, and deletes them.

    fleet.py INSTANCES DATA [--keep]
"""

import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from berth import DATABASE, PASSWORD, USER, describe, equal, login, rds, trust, wait


def create(client, name):
    client.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        DBName=DATABASE,
        MasterUsername=USER,
        MasterUserPassword=PASSWORD,
    )


def use(client, context, name):
    """Ends with the session that was opened, which is still open."""
    wait(client, "db_instance_available", DBInstanceIdentifier=name)
    session = login(describe(client, name)["Endpoint"], context=context)
    inside = session.__enter__()
    inside.run("CREATE TABLE mine (name text)")
    inside.run("INSERT INTO mine VALUES (:name)", name=name)
    return session, inside


def processes(data):
    """The servers' processes, by the folders they work in."""
    for process in pathlib.Path("/proc").iterdir():
        try:
            if data in (process / "cwd").resolve(strict=True).parents:
                yield process
        except OSError:
            continue


def memory(data):
    """Proportional set size of all servers, in bytes, and their number."""
    sizes = []
    for process in processes(data):
        try:
            lines = (process / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes += [int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")]
    return sum(sizes), len(sizes)


def disk(data):
    """What the files of the instances take, in bytes."""
    return sum(path.lstat().st_blocks * 512 for path in (data / "instances").rglob("*"))


def main(count, folder, *options):
    count, data, client, context = int(count), pathlib.Path(folder).resolve(), rds(), trust()
    names = [f"fleet-{number:02}" for number in range(count)]
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: create(client, name), names))
        sessions = list(pool.map(lambda name: use(client, context, name), names))
    took = time.monotonic() - began
    # All sessions are open at once, each in a database of its own.
    for name, (_, inside) in zip(names, sessions):
        equal([row for (row,) in inside.run("SELECT name FROM mine")], [name])
    pss, running = memory(data)
    print(f"{count} instances with a session each after {took:.1f} s, {took / count * 1000:.0f} ms each")
    print(f"memory: {pss / count / 2**20:.1f} MiB (PSS) each, in {running / count:.1f} processes")
    print(f"disk: {disk(data) / count / 2**20:.1f} MiB each")
    for session, _ in sessions:
        session.__exit__(None, None, None)
    if "--keep" not in options:
        for name in names:
            client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        for name in names:
            wait(client, "db_instance_deleted", DBInstanceIdentifier=name)


if __name__ == "__main__":
    main(*sys.argv[1:])
