"""A running embedded realm as oci-cli and Keyferry see it, and how a check is made."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

OCI = str(Path(sys.executable).with_name("oci"))
# Nothing of the user's own configuration may reach the programs.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("OCI_", "KEYFERRY_"))}
QUIET = {"OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING": "True", "SUPPRESS_LABEL_WARNING": "True"}
ASHBURN, FRANKFURT, PHOENIX = "us-ashburn-1", "eu-frankfurt-1", "us-phoenix-1"
BUCKET = "vaults"


class Failed(Exception):
    """A check that does not hold; ends the story."""


class Checks:
    passed = 0


def check(what, holds, context=""):
    """Prints one line, or ends the story."""
    if not holds:
        raise Failed(f"{what}\n{context}")
    Checks.passed += 1
    print(f"ok  {what}", flush=True)


def together(*calls):
    """Two at a time: a client spends most of its life starting up."""
    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class Realm:
    """What a realm says when it is ready, and the programs that are pointed at it."""

    def __init__(self, ready, program):
        self.ready, self.program = ready, program
        self.tenancy, self.namespace = ready["tenancy_id"], ready["namespace"]
        self.config_file = ready["config_file"]
        self.folder = Path(self.config_file).parent

    def at(self, region):
        return self.ready["regions"][region]["endpoint"]

    def oci(self, endpoint, words, *more, refused=None):
        """Runs oci-cli. `words` are split at spaces; what may hold spaces comes after them."""
        command = [OCI, "--config-file", self.config_file, "--endpoint", endpoint, *words.split(), *more]
        done = subprocess.run(command, env=CLEAN | QUIET, capture_output=True, text=True, timeout=120)
        context = f"oci {' '.join(command[1:])}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
        if refused:
            is_refused = done.returncode != 0 and f'"status": {refused}' in done.stderr
            return is_refused or fail(f"not refused with {refused}: {context}")
        if done.returncode != 0:
            fail(context)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def keyferry(self, words, *more, exits=0):
        """Runs Keyferry and returns its document: its result, or its error if one is expected."""
        command = [self.program, *words.split(), *more, "-o", "json"]
        surroundings = {"KEYFERRY_REALM": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state")}
        done = subprocess.run(command, env=CLEAN | surroundings, capture_output=True, text=True, timeout=120)
        if done.returncode != exits:
            fail(f"{' '.join(command)}\nexit {done.returncode}, not {exits}\n{done.stdout}{done.stderr}")
        document = done.stdout if done.stdout.strip() else done.stderr
        return json.loads(document) if document.strip() else {}

    def admin(self, method, path, body=None):
        """Asks the realm's steering interface itself."""
        where, token = self.ready["admin"]["url"], Path(self.ready["admin"]["token_file"]).read_text().strip()
        request = urllib.request.Request(where + path, method=method, data=body and json.dumps(body).encode())
        request.add_header("authorization", f"Bearer {token}")
        with urllib.request.urlopen(request) as reply:
            return reply.read().decode()

    def log(self):
        """Every request that the realm has answered, oldest first."""
        return [json.loads(line) for line in self.admin("GET", "/log").splitlines()]

    def steer(self, words):
        """Tells the realm something, by Keyferry's steering commands."""
        return self.keyferry(f"realm {words} --data {self.folder}")

    def wait_for(self, region, words, success):
        """Polls a work request until it has ended well."""
        for _ in range(100):
            request = self.oci(self.at(region), words)["data"]
            if request["status"] in (success, "FAILED"):
                break
            time.sleep(0.3)
        return request if request["status"] == success else fail(f"{words}: {request}")

    def wait_for_service(self, region, reply):
        id = reply["opc-work-request-id"]
        return self.wait_for(region, f"work-requests work-request get --work-request-id {id}", "SUCCEEDED")

    def objects(self, region, words, *more, **options):
        command, _, words = words.partition(" ")
        place = f"-ns {self.namespace} -bn {BUCKET}"
        return self.oci(self.at(region), f"os object {command} {place} {words}", *more, **options)

    def download(self, region, name):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "object")
            self.objects(region, f"get --name {name} --file {file}")
            return file.read_bytes()

    def upload(self, region, name, content):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "object")
            file.write_bytes(content)
            self.objects(region, f"put --force --name {name} --file {file}")


def fail(context):
    raise Failed(context)


class SecondRealm(Realm):
    """A realm in a process of its own that begins with some files of another one. Ends with its block."""

    def __init__(self, other, folder, files):
        for name in files:
            target = Path(folder, name)
            target.write_bytes((other.folder / name).read_bytes())
            target.chmod(0o600)
        regions = ",".join((ASHBURN, FRANKFURT, PHOENIX))
        command = f"realm serve --data {folder} --regions {regions} --port 0".split()
        self.process = subprocess.Popen([other.program, *command], stdout=subprocess.PIPE, text=True, env=CLEAN)
        line = self.process.stdout.readline()
        super().__init__(json.loads(line or fail("a second realm does not start")), other.program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Ruin:
    """Listens where a lost region was, and counts who knocks."""

    def __init__(self, endpoint):
        self.socket = socket.create_server(("127.0.0.1", urlsplit(endpoint).port))
        self.socket.setblocking(False)

    def knocks(self):
        count = 0
        try:
            while True:
                self.socket.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count
