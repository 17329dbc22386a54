//! Errors for people and for machines: what failed, why, where, and what to do.

use keyferry_core::{Code, Explain, Site};
use serde::Serialize;

use crate::{Line, Style, Tone};

/// Longest chain of causes shown.
const DEEPEST: usize = 16;

/// An error as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorShown {
    /// The code, from which the exit code follows.
    pub code: Code,
    /// What failed.
    pub message: Line,
    /// Why, from the nearest cause to the last.
    pub causes: Vec<Line>,
    /// Where.
    pub site: Option<Site>,
    /// What to do.
    pub help: Vec<Line>,
}

impl ErrorShown {
    /// Reads all that an error says of itself.
    pub fn new(error: &dyn Explain) -> Self {
        let message = Line::from(error.to_string());
        let mut causes: Vec<Line> = Vec::new();
        let mut next = error.source();
        for _ in 0..DEEPEST {
            let Some(cause) = next else { break };
            let text = Line::from(cause.to_string());
            // A transparent error has the text of its source; nobody wants to read it twice.
            let is_said = |earlier: &Line| earlier.as_str().contains(text.as_str());
            if !is_said(&message) && !causes.iter().any(is_said) {
                causes.push(text);
            }
            next = cause.source();
        }
        let site = error.site().map(|site| {
            let clean = |text: Option<String>| text.map(|text| Line::from(text).to_string());
            Site {
                region: clean(site.region),
                operation: clean(site.operation),
                opc_request_id: clean(site.opc_request_id),
            }
        });
        Self {
            code: error.code(),
            message,
            causes,
            site,
            help: error.help().iter().map(Line::from).collect(),
        }
    }

    /// For a terminal; ends with a newline.
    pub fn text(&self, style: Style) -> String {
        let head = style.paint(Tone::Bad, &format!("error[{}]:", self.code));
        let mut lines = vec![format!("{head} {}", self.message)];
        lines.extend(self.causes.iter().map(|cause| format!("  caused by: {cause}")));
        lines.extend(self.site.as_ref().and_then(place).map(|place| format!("  while: {place}")));
        let label = style.paint(Tone::Good, "help:");
        for (index, help) in self.help.iter().enumerate() {
            lines.push(if index == 0 { format!("  {label} {help}") } else { format!("        {help}") });
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn place(site: &Site) -> Option<String> {
    let parts = [
        site.region.as_ref().map(|region| format!("region {region}")),
        site.operation.as_ref().map(|operation| format!("operation {operation}")),
        site.opc_request_id.as_ref().map(|id| format!("opc-request-id {id}")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Told(&'static str, Option<Box<Told>>);

    impl fmt::Display for Told {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Told {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    impl Explain for Told {
        fn code(&self) -> Code {
            Code::ServiceRefused
        }
        fn site(&self) -> Option<Site> {
            let (region, operation) = (Some("eu-frankfurt-1".into()), Some("BackupVault".into()));
            Some(Site { region, operation, opc_request_id: Some("A1\n/B2".into()) })
        }
        fn help(&self) -> Vec<String> {
            vec!["look at the bucket".into(), "repeat".into()]
        }
    }

    fn told() -> ErrorShown {
        let last = Told("409 \u{1b}[2JIncorrectState", None);
        let same = Told("the service refused", Some(Box::new(last)));
        ErrorShown::new(&Told("no backup of `a\nb`: the service refused", Some(Box::new(same))))
    }

    #[test]
    fn nothing_is_said_twice_and_nothing_steers_the_terminal() {
        insta::assert_snapshot!(told().text(Style::PLAIN), @r"
        error[KF-3502]: no backup of `a\nb`: the service refused
          caused by: 409 \u{1b}[2JIncorrectState
          while: region eu-frankfurt-1, operation BackupVault, opc-request-id A1\n/B2
          help: look at the bucket
                repeat
        ");
    }

    #[test]
    fn machines_get_the_same_fields() {
        let expected = serde_json::json!({
            "schema": "keyferry.error",
            "version": 1,
            "code": "KF-3502",
            "message": r"no backup of `a\nb`: the service refused",
            "causes": [r"409 \u{1b}[2JIncorrectState"],
            "site": {"region": "eu-frankfurt-1", "operation": "BackupVault", "opc_request_id": r"A1\n/B2"},
            "help": ["look at the bucket", "repeat"],
        });
        let shown = serde_json::to_value(crate::envelope("error", &told())).expect("json");
        assert_eq!(shown, expected);
    }
}
