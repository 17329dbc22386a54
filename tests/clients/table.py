"""Which operation each client did how often, counted from the realm's log, and the gaps that are known."""

from collections import Counter
from pathlib import Path

from operations import declared

CLIENTS = {"oci-cli": "Oracle-PythonCLI", "python": "Oracle-PythonSDK", "node": "Oracle-TypeScriptSDK"}
GAPS = Path(__file__).with_name("gaps.txt")
HEAD = """\
# What a client never did successfully, one line per operation and client, and why not.
# `cargo xtask clients --bless` writes the lines anew and keeps their reasons.
"""
# Operations of OCI's vaults that Keyferry does not even declare.
UNSERVED = ["UpdateRegisteredVaultForMtls"]


class Table:
    def __init__(self, log):
        self.done, self.refused = Counter(), Counter()
        for line in log:
            client, status = client_of(line["user_agent"]), line["status"] or 0
            for counter, statuses in ((self.done, range(200, 400)), (self.refused, range(400, 500))):
                counter[line["operation"], client] += status in statuses
        self.operations = [operation.name for operation in declared()] + UNSERVED

    def text(self):
        """Successes and, behind a slash, refusals."""
        rows = [("operation", *CLIENTS)]
        rows += [(o, *(self.cell(o, client) for client in CLIENTS)) for o in self.operations]
        did = [sum(self.done[o, client] > 0 for o in self.operations) for client in CLIENTS]
        rows.append((f"done, of {len(self.operations)}", *did))
        return "\n".join(f"{row[0]:<30}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows)

    def cell(self, operation, client):
        done, refused = self.done[operation, client], self.refused[operation, client]
        return f"{done or '-'}/{refused}" if refused else str(done or "-")

    def gaps(self):
        return [(o, client) for o in self.operations for client in CLIENTS if not self.done[o, client]]


def client_of(user_agent):
    """oci-cli names the SDK that it is made of too."""
    return next((client for client, mark in CLIENTS.items() if mark in (user_agent or "")), None)


def known_gaps():
    lines = GAPS.read_text().splitlines() if GAPS.exists() else []
    words = (line.split(None, 2) for line in lines if line.strip() and not line.startswith("#"))
    return {(operation, client): " ".join(reason) for operation, client, *reason in words}


def bless(gaps):
    """Writes the gaps down; new ones are left for somebody to give a reason."""
    known = known_gaps()
    lines = (f"{operation} {client} {known.get((operation, client), '')}".rstrip() for operation, client in gaps)
    GAPS.write_text(HEAD + "".join(f"{line}\n" for line in lines))


def complaints(gaps):
    known = known_gaps()
    for operation, client in gaps:
        if not known.get((operation, client)):
            yield f"{operation} by {client}: never done, and {GAPS.name} does not say why"
    for operation, client in known.keys() - set(gaps):
        yield f"{operation} by {client}: done, but {GAPS.name} says that it is not"
