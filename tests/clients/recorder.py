"""A place that answers every request with something plausible, and keeps what it was asked."""

import base64
import json
import threading
import zlib
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from operations import declared

TIME = "2026-01-02T03:04:05.678Z"
PLAINTEXT = b"plaintext"


@dataclass(frozen=True)
class Request:
    operation: str
    method: str
    target: str
    headers: dict
    body: bytes


class Recorder:
    """Listens on a free port of this machine for as long as its block lasts."""

    def __init__(self, names):
        self.requests, operations = [], declared()
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                # `self.path` is not always what was sent.
                method, target, _ = self.raw_requestline.decode().split()
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                operation = next((o.name for o in operations if o.fits(method, target)), "none")
                requests.append(Request(operation, method, target, headers, body))
                content, more = answers[operation]
                # The first page of vaults says that there is another.
                if operation == "ListVaults" and "page=" not in target:
                    more = more | {"opc-next-page": "page 2/+"}
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(200)
                length = more.pop("content-length", str(len(content)))
                for name, value in (more | {"content-length": length, "content-type": "application/json"}).items():
                    self.send_header(name, value)
                self.end_headers()
                if method != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        answers = canned(names, self.endpoint)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def taken(self):
        """What was asked since the last time."""
        taken = list(self.requests)
        self.requests.clear()
        return taken


def canned(names, endpoint):
    """Operation to body and headers: as much as both clients need to go on."""
    text = base64.b64encode(PLAINTEXT).decode()
    common = {"compartmentId": names["compartment"], "displayName": "name", "timeCreated": TIME}
    vault = common | {
        "id": names["vault"],
        "vaultType": "VIRTUAL_PRIVATE",
        "lifecycleState": "ACTIVE",
        "managementEndpoint": endpoint,
        "cryptoEndpoint": endpoint,
    }
    key = common | {
        "id": names["key"],
        "vaultId": names["vault"],
        "keyShape": {"algorithm": "AES", "length": 32},
        "lifecycleState": "ENABLED",
        "currentKeyVersion": names["version"],
    }
    version = common | {
        "id": names["version"], "keyId": names["key"], "vaultId": names["vault"], "lifecycleState": "ENABLED"
    }
    tenancy = {"id": names["tenancy"], "name": "root", "homeRegionKey": "IAD"}
    compartment = {
        "id": names["compartment"],
        "compartmentId": names["tenancy"],
        "name": "name",
        "timeCreated": TIME,
        "lifecycleState": "ACTIVE",
    }
    region = {"regionKey": "IAD", "regionName": "us-ashburn-1", "status": "READY", "isHomeRegion": True}
    bucket = {
        "namespace": names["namespace"],
        "name": names["bucket"],
        "compartmentId": names["compartment"],
        "createdBy": names["user"],
        "timeCreated": TIME,
        "etag": "etag",
    }
    work = {
        "id": names["work_request"],
        "operationType": "COPY_OBJECT",
        "status": "COMPLETED",
        "compartmentId": names["compartment"],
        "resources": [],
        "percentComplete": 100,
        "timeAccepted": TIME,
    }
    sealed = {"ciphertext": text, "keyId": names["key"], "keyVersionId": names["version"]}
    opened = {"plaintext": text, "plaintextChecksum": str(zlib.crc32(PLAINTEXT)), "keyId": names["key"]}
    signed = {"keyId": names["key"], "keyVersionId": names["version"], "signature": text, "signingAlgorithm": "x"}
    started = {"opc-work-request-id": names["work_request"]}
    return {
        "ListVaults": ([vault], {}),
        "GetVault": (vault, {}),
        "GetVaultUsage": ({"keyCount": 1, "keyVersionCount": 1}, {}),
        "CreateVault": (vault, {}),
        "BackupVault": (vault, started),
        "RestoreVaultFromObjectStore": (vault, started),
        "ScheduleVaultDeletion": (vault, {}),
        "ListKeys": ([key], {}),
        "GetKey": (key, {}),
        "CreateKey": (key, {}),
        "DisableKey": (key, {}),
        "BackupKey": (key, started),
        "ListKeyVersions": ([version], {}),
        "GetKeyVersion": (version, {}),
        "CreateKeyVersion": (version, {}),
        "Encrypt": (sealed, {}),
        "Decrypt": (opened, {}),
        "Sign": (signed, {}),
        "Verify": ({"isSignatureValid": True}, {}),
        "ListSecrets": ([], {}),
        "GetResourceAvailability": ({"used": 1, "available": 1}, {}),
        "GetNamespace": (names["namespace"], {}),
        "GetBucket": (bucket, {}),
        "CreateBucket": (bucket, {}),
        "PutObject": (b"", {"etag": "etag"}),
        "GetObject": (PLAINTEXT, {"etag": "etag"}),
        "HeadObject": (b"", {"etag": "etag", "content-length": "9"}),
        "ListObjects": ({"objects": [{"name": "a", "size": 1}]}, {}),
        "DeleteObject": (b"", {}),
        "ListPreauthenticatedRequests": ([], {}),
        "ListRetentionRules": ({"items": []}, {}),
        "CopyObject": (b"", started),
        "GetObjectWorkRequest": (work, {}),
        "ListObjectWorkRequestErrors": ([], {}),
        "GetTenancy": (tenancy, {}),
        "ListRegionSubscriptions": ([region], {}),
        "ListCompartments": ([compartment], {}),
        "GetCompartment": (compartment, {}),
        "CreateCompartment": (compartment, {}),
        "GetWorkRequest": (work, {}),
        "ListWorkRequestErrors": ([], {}),
    }
