//! The Kubernetes manifests, read into Kubernetes' own types. What a type does not know is lost in them, so a word
//! that does not come out again was misspelt.

use k8s_openapi::api::batch::v1::{CronJob, Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, PersistentVolumeClaim, PodSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::{cron, lines, read};

fn documents(text: &str) -> Vec<Value> {
    let documents = yaml_serde::Deserializer::from_str(text);
    documents.map(|document| Value::deserialize(document).expect("YAML")).collect()
}

/// The document of that kind, with the types' own opinion of it.
fn typed<T: DeserializeOwned + Serialize>(documents: &[Value], kind: &str) -> Result<T, String> {
    let document = documents.iter().find(|document| document["kind"] == kind);
    let document = document.ok_or_else(|| format!("no {kind}"))?;
    let typed: T = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    lost(document, &serde_json::to_value(&typed).expect("plain data"), kind)?;
    Ok(typed)
}

/// Complains about anything that is in the one and not in the other.
fn lost(written: &Value, understood: &Value, place: &str) -> Result<(), String> {
    match (written, understood) {
        (Value::Object(written), Value::Object(understood)) => {
            written.iter().try_for_each(|(name, value)| {
                let place = format!("{place}.{name}");
                lost(value, understood.get(name).ok_or_else(|| format!("{place} is not known"))?, &place)
            })
        }
        (Value::Array(written), Value::Array(understood)) if written.len() == understood.len() => {
            let pairs = written.iter().zip(understood).enumerate();
            pairs.into_iter().try_for_each(|(at, (one, other))| lost(one, other, &format!("{place}[{at}]")))
        }
        _ if written == understood => Ok(()),
        _ => Err(format!("{place} is understood as {understood}")),
    }
}

fn cron_job(text: &str) -> Result<CronJob, String> {
    typed(&documents(text), "CronJob")
}

fn pod(job: &JobSpec) -> &PodSpec {
    job.template.spec.as_ref().expect("a pod")
}

fn containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().flatten().chain(&pod.containers)
}

/// The arguments of each container that runs Keyferry, after the cluster has put in what it knows.
fn commands(pod: &PodSpec, index: usize) -> Vec<Vec<String>> {
    let runs_keyferry =
        |container: &&Container| container.command.as_deref() == Some(&["keyferry".to_owned()]);
    let arguments = |container: &Container| -> Vec<String> {
        let given = container.args.iter().flatten();
        given.map(|word| word.replace("$(JOB_COMPLETION_INDEX)", &index.to_string())).collect()
    };
    containers(pod).filter(runs_keyferry).map(arguments).collect()
}

/// What holds for every pod of ours.
fn check_pod(name: &str, job: &JobSpec) {
    let pod = pod(job);
    assert_eq!(pod.restart_policy.as_deref(), Some("Never"), "{name}: exit codes have to show");
    assert_eq!(pod.automount_service_account_token, Some(false), "{name}: it asks nothing of the cluster");
    let context = pod.security_context.as_ref().expect("a context");
    assert_eq!(context.run_as_non_root, Some(true), "{name}");
    assert!(context.run_as_user > Some(0) && context.fs_group == context.run_as_group, "{name}");
    let volumes = pod.volumes.as_deref().expect("volumes");
    for container in containers(pod) {
        let context = container.security_context.as_ref().expect("a context");
        assert_eq!(context.read_only_root_filesystem, Some(true), "{name}/{}", container.name);
        assert_eq!(context.allow_privilege_escalation, Some(false), "{name}/{}", container.name);
        let dropped = context.capabilities.as_ref().and_then(|capabilities| capabilities.drop.as_deref());
        assert_eq!(dropped, Some(&["ALL".to_owned()][..]), "{name}/{}", container.name);
        for mount in container.volume_mounts.iter().flatten() {
            assert!(
                volumes.iter().any(|volume| volume.name == mount.name),
                "{name}: no volume {}",
                mount.name
            );
            let is_secret = mount.name == "secret";
            assert!(!is_secret || container.name == "keys", "{name}: keys are read from copies");
        }
    }
    let secrets: Vec<_> = volumes.iter().filter_map(|volume| volume.secret.as_ref()).collect();
    assert!(!secrets.is_empty() && secrets.iter().all(|secret| secret.default_mode == Some(0o400)), "{name}");
}

