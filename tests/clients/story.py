"""Oracle's own clients live through the loss of a region: `story.py REALM_JSON KEYFERRY`.

Every request is made by oci-cli, by the Python SDK or, where it says so, by Keyferry. The first check that does
not hold ends the story.
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import signatures
from realm import ASHBURN, BUCKET, FRANKFURT, PHOENIX, Checks, Failed, Realm, Ruin, SecondRealm, check, together
from vault import AES, P384, RSA, Sealed, Vault


def identity(realm):
    home = realm.at(ASHBURN)
    regions = {region["name"] for region in realm.oci(home, "iam region list")["data"]}
    check("iam region list names the realm's regions", {ASHBURN, FRANKFURT, PHOENIX} <= regions)
    words = f"iam region-subscription list --tenancy-id {realm.tenancy}"
    subscribed = {s["region-name"]: s["is-home-region"] for s in realm.oci(home, words)["data"]}
    check("the tenancy is subscribed to all three, Ashburn is home",
          subscribed == {ASHBURN: True, FRANKFURT: False, PHOENIX: False})

    def create(name):
        words = f"iam compartment create -c {realm.tenancy} --name {name} --description by-oci-cli"
        return realm.oci(home, words)["data"]["id"]

    payments, shared = create("payments"), create("shared-services")
    words = f"iam compartment list -c {realm.tenancy} --compartment-id-in-subtree true --all"
    listed = {compartment["id"] for compartment in realm.oci(realm.at(FRANKFURT), words)["data"]}
    check("compartments made at home are listed in another region", {payments, shared} <= listed)
    return payments, shared


def kept_apart(realm, payments, shared):
    """Two vaults in one compartment: the endpoint alone says which of them a key call is about."""
    cards, ledger, island = together(
        lambda: Vault.create(realm, ASHBURN, "cards", payments),
        lambda: Vault.create(realm, ASHBURN, "ledger", payments),
        lambda: Vault.create(realm, ASHBURN, "island", realm.tenancy),
    )
    aes, rsa, ecdsa, bookings, alone, _ = together(
        lambda: cards.new_key("card-data", payments, AES),
        lambda: cards.new_key("invoice-wrapping", shared, RSA),
        lambda: cards.new_key("receipt-signing", payments, P384),
        lambda: ledger.new_key("bookings", payments, AES),
        lambda: island.new_key("alone", realm.tenancy, AES),
        lambda: island.new_key("left-behind", realm.tenancy, AES),
    )
    of_cards, of_ledger, elsewhere = together(
        lambda: cards.keys(payments), lambda: ledger.keys(payments), lambda: cards.keys(shared)
    )
    check("each of two vaults in one compartment lists its own keys",
          of_cards == {"card-data": aes, "receipt-signing": ecdsa} and of_ledger == {"bookings": bookings})
    check("a key may lie in another compartment than its vault", elsewhere == {"invoice-wrapping": rsa})
    strange = f"key get --key-id {aes}"
    together(
        lambda: ledger.manage(strange, refused=404),
        lambda: ledger.use(f"encrypt --key-id {aes} --plaintext AAAA", refused=404),
        lambda: realm.oci(realm.at(ASHBURN), f"kms management {strange}", refused=404),
    )
    check("a key is not found at another vault's endpoints, nor at the region's (404)", True)
    keys = SimpleNamespace(aes=aes, rsa=rsa, ecdsa=ecdsa, bookings=bookings, alone=alone)
    return cards, ledger, island, keys


def pages(realm, cards, payments):
    first = cards.manage(f"key list -c {payments} --limit 1")
    check("a page of one key names the next page", len(first["data"]) == 1 and first["opc-next-page"])
    last = cards.manage(f"key list -c {payments} --limit 1 --page {first['opc-next-page']}")
    check("the last page has another key and names no page",
          last["data"][0]["id"] != first["data"][0]["id"] and "opc-next-page" not in last)
    listed = realm.oci(realm.at(ASHBURN), f"kms management vault list -c {payments} --page-size 1 --all")
    check("--all follows the pages", len(listed["data"]) == 2)
    check("a page of no keys is refused", cards.manage(f"key list -c {payments} --limit 0", refused=400))


def objects(realm, payments, folder):
    words = f"os bucket create -ns {realm.namespace} -c {payments} --name {BUCKET}"
    together(*(lambda at=realm.at(r): realm.oci(at, words) for r in (ASHBURN, FRANKFURT, PHOENIX)))
    home = realm.at(ASHBURN)
    check("os ns get says the namespace", realm.oci(home, "os ns get")["data"] == realm.namespace)
    listed = realm.oci(home, f"os bucket list -ns {realm.namespace} -c {payments}")["data"]
    got = realm.oci(home, f"os bucket get -ns {realm.namespace} -bn {BUCKET}")["data"]
    check("os bucket list and get find the bucket",
          [b["name"] for b in listed] == [BUCKET] and got["compartment-id"] == payments)
    check("a bucket of that name exists already", realm.oci(home, words, refused=409))
    note = Path(folder, "note.txt")
    note.write_bytes(b"written by oci-cli\n")
    names = ["notes/a b+c.txt", "notes/d.txt"]
    for name in names:
        realm.objects(ASHBURN, f"put --force --file {note} --name", name)
    listed = realm.objects(ASHBURN, "list --prefix notes/ --all")["data"]
    check("os object list finds what os object put wrote", [o["name"] for o in listed] == names)
    read = Path(folder, "read.txt")
    realm.objects(ASHBURN, f"get --file {read} --name", names[0])
    check("os object get reads it back", read.read_bytes() == note.read_bytes())
    for name in names:
        realm.objects(ASHBURN, "delete --force --name", name)
    check("os object delete removes them", not realm.objects(ASHBURN, "list --prefix notes/ --all").get("data"))
    check("os object head finds nothing more", realm.objects(ASHBURN, f"head --name {names[1]}", refused=404))


def back_up(realm, vault, name):
    """By oci-cli, into the bucket of the vault's region."""
    place = f"--namespace {realm.namespace} --bucket-name {BUCKET} --object-name {name}"
    words = f"kms management vault backup --vault-id {vault.id} --is-include-keys true {place}"
    reply = realm.oci(realm.at(ASHBURN), words)
    check(f"vault backup of {vault.data['display-name']}: the vault is BACKUP_IN_PROGRESS",
          reply["data"]["lifecycle-state"] == "BACKUP_IN_PROGRESS")
    request = realm.wait_for_service(ASHBURN, reply)
    check("its work request ends, and names the vault",
          request["percent-complete"] == 100 and vault.id in {r["identifier"] for r in request["resources"]})
    head = realm.objects(ASHBURN, f"head --name {name}")
    blob = realm.download(ASHBURN, name)
    check("the object is there, and is plain ASCII", int(head["content-length"]) == len(blob) and blob.isascii())
    return blob


