"""Keyferry's requests beside those of the Python SDK: `wire.py SEND_EACH`.

Everything that Keyferry's client sends is sent by the SDK too, to a recorder. Whatever is not the same ends in a
complaint, but for the headers that are listed here with a reason.
"""

import base64
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import oci
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from operations import sent_by_keyferry
from realm import CLEAN
from recorder import PLAINTEXT, Recorder

# Headers that only the SDK sends.
ONLY_SDK = {
    "accept-encoding": "Keyferry takes no compressed answers: their etags are altered on the way",
    "connection": "HTTP/1.1 keeps connections open unasked",
    "content-length": "with a DELETE, which has no body",
    "content-type": "with a GET, HEAD or DELETE, which has no body",
    "expect": "asks before an object is sent; Keyferry's are small",
    "opc-client-retries": "says that the SDK tries again, which the service does not ask for",
}
# Headers that have other values by their nature.
OTHER_VALUE = {
    "authorization": "the signature; which headers it signs is compared",
    "content-length": "JSON with other spaces",
    "date": "the time",
    "opc-client-info": "the client's name",
    "opc-request-id": "a random number",
    "user-agent": "the client's name",
    "x-content-sha256": "JSON with other spaces",
}
BODILESS = ("GET", "HEAD", "DELETE")
EXTENSION = "bbpnctzaaacuk"


def names():
    """Whatever can be named, so that both name the same."""

    def ocid(kind, *more):
        return f"ocid1.{kind}.oc1.{'.'.join(more)}.{'a' * 52}sixteen4"

    return {
        "tenancy": ocid("tenancy", ""),
        "user": ocid("user", ""),
        "compartment": ocid("compartment", ""),
        "vault": ocid("vault", "iad", EXTENSION),
        "key": ocid("key", "iad", EXTENSION),
        "version": ocid("keyversion", "iad", EXTENSION),
        "work_request": ocid("coreservicesworkrequest", "iad"),
        "namespace": "namespace",
        "bucket": "bucket",
        "object": "folder/with space/ü+&=?#'~",
        "copy": "copy",
        "name": "nämé",
        "token": "t" * 30,
        "time": "2027-01-02T03:04:05.678Z",
    }


