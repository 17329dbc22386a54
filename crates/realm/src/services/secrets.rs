//! Secret management, as far as a stocktaking needs it: the list.

use jiff::Timestamp;
use keyferry_wire::Time;
use keyferry_wire::secrets::SecretSummary;

use crate::call::{Call, Effect};
use crate::lists::{self, Listed};
use crate::records::SecretRecord;
use crate::refusal::Refusal;

impl Listed for SecretRecord {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn time_created(&self) -> Timestamp {
        self.time_created
    }
}

/// A vault's secrets may lie in other compartments than the vault: the list is of one compartment.
pub(super) fn list(call: &Call<'_>) -> Result<Effect, Refusal> {
    let compartment = call.required("compartmentId")?;
    call.check_compartment(compartment)?;
    let asked = |name: &str, value: &str| call.parameter(name).is_none_or(|wanted| wanted == value);
    let here = call.world.secrets.values().filter(|s| {
        s.region == call.region
            && s.compartment_id == compartment
            && asked("vaultId", &s.vault_id)
            && asked("name", &s.name)
            && asked("lifecycleState", s.state.as_str())
    });
    let mut secrets: Vec<SecretRecord> = here.cloned().collect();
    lists::sort(call, "NAME", &mut secrets)?;
    lists::page(call, &secrets, |s| SecretSummary {
        id: s.id.clone(),
        secret_name: s.name.clone(),
        compartment_id: s.compartment_id.clone(),
        vault_id: s.vault_id.clone(),
        lifecycle_state: s.state.clone(),
        time_created: Time(s.time_created),
        key_id: s.key_id.clone(),
        description: None,
        time_of_deletion: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::Secret;
    use crate::testing::{Client, fra, iad};

    #[test]
    fn seeded_secrets_are_listed_by_compartment_and_vault() {
        let client = Client::new();
        let seed = |vault: &str, name: &str| {
            let secret = Secret {
                region: iad(),
                vault_id: vault.to_owned(),
                compartment_id: client.tenancy(),
                name: name.to_owned(),
                key_id: None,
            };
            client.realm.seed_secret(&secret, client.now()).expect("a region of the realm")
        };
        let id = seed("v1", "one");
        seed("v2", "two");
        let list = |region, rest: &str| {
            client.get(region, &format!("/20180608/secrets?compartmentId={}{rest}", client.tenancy()))
        };
        assert_eq!(list(iad(), "").as_array().map(Vec::len), Some(2));
        let of_vault = list(iad(), "&vaultId=v1&lifecycleState=ACTIVE");
        assert_eq!((&of_vault[0]["id"], &of_vault[0]["secretName"]), (&id.into(), &"one".into()));
        assert_eq!(of_vault.as_array().map(Vec::len), Some(1));
        assert_eq!(list(fra(), "").as_array().map(Vec::len), Some(0), "secrets are regional");
    }
}
