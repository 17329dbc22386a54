//! Evidence as JUnit XML: one test case per key version and per stage.

use keyferry_core::{Evidence, Verdict};

use crate::Line;
use crate::views::stages;

struct Case {
    class: &'static str,
    name: String,
    seconds: f64,
    // Element and message, if it did not simply pass.
    outcome: Option<(&'static str, String)>,
}

/// Renders evidence for whatever reads test reports.
pub fn junit(evidence: &Evidence) -> String {
    let versions = evidence.proof.versions.iter().map(|version| {
        let outcome = match version.verdict {
            Verdict::Proven => None,
            Verdict::Failed => Some(("failure", version.reason.clone())),
            Verdict::Unprovable => Some(("skipped", version.reason.clone())),
        };
        Case { class: "proof", name: format!("{} {}", version.key_name, version.from), seconds: 0.0, outcome }
    });
    let parts = stages(&evidence.stages);
    let stages = parts.iter().map(|stage| Case {
        class: "stages",
        name: stage.name.to_string(),
        seconds: stage.seconds(),
        outcome: None,
    });
    // A drill that stopped early may have no key version to fail.
    let failure = evidence.failure.as_ref().map(|(code, because)| format!("{code}: {because}"));
    let whole = Case {
        class: "stages",
        name: "the drill ran to its end".to_owned(),
        seconds: 0.0,
        outcome: failure.map(|because| ("failure", because)),
    };
    let suites = [
        suite("key versions", &versions.collect::<Vec<_>>(), evidence),
        suite("stages", &stages.chain([whole]).collect::<Vec<_>>(), evidence),
    ];
    let name = escaped(&format!("keyferry drill {}", evidence.scenario));
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    format!("{head}\n<testsuites name=\"{name}\">\n{}</testsuites>\n", suites.concat())
}

fn suite(name: &str, cases: &[Case], evidence: &Evidence) -> String {
    let count =
        |element| cases.iter().filter(|c| c.outcome.as_ref().is_some_and(|(e, _)| *e == element)).count();
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    let rows: String = cases.iter().map(case).collect();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\" timestamp=\"{}\">\n{rows}  </testsuite>\n",
        cases.len(),
        count("failure"),
        count("skipped"),
        evidence.started.strftime("%Y-%m-%dT%H:%M:%S"),
    )
}

fn case(case: &Case) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        case.class,
        escaped(&case.name),
        case.seconds
    );
    match &case.outcome {
        None => format!("{head}/>\n"),
        Some((element, message)) => {
            format!("{head}>\n      <{element} message=\"{}\"/>\n    </testcase>\n", escaped(message))
        }
    }
}

// Control characters are spelled out first: XML 1.0 has no form at all for most of them.
fn escaped(text: &str) -> String {
    let line = Line::from(text);
    let mut shown = String::with_capacity(line.as_str().len());
    for character in line.as_str().chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&apos;"),
            other => shown.push(other),
        }
    }
    shown
}
