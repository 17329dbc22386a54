//! The CI job, read into the part of its language that it uses; anything else in it is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{cron, lines, read};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    #[serde(rename = "name")]
    _name: String,
    on: On,
    permissions: BTreeMap<String, String>,
    concurrency: Concurrency,
    env: BTreeMap<String, String>,
    jobs: BTreeMap<String, Job>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    schedule: Vec<Schedule>,
    #[serde(rename = "workflow_dispatch")]
    _by_hand: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    cron: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Concurrency {
    #[serde(rename = "group")]
    _group: String,
    cancel_in_progress: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Job {
    #[serde(rename = "runs-on")]
    _runs_on: Vec<String>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(rename = "if")]
    condition: Option<String>,
    strategy: Option<Strategy>,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Strategy {
    fail_fast: bool,
    matrix: Matrix,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    shard: Vec<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "if")]
    condition: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    run: Option<String>,
    uses: Option<String>,
    #[serde(default, rename = "with")]
    _with: BTreeMap<String, String>,
}

fn workflow() -> Workflow {
    yaml_serde::from_str(&read("ci-job.yml")).expect("a workflow of the form that this test knows")
}

/// What the steps run, one after the other.
fn script(job: &Job) -> String {
    let scripts: Vec<&str> = job.steps.iter().filter_map(|step| step.run.as_deref()).collect();
    scripts.join("\n")
}

#[test]
fn the_shards_of_the_matrix_are_all_of_them() {
    let workflow = workflow();
    let job = &workflow.jobs["backup"];
    let strategy = job.strategy.as_ref().expect("a matrix");
    assert!(!strategy.fail_fast, "the others go on");
    let shards = &strategy.matrix.shard;
    assert!(shards.iter().copied().eq(0..shards.len()), "{shards:?}");
    for shard in shards {
        let commands = lines::commands(&script(job).replace("${{ matrix.shard }}", &shard.to_string()));
        assert!(commands[0].contains(&format!("{shard}/{}", shards.len())), "{commands:?}");
        lines::check("ci-job.yml", &commands, &["backup"]);
    }
}

#[test]
fn the_ledger_is_asked_after_all_shards_and_in_any_case() {
    let workflow = workflow();
    let job = &workflow.jobs["coverage"];
    assert_eq!(job.needs, ["backup"]);
    assert_eq!(job.condition.as_deref(), Some("always()"));
    lines::check("ci-job.yml", &lines::commands(&script(job)), &["coverage"]);
}

#[test]
fn the_workflow_is_scheduled_alone_and_without_rights() {
    let workflow = workflow();
    assert!(workflow.on.schedule.iter().all(|schedule| cron::is_schedule(&schedule.cron)));
    assert!(workflow.permissions.is_empty(), "it needs nothing of the repository");
    assert!(!workflow.concurrency.cancel_in_progress, "a backup is not cut off by the next");
}

#[test]
fn secrets_reach_scripts_by_their_environment_only_and_do_not_stay() {
    let workflow = workflow();
    assert!(workflow.env.values().all(|value| !value.contains("secrets.")), "only the step that needs one");
    for (name, job) in &workflow.jobs {
        for step in &job.steps {
            assert!(step.run.is_some() != step.uses.is_some(), "{name}: a step runs or uses");
            let script = step.run.as_deref().unwrap_or_default();
            assert!(!script.contains("secrets."), "{name}: it would be in the log of the shell");
            assert!(cron::is_shell(&script.replace("${{ matrix.shard }}", "0")), "{name}: {script}");
            if step.env.values().any(|value| value.contains("secrets.")) {
                assert!(script.starts_with("umask 077\n"), "{name}: others can read the keys");
            }
        }
        let last = job.steps.last().expect("a step");
        let cleans =
            last.condition.as_deref() == Some("always()") && last.run.as_deref() == Some("rm -rf keyferry");
        assert!(cleans, "{name}: keys stay");
    }
}
