// Every operation by Oracle's packages for Node, a chapter for each service:
// `node by_node.mjs REALM_JSON FOLDER_OF_PACKAGES CHAPTER...`.

import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const [, , readyFile, packages, ...chosen] = process.argv;
const require = createRequire(`${packages}/`);
const common = require("oci-common");
const { EkmClient, KmsCryptoClient, KmsHsmClusterClient, KmsManagementClient, KmsVaultClient } =
  require("oci-keymanagement");
const { ObjectStorageClient } = require("oci-objectstorage");
const { IdentityClient } = require("oci-identity");
const { WorkRequestClient } = require("oci-workrequests");
const { VaultsClient } = require("oci-vault");
const { SecretsClient } = require("oci-secrets");
const { LimitsClient } = require("oci-limits");
const { AuditClient } = require("oci-audit");

const realm = JSON.parse(readFileSync(readyFile, "utf8"));
const [ASHBURN, FRANKFURT, PHOENIX] = ["us-ashburn-1", "eu-frankfurt-1", "us-phoenix-1"];
const AES = { algorithm: "AES", length: 32 };
const P384 = { algorithm: "ECDSA", length: 48, curveId: "NIST_P384" };
const { tenancy_id: tenancy, namespace: namespaceName } = realm;
const authenticationDetailsProvider = new common.ConfigFileAuthenticationDetailsProvider(realm.config_file);
const retryConfiguration = { terminationStrategy: new common.MaxAttemptsTerminationStrategy(8) };

class Failed extends Error {}

function check(what, holds, context = "") {
  if (!holds) throw new Failed(`${what}\n${JSON.stringify(context)}`);
  console.log(`ok  Node: ${what}`);
}

const b64 = (text) => Buffer.from(text).toString("base64");
/// At noon: in a query the packages write an hour below ten with one digit, which is no time of RFC 3339.
const inDays = (days) => new Date(new Date(Date.now() + days * 86_400_000).setHours(12));
const ids = (listed) => listed.items.map((item) => item.id);
const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);

function client(Kind, endpoint) {
  const made = new Kind({ authenticationDetailsProvider }, { retryConfiguration });
  made.endpoint = endpoint;
  return made;
}

/// Asks until the answer is as it should be.
async function poll(ask, holds) {
  let answer;
  for (let turn = 0; turn < 300; turn += 1) {
    answer = await ask();
    if (holds(answer)) return answer;
    await sleep(100);
  }
  throw new Failed(`it never came to that: ${JSON.stringify(answer)}`);
}

async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    if (error.statusCode === status) return true;
    throw error;
  }
  return false;
}

/// The clients for one region.
class Region {
  constructor(name = ASHBURN) {
    const { endpoint } = realm.regions[name];
    const at = (Kind) => client(Kind, endpoint);
    Object.assign(this, { at, vaults: at(KmsVaultClient), storage: at(ObjectStorageClient) });
    Object.assign(this, { identity: at(IdentityClient), work: at(WorkRequestClient), endpoint });
  }

  async compartment(name) {
    const createCompartmentDetails = { compartmentId: tenancy, name, description: "by Node" };
    return (await this.identity.createCompartment({ createCompartmentDetails })).compartment.id;
  }

  async vault(displayName, compartmentId) {
    const createVaultDetails = { compartmentId, displayName, vaultType: "VIRTUAL_PRIVATE" };
    return Vault.open(this, (await this.vaults.createVault({ createVaultDetails })).vault.id);
  }

  async bucket(name, compartmentId, more = {}) {
    const createBucketDetails = { name, compartmentId, ...more };
    await this.storage.createBucket({ namespaceName, createBucketDetails });
    return { namespaceName, bucketName: name };
  }

