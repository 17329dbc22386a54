"""Every operation by oci-cli, a chapter for each service."""

import base64
import json
import secrets
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import by_sdk
from oci._vendor import requests
from realm import ASHBURN, FRANKFURT, PHOENIX, check, fail
from vault import AES, P384, Vault, b64
from wrapping import RsaKey, wrapped_for

storage = by_sdk.storage
WHO = "oci-cli"


def in_days(days):
    return (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()


def ids(reply):
    return {item["id"] for item in reply.get("data", [])}


class Cli:
    """oci-cli for one region."""

    def __init__(self, realm, region=ASHBURN):
        self.realm, self.region, self.namespace = realm, region, realm.namespace

    def __call__(self, words, *more, **options):
        return self.realm.oci(self.realm.at(self.region), words, *more, **options)

    def compartment(self, name):
        words = f"iam compartment create -c {self.realm.tenancy} --description by-oci-cli --name {name}"
        return self(words)["data"]["id"]

    def vault(self, name, compartment):
        return Vault.create(self.realm, self.region, name, compartment)

    def bucket(self, name, compartment, more=""):
        self(f"os bucket create -ns {self.namespace} -c {compartment} --name {name} {more}")
        return f"-ns {self.namespace} -bn {name}"

    def put(self, bucket, name, content):
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(content)
            self(f"os object put {bucket} --force --file {file.name} --name", name)

    def get(self, bucket, name, file):
        self(f"os object get {bucket} --file {file} --name", name)
        return Path(file).read_bytes()

    def becomes(self, words, state, field="lifecycle-state"):
        for _ in range(60):
            found = self(words)["data"]
            if found[field] == state:
                return found
            time.sleep(0.3)
        return fail(f"{words} never came to be {state}: {found}")

    def finished(self, reply):
        return self.realm.wait_for_service(self.region, reply)["id"]


def vaults(realm):
    cli = Cli(realm)
    first, second = cli.compartment("cli-vaults"), cli.compartment("cli-vaults-moved")
    vault = cli.vault("cli-vault", first)
    one, management = f"--vault-id {vault.id}", "kms management vault"
    etag = cli(f"{management} get {one}")["etag"]
    rename = f"{management} update {one} --display-name cli-vault-renamed --if-match {etag}"
    cli(rename)
    check(f"{WHO}: a stale if-match is refused with 412", cli(rename, refused=412))
    cli(f"{management} usage get {one}")
    cli(f"{management} change-compartment {one} -c {second}")
    check(f"{WHO}: a vault moves to another compartment", ids(cli(f"{management} list -c {second}")) == {vault.id})
    cli(f"{management} schedule-deletion {one} --time-of-deletion {in_days(9)}")
    cli(f"{management} cancel-deletion {one}")
    replicas(cli, vault, one)
    ekm = cli(f"kms ekm ekms-private-endpoint list -c {second}").get("data")
    hsm = cli(f"kms kms-hsm-cluster hsm-cluster list -c {second}").get("data", {}).get("items")
    check(f"{WHO}: there are neither external key managers nor HSM clusters", not ekm and not hsm)


def replicas(cli, vault, one):
    management = "kms management vault"

    def becomes(states):
        for _ in range(20):
            listed = cli(f"{management} list-vault-replicas {one}").get("data", [])
            if [replica["status"] for replica in listed] == states:
                return
        fail(f"the replicas never came to be {states}: {listed}")

    cli(f"{management} create-vault-replica {one} --replica-region {FRANKFURT}")
    becomes(["CREATED"])
    changed = cli(f"{management} update {one} --display-name cli-replicated")["data"]
    replication = f"--replication-id {changed['replica-details']['replication-id']}"
    status = vault.manage(f"replication-status-details get-replication-status {replication}")["data"]
    reached = status["replica-details"] == [{"region": FRANKFURT, "status": "REPLICATED"}]
    check(f"{WHO}: a change reaches the replica", reached, status)
    cli(f"{management} delete-vault-replica {one} --replica-region {FRANKFURT}")
    becomes([])


def keys(realm):
    cli = Cli(realm)
    first, second = cli.compartment("cli-keys"), cli.compartment("cli-keys-moved")
    vault = cli.vault("cli-keys", first)
    key = vault.new_key("cli-key", first, AES)
    one, old = f"--key-id {key}", vault.key(key)["current-key-version"]
    vault.manage(f"key update {one} --display-name cli-key-renamed")
    vault.manage(f"key disable {one}")
    vault.manage(f"key enable {one}")
    new = vault.rotate(key)
    listed = ids(vault.manage(f"key-version list {one}"))
    check(f"{WHO}: both versions of a rotated key are listed", listed == {old, new})
    version = f"{one} --key-version-id {old}"
    vault.manage(f"key-version get {version}")
    vault.manage(f"key-version schedule-deletion {version} --time-of-deletion {in_days(9)}")
    vault.manage(f"key-version cancel-deletion {version}")
    vault.manage(f"key schedule-deletion {one} --time-of-deletion {in_days(9)}")
    vault.manage(f"key cancel-deletion {one}")
    vault.manage(f"key change-compartment {one} -c {second}")
    check(f"{WHO}: a key moves to another compartment", ids(vault.manage(f"key list -c {second}")) == {key})


def imports(realm):
    """The caller's own material comes in and goes out again."""
    cli = Cli(realm)
    compartment = cli.compartment("cli-imports")
    vault = cli.vault("cli-imports", compartment)
    public = vault.manage("wrapping-key get")["data"]["public-key"]
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)

    def wrapped(material):
        key = {"keyMaterial": b64(wrapped_for(public, material)), "wrappingAlgorithm": "RSA_OAEP_SHA256"}
        return "--wrapped-import-key", json.dumps(key)

    about = f"-c {compartment} --display-name cli-imported --protection-mode SOFTWARE"
    shape = "--key-shape", json.dumps(AES)
    key = vault.manage(f"key import {about}", *shape, *wrapped(first))["data"]["id"]
    vault.manage(f"key-version import --key-id {key}", *wrapped(second))
    mine = RsaKey()
    words = f"key export --key-id {key} --algorithm RSA_OAEP_SHA256 --public-key"
    exported = realm.oci(vault.data["crypto-endpoint"], f"kms crypto {words}", mine.public_pem)["data"]
    material = mine.unwrap(base64.b64decode(exported["encrypted-key"]), exported["algorithm"])
    check(f"{WHO}: imported material is exported as it was", material == second)