def copy(realm, name, region):
    """By the service itself; returns what arrived."""
    target = f"--destination-region {region} --destination-namespace {realm.namespace}"
    words = f"copy --source-object-name {name} --destination-object-name {name} --destination-bucket {BUCKET} {target}"
    id = realm.objects(ASHBURN, words)["opc-work-request-id"]
    realm.wait_for(ASHBURN, f"os work-request get --work-request-id {id}", "COMPLETED")
    return realm.download(region, name)


def refusals(realm, payments, vault):
    everybodys = Vault.create(realm, ASHBURN, "everybodys", payments, "DEFAULT")

    def backup_of(id, bucket, refused):
        place = f"--namespace {realm.namespace} --bucket-name {bucket} --object-name no"
        words = f"kms management vault backup --vault-id {id} --is-include-keys true {place}"
        return realm.oci(realm.at(ASHBURN), words, refused=refused)

    check("a DEFAULT vault is not backed up (400)", backup_of(everybodys.id, BUCKET, 400))
    check("nor is any into a bucket that does not exist (404)", backup_of(vault.id, "nowhere", 404))
    check("and nothing was written", realm.objects(ASHBURN, "head --name no", refused=404))


def wrong_clock(realm):
    realm.steer("clock advance 10m")
    check("a clock that is off by ten minutes: oci-cli gets 401",
          realm.oci(realm.at(FRANKFURT), "os ns get", refused=401))
    error = realm.keyferry("inventory", exits=13)
    check("and Keyferry says that it is the clock", "KF-3302" in json.dumps(error), error)
    realm.steer("clock advance -10m")