  /// Waits for the work request that an answer names.
  async finished({ opcWorkRequestId: workRequestId }) {
    const ask = () => this.work.getWorkRequest({ workRequestId });
    const ended = ({ workRequest }) => ["SUCCEEDED", "FAILED"].includes(workRequest.status);
    const { workRequest } = await poll(ask, ended);
    if (workRequest.status !== "SUCCEEDED") throw new Failed(JSON.stringify(workRequest));
    return workRequestId;
  }
}

/// A vault that is ready, and the clients for its own endpoints.
class Vault {
  static async open(region, vaultId) {
    const active = ({ vault }) => vault.lifecycleState === "ACTIVE";
    const { vault } = await poll(() => region.vaults.getVault({ vaultId }), active);
    const opened = Object.assign(new Vault(), { vaultId, compartmentId: vault.compartmentId });
    opened.manage = client(KmsManagementClient, vault.managementEndpoint);
    opened.use = client(KmsCryptoClient, vault.cryptoEndpoint);
    return opened;
  }

  async key(displayName, keyShape = AES) {
    const createKeyDetails = { compartmentId: this.compartmentId, displayName, keyShape, protectionMode: "HSM" };
    const { key } = await this.manage.createKey({ createKeyDetails });
    return this.keyBecomes(key.id, "ENABLED");
  }

  async keyBecomes(keyId, state) {
    const { key } = await poll(() => this.manage.getKey({ keyId }), ({ key }) => key.lifecycleState === state);
    return key;
  }

  async versionBecomes(keyId, keyVersionId, state) {
    const ask = () => this.manage.getKeyVersion({ keyId, keyVersionId });
    await poll(ask, ({ keyVersion }) => keyVersion.lifecycleState === state);
  }
}

async function vaults() {
  const here = new Region();
  const [first, second] = [await here.compartment("node-vaults"), await here.compartment("node-vaults-moved")];
  const { vaultId, manage } = await here.vault("node-vault", first);
  const { etag: ifMatch } = await here.vaults.getVault({ vaultId });
  const rename = { vaultId, ifMatch, updateVaultDetails: { displayName: "node-vault-renamed" } };
  await here.vaults.updateVault(rename);
  const conflict = await refused(412, () => here.vaults.updateVault(rename));
  check("a stale if-match is refused with 412", conflict);
  await here.vaults.getVaultUsage({ vaultId });
  await here.vaults.changeVaultCompartment({ vaultId, changeVaultCompartmentDetails: { compartmentId: second } });
  const listed = await here.vaults.listVaults({ compartmentId: second });
  check("a vault moves to another compartment", same(ids(listed), [vaultId]));
  const scheduleVaultDeletionDetails = { timeOfDeletion: inDays(8) };
  await here.vaults.scheduleVaultDeletion({ vaultId, scheduleVaultDeletionDetails });
  await here.vaults.cancelVaultDeletion({ vaultId });
  await Vault.open(here, vaultId);
  await replicas(here, vaultId, manage);
  const none = await here.at(EkmClient).listEkmsPrivateEndpoints({ compartmentId: second });
  const clusters = await here.at(KmsHsmClusterClient).listHsmClusters({ compartmentId: second });
  check("there are no external key managers", none.items.length === 0);
  check("there are no HSM clusters", clusters.hsmClusterCollection.items.length === 0);
}

async function replicas(here, vaultId, manage) {
  const status = () => here.vaults.listVaultReplicas({ vaultId });
  await here.vaults.createVaultReplica({ vaultId, createVaultReplicaDetails: { replicaRegion: FRANKFURT } });
  await poll(status, ({ items }) => same(items.map((replica) => replica.status), ["CREATED"]));
  const { vault } = await here.vaults.updateVault({ vaultId, updateVaultDetails: { displayName: "node-replicated" } });
  const { replicationId } = vault.replicaDetails;
  const { replicationStatusDetails } = await manage.getReplicationStatus({ replicationId });
  const reached = [{ region: FRANKFURT, status: "REPLICATED" }];
  check("a change reaches the replica", same(replicationStatusDetails.replicaDetails, reached));
  await here.vaults.deleteVaultReplica({ vaultId, deleteVaultReplicaDetails: { replicaRegion: FRANKFURT } });
  await poll(status, ({ items }) => items.length === 0);
}