def crypto(realm):
    cli = Cli(realm)
    compartment = cli.compartment("cli-crypto")
    vault = cli.vault("cli-crypto", compartment)
    aes, ecdsa = vault.new_key("cli-aes", compartment, AES), vault.new_key("cli-ecdsa", compartment, P384)
    context = '--associated-data {"for":"coverage"}'
    sealed = vault.encrypt(aes, b"plain", context)
    check(f"{WHO}: a ciphertext opens", vault.opens(aes, sealed, b"plain", context))
    without = vault.use(f"decrypt --key-id {aes} --ciphertext {sealed}", refused=400)
    check(f"{WHO}: but not without its associated data", without)
    shape = f"--include-plaintext-key true --key-shape {json.dumps(AES, separators=(',', ':'))}"
    made = vault.use(f"generate-data-encryption-key --key-id {aes} {shape}")
    opened = vault.opens(aes, made["ciphertext"], base64.b64decode(made["plaintext"]))
    check(f"{WHO}: a data encryption key is what its ciphertext opens to", opened)
    signature, version = vault.sign(ecdsa, b"message"), vault.key(ecdsa)["current-key-version"]
    check(f"{WHO}: a signature is known again", vault.verifies(ecdsa, version, b"message", signature))


def backups(realm):
    here, there = Cli(realm), Cli(realm, FRANKFURT)
    compartment = here.compartment("cli-backups")
    bucket = here.bucket("cli-backups", compartment)
    there.bucket("cli-backups", compartment)
    vault = here.vault("cli-backed-up", compartment)
    key = vault.new_key("cli-backed-up", compartment, AES)
    place = f"--namespace {realm.namespace} --bucket-name cli-backups --object-name"
    words = f"kms management vault backup --vault-id {vault.id} --is-include-keys true {place} vault"
    work_request = here.finished(here(words))
    here.finished(vault.manage(f"key backup --key-id {key} {place} key"))
    copies = [start_copy(here, bucket, "cli-backups", name, FRANKFURT) for name in ("vault", "key")]
    for id in copies:
        here.becomes(f"os work-request get --work-request-id {id}", "COMPLETED", "status")
    reply = there(f"kms management vault restore -c {compartment} {place} vault")
    there.finished(reply)
    restored = Vault.find(realm, FRANKFURT, reply["data"]["id"])
    reply = restored.manage(f"key restore {place} key")
    there.finished(reply)
    same = restored.key(reply["data"]["id"])["restored-from-key-id"] == key
    check(f"{WHO}: a vault and a key are restored in another region", same)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("vault", "key")]
        for file in files:
            here.get(bucket, file.name, file)
        words = f"vault restore-from-file -c {compartment} --restore-vault-from-file-location {files[0]}"
        here.finished(here(f"kms management {words}"))
        reply = vault.manage(f"key restore-from-file --restore-key-from-file-location {files[1]}")
        here.finished(reply)
    check(f"{WHO}: and from files over the ones that are there", reply["data"]["id"] == key)
    listed = ids(here(f"work-requests work-request list -c {compartment} --resource-id {vault.id}"))
    check(f"{WHO}: a vault's work requests are listed", work_request in listed)
    here(f"work-requests work-request-error list --work-request-id {work_request}")
    here(f"work-requests work-request-log-entry list --work-request-id {work_request}")


