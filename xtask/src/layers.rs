//! The graph of our crates: printed, held against its rules, compared with its snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// These crates only compute, so nothing that opens sockets, runs tasks or reads arguments may reach them.
const PURE: [&str; 4] = ["keyferry-ids", "keyferry-core", "keyferry-wire", "keyferry-report"];
const BARRED_FROM_PURE: [&str; 4] = ["tokio", "reqwest", "clap", "hyper"];
/// The realm must not share our opinions or our client: tests of them against it would agree with themselves.
const BARRED_FROM_REALM: [&str; 2] = ["keyferry-core", "keyferry-oci"];
const OURS: &str = "keyferry-";

/// All packages by name, ours and others', with the names of what they are built from.
type Graph = BTreeMap<String, Needs>;

#[derive(Debug, Default)]
struct Needs {
    /// What ends up in the product.
    normal: BTreeSet<String>,
    /// Build scripts and tests too.
    any: BTreeSet<String>,
}

pub(crate) fn run(workspace: &Workspace, bless: bool) -> Result<()> {
    let graph = read(&workspace.metadata)?;
    let picture = picture(&graph);
    println!("{picture}");
    let broken = broken(&graph);
    if !broken.is_empty() {
        bail!("the layers are broken:\n  {}", broken.join("\n  "));
    }
    let snapshot = workspace.root.join("xtask/layers.txt");
    if bless {
        return fs::write(&snapshot, picture).context("xtask/layers.txt can't be written");
    }
    let known = fs::read_to_string(&snapshot).unwrap_or_default();
    if known != picture {
        let before: BTreeSet<&str> = known.lines().collect();
        let now: BTreeSet<&str> = picture.lines().collect();
        let gone = before.difference(&now).map(|line| format!("- {line}"));
        let new = now.difference(&before).map(|line| format!("+ {line}"));
        let changes: Vec<_> = gone.chain(new).collect();
        bail!(
            "the graph is not that of xtask/layers.txt; if it is meant to be, `cargo xtask layers --bless`\n{}",
            changes.join("\n")
        );
    }
    Ok(())
}

fn read(metadata: &Value) -> Result<Graph> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let name_of =
        |id: &Value| packages.iter().find(|package| package["id"] == *id).and_then(|p| p["name"].as_str());
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo metadata resolves nothing")?;
    let mut graph = Graph::new();
    for node in nodes {
        let name = name_of(&node["id"]).context("cargo metadata resolves a package that it does not list")?;
        // Two versions of a package count as one: a bar holds for both.
        let needs = graph.entry(name.to_owned()).or_default();
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let Some(other) = name_of(&dependency["pkg"]) else { continue };
            let kinds = dependency["dep_kinds"].as_array();
            if kinds.into_iter().flatten().any(|kind| kind["kind"].is_null()) {
                needs.normal.insert(other.to_owned());
            }
            needs.any.insert(other.to_owned());
        }
    }
    Ok(graph)
}

/// Ours only, the lowest layer first. A crate's layer is one above the highest it uses.
fn picture(graph: &Graph) -> String {
    let ours: Vec<&String> = graph.keys().filter(|name| is_ours(name)).collect();
    let mut layers: BTreeMap<&str, usize> = BTreeMap::new();
    while layers.len() < ours.len() {
        let before = layers.len();
        for name in &ours {
            let used: Option<Vec<usize>> = graph[*name]
                .normal
                .iter()
                .filter(|n| is_ours(n))
                .map(|n| layers.get(n.as_str()).copied())
                .collect();
            if let Some(used) = used {
                layers.entry(name).or_insert_with(|| used.into_iter().max().map_or(0, |highest| highest + 1));
            }
        }
        // Cargo refuses circles of normal dependencies, so each round finds at least one more.
        if layers.len() == before {
            break;
        }
    }
    let mut rows: Vec<(usize, &str)> = layers.into_iter().map(|(name, layer)| (layer, name)).collect();
    rows.sort_unstable();
    let mut text = String::new();
    for (layer, name) in rows {
        let used: Vec<&str> = graph[name].normal.iter().filter(|n| is_ours(n)).map(|n| short(n)).collect();
        let arrow = if used.is_empty() { "" } else { " -> " };
        let _ = writeln!(text, "{layer}  {}{arrow}{}", short(name), used.join(", "));
    }
    text
}