def backed_up_by_keyferry(realm, vault):
    store = f"oci://{BUCKET}@{realm.namespace}/{FRANKFURT}"
    backup = realm.keyferry(f"backup {vault.id} --bucket {BUCKET} --copy-to {store}")["backups"][0]
    check("Keyferry backs a vault up and copies the backup to Frankfurt",
          backup["vault_id"] == vault.id and backup["copies"] == [store])
    return backup["object"]["name"]


def saved_key_by_key(realm, vault):
    """The names of the vault's file and of each key's, in the bucket of Frankfurt."""
    store = f"oci://{BUCKET}@{realm.namespace}/{FRANKFURT}"
    words = f"backup {vault.id} --keys-one-by-one --bucket {BUCKET} --copy-to {store}"
    backup = realm.keyferry(words)["backups"][0]
    manifest = realm.keyferry(f"--store {store} show {backup['id']}")["manifest"]
    files = {key["name"]: f"keyferry/{backup['id']}/{key['blob']['name']}" for key in manifest["keys"]}
    check("Keyferry saves a vault's metadata, and each key in a file of its own",
          backup["contents"] == "metadata_only" and files.keys() == {"alone", "left-behind"})
    return backup["object"]["name"], files


def one_key_alone(realm, before, saved, key, sealed):
    """Without Keyferry: the vault of the metadata, and into it one key of two."""
    (metadata, files), (plaintext, ciphertext) = saved, sealed
    vault = Vault.restore(realm, FRANKFURT, metadata, realm.tenancy)
    check("oci-cli restores a vault from Keyferry's backup of its metadata, which brings no key",
          vault.data["restored-from-vault-id"] == before.id and vault.keys(realm.tenancy) == {})
    place = f"--namespace {realm.namespace} --bucket-name {BUCKET} --object-name {files['alone']}"
    reply = vault.manage(f"key restore {place}")
    realm.wait_for_service(FRANKFURT, reply)
    restored = vault.key(reply["data"]["id"])
    check("and a single key into it from that key's file",
          restored["restored-from-key-id"] == key and vault.keys(realm.tenancy) == {"alone": restored["id"]})
    check("which opens an old ciphertext", vault.opens(restored["id"], ciphertext, plaintext))


def restored_by_keyferry(realm, name, compartment, folder):
    """A backup that oci-cli made has no manifest: Keyferry restores it and claims nothing."""
    plan = Path(folder, "plan.json")
    blob = f"--blob oci://{BUCKET}@{realm.namespace}/{PHOENIX}/{name} --unsigned"
    words = f"restore plan {blob} --compartment {compartment} --into {PHOENIX} --out {plan}"
    digest = realm.keyferry(words)["digest"]
    done = realm.keyferry(f"restore apply {plan} --yes --plan-digest {digest} --accept-unprovable")
    check("Keyferry restores a backup made by oci-cli, and proves none of it", done["proof"]["proven"] == 0)
    restored = next(entry["to"] for entry in done["mapping"] if entry["kind"] == "vault")
    return Vault.find(realm, PHOENIX, restored)


def check_lineage(vault, before, keys, old_keys):
    check("the restored vault says what it was restored from, and has an OCID of its own",
          vault.data["restored-from-vault-id"] == before.id != vault.id)
    lineage = {key["restored-from-key-id"] for key in keys.values()}
    check("so do its keys", lineage == {old_keys.aes, old_keys.rsa, old_keys.ecdsa})
    versions = vault.manage(f"key-version list --key-id {keys['card-data']['id']} --all")["data"]
    id = f"--key-id {keys['card-data']['id']} --key-version-id {versions[0]['id']}"
    version = vault.manage(f"key-version get {id}")["data"]
    check("and both versions of the rotated one",
          len(versions) == 2 and version["restored-from-key-version-id"].startswith("ocid1.keyversion."))