def start_copy(cli, bucket, target, name, region, new_name=None):
    to = f"--destination-namespace {cli.namespace} --destination-bucket {target} --destination-region {region}"
    words = f"os object copy {bucket} {to} --source-object-name {name} --destination-object-name {new_name or name}"
    return cli(words)["opc-work-request-id"]


def namespace(realm):
    cli = Cli(realm)
    one = f"-ns {realm.namespace}"
    check(f"{WHO}: the namespace is known", cli("os ns get")["data"] == realm.namespace)
    cli(f"os ns get-metadata {one}")
    cli(f"os ns update-metadata {one} --default-swift-compartment-id {realm.tenancy}")


def buckets(realm):
    cli = Cli(realm)
    compartment = cli.compartment("cli-buckets")
    vault = cli.vault("cli-buckets", compartment)
    key = vault.new_key("cli-buckets", compartment, AES)
    bucket = cli.bucket("cli-buckets", compartment)
    cli.put(bucket, "object", b"bytes")
    cli(f"os bucket update {bucket} --kms-key-id {key}")
    cli(f"os object reencrypt {bucket} --name object --kms-key-id {key}")
    id = cli(f"os bucket reencrypt {bucket}")["opc-work-request-id"]
    cli.becomes(f"os work-request get --work-request-id {id}", "COMPLETED", "status")
    check(f"{WHO}: a bucket has a key", cli(f"os bucket get {bucket}")["data"]["kms-key-id"] == key)
    cli(f"os replication list-replication-policies {bucket}")
    cli(f"os replication list-replication-sources {bucket}")
    retention(cli, bucket)
    cli(f"os object delete {bucket} --force --name object")
    cli(f"os bucket delete {bucket} --force")
    listed = cli(f"os bucket list -ns {realm.namespace} -c {compartment}").get("data")
    check(f"{WHO}: a deleted bucket is listed no more", not listed)


