//! Identity: the one user, and the keys that requests are signed with.

use http::StatusCode;
use jiff::Timestamp;
use keyferry_wire::identity::{ApiKey, CreateApiKeyDetails, User, UserCapabilities};
use keyferry_wire::{Time, code};

use super::identity::{ROOT_SINCE, check_home};
use crate::account::Account;
use crate::api_key::PublicKey;
use crate::authenticate::{Known, KnownKeys, SESSION};
use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::records::ApiKeyRecord;
use crate::refusal::Refusal;
use crate::world::World;

pub(super) const USER_NAME: &str = "keyferry";
/// A user has no more API keys at a time.
const MOST_KEYS: usize = 3;
const ACTIVE: &str = "ACTIVE";

/// The keys that are accepted now: those the realm began with and the uploaded ones, without the deleted ones.
#[derive(Debug)]
pub(crate) struct CurrentKeys<'a> {
    pub(crate) account: &'a Account,
    pub(crate) world: &'a World,
}

impl KnownKeys for CurrentKeys<'_> {
    fn known(&self, key_id: &str) -> Option<Known> {
        if let Some(token) = key_id.strip_prefix(SESSION) {
            return self.account.session_tokens().read(token);
        }
        let identity = &self.account.identity;
        let of_user = key_id
            .strip_prefix(&identity.tenancy_id)
            .and_then(|rest| rest.strip_prefix('/')?.strip_prefix(&identity.user_id)?.strip_prefix('/'));
        match of_user.and_then(|fingerprint| self.world.api_keys.get(fingerprint)) {
            Some(record) if record.is_deleted => None,
            Some(record) => Some(Known::api_key(key_id, &record.public_key)),
            None => self.account.api_keys.known(key_id),
        }
    }
}

fn user(account: &Account) -> User {
    User {
        id: account.identity.user_id.clone(),
        compartment_id: account.identity.tenancy_id.clone(),
        name: USER_NAME.to_owned(),
        description: "The user of an embedded realm".to_owned(),
        email: None,
        time_created: Time(ROOT_SINCE),
        lifecycle_state: ACTIVE.to_owned(),
        inactive_status: None,
        freeform_tags: Some(Default::default()),
        defined_tags: Some(Default::default()),
        capabilities: Some(UserCapabilities {
            can_use_console_password: false,
            can_use_api_keys: true,
            can_use_auth_tokens: false,
            can_use_smtp_credentials: false,
            can_use_customer_secret_keys: false,
            can_use_oauth2_client_credentials: false,
        }),
        is_mfa_activated: false,
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    if call.required("compartmentId")? != call.account.identity.tenancy_id {
        return Err(Refusal::absent());
    }
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let is_asked_for = asked("name", USER_NAME)
        && asked("lifecycleState", ACTIVE)
        && call.parameter("identityProviderId").is_none()
        && call.parameter("externalIdentifier").is_none();
    let users = is_asked_for.then(|| user(call.account));
    Effect::json(&users.into_iter().collect::<Vec<_>>())
}

fn check_user(call: &Call<'_>) -> Result<(), Refusal> {
    if call.name(0) == call.account.identity.user_id { Ok(()) } else { Err(Refusal::absent()) }
}

pub(super) fn read(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_user(call)?;
    Effect::json(&user(call.account))
}

impl Listed for ApiKeyRecord {
    fn id(&self) -> &str {
        &self.fingerprint
    }
    fn name(&self) -> &str {
        &self.fingerprint
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// The user's keys, oldest first.
fn keys(call: &Call<'_>) -> Vec<ApiKeyRecord> {
    let first = call.account.api_keys.all().map(|public_key| ApiKeyRecord {
        fingerprint: public_key.fingerprint(),
        public_key: public_key.clone(),
        time_created: ROOT_SINCE,
        is_deleted: false,
    });
    let first = first.filter(|key| !call.world.api_keys.contains_key(&key.fingerprint));
    let later = call.world.api_keys.values().filter(|key| !key.is_deleted).cloned();
    let mut keys: Vec<_> = first.chain(later).collect();
    keys.sort_by_key(|key| key.time_created);
    keys
}

fn view(account: &Account, key: &ApiKeyRecord) -> ApiKey {
    let identity = &account.identity;
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    ApiKey {
        key_id: format!("{}/{}/{}", identity.tenancy_id, identity.user_id, key.fingerprint),
        key_value: pem::encode_config(&pem::Pem::new("PUBLIC KEY", key.public_key.der()), config),
        fingerprint: key.fingerprint.clone(),
        user_id: identity.user_id.clone(),
        time_created: Time(key.time_created),
        lifecycle_state: ACTIVE.to_owned(),
        inactive_status: None,
    }
}

pub(super) fn api_keys(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_user(call)?;
    lists::page(call, &keys(call), |key| view(call.account, key))
}

/// The new key signs from the next request on, in all regions.
pub(super) fn upload_api_key(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    check_user(call)?;
    let details: CreateApiKeyDetails = call.json()?;
    let public_key = PublicKey::from_pem(&details.key)
        .ok_or_else(|| Refusal::invalid("key is not an RSA public key of 2048 to 8192 bits in PEM form."))?;
    let fingerprint = public_key.fingerprint();
    let keys = keys(call);
    if keys.iter().any(|key| key.fingerprint == fingerprint) {
        return Err(Refusal::conflict("The user has this key already."));
    }
    if keys.len() >= MOST_KEYS {
        let message = format!("A user has at most {MOST_KEYS} API keys.");
        return Err(Refusal::new(400, code::LIMIT_EXCEEDED, message));
    }
    let record = ApiKeyRecord { fingerprint, public_key, time_created: call.now, is_deleted: false };
    Ok(Effect::json(&view(call.account, &record))?.change(record))
}

/// Also the key that signed this request may go.
pub(super) fn delete_api_key(call: &Call<'_>) -> Result<Effect, Refusal> {
    check_home(call)?;
    check_user(call)?;
    let key = keys(call).into_iter().find(|key| key.fingerprint == call.name(1));
    let key = key.ok_or_else(Refusal::absent)?;
    Ok(Effect::empty(StatusCode::NO_CONTENT).change(ApiKeyRecord { is_deleted: true, ..key }))
}

#[cfg(test)]
mod tests;