async function keys() {
  const here = new Region();
  const [first, second] = [await here.compartment("node-keys"), await here.compartment("node-keys-moved")];
  const vault = await here.vault("node-keys", first);
  const { manage } = vault;
  const { id: keyId, currentKeyVersion: keyVersionId } = await vault.key("node-key");
  await manage.updateKey({ keyId, updateKeyDetails: { displayName: "node-key-renamed" } });
  await vault.keyBecomes(keyId, "ENABLED");
  await manage.disableKey({ keyId });
  await vault.keyBecomes(keyId, "DISABLED");
  await manage.enableKey({ keyId });
  await vault.keyBecomes(keyId, "ENABLED");
  const { keyVersion } = await manage.createKeyVersion({ keyId });
  await vault.versionBecomes(keyId, keyVersion.id, "ENABLED");
  const versions = ids(await manage.listKeyVersions({ keyId }));
  check("both versions of a rotated key are listed", same(versions.sort(), [keyVersion.id, keyVersionId].sort()));
  const scheduleKeyVersionDeletionDetails = { timeOfDeletion: inDays(8) };
  await manage.scheduleKeyVersionDeletion({ keyId, keyVersionId, scheduleKeyVersionDeletionDetails });
  await vault.versionBecomes(keyId, keyVersionId, "PENDING_DELETION");
  await manage.cancelKeyVersionDeletion({ keyId, keyVersionId });
  await manage.scheduleKeyDeletion({ keyId, scheduleKeyDeletionDetails: { timeOfDeletion: inDays(8) } });
  await vault.keyBecomes(keyId, "PENDING_DELETION");
  await manage.cancelKeyDeletion({ keyId });
  await vault.keyBecomes(keyId, "ENABLED");
  await manage.changeKeyCompartment({ keyId, changeKeyCompartmentDetails: { compartmentId: second } });
  check("a key moves to another compartment", same(ids(await manage.listKeys({ compartmentId: second })), [keyId]));
  await imports(vault);
}

/// The caller's own material comes in and goes out again.
async function imports({ manage, use, compartmentId, ...vault }) {
  const { wrappingKey } = await manage.getWrappingKey({});
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const wrapped = (material) => ({
    wrappingAlgorithm: "RSA_OAEP_SHA256",
    keyMaterial: publicEncrypt({ key: wrappingKey.publicKey, ...padding }, material).toString("base64"),
  });
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const about = { compartmentId, displayName: "node-imported", keyShape: AES, protectionMode: "SOFTWARE" };
  const { key } = await manage.importKey({ importKeyDetails: { ...about, wrappedImportKey: wrapped(first) } });
  const opened = Object.assign(new Vault(), { manage, ...vault });
  await opened.keyBecomes(key.id, "ENABLED");
  const importKeyVersionDetails = { wrappedImportKey: wrapped(second) };
  const { keyVersion } = await manage.importKeyVersion({ keyId: key.id, importKeyVersionDetails });
  await opened.versionBecomes(key.id, keyVersion.id, "ENABLED");
  const { publicKey, privateKey } = newRsaKey();
  const exportKeyDetails = { keyId: key.id, publicKey, algorithm: "RSA_OAEP_SHA256" };
  const { exportedKeyData } = await use.exportKey({ exportKeyDetails });
  const encrypted = Buffer.from(exportedKeyData.encryptedKey, "base64");
  const material = privateDecrypt({ key: privateKey, ...padding }, encrypted);
  check("imported material is exported as it was", material.equals(second));
}

function newRsaKey() {
  const publicKeyEncoding = { type: "spki", format: "pem" };
  return generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding });
}

