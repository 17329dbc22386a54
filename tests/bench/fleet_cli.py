"""Some vaults of a fleet saved as a script of oci-cli would: one call after the other."""

import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OCI = str(Path(sys.executable).with_name("oci"))
# Nothing of the user's own configuration may reach it.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("OCI_", "KEYFERRY_"))}
QUIET = {"OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING": "True", "SUPPRESS_LABEL_WARNING": "True"}
PAUSE = 5


class Fleet:
    def __init__(self, ready, region, to, bucket):
        self.ready, self.tenancy = ready, ready["tenancy_id"]
        self.here, self.there = (ready["regions"][name]["endpoint"] for name in (region, to))
        self.to, self.namespace, self.bucket = to, ready["namespace"], bucket

    def oci(self, endpoint, words):
        command = [OCI, "--config-file", self.ready["config_file"], "--endpoint", endpoint, *words.split()]
        done = subprocess.run(command, env=CLEAN | QUIET, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}

    def first(self, count):
        """The first vaults by name."""
        listed = self.oci(self.here, f"kms management vault list -c {self.tenancy} --all")["data"]
        return sorted(listed, key=lambda vault: vault["display-name"])[:count]

    def until(self, words, success):
        while (status := self.oci(self.here, words)["data"]["status"]) != success:
            if status in ("FAILED", "CANCELED"):
                raise SystemExit(f"{words}: {status}")
            time.sleep(PAUSE)

    def read(self, endpoint, name):
        place = f"-ns {self.namespace} -bn {self.bucket} --name {name}"
        self.oci(endpoint, f"os object head {place}")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "object")
            self.oci(endpoint, f"os object get {place} --file {file}")
            return file.read_bytes()

    def save(self, vault):
        id, manage = f"--vault-id {vault['id']}", vault["management-endpoint"]
        name = f"{vault['display-name']}-{secrets.token_hex(4)}"
        listed = self.oci(manage, f"kms management key list -c {self.tenancy} --all")["data"]
        self.oci(self.here, f"kms management vault get {id}")
        before = self.oci(self.here, f"kms management vault usage get {id}")["data"]
        for key in listed:
            self.oci(manage, f"kms management key get --key-id {key['id']}")
            self.oci(manage, f"kms management key-version list --key-id {key['id']} --all")
        for key in listed:
            text = base64.b64encode(secrets.token_bytes(32)).decode()
            self.oci(vault["crypto-endpoint"], f"kms crypto encrypt --key-id {key['id']} --plaintext {text}")

        place = f"--namespace {self.namespace} --bucket-name {self.bucket} --object-name {name}"
        include = "--is-include-keys true"
        asked = self.oci(self.here, f"kms management vault backup {id} {include} {place}")
        request = asked["opc-work-request-id"]
        self.until(f"work-requests work-request get --work-request-id {request}", "SUCCEEDED")
        content = self.read(self.here, name)

        to = f"--destination-region {self.to} --destination-namespace {self.namespace}"
        to += f" --destination-bucket {self.bucket} --destination-object-name {name}"
        copy = f"os object copy -ns {self.namespace} -bn {self.bucket} --source-object-name {name} {to}"
        request = self.oci(self.here, copy)["opc-work-request-id"]
        self.until(f"os work-request get --work-request-id {request}", "COMPLETED")
        if self.read(self.there, name) != content:
            raise SystemExit(f"{name}: the copy differs")
        after = self.oci(self.here, f"kms management vault usage get {id}")["data"]
        if before["key-version-count"] != after["key-version-count"]:
            raise SystemExit(f"{name}: keys changed meanwhile")


def main():
    ready, region, to, bucket, count = sys.argv[1:]
    fleet = Fleet(json.loads(Path(ready).read_text()), region, to, bucket)
    started = time.monotonic()
    for vault in fleet.first(int(count)):
        fleet.save(vault)
    print(json.dumps({"seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