/// Copies that only their owner can read, of the files that the settings name.
fn check_keys(pod: &PodSpec) {
    let keys = pod.init_containers.as_deref().and_then(|all| all.first()).expect("copies come first");
    assert_eq!(
        keys.command.as_deref().map(|words| words.join(" ")).as_deref(),
        Some("install -m 0400 -t /etc/keyferry")
    );
    let copied = keys.args.as_deref().expect("files").join(" ");
    let settings: toml::Table = read("keyferry.toml").parse().expect("TOML");
    for name in ["config_file", "signing_key", "allowed_signers"] {
        let file = settings[name].as_str().expect("a path");
        assert!(copied.contains(&format!("/secret/{file}")), "{file} is not copied");
    }
    assert!(copied.contains("/secret/keyferry.toml") && copied.contains("/secret/api_key.pem"));
}

#[test]
fn the_cron_job_is_one_at_a_time_and_fails_visibly() {
    let text = read("kubernetes/cronjob.yaml");
    let spec = cron_job(&text).expect("Kubernetes understands all of it").spec;
    assert_eq!(spec.concurrency_policy.as_deref(), Some("Forbid"));
    assert!(cron::is_schedule(&spec.schedule), "{}", spec.schedule);
    let job = spec.job_template.spec.expect("a job");
    assert_eq!(job.backoff_limit, Some(0), "a partial backup shows");
    check_pod("cronjob", &job);
    check_keys(pod(&job));
    // Init containers run one after the other, and before the others.
    assert_eq!(pod(&job).containers.len(), 1);
    lines::check("cronjob.yaml", &commands(pod(&job), 0), &["backup", "coverage"]);
}

#[test]
fn the_indexed_job_runs_every_shard_once() {
    let documents = documents(&read("kubernetes/indexed-job.yaml"));
    let job: Job = typed(&documents, "Job").expect("Kubernetes understands all of it");
    let job = job.spec.expect("a spec");
    assert_eq!(job.completion_mode.as_deref(), Some("Indexed"));
    assert_eq!(job.backoff_limit_per_index, Some(0), "a shard that fails stops no other one");
    check_pod("indexed-job", &job);
    check_keys(pod(&job));
    let count = usize::try_from(job.completions.expect("given")).expect("positive");
    for index in 0..count {
        let commands = commands(pod(&job), index);
        let shard = format!("{index}/{count}");
        assert!(commands[0].windows(2).any(|pair| pair == ["--shard", shard.as_str()]), "{commands:?}");
        lines::check("indexed-job.yaml", &commands, &["backup"]);
    }
    let state = pod(&job).containers[0].volume_mounts.iter().flatten().find(|mount| mount.name == "state");
    let folder = state.and_then(|mount| mount.sub_path_expr.as_deref()).expect("a folder of its own");
    assert!(folder.contains("$(JOB_COMPLETION_INDEX)"), "{folder}");
}

#[test]
fn every_claimed_volume_is_in_the_same_file() {
    for name in ["kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"] {
        let documents = documents(&read(name));
        let claim: PersistentVolumeClaim = typed(&documents, "PersistentVolumeClaim").expect("understood");
        assert_eq!(documents.len(), 2, "{name}: nothing else is in it");
        let claimed = format!("\"claimName\":\"{}\"", claim.metadata.name.expect("named"));
        assert!(documents[1].to_string().contains(&claimed), "{name}");
    }
}

#[test]
fn a_misspelt_word_anywhere_is_noticed() {
    let text = read("kubernetes/cronjob.yaml");
    for (right, wrong) in [
        ("concurrencyPolicy:", "concurencyPolicy:"),
        ("readOnlyRootFilesystem:", "readOnlyRootFileSystem:"),
        ("defaultMode:", "defaultmode:"),
        ("backoffLimit: 0", "backoffLimit: none"),
    ] {
        assert!(text.contains(right), "{right}");
        assert!(cron_job(&text.replace(right, wrong)).is_err(), "{wrong}");
    }
}