fn broken(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    let mut bar = |from: &str, barred: &str, because: &str| {
        if let Some(path) = path(graph, from, barred) {
            broken.push(format!("{} ({because})", path.join(" -> ")));
        }
    };
    for from in PURE {
        for barred in BARRED_FROM_PURE {
            bar(from, barred, "ids, core, wire and report only compute");
        }
    }
    for barred in BARRED_FROM_REALM {
        bar("keyferry-realm", barred, "the realm must not share our opinions");
    }
    let tests_of_realm = graph.get("keyferry-realm").into_iter().flat_map(|needs| &needs.any);
    for name in tests_of_realm.filter(|name| BARRED_FROM_REALM.contains(&name.as_str())) {
        broken.push(format!("keyferry-realm -> {name} (nor may its tests)"));
    }
    for name in graph.get("xtask").into_iter().flat_map(|needs| &needs.any).filter(|name| is_ours(name)) {
        broken.push(format!("xtask -> {name} (xtask must start when our crates do not compile)"));
    }
    broken.dedup();
    broken
}

/// The way by which one package reaches another in the product.
fn path<'g>(graph: &'g Graph, from: &'g str, to: &str) -> Option<Vec<&'g str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(name) = queue.pop_front() {
        if name == to {
            let mut way = vec![name];
            while let Some(before) = came_from.get(way[way.len() - 1]) {
                way.push(before);
            }
            way.reverse();
            return Some(way);
        }
        for next in graph.get(name).into_iter().flat_map(|needs| &needs.normal) {
            if next != from && !came_from.contains_key(next.as_str()) {
                came_from.insert(next, name);
                queue.push_back(next);
            }
        }
    }
    None
}

fn is_ours(name: &str) -> bool {
    name.starts_with(OURS) || name == "xtask"
}

fn short(name: &str) -> &str {
    name.strip_prefix(OURS).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in edges {
            graph.entry((*to).to_owned()).or_default();
            let needs = graph.entry((*from).to_owned()).or_default();
            needs.normal.insert((*to).to_owned());
            needs.any.insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn a_barred_crate_is_found_however_deep_it_lies() {
        let good =
            graph(&[("keyferry-core", "keyferry-ids"), ("keyferry-oci", "reqwest"), ("reqwest", "tokio")]);
        assert_eq!(broken(&good), Vec::<String>::new());
        let bad = graph(&[("keyferry-core", "innocent"), ("innocent", "tokio")]);
        assert_eq!(
            broken(&bad),
            ["keyferry-core -> innocent -> tokio (ids, core, wire and report only compute)"]
        );
    }

    #[test]
    fn the_realm_sees_neither_core_nor_oci() {
        let bad = graph(&[("keyferry-realm", "keyferry-wire"), ("keyferry-wire", "keyferry-core")]);
        assert!(broken(&bad)[0].starts_with("keyferry-realm -> keyferry-wire -> keyferry-core"));
        let mut only_in_tests = graph(&[("keyferry-realm", "keyferry-wire")]);
        let needs = only_in_tests.get_mut("keyferry-realm").expect("just made");
        needs.any.insert("keyferry-oci".to_owned());
        assert_eq!(broken(&only_in_tests), ["keyferry-realm -> keyferry-oci (nor may its tests)"]);
    }

    #[test]
    fn xtask_starts_without_our_crates() {
        assert_eq!(broken(&graph(&[("xtask", "keyferry-core")])).len(), 1);
    }

    #[test]
    fn the_picture_begins_with_what_everything_rests_on() {
        let graph = graph(&[
            ("keyferry-cli", "keyferry-core"),
            ("keyferry-core", "keyferry-ids"),
            ("keyferry-core", "serde"),
        ]);
        assert_eq!(picture(&graph), "0  ids\n1  core -> ids\n2  cli -> core\n");
    }
}
