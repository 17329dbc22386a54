"""Makes a folder of specimens with a given program: python3 tests/museum/make.py target/debug/keyferry tests/museum/v2

An embedded realm holds a vault; it is backed up, one key is rotated, it is backed up again, its region is lost, it is
restored elsewhere. What is kept: both bundles and one of single keys, the runs of the second backup and of the restore, the map, a drill's
evidence. Needs openssl, for the two kinds of requests that Keyferry itself never sends.
"""

import base64
import configparser
import email.utils
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

WORLD = """
compartment = [{ name = "payments" }, { name = "signatures", parent = "payments" }]
bucket = [
    { region = "us-ashburn-1", name = "vaults", compartment = "payments" },
    { region = "eu-frankfurt-1", name = "copies", compartment = "payments" },
]
[[vault]]
region = "us-ashburn-1"
name = "payments"
compartment = "payments"
# The first version is older than the first backup, so nothing can prove it.
key = [
    { name = "card-data", material = ["MATERIAL-1", "MATERIAL-2"] },
    { name = "wrapping", algorithm = "RSA", length = 256 },
    { name = "signing", algorithm = "ECDSA", length = 32, curve = "NIST_P256", compartment = "signatures" },
    { name = "test-data", protection = "SOFTWARE" },
]
secret = [{ name = "database-password", key = "card-data" }]
""".replace("MATERIAL-1", "11" * 32).replace("MATERIAL-2", "22" * 32)

DRILL = """
name = "A small vault"
about = "One key, saved, lost with its region and restored."
regions = ["us-ashburn-1", "eu-frankfurt-1"]
start = "2026-11-24T06:00:00Z"
compartments = [{ name = "payments" }]
buckets = [
    { name = "vaults", region = "us-ashburn-1", compartment = "payments" },
    { name = "copies", region = "eu-frankfurt-1", compartment = "payments" },
]
vaults = [{ name = "payments", region = "us-ashburn-1", compartment = "payments", keys = [{ name = "card-data", shape = "AES-256" }] }]
steps = [
    { do = "backup", vault = "payments", bucket = "vaults", copy_to = ["copies"] },
    { do = "lose", region = "us-ashburn-1", how = "destroyed" },
    { do = "restore", vault = "payments", bucket = "copies" },
]
"""


class Realm:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "world.toml").write_text(WORLD)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KEYFERRY_", "OCI_"))}
        self.env = clean | {"KEYFERRY_REALM": str(folder / "realm"), "KEYFERRY_STATE": str(folder / "state")}
        serve = f"realm serve --data {folder / 'realm'} --world {folder / 'world.toml'} --seed 1".split()
        self.server = subprocess.Popen([program, *serve], env=clean, stdout=subprocess.PIPE)
        self.ready = json.loads(self.server.stdout.readline())

    def at(self, region):
        return self.ready["regions"][region]["endpoint"]

    def keyferry(self, *words, exits=0):
        done = subprocess.run([self.program, *words], env=self.env, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == exits, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, method, url, body=None):
        """One request, signed as OCI wants it."""
        parts = urllib.parse.urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"date": email.utils.formatdate(usegmt=True), "host": parts.netloc}
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers |= {"x-content-sha256": digest, "content-type": "application/json", "content-length": str(len(body))}
        lines = [f"(request-target): {method.lower()} {target}", *(f"{name}: {value}" for name, value in headers.items())]
        profiles = configparser.ConfigParser(interpolation=None)
        profiles.read(self.ready["config_file"])
        config = profiles.defaults()
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", config["key_file"]],
                                input="\n".join(lines).encode(), capture_output=True, check=True)
        key_id = f"{config['tenancy']}/{config['user']}/{config['fingerprint']}"
        names = " ".join(["(request-target)", *headers])
        headers["authorization"] = (f'Signature version="1",keyId="{key_id}",algorithm="rsa-sha256",'
                                    f'headers="{names}",signature="{base64.b64encode(signed.stdout).decode()}"')
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method)) as answer:
            return answer.read()

    def bundle(self, store_region, bucket, backup, folder):
        objects = f"{self.at(store_region)}/n/{self.ready['namespace']}/b/{bucket}/o"
        prefix = f"keyferry/{backup}/"
        listed = json.loads(self.ask("GET", f"{objects}?prefix={urllib.parse.quote(prefix, safe='')}"))
        for name in (entry["name"] for entry in listed["objects"]):
            path = folder / name.removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.ask("GET", f"{objects}/{urllib.parse.quote(name, safe='')}"))


def make(realm, out):
    state, store = realm.folder / "state", f"oci://copies@{realm.ready['namespace']}/eu-frankfurt-1"
    accepted = ["--accept-unsaved", "software,secrets", "-o", "json"]
    line = ["backup", "payments", "--bucket", "vaults", "--copy-to", store, *accepted]
    first = json.loads(realm.keyferry(*line))["backups"][0]["id"]
    vault = json.loads(realm.keyferry("inventory", "-o", "json"))["vaults"][0]
    key = next(key for key in vault["keys"] if key["name"] == "card-data")
    vaults = realm.ask("GET", f"{realm.at('us-ashburn-1')}/20180608/vaults?compartmentId={vault['compartment_id']}")
    keys = json.loads(vaults)[0]["managementEndpoint"]
    realm.ask("POST", f"{keys}/20180608/keys/{key['id']}/keyVersions", b"{}")
    second = json.loads(realm.keyferry(*line))["backups"][0]["id"]
    backup = sorted(os.listdir(state / "runs"))[-1]
    third = json.loads(realm.keyferry(*line, "--keys-one-by-one"))["backups"][0]["id"]
    realm.keyferry("realm", "region", "down", "us-ashburn-1", "--how", "destroyed", "--data", realm.env["KEYFERRY_REALM"])
    realm.keyferry("--store", store, "restore", "plan", second, "--into", "eu-frankfurt-1", "--out", "plan.json")
    digest = hashlib.sha256((realm.folder / "plan.json").read_bytes()).hexdigest()
    realm.keyferry("restore", "apply", "plan.json", "--yes", "--plan-digest", digest, exits=3)
    restore = sorted(os.listdir(state / "runs"))[-1]
    for name, backup_id in [("bundle-before", first), ("bundle", second), ("bundle-keys", third)]:
        realm.bundle("eu-frankfurt-1", "copies", backup_id, out / name)
    for name, run in [("backup", backup), ("restore", restore)]:
        shutil.copytree(state / "runs" / run, out / name)
    (out / "map.json").write_text(realm.keyferry("map", restore, "--format", "json"))
    (out / "allowed_signers").write_text("keyferry " + (state / "signing_key.pub").read_text())
    (realm.folder / "drill.toml").write_text(DRILL)
    realm.keyferry("drill", "run", "drill.toml", "--seed", "7", "--report", "drill")
    for name in ["evidence.json", "evidence.json.sig", "allowed_signers"]:
        (out / "evidence").mkdir(exist_ok=True)
        shutil.copy(realm.folder / "drill" / name, out / "evidence" / name)
    for path in out.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


if __name__ == "__main__":
    program, out = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    out.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        realm = Realm(program, Path(folder))
        try:
            make(realm, out)
        finally:
            realm.server.terminate()
            realm.server.wait()