def credentials(folder, names, endpoint):
    """A configuration file for both, and what a realm says of itself for Keyferry."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = Path(folder, "key.pem")
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    settings = {
        "user": names["user"],
        "tenancy": names["tenancy"],
        "fingerprint": ":".join(["ab"] * 16),
        "key_file": file,
        "region": "us-ashburn-1",
    }
    config = Path(folder, "config")
    config.write_text("[DEFAULT]\n" + "".join(f"{name}={value}\n" for name, value in settings.items()))
    config.chmod(0o600)
    ready = {
        "schema": "keyferry.realm",
        "version": 1,
        "pid": 0,
        "tenancy_id": names["tenancy"],
        "user_id": names["user"],
        "namespace": names["namespace"],
        "home_region": "us-ashburn-1",
        "config_file": str(config),
        "regions": {"us-ashburn-1": {"endpoint": endpoint}},
        "admin": {"url": endpoint, "token_file": str(config)},
    }
    told = Path(folder, "told.json")
    told.write_text(json.dumps({"ready": ready, "names": names}))
    return config, told


def by_sdk(config_file, endpoint, n):
    """The same calls as send_each makes, with the same arguments."""
    config = oci.config.from_file(str(config_file))
    options = {"service_endpoint": endpoint, "retry_strategy": oci.retry.DEFAULT_RETRY_STRATEGY}
    kms, storage = oci.key_management.models, oci.object_storage.models
    vaults(oci.key_management.KmsVaultClient(config, **options), kms, n)
    management, crypto = oci.key_management.KmsManagementClient, oci.key_management.KmsCryptoClient
    keys(management(config, **options), kms, n)
    uses(crypto(config, **options), kms, n)
    objects(oci.object_storage.ObjectStorageClient(config, **options), storage, n)
    identity(oci.identity.IdentityClient(config, **options), oci.identity.models, n)
    secrets = oci.vault.VaultsClient(config, **options)
    secrets.list_secrets(n["compartment"])
    secrets.list_secrets(n["compartment"], vault_id=n["vault"])
    limits = oci.limits.LimitsClient(config, **options)
    limits.get_resource_availability("kms", "virtual-private-vault-count", n["tenancy"])
    work = oci.work_requests.WorkRequestClient(config, **options)
    work.get_work_request(n["work_request"])
    work.list_work_request_errors(n["work_request"])


def vaults(client, models, n):
    place = models.BackupLocationBucket(
        namespace=n["namespace"], bucket_name=n["bucket"], object_name=n["object"]
    )
    oci.pagination.list_call_get_all_results(client.list_vaults, n["compartment"])
    client.get_vault(n["vault"])
    client.get_vault_usage(n["vault"])
    details = models.CreateVaultDetails(
        compartment_id=n["compartment"],
        display_name=n["name"],
        vault_type="VIRTUAL_PRIVATE",
        freeform_tags={"tag": "value"},
    )
    client.create_vault(details, opc_retry_token=n["token"])
    details = models.BackupVaultDetails(backup_location=place, is_include_keys=True)
    client.backup_vault(n["vault"], backup_vault_details=details, opc_retry_token=n["token"])
    details = models.RestoreVaultFromObjectStoreDetails(backup_location=place)
    client.restore_vault_from_object_store(
        n["compartment"], restore_vault_from_object_store_details=details, opc_retry_token=n["token"]
    )
    for details in ({"time_of_deletion": n["time"]}, {}):
        details = models.ScheduleVaultDeletionDetails(**details)
        client.schedule_vault_deletion(n["vault"], details, opc_retry_token=n["token"])


def keys(client, models, n):
    client.list_keys(n["compartment"])
    client.get_key(n["key"])
    client.list_key_versions(n["key"])
    client.get_key_version(n["key"], n["version"])
    details = models.CreateKeyDetails(
        compartment_id=n["compartment"],
        display_name=n["name"],
        key_shape=models.KeyShape(algorithm="ECDSA", length=48, curve_id="NIST_P384"),
        protection_mode="HSM",
        freeform_tags={"tag": "value"},
    )
    client.create_key(details, opc_retry_token=n["token"])
    client.create_key_version(n["key"], opc_retry_token=n["token"])
    place = models.BackupLocationBucket(namespace=n["namespace"], bucket_name=n["bucket"], object_name=n["object"])
    details = models.BackupKeyDetails(backup_location=place)
    client.backup_key(n["key"], backup_key_details=details, opc_retry_token=n["token"])
    client.disable_key(n["key"], opc_retry_token=n["token"])


def uses(client, models, n):
    text, context = base64.b64encode(PLAINTEXT).decode(), {"b": "2", "a": "1"}
    aes, ecdsa = "AES_256_GCM", "ECDSA_SHA_384"
    client.encrypt(
        models.EncryptDataDetails(
            key_id=n["key"], plaintext=text, associated_data=context, encryption_algorithm=aes
        )
    )
    client.decrypt(
        models.DecryptDataDetails(
            key_id=n["key"], ciphertext=text, associated_data=context, encryption_algorithm=aes
        )
    )
    client.decrypt(
        models.DecryptDataDetails(
            key_id=n["key"], key_version_id=n["version"], ciphertext=text, encryption_algorithm="RSA_OAEP_SHA_256"
        )
    )
    message = {"key_id": n["key"], "message": text, "message_type": "RAW", "signing_algorithm": ecdsa}
    client.sign(models.SignDataDetails(**message))
    client.sign(models.SignDataDetails(**message, key_version_id=n["version"]))
    client.verify(models.VerifyDataDetails(**message, key_version_id=n["version"], signature=text))


def objects(client, models, n):
    place = n["namespace"], n["bucket"]
    client.get_namespace()
    client.get_bucket(*place)
    for key in ({}, {"kms_key_id": n["key"]}):
        details = models.CreateBucketDetails(
            name=n["bucket"], compartment_id=n["compartment"], public_access_type="NoPublicAccess", **key
        )
        client.create_bucket(n["namespace"], details)
    for options in ({}, {"if_none_match": "*"}):
        # From bytes the SDK concludes that they are JSON.
        client.put_object(*place, n["object"], io.BytesIO(PLAINTEXT), **options)
    client.get_object(*place, n["object"])
    client.head_object(*place, n["object"])
    client.list_objects(*place, prefix=n["object"], fields="name,size,timeModified")
    client.list_preauthenticated_requests(*place)
    client.list_retention_rules(*place)
    client.delete_object(*place, n["object"])
    details = models.CopyObjectDetails(
        source_object_name=n["object"],
        destination_region="us-ashburn-1",
        destination_namespace=n["namespace"],
        destination_bucket=n["bucket"],
        destination_object_name=n["copy"],
        destination_object_if_none_match_e_tag="*",
    )
    client.copy_object(*place, details)
    client.get_work_request(n["work_request"])
    client.list_work_request_errors(n["work_request"])


def identity(client, models, n):
    client.get_tenancy(n["tenancy"])
    client.list_region_subscriptions(n["tenancy"])
    client.list_compartments(n["tenancy"], access_level="ANY", compartment_id_in_subtree=True)
    client.get_compartment(n["compartment"])
    details = models.CreateCompartmentDetails(
        compartment_id=n["tenancy"], name=n["name"], description="description"
    )
    client.create_compartment(details, opc_retry_token=n["token"])


class Shape:
    """What is compared of a request."""

    def __init__(self, request):
        where = urlsplit(request.target)
        # A space is written %20 or +, which is the same.
        self.method, self.path, self.query = request.method, where.path, parse_qsl(where.query)
        self.body = request.body
        if request.body and request.operation != "PutObject":
            self.body = json.loads(request.body)
        self.headers = request.headers
        self.signed = sorted(request.headers["authorization"].split('headers="')[1].split('"')[0].split())

    def line(self):
        """What is asked for, and on what condition."""
        conditions = sorted(header for header in self.headers.items() if header[0].startswith("if-"))
        return self.method, self.path, sorted(self.query), conditions, self.body


class Comparison:
    """Of Keyferry's requests with those of the SDK."""

    def __init__(self, ours, theirs):
        self.excused = set()
        self.complaints = [
            f"{operation}: Keyferry's client can send it, but send_each does not"
            for operation in sorted(sent_by_keyferry() - ours.keys())
        ]
        for operation in sorted(ours.keys() | theirs.keys()):
            found = self.differences(ours.get(operation, []), theirs.get(operation, []))
            self.complaints += [f"{operation}: {difference}" for difference in found]
        unused = sorted(ONLY_SDK.keys() - self.excused)
        self.complaints += [f"{name}: the SDK does not send it alone any more" for name in unused]

    def differences(self, ours, theirs):
        for shape in ours:
            twin = next((other for other in theirs if other.line() == shape.line()), None)
            if twin:
                yield from self.between(shape, twin)
            else:
                yield f"only Keyferry sends {shape.line()}"
        for other in theirs:
            if all(shape.line() != other.line() for shape in ours):
                yield f"only the SDK sends {other.line()}"

    def between(self, ours, theirs):
        """Two requests that ask for the same."""
        if ours.query != theirs.query:
            yield f"the query is {ours.query}, not {theirs.query}"
        if ours.signed != theirs.signed:
            yield f"signed are {ours.signed}, not {theirs.signed}"
        for name in sorted(ours.headers.keys() - theirs.headers.keys()):
            yield f"only Keyferry sends {name}"
        for name in sorted(theirs.headers.keys() - ours.headers.keys()):
            describes_body = name in ("content-length", "content-type")
            if name in ONLY_SDK and (not describes_body or ours.method in BODILESS):
                self.excused.add(name)
            else:
                yield f"only the SDK sends {name}"
        for name in sorted((ours.headers.keys() & theirs.headers.keys()) - OTHER_VALUE.keys()):
            if ours.headers[name] != theirs.headers[name]:
                yield f"{name} is {ours.headers[name]}, not {theirs.headers[name]}"


def grouped(requests):
    groups = {}
    for request in requests:
        shapes, shape = groups.setdefault(request.operation, []), Shape(request)
        # Keyferry reads some things twice on its way.
        if all(shape.line() != known.line() for known in shapes):
            shapes.append(shape)
    return groups


def main():
    n = names()
    with tempfile.TemporaryDirectory() as folder, Recorder(n) as recorder:
        config, told = credentials(folder, n, recorder.endpoint)
        subprocess.run([sys.argv[1], str(told)], env=CLEAN, check=True, timeout=60)
        ours = grouped(recorder.taken())
        by_sdk(config, recorder.endpoint, n)
        theirs = grouped(recorder.taken())
    complaints = Comparison(ours, theirs).complaints
    requests = sum(map(len, ours.values()))
    print(f"{requests} requests of {len(ours)} operations: methods, paths, queries, bodies, signed headers, headers")
    for title, headers in (("only the SDK sends", ONLY_SDK), ("not compared by value", OTHER_VALUE)):
        print(f"{title}:")
        print("\n".join(f"  {name:<18} {reason}" for name, reason in headers.items()))
    if complaints:
        sys.exit("\n".join(["not the same on the wire:", *complaints]))
    print("all else is the same")


if __name__ == "__main__":
    main()
