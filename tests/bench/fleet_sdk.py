"""Some vaults of a fleet saved as a user of Oracle's Python SDK would: a thread for each, its own retries and waiting."""

import base64
import json
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import oci

kms, storage = oci.key_management, oci.object_storage


class Fleet:
    def __init__(self, ready, region, to, bucket):
        self.ready, self.region, self.to, self.bucket = ready, region, to, bucket
        self.config = oci.config.from_file(ready["config_file"])
        self.here = self.at(region)
        self.vaults = self.client(kms.KmsVaultClient, self.here)

    def at(self, region):
        return self.ready["regions"][region]["endpoint"]

    def client(self, kind, endpoint):
        retry = oci.retry.DEFAULT_RETRY_STRATEGY
        return kind(self.config, service_endpoint=endpoint, retry_strategy=retry)

    def first(self, count):
        """The first vaults by name."""
        listed = oci.pagination.list_call_get_all_results(self.vaults.list_vaults, self.ready["tenancy_id"]).data
        return sorted(listed, key=lambda vault: vault.display_name)[:count]

    def save(self, vault):
        # Clients are not shared between threads.
        vaults = self.client(kms.KmsVaultClient, self.here)
        keys = self.client(kms.KmsManagementClient, vault.management_endpoint)
        crypto = self.client(kms.KmsCryptoClient, vault.crypto_endpoint)
        objects = self.client(storage.ObjectStorageClient, self.here)
        copies = self.client(storage.ObjectStorageClient, self.at(self.to))
        work = self.client(oci.work_requests.WorkRequestClient, self.here)
        namespace, name = self.ready["namespace"], f"{vault.display_name}-{secrets.token_hex(4)}"

        listed = oci.pagination.list_call_get_all_results(keys.list_keys, self.ready["tenancy_id"]).data
        vaults.get_vault(vault.id)
        before = vaults.get_vault_usage(vault.id).data
        for key in listed:
            keys.get_key(key.id)
            oci.pagination.list_call_get_all_results(keys.list_key_versions, key.id)
        for key in listed:
            text = base64.b64encode(secrets.token_bytes(32)).decode()
            crypto.encrypt(kms.models.EncryptDataDetails(key_id=key.id, plaintext=text))

        place = kms.models.BackupLocationBucket(namespace=namespace, bucket_name=self.bucket, object_name=name)
        details = kms.models.BackupVaultDetails(is_include_keys=True, backup_location=place)
        asked = vaults.backup_vault(vault.id, backup_vault_details=details)
        request = asked.headers["opc-work-request-id"]
        oci.wait_until(work, work.get_work_request(request), "status", "SUCCEEDED")
        content = self.read(objects, namespace, name)

        details = storage.models.CopyObjectDetails(
            source_object_name=name,
            destination_region=self.to,
            destination_namespace=namespace,
            destination_bucket=self.bucket,
            destination_object_name=name,
        )
        copy = objects.copy_object(namespace, self.bucket, details).headers["opc-work-request-id"]
        oci.wait_until(objects, objects.get_work_request(copy), "status", "COMPLETED")
        if self.read(copies, namespace, name) != content:
            raise SystemExit(f"{name}: the copy differs")
        after = vaults.get_vault_usage(vault.id).data
        if before.key_version_count != after.key_version_count:
            raise SystemExit(f"{name}: keys changed meanwhile")

    def read(self, objects, namespace, name):
        objects.head_object(namespace, self.bucket, name)
        return objects.get_object(namespace, self.bucket, name).data.content


def main():
    ready, region, to, bucket, count = sys.argv[1:]
    with open(ready) as file:
        fleet = Fleet(json.load(file), region, to, bucket)
    started = time.monotonic()
    with ThreadPoolExecutor(int(count)) as pool:
        # Asks for each result, so that a failure is one of the program.
        list(pool.map(fleet.save, fleet.first(int(count))))
    print(json.dumps({"seconds": time.monotonic() - started}), flush=True)


if __name__ == "__main__":
    main()