def blob_alone(realm, blob, key, sealed):
    """Nothing of the first realm is left but the file, its root key and its identity."""
    name, (plaintext, ciphertext) = "found.kmsbak", sealed

    def placed(second):
        words = f"os bucket create -ns {second.namespace} -c {second.tenancy} --name {BUCKET}"
        second.oci(second.at(FRANKFURT), words)
        second.upload(FRANKFURT, name, blob)

    with tempfile.TemporaryDirectory() as folder, SecondRealm(realm, folder, ["root.key", "identity.json"]) as twin:
        placed(twin)
        vault = Vault.restore(twin, FRANKFURT, name, twin.tenancy)
        new = vault.keys(twin.tenancy)["alone"]
        check("the blob alone: a second realm with the same root key restores it under new OCIDs", new != key)
        check("and opens an old ciphertext", vault.opens(new, ciphertext, plaintext))
    with tempfile.TemporaryDirectory() as folder, SecondRealm(realm, folder, ["identity.json"]) as other:
        placed(other)
        place = f"--namespace {other.namespace} --bucket-name {BUCKET} --object-name {name}"
        words = f"kms management vault restore -c {other.tenancy} {place}"
        check("with another root key it is refused (400)", other.oci(other.at(FRANKFURT), words, refused=400))
        listed = other.oci(other.at(FRANKFURT), f"kms management vault list -c {other.tenancy} --all")
        check("and no vault comes of it", not listed.get("data"))


def tell(realm, folder):
    payments, shared = identity(realm)
    cards, ledger, island, keys = kept_apart(realm, payments, shared)
    pages(realm, cards, payments)
    objects(realm, payments, folder)
    signatures.tell(realm, cards, keys.aes)
    wrong_clock(realm)

    sealed = Sealed(cards, keys.aes, keys.rsa, keys.ecdsa)
    booking, secret = b"4711", b"the only copy"
    by_ledger, by_island = together(
        lambda: ledger.encrypt(keys.bookings, booking), lambda: island.encrypt(keys.alone, secret)
    )
    blob = back_up(realm, cards, "cards.kmsbak")
    alone = back_up(realm, island, "island.kmsbak")
    check("os object copy brings the same bytes to Frankfurt", copy(realm, "cards.kmsbak", FRANKFURT) == blob)
    check("and to Phoenix", copy(realm, "cards.kmsbak", PHOENIX) == blob)
    refusals(realm, payments, cards)
    by_keyferry = backed_up_by_keyferry(realm, ledger)
    key_by_key = saved_key_by_key(realm, island)

    realm.steer(f"region down {ASHBURN} --how destroyed")
    status = {r["region"]: r["down"] for r in realm.steer("status")["regions"]}
    check("Ashburn is destroyed", status == {ASHBURN: "destroyed", FRANKFURT: None, PHOENIX: None})
    ruin = Ruin(realm.at(ASHBURN))

    restored = Vault.restore(realm, FRANKFURT, "cards.kmsbak", payments)
    new_keys = sealed.check_opened_by(restored, (payments, shared), "restored by oci-cli in Frankfurt")
    check_lineage(restored, cards, new_keys, keys)
    restored = restored_by_keyferry(realm, "cards.kmsbak", payments, folder)
    sealed.check_opened_by(restored, (payments, shared), "restored by Keyferry in Phoenix")
    check("nobody knocked at the lost region's port meanwhile", ruin.knocks() == 0)
    restored = Vault.restore(realm, FRANKFURT, by_keyferry, payments)
    opened = restored.opens(restored.keys(payments)["bookings"], by_ledger, booking)
    check("oci-cli restores a backup made by Keyferry, and its key opens an old ciphertext", opened)
    one_key_alone(realm, island, key_by_key, keys.alone, (secret, by_island))
    blob_alone(realm, alone, keys.alone, (secret, by_island))


def main():
    realm = Realm(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        try:
            tell(realm, folder)
        except Failed as failure:
            print(f"{Checks.passed} passed, 1 failed")
            sys.exit(f"FAILED  {failure}")
    print(f"{Checks.passed} passed, 0 failed")


if __name__ == "__main__":
    main()