async function crypto() {
  const here = new Region();
  const vault = await here.vault("node-crypto", await here.compartment("node-crypto"));
  const { use } = vault;
  const { id: keyId } = await vault.key("node-aes");
  const { id: ecdsa } = await vault.key("node-ecdsa", P384);
  const associatedData = { for: "coverage" };
  const encryptDataDetails = { keyId, plaintext: b64("plain"), associatedData };
  const { ciphertext } = (await use.encrypt({ encryptDataDetails })).encryptedData;
  const opens = async (decryptDataDetails) => (await use.decrypt({ decryptDataDetails })).decryptedData.plaintext;
  check("a ciphertext opens", (await opens({ keyId, ciphertext, associatedData })) === b64("plain"));
  const without = await refused(400, () => opens({ keyId, ciphertext }));
  check("but not without its associated data", without);
  const generateKeyDetails = { keyId, includePlaintextKey: true, keyShape: AES };
  const { generatedKey } = await use.generateDataEncryptionKey({ generateKeyDetails });
  const opened = await opens({ keyId, ciphertext: generatedKey.ciphertext });
  check("a data encryption key is what its ciphertext opens to", opened === generatedKey.plaintext);
  const message = { keyId: ecdsa, message: b64("message"), signingAlgorithm: "ECDSA_SHA_384" };
  const { signature, keyVersionId } = (await use.sign({ signDataDetails: message })).signedData;
  const { verifiedData } = await use.verify({ verifyDataDetails: { ...message, signature, keyVersionId } });
  check("a signature is known again", verifiedData.isSignatureValid);
}

async function backups() {
  const [here, there] = [new Region(), new Region(FRANKFURT)];
  const compartmentId = await here.compartment("node-backups");
  const bucket = await here.bucket("node-backups", compartmentId);
  await there.bucket("node-backups", compartmentId);
  const vault = await here.vault("node-backed-up", compartmentId);
  const { vaultId } = vault;
  const { id: keyId } = await vault.key("node-backed-up");
  const place = (objectName) => ({ backupLocation: { destination: "BUCKET", ...names(bucket), objectName } });
  const backupVaultDetails = { ...place("vault"), isIncludeKeys: true };
  const workRequestId = await here.finished(await here.vaults.backupVault({ vaultId, backupVaultDetails }));
  await here.finished(await vault.manage.backupKey({ keyId, backupKeyDetails: place("key") }));
  await copy(here, bucket, "vault", FRANKFURT);
  await copy(here, bucket, "key", FRANKFURT);
  const restoreVaultFromObjectStoreDetails = place("vault");
  const answer = await there.vaults.restoreVaultFromObjectStore({ compartmentId, restoreVaultFromObjectStoreDetails });
  await there.finished(answer);
  const restored = await Vault.open(there, answer.vault.id);
  const restoreKeyFromObjectStoreDetails = place("key");
  const again = await restored.manage.restoreKeyFromObjectStore({ restoreKeyFromObjectStoreDetails });
  await there.finished(again);
  const { key } = await restored.manage.getKey({ keyId: again.key.id });
  check("a vault and a key are restored in another region", key.restoredFromKeyId === keyId);
  const [ofVault, ofKey] = [await file(here, bucket, "vault"), await file(here, bucket, "key")];
  const restoreVaultFromFileDetails = stream(ofVault);
  const contentLength = ofVault.length;
  await here.finished(
    await here.vaults.restoreVaultFromFile({ compartmentId, contentLength, restoreVaultFromFileDetails }),
  );
  const request = { contentLength: ofKey.length, restoreKeyFromFileDetails: stream(ofKey) };
  const merged = await vault.manage.restoreKeyFromFile(request);
  await here.finished(merged);
  check("and from files over the ones that are there", merged.key.id === keyId);
  const listed = await here.work.listWorkRequests({ compartmentId, resourceId: vaultId });
  check("a vault's work requests are listed", ids(listed).includes(workRequestId));
  await here.work.listWorkRequestErrors({ workRequestId });
  await here.work.listWorkRequestLogs({ workRequestId });
}

