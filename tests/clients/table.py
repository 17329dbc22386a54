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
UNSERVED = ["UpdateRegisteredVaultForMtls"]
"""Operations of OCI's vaults that Keyferry does not even declare."""


class Table:
    def __init__(self, log):
        self.done, self.refused, self.unanswered = Counter(), Counter(), Counter()
        for line in log:
            client, status = client_of(line["user_agent"]), line["status"]
            if client and line["operation"]:
                kept = self.done if status and status < 400 else self.refused if status and status < 500 else self.unanswered
                kept[line["operation"], client] += 1
        self.operations = [operation.name for operation in declared()] + UNSERVED

    def text(self):
        """Successes and, behind a slash, refusals."""
        width = max(map(len, self.operations))
        lines = ["".join([f"{'operation':{width}}", *(f"{client:>10}" for client in CLIENTS)])]
        for operation in self.operations:
            cells = (self.cell(operation, client) for client in CLIENTS)
            lines.append("".join([f"{operation:{width}}", *(f"{cell:>10}" for cell in cells)]))
        done = {client: sum((o, client) in self.done for o in self.operations) for client in CLIENTS}
        lines.append("".join([f"{f'of {len(self.operations)}':{width}}", *(f"{done[c]:>10}" for c in CLIENTS)]))
        return "\n".join(lines)

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
    yield from (f"{o} by {client}: never done, and {GAPS.name} does not say why" for o, client in gaps if not known.get((o, client)))
    yield from (f"{o} by {client}: done, but {GAPS.name} still has it" for o, client in known if (o, client) not in gaps)
