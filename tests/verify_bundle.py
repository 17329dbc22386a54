"""Verifies a bundle without Keyferry: python3 verify_bundle.py FOLDER ALLOWED_SIGNERS [FOLDER-OF-THE-BUNDLE-BEFORE]

Needs Python and OpenSSH's ssh-keygen. Exit codes: 0 all is well, 2 usage, 5 bytes differ, 12 not to be believed.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

SCHEMA, VERSIONS, NAMESPACE = "keyferry.manifest", (1, 2), "keyferry-manifest"
LONGEST, DEEPEST = 16 << 20, 128


class Refused(Exception):
    """Ends with an exit code."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def shown(text):
    """Names come from elsewhere: control characters must not reach the terminal."""
    return "-" if text is None else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def read(path, code):
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(code, f"{path} can't be read: {error.strerror}") from None


def check_signature(manifest, signature, signers):
    """Returns the name on the list. `find-principals` only looks it up; `verify` is what counts."""
    find = ["ssh-keygen", "-Y", "find-principals", "-s", signature, "-f", signers]
    found = subprocess.run(find, capture_output=True, text=True)
    for name in found.stdout.splitlines():
        verify = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", name, "-n", NAMESPACE, "-s", signature]
        if subprocess.run(verify, input=manifest, capture_output=True).returncode == 0:
            return name
    raise Refused(12, "no allowed signer has signed these bytes")


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0)


def open_manifest(data):
    """Sorted keys, two spaces, one newline at the end; nothing else is a manifest."""
    def no_constant(name):
        raise ValueError(f"{name} is not JSON")

    try:
        manifest = json.loads(data.decode(), parse_constant=no_constant) if len(data) <= LONGEST else None
        canonical = json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"
        is_canonical = isinstance(manifest, dict) and canonical == data and depth(manifest) <= DEEPEST
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise Refused(12, "the manifest is not in canonical form")
    if manifest.get("schema") != SCHEMA or manifest.get("version") not in VERSIONS:
        raise Refused(12, "the document is not a manifest of a known version")
    return manifest


def check_blob(folder, blob):
    name = Path(blob["name"])
    if name.is_absolute() or ".." in name.parts:
        raise Refused(5, f"{shown(name)} lies outside the bundle")
    data = read(folder / name, 5)
    if len(data) != blob["size"] or hashlib.sha256(data).hexdigest() != blob["sha256"]:
        raise Refused(5, f"{shown(name)} has other bytes than the manifest says")
    print(f"blob       {shown(name)}, {blob['size']} bytes, sha256 {blob['sha256']}")


def verify(folder, signers, before=None):
    data, signature = read(folder / "manifest.json", 12), folder / "manifest.json.sig"
    read(signature, 12)
    print(f"signed by  {shown(check_signature(data, signature, signers))}")
    manifest = open_manifest(data)
    vault = manifest["vault"]
    print(f"backup     {shown(manifest['backup_id'])}, made at {shown(manifest['made_at'])}, {shown(manifest['contents'])}")
    print(f"vault      {shown(vault['name'])} {shown(vault['id'])}")
    if manifest["version"] > 1:
        print(f"generation {manifest['generation']}, {shown(manifest['fingerprint'])}, changed: {shown(manifest['changed'])}")
    for blob in filter(None, [manifest["blob"], *(key.get("blob") for key in manifest["keys"])]):
        check_blob(folder, blob)
    reasons = {item["version_id"]: item["because"] for item in manifest["unprovable"]}
    for key in manifest["keys"]:
        print(f"key        {shown(key['name'])} {shown(key['id'])}")
        for version in key["versions"]:
            kinds = [c["sealed"]["kind"] for c in manifest["canaries"] if c["version_id"] == version["id"]]
            how = f"canaries: {', '.join(kinds)}" if kinds else f"unprovable: {reasons.get(version['id'], 'no reason given')}"
            print(f"  version  {shown(version['id'])} {shown(how)}")
    for item in manifest["not_saved"]:
        print(f"not saved  {shown(item['kind'])} {shown(item['name'])}: {shown(item['because'])}")
    previous = manifest["previous"]
    print(f"previous   {shown(previous and previous['backup_id'])} {shown(previous and previous['manifest_sha256'])}")
    if before:
        digest = hashlib.sha256(read(before / "manifest.json", 5)).hexdigest()
        if not previous or previous["manifest_sha256"] != digest:
            raise Refused(5, "the bundle before is not the one that this manifest names")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    try:
        verify(*map(Path, sys.argv[1:]))
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        sys.exit(refused.code)
    except (KeyError, TypeError, AttributeError) as error:
        print(f"refused: the manifest lacks a part: {error}", file=sys.stderr)
        sys.exit(12)