def retention(cli, bucket):
    day = "--time-amount 1 --time-unit DAYS"
    rule = cli(f"os retention-rule create {bucket} {day} --display-name kept")["data"]["id"]
    one = f"{bucket} --retention-rule-id {rule}"
    held = cli(f"os object delete {bucket} --force --name object", refused=409)
    check(f"{WHO}: a retention rule holds an object", held)
    cli(f"os retention-rule list {bucket}")
    cli(f"os retention-rule get {one}")
    cli(f"os retention-rule update {one} {day} --display-name kept-on")
    cli(f"os retention-rule delete {one} --force")


def copies(realm):
    cli, phoenix = Cli(realm), Cli(realm, PHOENIX)
    compartment = cli.compartment("cli-copies")
    bucket = cli.bucket("cli-copies", compartment)
    Cli(realm, FRANKFURT).bucket("cli-copies", compartment)
    cli.put(bucket, "object", b"bytes")
    id = start_copy(cli, bucket, "cli-copies", "object", FRANKFURT)
    cli(f"os work-request-error list --work-request-id {id}")
    cli(f"os work-request-log-entry list --work-request-id {id}")
    check(f"{WHO}: a copy is listed", id in ids(cli(f"os work-request list -c {compartment}")))
    # Copies that are asked for in Phoenix never end by themselves here.
    phoenix.bucket("cli-copies", compartment)
    phoenix.put(bucket, "object", b"bytes")
    id = start_copy(phoenix, bucket, "cli-copies", "object", PHOENIX, "copy")
    phoenix(f"os work-request cancel --work-request-id {id} --force")
    canceled = phoenix.becomes(f"os work-request get --work-request-id {id}", "CANCELED", "status")
    check(f"{WHO}: a copy is called off", canceled)


def objects(realm):
    cli = Cli(realm)
    bucket = cli.bucket("cli-objects", cli.compartment("cli-objects"), "--versioning Enabled")
    for name in ("a", "b", "c/ü d"):
        cli.put(bucket, name, name.encode())
    cli(f"os object head {bucket} --name", "c/ü d")
    with tempfile.TemporaryDirectory() as folder:
        content = cli.get(bucket, "c/ü d", Path(folder, "object"))
    check(f"{WHO}: an object is read", content == "c/ü d".encode())
    cli(f"os object rename {bucket} --source-name a --new-name renamed")
    cli(f"os object delete {bucket} --force --name renamed")
    # The one command that knows neither short names nor --force.
    place = f"--namespace-name {realm.namespace} --bucket-name cli-objects"
    cli(f"os object batch-delete {place} --objects", '[{"objectName": "b"}]')
    listed = [o["name"] for o in cli(f"os object list {bucket}")["data"]]
    check(f"{WHO}: what was deleted is listed no more", listed == ["c/ü d"])
    versions = {v["name"] for v in cli(f"os object list-object-versions {bucket}")["data"]}
    check(f"{WHO}: but its versions are", "b" in versions)
    parts(cli, bucket)


def parts(cli, bucket):
    """oci-cli leaves no upload half done of its own will; the SDK does that for it."""
    sdk, mebibyte = by_sdk.Sdk(cli.realm).storage, 1 << 20
    name = bucket.split()[-1]

    def begun(object):
        details = storage.CreateMultipartUploadDetails(object=object)
        upload = sdk.create_multipart_upload(cli.namespace, name, details).data.upload_id
        sdk.upload_part(cli.namespace, name, object, upload, 1, b"a" * mebibyte)
        return upload

    resumed, given_up = begun("resumed"), begun("given-up")
    with tempfile.TemporaryDirectory() as folder:
        file, content = Path(folder, "parts"), b"a" * mebibyte + b"b" * mebibyte
        file.write_bytes(content)
        cli(f"os object put {bucket} --file {file} --name of-parts --part-size 1")
        listed = {upload["upload-id"] for upload in cli(f"os multipart list {bucket}")["data"]}
        check(f"{WHO}: uploads under way are listed", listed == {resumed, given_up})
        cli(f"os object resume-put {bucket} --file {file} --name resumed --upload-id {resumed} --part-size 1")
        cli(f"os multipart abort {bucket} --object-name given-up --upload-id {given_up} --force")
        for object in ("of-parts", "resumed"):
            same = cli.get(bucket, object, Path(folder, "read")) == content
            check(f"{WHO}: an object is made of parts: {object}", same)


