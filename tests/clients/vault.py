"""Vaults by oci-cli: keys, ciphertexts, signatures, and what was sealed before a disaster."""

import base64
import json
from secrets import token_bytes

from realm import BUCKET, check, together

WAITING = "--wait-interval-seconds 1 --wait-for-state"
AES, RSA = {"algorithm": "AES", "length": 32}, {"algorithm": "RSA", "length": 256}
P384 = {"algorithm": "ECDSA", "length": 48, "curveId": "NIST_P384"}
OAEP = "--encryption-algorithm RSA_OAEP_SHA_256"
ECDSA = "--signing-algorithm ECDSA_SHA_384"


def b64(data):
    return base64.b64encode(data).decode()


class Vault:
    """A vault, and the endpoints of its own by which its keys are reached."""

    def __init__(self, realm, data):
        self.realm, self.data, self.id = realm, data, data["id"]

    @classmethod
    def create(cls, realm, region, name, compartment, kind="VIRTUAL_PRIVATE"):
        words = f"vault create -c {compartment} --display-name {name} --vault-type {kind} {WAITING} ACTIVE"
        return cls(realm, realm.oci(realm.at(region), f"kms management {words}")["data"])

    @classmethod
    def restore(cls, realm, region, name, compartment):
        """Restores from an object and waits until the work request has ended."""
        place = f"--namespace {realm.namespace} --bucket-name {BUCKET} --object-name {name}"
        reply = realm.oci(realm.at(region), f"kms management vault restore -c {compartment} {place}")
        realm.wait_for_service(region, reply)
        return cls.find(realm, region, reply["data"]["id"])

    @classmethod
    def find(cls, realm, region, id):
        return cls(realm, realm.oci(realm.at(region), f"kms management vault get --vault-id {id}")["data"])

    def manage(self, words, *more, **options):
        return self.realm.oci(self.data["management-endpoint"], f"kms management {words}", *more, **options)

    def use(self, words, **options):
        reply = self.realm.oci(self.data["crypto-endpoint"], f"kms crypto {words}", **options)
        return reply if options else reply["data"]

    def new_key(self, name, compartment, shape, mode="HSM"):
        words = f"key create -c {compartment} --display-name {name} --protection-mode {mode} {WAITING} ENABLED"
        return self.manage(words, "--key-shape", json.dumps(shape))["data"]["id"]

    def key(self, id):
        return self.manage(f"key get --key-id {id}")["data"]

    def keys(self, *compartments):
        """Name to OCID of the keys in these compartments."""
        listed = [self.manage(f"key list -c {c} --all").get("data", []) for c in compartments]
        return {key["display-name"]: key["id"] for keys in listed for key in keys}

    def rotate(self, key):
        return self.manage(f"key-version create --key-id {key} {WAITING} ENABLED")["data"]["id"]

    def encrypt(self, key, plaintext, more=""):
        return self.use(f"encrypt --key-id {key} --plaintext {b64(plaintext)} {more}")["ciphertext"]

    def opens(self, key, ciphertext, plaintext, more=""):
        reply = self.use(f"decrypt --key-id {key} --ciphertext {ciphertext} {more}")
        return base64.b64decode(reply["plaintext"]) == plaintext

    def sign(self, key, message):
        return self.use(f"signed-data sign --key-id {key} --message {b64(message)} {ECDSA}")["signature"]

    def verifies(self, key, version, message, signature):
        which = f"--key-id {key} --key-version-id {version}"
        words = f"verified-data verify {which} --message {b64(message)} --signature {signature} {ECDSA}"
        return self.use(words)["is-signature-valid"]


class Sealed:
    """What the world holds that only the keys of one vault open: two versions of an AES key, an RSA and an
    ECDSA key."""

    def __init__(self, vault, aes, rsa, ecdsa):
        self.first, self.second, self.wrapped, self.message = (token_bytes(32) for _ in range(4))
        self.by_first = vault.encrypt(aes, self.first)
        old = vault.key(aes)["current-key-version"]
        new = vault.rotate(aes)
        check("after a rotation another version is current", old != new == vault.key(aes)["current-key-version"])
        self.by_second, self.by_rsa, self.signature = together(
            lambda: vault.encrypt(aes, self.second),
            lambda: vault.encrypt(rsa, self.wrapped, OAEP),
            lambda: vault.sign(ecdsa, self.message),
        )
        again = together(
            lambda: vault.opens(aes, self.by_first, self.first),
            lambda: vault.opens(aes, self.by_second, self.second),
        )
        check("ciphertexts of both versions open without naming one", all(again))

    def check_opened_by(self, vault, compartments, where):
        """Opens everything with a restored vault's new OCIDs."""
        keys = {name: vault.key(id) for name, id in vault.keys(*compartments).items()}
        aes, rsa, ecdsa = (keys[name] for name in ("card-data", "invoice-wrapping", "receipt-signing"))
        version = f"--key-version-id {rsa['current-key-version']} {OAEP}"
        forged = bytes([self.message[0] ^ 1]) + self.message[1:]

        def judge(message):
            return vault.verifies(ecdsa["id"], ecdsa["current-key-version"], message, self.signature)

        opened = together(
            lambda: vault.opens(aes["id"], self.by_first, self.first),
            lambda: vault.opens(aes["id"], self.by_second, self.second),
            lambda: vault.opens(rsa["id"], self.by_rsa, self.wrapped, version),
            lambda: judge(self.message),
            lambda: not judge(forged),
        )
        check(f"{where}: both AES versions open their old ciphertexts", opened[0] and opened[1])
        check(f"{where}: the RSA key opens its old ciphertext with the new version's OCID", opened[2])
        check(f"{where}: the ECDSA key knows its old signature, and no other", opened[3] and opened[4])
        return keys
