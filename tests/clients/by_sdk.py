"""Every operation by Oracle's Python SDK, a chapter for each service."""

import base64
import io
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import oci
from oci._vendor import requests

from realm import ASHBURN, FRANKFURT, PHOENIX, check, fail
from wrapping import wrapped_for, RsaKey

kms, storage, iam = oci.key_management.models, oci.object_storage.models, oci.identity.models
AES, P384 = {"algorithm": "AES", "length": 32}, {"algorithm": "ECDSA", "length": 48, "curve_id": "NIST_P384"}
MANY = 260
WHO = "the Python SDK"


def b64(data):
    return base64.b64encode(data).decode()


def in_days(days):
    return datetime.now(timezone.utc) + timedelta(days=days)


def poll(ask, holds):
    """Asks until the answer is as it should be."""
    for _ in range(300):
        answer = ask()
        if holds(answer.data):
            return answer.data
        time.sleep(0.1)
    return fail(f"it never came to that: {answer.data}")


def refused(status, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except oci.exceptions.ServiceError as error:
        return error.status == status or fail(f"refused with {error.status}, not {status}: {error}")
    return fail(f"{call.__name__} is not refused")


class Sdk:
    """The SDK's clients for one region."""

    def __init__(self, realm, region=ASHBURN):
        self.realm, self.region, self.namespace = realm, region, realm.namespace
        self.config = oci.config.from_file(realm.config_file)
        self.here = {
            "service_endpoint": realm.at(region),
            "retry_strategy": oci.retry.DEFAULT_RETRY_STRATEGY,
            "timeout": 60,
        }
        self.vaults = self.client(oci.key_management.KmsVaultClient)
        self.storage = self.client(oci.object_storage.ObjectStorageClient)
        self.identity = self.client(oci.identity.IdentityClient)
        self.work = self.client(oci.work_requests.WorkRequestClient)

    def client(self, kind):
        return kind(self.config, **self.here)

    def compartment(self, name):
        details = iam.CreateCompartmentDetails(
            compartment_id=self.realm.tenancy, name=name, description="by the Python SDK"
        )
        return self.identity.create_compartment(details).data.id

    def vault(self, name, compartment):
        details = kms.CreateVaultDetails(
            compartment_id=compartment, display_name=name, vault_type="VIRTUAL_PRIVATE"
        )
        return Vault(self, self.vaults.create_vault(details).data.id)

    def bucket(self, name, compartment, **more):
        details = storage.CreateBucketDetails(name=name, compartment_id=compartment, **more)
        self.storage.create_bucket(self.namespace, details)
        return name

    def finished(self, reply):
        """Waits for the work request that an answer names."""
        id = reply.headers["opc-work-request-id"]
        done = poll(lambda: self.work.get_work_request(id), lambda w: w.status in ("SUCCEEDED", "FAILED"))
        return done if done.status == "SUCCEEDED" else fail(f"{done}")


class Vault:
    """A vault that is ready, and the clients for its own endpoints."""

    def __init__(self, sdk, id):
        self.sdk, self.id = sdk, id
        self.data = poll(lambda: sdk.vaults.get_vault(id), lambda vault: vault.lifecycle_state == "ACTIVE")
        options = {"retry_strategy": oci.retry.DEFAULT_RETRY_STRATEGY, "timeout": 60}
        management, crypto = self.data.management_endpoint, self.data.crypto_endpoint
        self.manage = oci.key_management.KmsManagementClient(sdk.config, management, **options)
        self.use = oci.key_management.KmsCryptoClient(sdk.config, crypto, **options)

    def key(self, name, shape=AES, mode="HSM"):
        details = kms.CreateKeyDetails(
            compartment_id=self.data.compartment_id,
            display_name=name,
            key_shape=kms.KeyShape(**shape),
            protection_mode=mode,
        )
        return self.key_becomes(self.manage.create_key(details).data.id, "ENABLED")

    def key_becomes(self, id, state):
        return poll(lambda: self.manage.get_key(id), lambda key: key.lifecycle_state == state)

    def version_becomes(self, key, id, state):
        return poll(lambda: self.manage.get_key_version(key, id), lambda version: version.lifecycle_state == state)


def vaults(realm):
    sdk = Sdk(realm)
    first, second = sdk.compartment("sdk-vaults"), sdk.compartment("sdk-vaults-moved")
    vault = sdk.vault("sdk-vault", first)
    rename = kms.UpdateVaultDetails(display_name="sdk-vault-renamed", freeform_tags={"by": "sdk"})
    fresh = sdk.vaults.get_vault(vault.id).headers["etag"]
    sdk.vaults.update_vault(vault.id, rename, if_match=fresh)
    conflict = refused(412, sdk.vaults.update_vault, vault.id, rename, if_match=fresh)
    check(f"{WHO}: a stale if-match is refused with 412", conflict)
    sdk.vaults.get_vault_usage(vault.id)
    sdk.vaults.change_vault_compartment(vault.id, kms.ChangeVaultCompartmentDetails(compartment_id=second))
    listed = {v.id for v in sdk.vaults.list_vaults(second).data}
    check(f"{WHO}: a vault moves to another compartment", listed == {vault.id})
    sdk.vaults.schedule_vault_deletion(vault.id, kms.ScheduleVaultDeletionDetails(time_of_deletion=in_days(8)))
    sdk.vaults.cancel_vault_deletion(vault.id)
    Vault(sdk, vault.id)
    replicas(sdk, vault)
    ekm, hsm = sdk.client(oci.key_management.EkmClient), sdk.client(oci.key_management.KmsHsmClusterClient)
    none = ekm.list_ekms_private_endpoints(second).data, hsm.list_hsm_clusters(second).data.items
    check(f"{WHO}: there are neither external key managers nor HSM clusters", none == ([], []))


def replicas(sdk, vault):
    def status():
        return sdk.vaults.list_vault_replicas(vault.id)

    sdk.vaults.create_vault_replica(vault.id, kms.CreateVaultReplicaDetails(replica_region=FRANKFURT))
    poll(status, lambda listed: [r.status for r in listed] == ["CREATED"])
    changed = sdk.vaults.update_vault(vault.id, kms.UpdateVaultDetails(display_name="sdk-replicated")).data
    reached = vault.manage.get_replication_status(changed.replica_details.replication_id).data.replica_details
    arrived = [(replica.region, replica.status) for replica in reached] == [(FRANKFURT, "REPLICATED")]
    check(f"{WHO}: a change reaches the replica", arrived)
    sdk.vaults.delete_vault_replica(vault.id, kms.DeleteVaultReplicaDetails(replica_region=FRANKFURT))
    poll(status, lambda listed: listed == [])


def keys(realm):
    sdk = Sdk(realm)
    first, second = sdk.compartment("sdk-keys"), sdk.compartment("sdk-keys-moved")
    vault = sdk.vault("sdk-keys", first)
    key, manage = vault.key("sdk-key"), vault.manage
    manage.update_key(key.id, kms.UpdateKeyDetails(display_name="sdk-key-renamed"))
    vault.key_becomes(key.id, "ENABLED")
    manage.disable_key(key.id)
    vault.key_becomes(key.id, "DISABLED")
    manage.enable_key(key.id)
    vault.key_becomes(key.id, "ENABLED")
    version = manage.create_key_version(key.id).data
    vault.version_becomes(key.id, version.id, "ENABLED")
    listed = {v.id for v in manage.list_key_versions(key.id).data}
    check(f"{WHO}: both versions of a rotated key are listed", listed == {version.id, key.current_key_version})
    later = kms.ScheduleKeyVersionDeletionDetails(time_of_deletion=in_days(8))
    manage.schedule_key_version_deletion(key.id, key.current_key_version, later)
    vault.version_becomes(key.id, key.current_key_version, "PENDING_DELETION")
    manage.cancel_key_version_deletion(key.id, key.current_key_version)
    manage.schedule_key_deletion(key.id, kms.ScheduleKeyDeletionDetails(time_of_deletion=in_days(8)))
    vault.key_becomes(key.id, "PENDING_DELETION")
    manage.cancel_key_deletion(key.id)
    vault.key_becomes(key.id, "ENABLED")
    manage.change_key_compartment(key.id, kms.ChangeKeyCompartmentDetails(compartment_id=second))
    check(f"{WHO}: a key moves to another compartment", {k.id for k in manage.list_keys(second).data} == {key.id})
    imports(vault)


def imports(vault):
    """The caller's own material comes in and goes out again."""
    public = vault.manage.get_wrapping_key().data.public_key

    def wrapped(material):
        return kms.WrappedImportKey(
            key_material=b64(wrapped_for(public, material)), wrapping_algorithm="RSA_OAEP_SHA256"
        )

    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    details = kms.ImportKeyDetails(
        compartment_id=vault.data.compartment_id,
        display_name="sdk-imported",
        key_shape=kms.KeyShape(**AES),
        protection_mode="SOFTWARE",
        wrapped_import_key=wrapped(first),
    )
    key = vault.key_becomes(vault.manage.import_key(details).data.id, "ENABLED")
    again = kms.ImportKeyVersionDetails(wrapped_import_key=wrapped(second))
    version = vault.manage.import_key_version(key.id, again).data.id
    vault.version_becomes(key.id, version, "ENABLED")
    mine = RsaKey()
    details = kms.ExportKeyDetails(key_id=key.id, public_key=mine.public_pem, algorithm="RSA_OAEP_SHA256")
    exported = vault.use.export_key(details).data
    material = mine.unwrap(base64.b64decode(exported.encrypted_key), exported.algorithm)
    check(f"{WHO}: imported material is exported as it was", material == second)


def crypto(realm):
    sdk = Sdk(realm)
    vault = sdk.vault("sdk-crypto", sdk.compartment("sdk-crypto"))
    aes, ecdsa = vault.key("sdk-aes"), vault.key("sdk-ecdsa", P384)
    context = {"for": "coverage"}
    details = kms.EncryptDataDetails(key_id=aes.id, plaintext=b64(b"plain"), associated_data=context)
    sealed = vault.use.encrypt(details).data.ciphertext
    details = kms.DecryptDataDetails(key_id=aes.id, ciphertext=sealed, associated_data=context)
    check(f"{WHO}: a ciphertext opens", base64.b64decode(vault.use.decrypt(details).data.plaintext) == b"plain")
    details = kms.DecryptDataDetails(key_id=aes.id, ciphertext=sealed)
    check(f"{WHO}: but not without its associated data", refused(400, vault.use.decrypt, details))
    details = kms.GenerateKeyDetails(key_id=aes.id, include_plaintext_key=True, key_shape=kms.KeyShape(**AES))
    made = vault.use.generate_data_encryption_key(details).data
    opened = vault.use.decrypt(kms.DecryptDataDetails(key_id=aes.id, ciphertext=made.ciphertext)).data
    check(f"{WHO}: a data encryption key is what its ciphertext opens to", opened.plaintext == made.plaintext)
    message = {"key_id": ecdsa.id, "message": b64(b"message"), "signing_algorithm": "ECDSA_SHA_384"}
    signed = vault.use.sign(kms.SignDataDetails(**message)).data
    known = {"signature": signed.signature, "key_version_id": signed.key_version_id}
    verified = vault.use.verify(kms.VerifyDataDetails(**message, **known)).data
    check(f"{WHO}: a signature is known again", verified.is_signature_valid)


def backups(realm):
    here, there = Sdk(realm), Sdk(realm, FRANKFURT)
    compartment = here.compartment("sdk-backups")
    bucket = here.bucket("sdk-backups", compartment)
    there.bucket(bucket, compartment)
    vault = here.vault("sdk-backed-up", compartment)
    key = vault.key("sdk-backed-up")

    def place(name):
        return kms.BackupLocationBucket(namespace=realm.namespace, bucket_name=bucket, object_name=name)

    details = kms.BackupVaultDetails(backup_location=place("vault"), is_include_keys=True)
    work_request = here.finished(here.vaults.backup_vault(vault.id, backup_vault_details=details))
    details = kms.BackupKeyDetails(backup_location=place("key"))
    here.finished(vault.manage.backup_key(key.id, backup_key_details=details))
    files = {}
    for name in ("vault", "key"):
        files[name] = here.storage.get_object(realm.namespace, bucket, name).data.content
        copy(here, bucket, name, FRANKFURT)
    details = kms.RestoreVaultFromObjectStoreDetails(backup_location=place("vault"))
    reply = there.vaults.restore_vault_from_object_store(
        compartment, restore_vault_from_object_store_details=details
    )
    there.finished(reply)
    restored = Vault(there, reply.data.id)
    details = kms.RestoreKeyFromObjectStoreDetails(backup_location=place("key"))
    reply = restored.manage.restore_key_from_object_store(restore_key_from_object_store_details=details)
    there.finished(reply)
    same = restored.manage.get_key(reply.data.id).data.restored_from_key_id == key.id
    check(f"{WHO}: a vault and a key are restored in another region", same)
    here.finished(here.vaults.restore_vault_from_file(compartment, io.BytesIO(files["vault"])))
    reply = vault.manage.restore_key_from_file(io.BytesIO(files["key"]))
    here.finished(reply)
    check(f"{WHO}: and from files over the ones that are there", reply.data.id == key.id)
    listed = {w.id for w in here.work.list_work_requests(compartment, resource_id=vault.id).data}
    check(f"{WHO}: a vault's work requests are listed", work_request.id in listed)
    here.work.list_work_request_errors(work_request.id)
    here.work.list_work_request_logs(work_request.id)


def copy(sdk, bucket, name, region):
    details = storage.CopyObjectDetails(
        source_object_name=name,
        destination_region=region,
        destination_namespace=sdk.namespace,
        destination_bucket=bucket,
        destination_object_name=name,
    )
    id = sdk.storage.copy_object(sdk.namespace, bucket, details).headers["opc-work-request-id"]
    poll(lambda: sdk.storage.get_work_request(id), lambda work_request: work_request.status == "COMPLETED")
    return id


def buckets(realm):
    sdk, ns = Sdk(realm), realm.namespace
    compartment = sdk.compartment("sdk-buckets")
    key = sdk.vault("sdk-buckets", compartment).key("sdk-buckets")
    check(f"{WHO}: the namespace is known", sdk.storage.get_namespace().data == ns)
    sdk.storage.get_namespace_metadata(ns)
    details = storage.UpdateNamespaceMetadataDetails(default_swift_compartment_id=realm.tenancy)
    sdk.storage.update_namespace_metadata(ns, details)
    bucket = sdk.bucket("sdk-buckets", compartment)
    sdk.storage.put_object(ns, bucket, "object", b"bytes")
    sdk.storage.update_bucket(ns, bucket, storage.UpdateBucketDetails(kms_key_id=key.id))
    sdk.storage.reencrypt_object(ns, bucket, "object", storage.ReencryptObjectDetails(kms_key_id=key.id))
    id = sdk.storage.reencrypt_bucket(ns, bucket).headers["opc-work-request-id"]
    poll(lambda: sdk.storage.get_work_request(id), lambda work_request: work_request.status == "COMPLETED")
    check(f"{WHO}: a bucket has a key", sdk.storage.get_bucket(ns, bucket).data.kms_key_id == key.id)
    sdk.storage.head_bucket(ns, bucket)
    sdk.storage.list_replication_policies(ns, bucket)
    sdk.storage.list_replication_sources(ns, bucket)
    retention(sdk, bucket)
    copies(sdk, compartment, bucket)
    sdk.storage.delete_object(ns, bucket, "object")
    sdk.storage.delete_bucket(ns, bucket)
    listed = {b.name for b in sdk.storage.list_buckets(ns, compartment).data}
    check(f"{WHO}: a deleted bucket is listed no more", bucket not in listed)


def retention(sdk, bucket):
    a_day = storage.Duration(time_amount=1, time_unit="DAYS")
    details = storage.CreateRetentionRuleDetails(display_name="kept", duration=a_day)
    rule = sdk.storage.create_retention_rule(sdk.namespace, bucket, details).data.id
    held = refused(409, sdk.storage.delete_object, sdk.namespace, bucket, "object")
    check(f"{WHO}: a retention rule holds an object", held)
    sdk.storage.list_retention_rules(sdk.namespace, bucket)
    sdk.storage.get_retention_rule(sdk.namespace, bucket, rule)
    details = storage.UpdateRetentionRuleDetails(display_name="still kept", duration=a_day)
    sdk.storage.update_retention_rule(sdk.namespace, bucket, rule, details)
    sdk.storage.delete_retention_rule(sdk.namespace, bucket, rule)


def copies(sdk, compartment, bucket):
    Sdk(sdk.realm, FRANKFURT).bucket(bucket, compartment)
    id = copy(sdk, bucket, "object", FRANKFURT)
    sdk.storage.list_work_request_errors(id)
    sdk.storage.list_work_request_logs(id)
    check(f"{WHO}: a copy is listed", id in {w.id for w in sdk.storage.list_work_requests(compartment).data})
    # Copies that are asked for in Phoenix never end by themselves here.
    phoenix = Sdk(sdk.realm, PHOENIX)
    phoenix.bucket(bucket, compartment)
    phoenix.storage.put_object(sdk.namespace, bucket, "object", b"bytes")
    details = storage.CopyObjectDetails(
        source_object_name="object",
        destination_region=PHOENIX,
        destination_namespace=sdk.namespace,
        destination_bucket=bucket,
        destination_object_name="copy",
    )
    id = phoenix.storage.copy_object(sdk.namespace, bucket, details).headers["opc-work-request-id"]
    phoenix.storage.cancel_work_request(id)
    canceled = poll(lambda: phoenix.storage.get_work_request(id), lambda w: w.status == "CANCELED")
    check(f"{WHO}: a copy is called off", canceled)


def objects(realm):
    sdk, ns = Sdk(realm), realm.namespace
    bucket = sdk.bucket("sdk-objects", sdk.compartment("sdk-objects"), versioning="Enabled")
    for name in ("a", "b", "c/ü d"):
        sdk.storage.put_object(ns, bucket, name, name.encode())
    sdk.storage.head_object(ns, bucket, "c/ü d")
    check(f"{WHO}: an object is read", sdk.storage.get_object(ns, bucket, "c/ü d").data.content == "c/ü d".encode())
    sdk.storage.rename_object(ns, bucket, storage.RenameObjectDetails(source_name="a", new_name="renamed"))
    sdk.storage.delete_object(ns, bucket, "renamed")
    gone = storage.BatchDeleteObjectsDetails(objects=[storage.BatchDeleteObjectIdentifier(object_name="b")])
    sdk.storage.batch_delete_objects(ns, bucket, gone)
    listed = [o.name for o in sdk.storage.list_objects(ns, bucket).data.objects]
    check(f"{WHO}: what was deleted is listed no more", listed == ["c/ü d"])
    versions = {v.name for v in sdk.storage.list_object_versions(ns, bucket).data.items}
    check(f"{WHO}: but its versions are", "b" in versions)
    parts(sdk, bucket)
    pars(sdk, bucket)


def parts(sdk, bucket):
    ns = sdk.namespace

    def begun(name):
        details = storage.CreateMultipartUploadDetails(object=name)
        upload = sdk.storage.create_multipart_upload(ns, bucket, details).data.upload_id
        etag = sdk.storage.upload_part(ns, bucket, name, upload, 1, b"one part").headers["etag"]
        return upload, storage.CommitMultipartUploadPartDetails(part_num=1, etag=etag)

    upload, part = begun("of-parts")
    listed = {u.upload_id for u in sdk.storage.list_multipart_uploads(ns, bucket).data}
    check(f"{WHO}: an upload under way is listed", listed == {upload})
    sdk.storage.list_multipart_upload_parts(ns, bucket, "of-parts", upload)
    details = storage.CommitMultipartUploadDetails(parts_to_commit=[part])
    sdk.storage.commit_multipart_upload(ns, bucket, "of-parts", upload, details)
    upload, _ = begun("given-up")
    sdk.storage.abort_multipart_upload(ns, bucket, "given-up", upload)
    whole = sdk.storage.get_object(ns, bucket, "of-parts").data.content
    check(f"{WHO}: an object is made of parts", whole == b"one part")


def pars(sdk, bucket):
    details = storage.CreatePreauthenticatedRequestDetails(
        name="one", access_type="ObjectRead", object_name="of-parts", time_expires=in_days(1)
    )
    par = sdk.storage.create_preauthenticated_request(sdk.namespace, bucket, details).data
    url = sdk.realm.at(ASHBURN) + par.access_uri
    check(f"{WHO}: whoever knows a pre-authenticated request reads with it", requests.get(url).content == b"one part")
    check(f"{WHO}: and doesn't write", requests.put(url, data=b"x").status_code == 404)
    sdk.storage.get_preauthenticated_request(sdk.namespace, bucket, par.id)
    listed = {p.id for p in sdk.storage.list_preauthenticated_requests(sdk.namespace, bucket).data}
    sdk.storage.delete_preauthenticated_request(sdk.namespace, bucket, par.id)
    check(f"{WHO}: until it is deleted", par.id in listed and requests.get(url).status_code == 404)


def identity(realm):
    sdk = Sdk(realm)
    client, tenancy = sdk.identity, realm.tenancy
    regions = {r.name for r in client.list_regions().data}
    subscribed = {s.region_name for s in client.list_region_subscriptions(tenancy).data}
    check(f"{WHO}: subscribed regions are regions", subscribed <= regions and ASHBURN in subscribed)
    again = iam.CreateRegionSubscriptionDetails(region_key="FRA")
    check(f"{WHO}: nobody subscribes twice", refused(409, client.create_region_subscription, again, tenancy))
    client.get_tenancy(tenancy)
    client.list_availability_domains(tenancy)
    parent, child = sdk.compartment("sdk-parent"), sdk.compartment("sdk-child")
    client.update_compartment(child, iam.UpdateCompartmentDetails(description="changed"))
    client.move_compartment(child, iam.MoveCompartmentDetails(target_compartment_id=parent))
    poll(lambda: client.get_compartment(child), lambda c: c.compartment_id == parent)
    check(f"{WHO}: a compartment moves", {c.id for c in client.list_compartments(parent).data} == {child})
    id = client.delete_compartment(child).headers["opc-work-request-id"]
    poll(lambda: client.get_iam_work_request(id), lambda w: w.status == "SUCCEEDED")
    client.list_iam_work_request_errors(id)
    client.list_iam_work_request_logs(id)
    client.list_iam_work_requests(tenancy)
    client.recover_compartment(child)
    check(f"{WHO}: a deleted compartment comes back", client.get_compartment(child).data.lifecycle_state == "ACTIVE")
    users(client, sdk.config)
    tags(client, tenancy)


def users(client, config):
    user = config["user"]
    check(f"{WHO}: the user is listed", user in {u.id for u in client.list_users(config["tenancy"]).data})
    client.get_user(user)
    details = iam.CreateApiKeyDetails(key=RsaKey().public_pem)
    fingerprint = client.upload_api_key(user, details).data.fingerprint
    listed = {key.fingerprint for key in client.list_api_keys(user).data}
    check(f"{WHO}: a new API key is listed beside the old one", {fingerprint, config["fingerprint"]} <= listed)
    client.delete_api_key(user, fingerprint)


def tags(client, tenancy):
    details = iam.CreateTagNamespaceDetails(compartment_id=tenancy, name="by-sdk", description="a namespace")
    namespace = client.create_tag_namespace(details).data.id
    client.list_tag_namespaces(tenancy)
    client.get_tag_namespace(namespace)
    client.update_tag_namespace(namespace, iam.UpdateTagNamespaceDetails(description="changed"))
    client.create_tag(namespace, iam.CreateTagDetails(name="tag", description="a tag"))
    client.update_tag(namespace, "tag", iam.UpdateTagDetails(description="changed"))
    check(f"{WHO}: a tag is changed", client.get_tag(namespace, "tag").data.description == "changed")
    check(f"{WHO}: and listed", [t.name for t in client.list_tags(namespace).data] == ["tag"])


def in_secrets(realm):
    sdk = Sdk(realm)
    models, client = oci.vault.models, sdk.client(oci.vault.VaultsClient)
    bundles = sdk.client(oci.secrets.SecretsClient)
    first, second = sdk.compartment("sdk-secrets"), sdk.compartment("sdk-secrets-moved")
    vault = sdk.vault("sdk-secrets", first)

    def content(text):
        return models.Base64SecretContentDetails(content=b64(text))

    def becomes(state):
        return poll(lambda: client.get_secret(secret), lambda s: s.lifecycle_state == state)

    details = models.CreateSecretDetails(
        compartment_id=first,
        vault_id=vault.id,
        key_id=vault.key("sdk-secrets").id,
        secret_name="sdk-secret",
        secret_content=content(b"first"),
    )
    secret = client.create_secret(details).data.id
    becomes("ACTIVE")
    client.update_secret(secret, models.UpdateSecretDetails(secret_content=content(b"second")))
    becomes("ACTIVE")
    check(f"{WHO}: a secret has two versions", len(client.list_secret_versions(secret).data) == 2)
    client.get_secret_version(secret, 1)
    read = bundles.get_secret_bundle(secret).data.secret_bundle_content.content
    by_name = bundles.get_secret_bundle_by_name("sdk-secret", vault.id).data.secret_bundle_content.content
    check(f"{WHO}: a secret is read", base64.b64decode(read) == b"second" and by_name == read)
    bundles.list_secret_bundle_versions(secret)
    client.change_secret_compartment(secret, models.ChangeSecretCompartmentDetails(compartment_id=second))
    becomes("ACTIVE")
    check(f"{WHO}: a secret moves", {s.id for s in client.list_secrets(second, vault_id=vault.id).data} == {secret})
    client.schedule_secret_deletion(secret, models.ScheduleSecretDeletionDetails(time_of_deletion=in_days(2)))
    becomes("PENDING_DELETION")
    client.cancel_secret_deletion(secret)
    becomes("ACTIVE")


def limits_and_audit(realm):
    sdk = Sdk(realm)
    limits, audit = sdk.client(oci.limits.LimitsClient), sdk.client(oci.audit.AuditClient)
    name = "virtual-private-vault-count"
    check(f"{WHO}: kms has limits", "kms" in {s.name for s in limits.list_services(realm.tenancy).data})
    limits.list_limit_definitions(realm.tenancy)
    values = {v.name: v.value for v in limits.list_limit_values(realm.tenancy, "kms").data}
    left = limits.get_resource_availability("kms", name, realm.tenancy).data
    check(f"{WHO}: what is used and what is left is the limit", left.used + left.available == values[name])
    since, until = in_days(-1), in_days(1)
    events = audit.list_events(realm.tenancy, since, until).data
    check(f"{WHO}: calls are on record", events)


def many_keys(realm):
    """More keys than a page can hold, for all clients to count; the vault and its compartment."""
    sdk = Sdk(realm)
    compartment = sdk.compartment("many-keys")
    vault = sdk.vault("many-keys", compartment)

    def make(number):
        details = kms.CreateKeyDetails(
            compartment_id=compartment, display_name=f"key-{number}", key_shape=kms.KeyShape(**AES)
        )
        return vault.manage.create_key(details).data.id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(MANY)))
    pages = oci.pagination.list_call_get_all_results(vault.manage.list_keys, compartment, limit=50).data
    check(f"{WHO}: {MANY} keys are listed page by page", len(pages) == MANY and {k.id for k in pages} == made)
    return {"compartment": compartment, "endpoint": vault.data.management_endpoint}


def patient(realm):
    """Asks once where it is told to wait first."""
    sdk = Sdk(realm, PHOENIX)
    sdk.vaults.list_vaults(realm.tenancy)


CHAPTERS = [vaults, keys, crypto, backups, buckets, objects, identity, in_secrets, limits_and_audit]