def pars(realm):
    cli = Cli(realm)
    bucket = cli.bucket("cli-pars", cli.compartment("cli-pars"))
    cli.put(bucket, "object", b"bytes")
    about = f"--name one --access-type ObjectRead --object-name object --time-expires {in_days(2)}"
    par = cli(f"os preauth-request create {bucket} {about}")["data"]
    url, one = realm.at(ASHBURN) + par["access-uri"], f"{bucket} --par-id {par['id']}"
    check(f"{WHO}: whoever knows a pre-authenticated request reads with it", requests.get(url).content == b"bytes")
    check(f"{WHO}: and doesn't write", requests.put(url, data=b"x").status_code == 404)
    cli(f"os preauth-request get {one}")
    listed = ids(cli(f"os preauth-request list {bucket}"))
    cli(f"os preauth-request delete {one} --force")
    check(f"{WHO}: until it is deleted", listed == {par["id"]} and requests.get(url).status_code == 404)


def compartments(realm):
    cli, tenancy = Cli(realm), realm.tenancy
    parent, child = cli.compartment("cli-parent"), cli.compartment("cli-child")
    cli(f"iam compartment update -c {child} --description changed")
    cli(f"iam compartment move -c {child} --target-compartment-id {parent}")
    cli.becomes(f"iam compartment get -c {child}", parent, "compartment-id")
    check(f"{WHO}: a compartment moves", ids(cli(f"iam compartment list -c {parent}")) == {child})
    id = cli(f"iam compartment delete -c {child} --force")["opc-work-request-id"]
    one = f"--iam-work-request-id {id}"
    cli.becomes(f"iam iam-work-request get {one}", "SUCCEEDED", "status")
    cli(f"iam iam-work-request list-iam-work-request-errors {one}")
    cli(f"iam iam-work-request-log list {one}")
    cli(f"iam iam-work-request list -c {tenancy}")
    cli(f"iam compartment recover -c {child}")
    check(f"{WHO}: a deleted compartment comes back", cli.becomes(f"iam compartment get -c {child}", "ACTIVE"))


def tenancy(realm):
    cli, one = Cli(realm), f"--tenancy-id {realm.tenancy}"
    regions = {region["name"] for region in cli("iam region list")["data"]}
    subscribed = {s["region-name"] for s in cli(f"iam region-subscription list {one}")["data"]}
    check(f"{WHO}: subscribed regions are regions", subscribed <= regions and ASHBURN in subscribed)
    twice = cli(f"iam region-subscription create {one} --region-key FRA", refused=409)
    check(f"{WHO}: nobody subscribes twice", twice)
    cli(f"iam tenancy get {one}")
    cli(f"iam availability-domain list -c {realm.tenancy}")
    user = realm.ready["user_id"]
    check(f"{WHO}: the user is listed", user in ids(cli("iam user list")))
    cli(f"iam user get --user-id {user}")
    key = cli(f"iam user api-key upload --user-id {user} --key", RsaKey().public_pem)["data"]["fingerprint"]
    listed = {key["fingerprint"] for key in cli(f"iam user api-key list --user-id {user}")["data"]}
    check(f"{WHO}: a new API key is listed beside the old one", key in listed and len(listed) > 1)
    cli(f"iam user api-key delete --user-id {user} --fingerprint {key} --force")


