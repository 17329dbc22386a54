//! Commands for Oracle's client against the restored vault: those that look, and as comments those that re-point.

use keyferry_core::{Mapping, MappingKind};
use keyferry_ids::Ocid;

use super::{described, shell};

/// The map as a shell script that changes nothing as it stands.
pub fn oci_cli(mapping: &Mapping) -> String {
    let endpoint = |url: &Option<String>| url.as_deref().map_or_else(|| "''".to_owned(), shell);
    let head = format!(
        "# Keys are looked at and changed at the management endpoint of their vault, and used at its crypto endpoint.\n\
         MANAGEMENT_ENDPOINT={}\nCRYPTO_ENDPOINT={}\n",
        endpoint(&mapping.management_endpoint),
        endpoint(&mapping.crypto_endpoint)
    );
    let entries = mapping.entries.iter().map(|entry| {
        let (to, region) = (shell(&entry.to), region(&entry.to));
        let commands = match entry.kind {
            MappingKind::Vault => format!("oci kms management vault get{region} --vault-id {to}\n"),
            MappingKind::Key => format!(
                "oci kms management key get{region} --endpoint \"$MANAGEMENT_ENDPOINT\" --key-id {to}\n\
                 # oci kms crypto decrypt{region} --endpoint \"$CRYPTO_ENDPOINT\" --key-id {to} --ciphertext CIPHERTEXT\n\
                 # oci os bucket update{region} --bucket-name BUCKET --kms-key-id {to}\n"
            ),
            // A version is addressed through its key.
            MappingKind::KeyVersion => format!("# now {to}\n"),
        };
        format!("\n# {}, was {}\n{commands}", described(entry), shell(&entry.from))
    });
    head + &entries.collect::<String>()
}

fn region(ocid: &str) -> String {
    let region = Ocid::parse(ocid).ok().and_then(|ocid| ocid.region());
    region.map(|region| format!(" --region {region}")).unwrap_or_default()
}
