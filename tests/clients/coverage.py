"""Every operation by every client: `coverage.py REALM_JSON KEYFERRY NODE_PACKAGES [--bless]`.

oci-cli, the Python SDK and the packages for Node each live through the same chapters, in places of their own of one
realm, all at a time. Then the realm's log is counted.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import by_cli
import by_sdk
import table
from realm import CLEAN, PHOENIX, Checks, Failed, Realm, check

BY_NODE = Path(__file__).with_name("by_node.mjs")


def node(ready_file, packages, *chapters):
    command = ["node", str(BY_NODE), ready_file, packages, *chapters]
    done = subprocess.run(command, env=CLEAN, capture_output=True, text=True, timeout=300)
    passed = [line for line in done.stdout.splitlines() if line.startswith("ok  ")]
    Checks.passed += len(passed)
    for line in passed:
        print(line, flush=True)
    if done.returncode != 0:
        raise Failed(f"{done.stdout}\n{done.stderr}")


def tell(realm, ready_file, packages):
    """All chapters; returns what went wrong in which."""
    stuck = {"region": PHOENIX, "operation": "CopyObject", "effect": {"kind": "work-stuck"}}
    realm.admin("POST", "/faults", stuck)
    many = by_sdk.many_keys(realm)
    counted = ",".join([*many.values(), str(by_sdk.MANY)])
    jobs = {
        "Node": lambda: node(ready_file, packages),
        "the Python SDK": lambda: by_sdk_alone(realm),
        "Node: many keys": lambda: node(ready_file, packages, f"manyKeys={counted}"),
        "oci-cli: many keys": lambda: by_cli.many_keys(realm, **many, count=by_sdk.MANY),
    }
    for chapter in by_cli.CHAPTERS:
        jobs[f"oci-cli: {chapter.__name__}"] = lambda chapter=chapter: chapter(realm)
    # A client spends most of its life starting up, which a few can do side by side.
    with ThreadPoolExecutor(4) as pool:
        running = {name: pool.submit(job) for name, job in jobs.items()}
    return {name: error for name, job in running.items() if (error := job.exception())}


def by_sdk_alone(realm):
    for chapter in by_sdk.CHAPTERS:
        chapter(realm)


def patience(realm, ready_file, packages):
    """Each client is told to come back in a second, and does."""
    clients = {
        "oci-cli": lambda: by_cli.patient(realm),
        "python": lambda: by_sdk.patient(realm),
        "node": lambda: node(ready_file, packages, "patient"),
    }
    for client, ask in clients.items():
        too_many = {"kind": "status", "status": 429, "retry_after": 1}
        fault = {"region": PHOENIX, "operation": "ListVaults", "times": 1, "effect": too_many}
        realm.admin("POST", "/faults", fault)
        before = len(realm.log())
        ask()
        asked = [line["status"] for line in realm.log()[before:] if line["operation"] == "ListVaults"]
        check(f"{client}: told with 429 to wait, it asks once more", asked == [429, 200], asked)


def main():
    ready_file, program, packages, *options = sys.argv[1:]
    realm = Realm(json.loads(Path(ready_file).read_text()), program)
    failures = tell(realm, ready_file, packages)
    try:
        patience(realm, ready_file, packages)
    except Failed as failure:
        failures["patience"] = failure
    counted = table.Table(realm.log())
    print(counted.text())
    if "--bless" in options:
        table.bless(counted.gaps())
    complaints = list(table.complaints(counted.gaps()))
    print(f"{Checks.passed} passed, {len(failures)} failed, {len(counted.gaps())} gaps")
    failed = [f"FAILED  {name}: {failure}" for name, failure in failures.items()]
    if failed or complaints:
        sys.exit("\n".join(failed + complaints))


if __name__ == "__main__":
    main()
