"""Requests signed by Oracle's Python SDK, whole and with every signed byte changed."""

import http.client
from urllib.parse import urlsplit

import oci
from oci._vendor import requests

from realm import ASHBURN, BUCKET, check, fail


def tell(realm, vault, key):
    config = oci.config.from_file(realm.config_file)
    vaults = oci.key_management.KmsVaultClient(config, service_endpoint=realm.at(ASHBURN))
    listed = oci.pagination.list_call_get_all_results(vaults.list_vaults, vault.data["compartment-id"], limit=1)
    check("the Python SDK lists vaults page by page", vault.id in {v.id for v in listed.data})
    signer = oci.signer.Signer.from_config(config)
    whole_and_changed(signer, "GET", f"{realm.at(ASHBURN)}/20180608/vaults", {
        "params": {"compartmentId": vault.data["compartment-id"], "limit": "10"}
    })
    whole_and_changed(signer, "POST", f"{vault.data['crypto-endpoint']}/20180608/encrypt", {
        "json": {"keyId": key, "plaintext": "AAAA"}
    })
    # Object Storage does not sign what is put; the target is signed all the same.
    storage = oci.object_storage.ObjectStorageClient(config, service_endpoint=realm.at(ASHBURN))
    storage.put_object(realm.namespace, BUCKET, "by the SDK/ü", b"\x00\xff")
    read = storage.get_object(realm.namespace, BUCKET, "by the SDK/ü").data.content
    check("the Python SDK writes and reads an object with an odd name", read == b"\x00\xff")
    storage.delete_object(realm.namespace, BUCKET, "by the SDK/ü")


def whole_and_changed(signer, method, url, parts):
    request = requests.Request(method, url, auth=signer, **parts).prepare()
    where, target, body = urlsplit(url).netloc, request.path_url, request.body or b""
    headers = {name.lower(): as_text(value) for name, value in request.headers.items()}
    status = send(where, method, target, headers, body)
    check(f"a {method} signed by the Python SDK passes", status == 200, f"status {status}")
    refused = 0
    for what, changed in changes(method, target, headers, body):
        status = send(where, *changed)
        if status != 401:
            fail(f"{what} changed, and it is answered with {status}: {changed}")
        refused += 1
    check(f"with any of its {refused} signed bytes changed it is answered with 401", refused > 500)


def changes(method, target, headers, body):
    """The request with each signed byte changed, one at a time."""
    yield "the method", ({"GET": "DELETE", "POST": "PUT"}[method], target, headers, body)
    for at in range(1, len(target)):
        yield f"byte {at} of the target", (method, with_other(target, at), headers, body)
    signature = headers["authorization"]
    for name in parameter(signature, "headers").split():
        value = headers.get(name, "")
        for at in range(len(value)):
            # A larger content-length would only make the realm wait for the rest.
            other = str(int(value) - 1) if name == "content-length" else with_other(value, at)
            yield f"byte {at} of {name}", (method, target, headers | {name: other}, body)
    for name in ("keyId", "headers", "signature"):
        value = parameter(signature, name)
        start = signature.index(value)
        for at in range(start, start + len(value)):
            other = headers | {"authorization": with_other(signature, at)}
            yield f"byte {at - start} of {name}", (method, target, other, body)
    for at in range(len(body)):
        other = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        yield f"byte {at} of the body", (method, target, headers, other)


def parameter(authorization, name):
    return authorization.split(f'{name}="')[1].split('"')[0]


def with_other(text, index):
    """The text with another character at that place."""
    other = "1" if text[index] != "1" else "2"
    return text[:index] + other + text[index + 1 :]


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


def send(where, method, target, headers, body):
    connection = http.client.HTTPConnection(where, timeout=10)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        return connection.getresponse().status
    finally:
        connection.close()
