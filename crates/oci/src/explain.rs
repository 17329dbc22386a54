//! Codes and advice for the errors of this crate.

use keyferry_core::{Code, Explain, Site};
use keyferry_seams::NoAnswer;
use keyferry_wire::code;

use crate::{CredentialsError, EndpointError, Error, NotSent, SessionExpired};

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            _ if self.is_limit() => Code::Limit,
            _ if self.is_unreachable() => Code::Unreachable,
            Self::Refused { status: 404, .. } => Code::NotFound,
            Self::Refused { status: 403, code, .. } if code != code::NOT_ALLOWED => Code::NotAuthorised,
            Self::Refused { .. } => Code::ServiceRefused,
            Self::NotSent { source: NotSent::OtherRealm { .. }, .. } => Code::OtherRealm,
            Self::NotSent { source: NotSent::NotConfigured(_), .. } => Code::NotSubscribed,
            Self::NotSent { source: NotSent::BucketElsewhere { .. }, .. } => Code::BucketElsewhere,
            Self::NotSent { source: NotSent::OtherPar { .. }, .. } => Code::ParOtherObject,
            Self::NotSent { source: NotSent::Path(_), .. } => Code::Usage,
            Self::NotSent { source: NotSent::SessionExpired(_), .. } => Code::SessionExpired,
            Self::NotSent { .. } => Code::Internal,
            Self::ClockSkew { .. } => Code::ClockSkew,
            Self::NotAuthenticated { .. } => Code::NotAuthenticated,
            Self::ForeignHost { .. } => Code::ForeignHost,
            Self::Unexpected { .. } | Self::Decode { .. } | Self::NoAnswer { .. } => Code::UnexpectedAnswer,
        }
    }

    fn site(&self) -> Option<Site> {
        let site = self.call_site();
        Some(Site {
            region: Some(site.region.to_string()),
            operation: Some(site.operation.to_string()),
            opc_request_id: site.opc_request_id.clone(),
        })
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::NoAnswer { source: NoAnswer::TooLarge { .. }, .. } => {
                vec![
                    "the answer is larger than it can rightly be; look at the object or the service"
                        .to_owned(),
                ]
            }
            Self::NotSent { source: NotSent::SessionExpired(expired), .. } => renew(expired),
            _ => vec![self.code().help().to_owned()],
        }
    }
}

impl Explain for CredentialsError {
    fn code(&self) -> Code {
        match self {
            Self::Readable { .. } => Code::KeyFileReadable,
            Self::UnsupportedAuth(_) => Code::Usage,
            Self::SessionExpired(_) => Code::SessionExpired,
            _ => Code::Settings,
        }
    }

    fn help(&self) -> Vec<String> {
        match self {
            Self::Readable { path, .. } => {
                vec![format!("run: chmod 600 {}", shell_word(&path.to_string_lossy()))]
            }
            Self::NoPassPhrase { .. } => {
                vec!["set OCI_CLI_PASSPHRASE, or `pass_phrase` in the profile".to_owned()]
            }
            Self::WrongPassPhrase { .. } => {
                vec![
                    "correct it there; OCI_CLI_PASSPHRASE goes before `pass_phrase` in the profile"
                        .to_owned(),
                ]
            }
            Self::Cipher { path, .. } => vec![format!(
                "encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in {} -out KEY.pem; chmod 600 KEY.pem",
                shell_word(path)
            )],
            Self::Token { .. } => vec!["sign in anew: oci session authenticate".to_owned()],
            Self::SessionExpired(expired) => renew(expired),
            Self::UnsupportedAuth(_) => vec!["use --auth api_key or --auth security_token".to_owned()],
            _ => vec![self.code().help().to_owned()],
        }
    }
}

impl Explain for EndpointError {
    fn code(&self) -> Code {
        Code::Usage
    }
}

fn renew(expired: &SessionExpired) -> Vec<String> {
    vec![format!("run: {}", expired.refresh), "if that is refused: oci session authenticate".to_owned()]
}

/// A word for a shell; left alone if it needs no quotes.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-~+@".contains(&b));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