const names = ({ namespaceName: namespace, bucketName }) => ({ namespace, bucketName });
const stream = (bytes) => Readable.from([bytes], { objectMode: false });

async function file({ storage }, bucket, objectName) {
  const { value } = await storage.getObject({ ...bucket, objectName });
  const chunks = [];
  for await (const chunk of value) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function startCopy({ storage }, bucket, objectName, destinationRegion, destinationObjectName) {
  const to = { destinationRegion, destinationNamespace: namespaceName, destinationBucket: bucket.bucketName };
  const copyObjectDetails = { sourceObjectName: objectName, destinationObjectName, ...to };
  return (await storage.copyObject({ ...bucket, copyObjectDetails })).opcWorkRequestId;
}

async function copy(here, bucket, objectName, region) {
  const workRequestId = await startCopy(here, bucket, objectName, region, objectName);
  await workBecomes(here, workRequestId, "COMPLETED");
  return workRequestId;
}

async function workBecomes({ storage }, workRequestId, status) {
  await poll(() => storage.getWorkRequest({ workRequestId }), ({ workRequest }) => workRequest.status === status);
}

async function buckets() {
  const here = new Region();
  const { storage } = here;
  const compartmentId = await here.compartment("node-buckets");
  const { id: kmsKeyId } = await (await here.vault("node-buckets", compartmentId)).key("node-buckets");
  check("the namespace is known", (await storage.getNamespace({})).value === namespaceName);
  await storage.getNamespaceMetadata({ namespaceName });
  const updateNamespaceMetadataDetails = { defaultSwiftCompartmentId: tenancy };
  await storage.updateNamespaceMetadata({ namespaceName, updateNamespaceMetadataDetails });
  const bucket = await here.bucket("node-buckets", compartmentId);
  await storage.putObject({ ...bucket, objectName: "object", putObjectBody: "bytes" });
  await storage.updateBucket({ ...bucket, updateBucketDetails: { kmsKeyId } });
  await storage.reencryptObject({ ...bucket, objectName: "object", reencryptObjectDetails: { kmsKeyId } });
  await workBecomes(here, (await storage.reencryptBucket(bucket)).opcWorkRequestId, "COMPLETED");
  check("a bucket has a key", (await storage.getBucket(bucket)).bucket.kmsKeyId === kmsKeyId);
  await storage.headBucket(bucket);
  await storage.listReplicationPolicies(bucket);
  await storage.listReplicationSources(bucket);
  await retention(storage, bucket);
  await copies(here, compartmentId, bucket);
  await storage.deleteObject({ ...bucket, objectName: "object" });
  await storage.deleteBucket(bucket);
  const { items } = await storage.listBuckets({ namespaceName, compartmentId });
  check("a deleted bucket is listed no more", items.length === 0);
}

async function retention(storage, bucket) {
  const duration = { timeAmount: 1, timeUnit: "DAYS" };
  const createRetentionRuleDetails = { displayName: "kept", duration };
  const { retentionRule } = await storage.createRetentionRule({ ...bucket, createRetentionRuleDetails });
  const rule = { ...bucket, retentionRuleId: retentionRule.id };
  const held = await refused(409, () => storage.deleteObject({ ...bucket, objectName: "object" }));
  check("a retention rule holds an object", held);
  await storage.listRetentionRules(bucket);
  await storage.getRetentionRule(rule);
  await storage.updateRetentionRule({ ...rule, updateRetentionRuleDetails: { displayName: "still kept", duration } });
  await storage.deleteRetentionRule(rule);
}

async function copies(here, compartmentId, bucket) {
  const { storage } = here;
  await new Region(FRANKFURT).bucket(bucket.bucketName, compartmentId);
  const workRequestId = await copy(here, bucket, "object", FRANKFURT);
  await storage.listWorkRequestErrors({ workRequestId });
  await storage.listWorkRequestLogs({ workRequestId });
  const listed = await storage.listWorkRequests({ compartmentId });
  check("a copy is listed", ids(listed).includes(workRequestId));
  // Copies that are asked for in Phoenix never end by themselves here.
  const phoenix = new Region(PHOENIX);
  await phoenix.bucket(bucket.bucketName, compartmentId);
  await phoenix.storage.putObject({ ...bucket, objectName: "object", putObjectBody: "bytes" });
  const stuck = await startCopy(phoenix, bucket, "object", PHOENIX, "copy");
  await phoenix.storage.cancelWorkRequest({ workRequestId: stuck });
  await workBecomes(phoenix, stuck, "CANCELED");
  check("a copy is called off", true);
}

async function objects() {
  const here = new Region();
  const { storage } = here;
  const bucket = await here.bucket("node-objects", await here.compartment("node-objects"), { versioning: "Enabled" });
  for (const objectName of ["a", "b", "c/ü d"]) {
    await storage.putObject({ ...bucket, objectName, putObjectBody: objectName });
  }
  await storage.headObject({ ...bucket, objectName: "c/ü d" });
  check("an object is read", (await file(here, bucket, "c/ü d")).toString() === "c/ü d");
  await storage.renameObject({ ...bucket, renameObjectDetails: { sourceName: "a", newName: "renamed" } });
  await storage.deleteObject({ ...bucket, objectName: "renamed" });
  await storage.batchDeleteObjects({ ...bucket, batchDeleteObjectsDetails: { objects: [{ objectName: "b" }] } });
  const { objects: left } = (await storage.listObjects(bucket)).listObjects;
  check("what was deleted is listed no more", same(left.map((object) => object.name), ["c/ü d"]));
  const { items } = (await storage.listObjectVersions(bucket)).objectVersionCollection;
  check("but its versions are", items.some((version) => version.name === "b"));
  await parts(storage, bucket);
  await pars(here, bucket);
}

async function parts(storage, bucket) {
  const begun = async (object) => {
    const started = await storage.createMultipartUpload({ ...bucket, createMultipartUploadDetails: { object } });
    const upload = { ...bucket, objectName: object, uploadId: started.multipartUpload.uploadId };
    const { eTag } = await storage.uploadPart({ ...upload, uploadPartNum: 1, uploadPartBody: "one part" });
    return [upload, { partNum: 1, etag: eTag }];
  };
  const [upload, part] = await begun("of-parts");
  const { items } = await storage.listMultipartUploads(bucket);
  check("an upload under way is listed", same(items.map((listed) => listed.uploadId), [upload.uploadId]));
  await storage.listMultipartUploadParts(upload);
  await storage.commitMultipartUpload({ ...upload, commitMultipartUploadDetails: { partsToCommit: [part] } });
  const [other] = await begun("given-up");
  await storage.abortMultipartUpload(other);
  check("an object is made of parts", (await file({ storage }, bucket, "of-parts")).toString() === "one part");
}

async function pars({ storage, endpoint }, bucket) {
  const about = { name: "one", accessType: "ObjectRead", objectName: "of-parts" };
  const createPreauthenticatedRequestDetails = { ...about, timeExpires: inDays(1) };
  const made = await storage.createPreauthenticatedRequest({ ...bucket, createPreauthenticatedRequestDetails });
  const { id: parId, accessUri } = made.preauthenticatedRequest;
  const read = await (await fetch(endpoint + accessUri)).text();
  check("whoever knows a pre-authenticated request reads with it", read === "one part");
  const written = await fetch(endpoint + accessUri, { method: "PUT", body: "x" });
  check("and doesn't write", written.status === 404);
  await storage.getPreauthenticatedRequest({ ...bucket, parId });
  const listed = ids(await storage.listPreauthenticatedRequests(bucket));
  await storage.deletePreauthenticatedRequest({ ...bucket, parId });
  const { status } = await fetch(endpoint + accessUri);
  check("until it is deleted", same(listed, [parId]) && status === 404);
}

async function identity() {
  const here = new Region();
  const { identity: iam } = here;
  const regions = (await iam.listRegions({})).items.map((region) => region.name);
  const { items } = await iam.listRegionSubscriptions({ tenancyId: tenancy });
  check("subscribed regions are regions", items.every((subscribed) => regions.includes(subscribed.regionName)));
  const createRegionSubscriptionDetails = { regionKey: "FRA" };
  const twice = () => iam.createRegionSubscription({ tenancyId: tenancy, createRegionSubscriptionDetails });
  check("nobody subscribes twice", await refused(409, twice));
  await iam.getTenancy({ tenancyId: tenancy });
  await iam.listAvailabilityDomains({ compartmentId: tenancy });
  const [parent, child] = [await here.compartment("node-parent"), await here.compartment("node-child")];
  const one = { compartmentId: child };
  await iam.updateCompartment({ ...one, updateCompartmentDetails: { description: "changed" } });
  await iam.moveCompartment({ ...one, moveCompartmentDetails: { targetCompartmentId: parent } });
  await poll(() => iam.getCompartment(one), ({ compartment }) => compartment.compartmentId === parent);
  check("a compartment moves", same(ids(await iam.listCompartments({ compartmentId: parent })), [child]));
  const { opcWorkRequestId: iamWorkRequestId } = await iam.deleteCompartment(one);
  const ask = () => iam.getIamWorkRequest({ iamWorkRequestId });
  await poll(ask, ({ iamWorkRequest }) => iamWorkRequest.status === "SUCCEEDED");
  await iam.listIamWorkRequestErrors({ iamWorkRequestId });
  await iam.listIamWorkRequestLogs({ iamWorkRequestId });
  await iam.listIamWorkRequests({ compartmentId: tenancy });
  await iam.recoverCompartment(one);
  const { compartment } = await iam.getCompartment(one);
  check("a deleted compartment comes back", compartment.lifecycleState === "ACTIVE");
  await users(iam);
  await tags(iam);
}

async function users(iam) {
  const { user_id: userId } = realm;
  check("the user is listed", ids(await iam.listUsers({ compartmentId: tenancy })).includes(userId));
  await iam.getUser({ userId });
  const createApiKeyDetails = { key: newRsaKey().publicKey };
  const { fingerprint } = (await iam.uploadApiKey({ userId, createApiKeyDetails })).apiKey;
  const { items } = await iam.listApiKeys({ userId });
  check("a new API key is listed beside the old one", items.some((key) => key.fingerprint === fingerprint));
  await iam.deleteApiKey({ userId, fingerprint });
}

async function tags(iam) {
  const createTagNamespaceDetails = { compartmentId: tenancy, name: "by-node", description: "a namespace" };
  const { id: tagNamespaceId } = (await iam.createTagNamespace({ createTagNamespaceDetails })).tagNamespace;
  await iam.listTagNamespaces({ compartmentId: tenancy });
  await iam.getTagNamespace({ tagNamespaceId });
  await iam.updateTagNamespace({ tagNamespaceId, updateTagNamespaceDetails: { description: "changed" } });
  await iam.createTag({ tagNamespaceId, createTagDetails: { name: "tag", description: "a tag" } });
  const one = { tagNamespaceId, tagName: "tag" };
  await iam.updateTag({ ...one, updateTagDetails: { description: "changed" } });
  check("a tag is changed", (await iam.getTag(one)).tag.description === "changed");
  const { items } = await iam.listTags({ tagNamespaceId });
  check("and listed", same(items.map((tag) => tag.name), ["tag"]));
}

async function secrets() {
  const here = new Region();
  const [manage, read] = [here.at(VaultsClient), here.at(SecretsClient)];
  const [first, second] = [await here.compartment("node-secrets"), await here.compartment("node-secrets-moved")];
  const vault = await here.vault("node-secrets", first);
  const { vaultId } = vault;
  const content = (text) => ({ secretContent: { contentType: "BASE64", content: b64(text) } });
  const about = { compartmentId: first, vaultId, keyId: (await vault.key("node-secrets")).id };
  const createSecretDetails = { ...about, secretName: "node-secret", ...content("first") };
  const one = { secretId: (await manage.createSecret({ createSecretDetails })).secret.id };
  const becomes = (state) => poll(() => manage.getSecret(one), ({ secret }) => secret.lifecycleState === state);
  await becomes("ACTIVE");
  await manage.updateSecret({ ...one, updateSecretDetails: content("second") });
  await becomes("ACTIVE");
  check("a secret has two versions", (await manage.listSecretVersions(one)).items.length === 2);
  await manage.getSecretVersion({ ...one, secretVersionNumber: 1 });
  const { secretBundle } = await read.getSecretBundle(one);
  const byName = await read.getSecretBundleByName({ secretName: "node-secret", vaultId });
  const contents = [secretBundle, byName.secretBundle].map((bundle) => bundle.secretBundleContent.content);
  check("a secret is read", same(contents, [b64("second"), b64("second")]));
  await read.listSecretBundleVersions(one);
  await manage.changeSecretCompartment({ ...one, changeSecretCompartmentDetails: { compartmentId: second } });
  await becomes("ACTIVE");
  const listed = await manage.listSecrets({ compartmentId: second, vaultId });
  check("a secret moves", same(ids(listed), [one.secretId]));
  await manage.scheduleSecretDeletion({ ...one, scheduleSecretDeletionDetails: { timeOfDeletion: inDays(2) } });
  await becomes("PENDING_DELETION");
  await manage.cancelSecretDeletion(one);
  await becomes("ACTIVE");
}

async function limitsAndAudit() {
  const here = new Region();
  const [limits, audit] = [here.at(LimitsClient), here.at(AuditClient)];
  const kms = { compartmentId: tenancy, serviceName: "kms" };
  const services = await limits.listServices({ compartmentId: tenancy });
  check("kms has limits", services.items.some((service) => service.name === "kms"));
  await limits.listLimitDefinitions({ compartmentId: tenancy });
  const limitName = "virtual-private-vault-count";
  const { value } = (await limits.listLimitValues(kms)).items.find((limit) => limit.name === limitName);
  const { resourceAvailability: left } = await limits.getResourceAvailability({ ...kms, limitName });
  check("what is used and what is left is the limit", left.used + left.available === value);
  const { items } = await audit.listEvents({ compartmentId: tenancy, startTime: inDays(-2), endTime: inDays(2) });
  check("calls are on record", items.length > 0);
}

/// Counts the keys that others have made: `manyKeys=COMPARTMENT,ENDPOINT,COUNT`.
async function manyKeys(argument) {
  const [compartmentId, endpoint, count] = argument.split(",");
  const found = new Set();
  const manage = client(KmsManagementClient, endpoint);
  for await (const key of manage.listAllKeys({ compartmentId, limit: 50 })) found.add(key.id);
  check(`${count} keys are listed page by page`, found.size === Number(count), found.size);
}

/// Asks once where it is told to wait first.
async function patient() {
  await new Region(PHOENIX).vaults.listVaults({ compartmentId: tenancy });
}

const CHAPTERS = { vaults, keys, crypto, backups, buckets, objects, identity, secrets, limitsAndAudit };
const OTHERS = { manyKeys, patient };

let failures = 0;
for (const chapter of chosen.length > 0 ? chosen : Object.keys(CHAPTERS)) {
  const [name, argument] = chapter.split("=");
  try {
    await { ...CHAPTERS, ...OTHERS }[name](argument);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  Node: ${name}: ${error instanceof Failed ? error.message : error.stack}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
