//! JUnit XML: of evidence one test case per key version and per stage, of the ledger one per key.

use jiff::Timestamp;
use keyferry_core::coverage::{Coverage, Subject};
use keyferry_core::{Evidence, Verdict};

use crate::Line;
use crate::views::stages;

struct Case {
    class: String,
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
        Case {
            class: "proof".to_owned(),
            name: format!("{} {}", version.key_name, version.from),
            seconds: 0.0,
            outcome,
        }
    });
    let parts = stages(&evidence.stages);
    let stages = parts.iter().map(|stage| Case {
        class: "stages".to_owned(),
        name: stage.name.to_string(),
        seconds: stage.seconds(),
        outcome: None,
    });
    // A drill that stopped early may have no key version to fail.
    let failure = evidence.failure.as_ref().map(|(code, because)| format!("{code}: {because}"));
    let whole = Case {
        class: "stages".to_owned(),
        name: "the drill ran to its end".to_owned(),
        seconds: 0.0,
        outcome: failure.map(|because| ("failure", because)),
    };
    let suites = [
        suite("key versions", &versions.collect::<Vec<_>>(), evidence.started),
        suite("stages", &stages.chain([whole]).collect::<Vec<_>>(), evidence.started),
    ];
    document(&format!("keyferry drill {}", evidence.scenario), &suites)
}

/// The ledger for whatever reads test reports: a key that is not as it should be is a failure, one that does not count
/// is skipped.
pub fn coverage_junit(coverage: &Coverage<'_>) -> String {
    let keys = coverage.lines.iter().filter_map(|line| match line.subject {
        Subject::Key(key) => Some((line, key)),
        Subject::Secret(_) => None,
    });
    let cases = keys.map(|(line, key)| {
        let late = "it was not proven within the time set";
        let outcome = if !line.standing.counts() {
            Some(("skipped", line.because()))
        } else if !line.standing.is_protected() || line.is_overdue {
            Some(("failure", line.because()))
        } else {
            line.is_unproven_in_time.then(|| ("failure", late.to_owned()))
        };
        let class = format!("{}.{}", line.vault.region, line.vault.name);
        Case { class, name: format!("{} {}", key.name, key.id), seconds: 0.0, outcome }
    });
    document("keyferry coverage", &[suite("keys", &cases.collect::<Vec<_>>(), coverage.judged_at)])
}

fn document(name: &str, suites: &[String]) -> String {
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    format!("{head}\n<testsuites name=\"{}\">\n{}</testsuites>\n", escaped(name), suites.concat())
}

fn suite(name: &str, cases: &[Case], at: Timestamp) -> String {
    let count =
        |element| cases.iter().filter(|c| c.outcome.as_ref().is_some_and(|(e, _)| *e == element)).count();
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    let rows: String = cases.iter().map(case).collect();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\" timestamp=\"{}\">\n{rows}  </testsuite>\n",
        cases.len(),
        count("failure"),
        count("skipped"),
        at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
}

fn case(case: &Case) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escaped(&case.class),
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