def tags(realm):
    cli = Cli(realm)
    words = f"iam tag-namespace create -c {realm.tenancy} --name by-cli --description a-namespace"
    namespace = f"--tag-namespace-id {cli(words)['data']['id']}"
    cli(f"iam tag-namespace list -c {realm.tenancy}")
    cli(f"iam tag-namespace get {namespace}")
    cli(f"iam tag-namespace update {namespace} --description changed")
    cli(f"iam tag create {namespace} --name tag --description a-tag")
    cli(f"iam tag update {namespace} --tag-name tag --description changed")
    changed = cli(f"iam tag get {namespace} --tag-name tag")["data"]["description"]
    check(f"{WHO}: a tag is changed", changed == "changed")
    check(f"{WHO}: and listed", [t["name"] for t in cli(f"iam tag list {namespace}")["data"]] == ["tag"])


def in_secrets(realm):
    cli = Cli(realm)
    first, second = cli.compartment("cli-secrets"), cli.compartment("cli-secrets-moved")
    vault = cli.vault("cli-secrets", first)
    about = f"-c {first} --vault-id {vault.id} --key-id {vault.new_key('cli-secrets', first, AES)}"
    content = "--secret-content-content"
    words = f"vault secret create-base64 {about} --secret-name cli-secret {content} {b64(b'first')}"
    secret = cli(words)["data"]["id"]
    one = f"--secret-id {secret}"
    cli(f"vault secret update-base64 {one} {content} {b64(b'second')}")
    check(f"{WHO}: a secret has two versions", len(cli(f"vault secret-version list {one}")["data"]) == 2)
    cli(f"vault secret-version get {one} --secret-version-number 1")
    by_name = f"get-secret-bundle-by-name --secret-name cli-secret --vault-id {vault.id}"
    read = [cli(f"secrets secret-bundle {words}")["data"] for words in (f"get {one}", by_name)]
    contents = {base64.b64decode(bundle["secret-bundle-content"]["content"]) for bundle in read}
    check(f"{WHO}: a secret is read", contents == {b"second"})
    cli(f"secrets secret-bundle-version list-versions {one}")
    cli(f"vault secret change-compartment {one} -c {second}")
    listed = ids(cli(f"vault secret list -c {second} --vault-id {vault.id}"))
    check(f"{WHO}: a secret moves", listed == {secret})
    cli(f"vault secret schedule-secret-deletion {one} --time-of-deletion {in_days(3)}")
    cli(f"vault secret cancel-secret-deletion {one}")
    cli.becomes(f"vault secret get {one}", "ACTIVE")


def limits_and_audit(realm):
    cli, name = Cli(realm), "virtual-private-vault-count"
    here = f"-c {realm.tenancy}"
    check(f"{WHO}: kms has limits", "kms" in {s["name"] for s in cli(f"limits service list {here}")["data"]})
    cli(f"limits definition list {here}")
    values = {v["name"]: v["value"] for v in cli(f"limits value list {here} --service-name kms")["data"]}
    left = cli(f"limits resource-availability get {here} --service-name kms --limit-name {name}")["data"]
    check(f"{WHO}: what is used is within the limit", left["used"] + left["available"] == values[name])
    since, until = f"--start-time {in_days(-1)}", f"--end-time {in_days(1)}"
    check(f"{WHO}: calls are on record", cli(f"audit event list {here} {since} {until}")["data"])


def many_keys(realm, compartment, endpoint, count):
    """Counts the keys that others have made."""
    listed = realm.oci(endpoint, f"kms management key list -c {compartment} --all --page-size 50")
    check(f"{WHO}: {count} keys are listed page by page", len(ids(listed)) == len(listed["data"]) == count)


def patient(realm):
    """Asks once where it is told to wait first."""
    Cli(realm, PHOENIX)(f"kms management vault list -c {realm.tenancy}")


CHAPTERS = [
    backups, vaults, keys, buckets, in_secrets, objects, crypto, copies, compartments,
    tenancy, imports, tags, pars, limits_and_audit, namespace,
]
