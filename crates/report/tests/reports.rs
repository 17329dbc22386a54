//! Each view once as text, each renderer once on a document with every block, and hostile names everywhere.

mod sample;

use keyferry_core::{Code, Finding, MappingKind, Severity, Sha256, Verdict};
use keyferry_report::{
    Block, Cell, Document, DrillShown, InventoryShown, Line, PlanShown, Stage, Style, Timeline, Tone,
    envelope, html, inventory_csv, junit, mapping, markdown, text, views,
};

fn plain(document: &Document) -> String {
    text(document, Style::PLAIN)
}

/// What a script reads: one schema, whatever the data brings along.
fn document(kind: &str, data: &impl serde::Serialize) -> serde_json::Value {
    let text = serde_json::to_string(&envelope(kind, data)).expect("json");
    assert_eq!(text.matches(r#""schema":"#).count(), 1, "{kind}");
    serde_json::from_str(&text).expect("json")
}

#[test]
fn the_inventory_says_what_is_missing_and_the_next_best() {
    insta::assert_snapshot!(plain(&views::inventory(&sample::inventory())));
}

#[test]
fn an_inventory_without_gaps_is_complete() {
    let mut inventory = sample::inventory();
    inventory.gaps.clear();
    inventory.vaults[0].usage =
        inventory.vaults[0].usage.map(|usage| keyferry_core::model::Usage { keys: 2, ..usage });
    let shown = plain(&views::inventory(&inventory));
    assert!(shown.contains("COMPLETE\n") && !shown.contains("INCOMPLETE"), "{shown}");
}

#[test]
fn replicas_external_vaults_and_secrets_are_told_apart() {
    let mut inventory = sample::inventory();
    let mut replica = inventory.vaults[0].clone();
    (replica.vault.region, replica.vault.is_primary) = (sample::region("eu-frankfurt-1"), false);
    let mut external = inventory.vaults[1].clone();
    external.vault.vault_type = keyferry_core::model::VaultType::External;
    inventory.vaults.extend([replica, external]);
    insta::assert_snapshot!(plain(&views::inventory(&inventory)));
    let shown = document("inventory", &InventoryShown(&inventory));
    let vault = |number: usize| &shown["vaults"][number];
    assert_eq!(vault(0)["replica_regions"], serde_json::json!(["eu-frankfurt-1"]));
    assert_eq!(
        (&vault(2)["primary_region"], &vault(0)["primary_region"]),
        (&"us-ashburn-1".into(), &serde_json::Value::Null)
    );
    assert_eq!(vault(0)["secrets_in"][0]["count"], 1);
}

#[test]
fn a_spreadsheet_gets_a_row_per_key_version_and_no_formula() {
    let mut inventory = sample::inventory();
    inventory.vaults[0].vault.name = "=HYPERLINK(\"x\")".into();
    inventory.vaults[0].keys[1].versions.clear();
    inventory.vaults[1].keys.clear();
    let csv = inventory_csv(&inventory);
    insta::assert_snapshot!(csv);
    let columns = |line: &str| line.matches(',').count();
    assert_eq!(
        csv.lines().count(),
        1 + 3 + 1 + 1 + 1,
        "titles, three versions, a key without any, one, a bare vault"
    );
    assert!(csv.lines().all(|line| columns(line) == columns(csv.lines().next().expect("titles"))), "{csv}");
}

#[test]
fn a_plan_shows_steps_findings_digest_and_what_to_run_next() {
    let plan = sample::plan();
    insta::assert_snapshot!(plain(&views::plan(&plan, &plan.digest().expect("a digest"))));
}

#[test]
fn a_plan_with_an_error_offers_nothing_to_run() {
    let mut plan = sample::plan();
    plan.findings.push(Finding::new(Code::OtherRealm, Severity::Error, "oc2", "the backup is of realm oc2"));
    let shown = plain(&views::plan(&plan, &Sha256::of(b"")));
    assert!(shown.contains("CAN'T BE APPLIED") && !shown.contains("restore apply"), "{shown}");
}

#[test]
fn a_backup_names_what_it_does_not_hold() {
    insta::assert_snapshot!(plain(&views::backups(&sample::backups())));
}

#[test]
fn a_list_of_backups_says_who_signed_them() {
    insta::assert_snapshot!(plain(&views::backups_list(&sample::listed())));
}

#[test]
fn a_bundle_shows_each_version_with_its_canary() {
    insta::assert_snapshot!(plain(&views::bundle(
        &sample::manifest(),
        Some("ops@example.com"),
        &Sha256::of(b"m")
    )));
}

#[test]
fn a_check_says_how_bytes_differ() {
    insta::assert_snapshot!(plain(&views::check(&sample::checked())));
}

#[test]
fn a_restore_shows_proof_and_map() {
    insta::assert_snapshot!(plain(&views::restored(&sample::restored())));
}

#[test]
fn a_drill_on_the_embedded_realm_says_rehearsal_first() {
    let shown = plain(&views::drill(&sample::evidence()));
    assert!(shown.starts_with("REHEARSAL on the embedded realm"), "{shown}");
    assert!(shown.contains("proven 4 of 5, unprovable 1 (archive: "), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn calls_to_a_lost_region_are_not_hidden() {
    let mut evidence = sample::evidence();
    let mut call = evidence.calls[0].clone();
    (call.ts, call.status) = (sample::at("23:10:00"), None);
    evidence.calls.push(call);
    let shown = plain(&views::drill(&evidence));
    assert!(shown.contains("1 call still went to us-ashburn-1 after its loss."), "{shown}");
}

#[test]
fn a_failed_proof_outweighs_everything_else() {
    let mut proof = sample::proof();
    proof.versions[0].verdict = Verdict::Failed;
    assert!(plain(&views::proof(&proof)).contains("PROOF FAILED"));
    proof.versions.clear();
    assert!(plain(&views::proof(&proof)).contains("NOTHING PROVEN"));
}

fn every_block() -> Document {
    let mut document = Document::new("Every block");
    document.notice = Some(Line::from("Read this first."));
    document.verdict(Tone::Good, "Proven", "proven 2 of 2");
    document
        .figures([("Recovery time actual", "1 h 04 min".to_owned()), ("Key versions", "2 of 2".to_owned())]);
    document
        .facts([("Vault", Cell::from("payments")), ("OCID", Cell::id(sample::vault_id("paymts").as_str()))]);
    document.heading("Words");
    document.paragraph("A paragraph that is long enough to need more than one line on a terminal of a hundred columns, which it is.");
    document.note(Tone::Warning, "A warning.");
    document.list(["one thing", "another thing"]);
    document.heading("Rows");
    document.table(
        &["Name", "Count", "OCID", "Verdict"],
        [
            vec![
                "orders".into(),
                3.into(),
                Cell::id(sample::vault_id("paymts").as_str()),
                Cell::words("proven").tone(Tone::Good),
            ],
            vec!["signing_key".into(), 12.into(), Cell::code("a`b|c"), Cell::words("failed").tone(Tone::Bad)],
        ],
    );
    document.blocks.push(Block::Findings(vec![Finding::new(
        Code::Unprovable,
        Severity::Warning,
        sample::vault_id("paymts"),
        "no canary",
    )]));
    let stage =
        |name: &str, started, millis| Stage { name: Line::from(name), started: sample::at(started), millis };
    document.blocks.push(Block::Timeline(Timeline {
        stages: vec![
            stage("back up", "22:00:00", 60_000),
            stage("restore", "23:10:00", 180_000),
            stage("prove", "23:13:00", 900),
        ],
        mark: Some((sample::at("23:05:00"), Line::from("us-ashburn-1 is lost"))),
    }));
    document.commands(["keyferry map latest"]);
    document
}

#[test]
fn text_renders_every_block() {
    insta::assert_snapshot!(plain(&every_block()));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = text(&every_block(), Style { colour: true, width: 100 });
    let mut stripped = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').expect("a colour code").1 });
    }
    assert_eq!(stripped, plain(&every_block()));
    assert!(coloured.contains("\u{1b}[32mproven\u{1b}[0m"), "{coloured:?}");
}

#[test]
fn a_narrow_terminal_is_not_overrun_by_prose() {
    let mut document = Document::new("Narrow");
    document.paragraph("word ".repeat(60).trim_end());
    document.table(&["Name", "Why"], [vec!["orders".into(), Cell::from("word ".repeat(30).trim_end())]]);
    let shown = text(&document, Style { colour: false, width: 60 });
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
}

#[test]
fn markdown_renders_every_block() {
    insta::assert_snapshot!(markdown(&every_block()));
}

#[test]
fn html_renders_every_block() {
    let shown = html(&every_block());
    let (_, body) = shown.split_once("<body>").expect("a body");
    insta::assert_snapshot!(body);
    for outside in ["<script", "<link", "@import", "url(", "src=", "http://", "https://"] {
        assert!(!shown.contains(outside), "{outside} would make the file depend on something");
    }
}

const HOSTILE: &str =
    "<script>x</script>\u{1b}[31m\n| **b** `c` =cmd() ${d} https://e.example \u{202e}'; rm\" &";

fn hostile() -> Document {
    let mut evidence = sample::evidence();
    evidence.scenario = HOSTILE.into();
    evidence.stages[0].name = HOSTILE.into();
    evidence.stages[0].started = evidence.lost_at.expect("a loss");
    evidence.proof.versions[4].key_name = HOSTILE.into();
    evidence.proof.versions[4].reason = HOSTILE.into();
    evidence.backups[0].vault_name = HOSTILE.into();
    evidence.unsaved[0].name = HOSTILE.into();
    evidence.unsaved[0].id = HOSTILE.into();
    evidence.mapping.entries[0].from = format!("ocid1.{HOSTILE}.oc1.iad.x");
    evidence.mapping.crypto_endpoint = Some(HOSTILE.into());
    evidence.calls[0].region = HOSTILE.into();
    evidence.run_id = Some(HOSTILE.into());
    let mut document = views::drill(&evidence);
    document.blocks.extend(every_block().blocks);
    document.blocks.push(Block::Findings(vec![Finding {
        code: Code::Unprovable,
        severity: Severity::Warning,
        subject: HOSTILE.into(),
        because: HOSTILE.into(),
        remedy: HOSTILE.into(),
    }]));
    document.heading(HOSTILE);
    document.list([HOSTILE]);
    document.commands([HOSTILE, "```"]);
    document
}

#[test]
fn hostile_names_do_not_steer_a_terminal() {
    for colour in [false, true] {
        let shown = text(&hostile(), Style { colour, width: 100 });
        assert!(shown.contains(r"<script>x</script>\u{1b}[31m\n|"), "{shown}");
        assert!(!shown.contains('\u{202e}') && !shown.contains("\u{1b}[31m\n"), "{shown}");
        assert!(
            shown.chars().all(|c| !c.is_control() || c == '\n' || (colour && c == '\u{1b}')),
            "{shown:?}"
        );
    }
}

#[test]
fn hostile_names_are_only_text_in_markdown() {
    let shown = markdown(&hostile());
    assert!(
        shown.contains(
            r"\<script\>x\</script\>\\u{1b}\[31m\\n\| \*\*b\*\* \`c\` =cmd() \${d} https\://e.example"
        ),
        "{shown}"
    );
    // No name ends a fence, a cell or a code span.
    let (mut fence, mut columns) = (None, None);
    for line in shown.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("sh")),
            None => {
                let cells = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
                assert!(columns.is_none() || cells.is_none() || columns == cells, "{line}");
                columns = cells;
                let words = line.replace("\\<", "").replace("\\`", "");
                let outside = words.split('`').enumerate().filter(|(index, _)| index % 2 == 0);
                assert!(
                    words.contains("``") || outside.into_iter().all(|(_, text)| !text.contains('<')),
                    "{line}"
                );
            }
        }
    }
    assert!(fence.is_none(), "a fence was left open");
}

#[test]
fn hostile_names_are_only_text_in_html() {
    let shown = html(&hostile());
    assert!(
        !shown.contains("<script") && !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
        "{shown}"
    );
    let tags = shown.matches("<b>").count() + shown.matches("<b class").count();
    assert_eq!(tags, shown.matches("</b>").count());
}

fn hostile_mapping() -> keyferry_core::Mapping {
    let mut mapping = sample::mapping();
    mapping.entries.truncate(3);
    mapping.entries[0].name = Some(HOSTILE.into());
    mapping.entries[1].name = Some("=cmd()".into());
    mapping.entries[2].name = Some("=CMD()".into());
    mapping.entries[2].to = HOSTILE.into();
    mapping
}

#[test]
fn maps_in_all_formats() {
    let map = sample::mapping();
    insta::assert_snapshot!("map_csv", mapping::csv(&map));
    insta::assert_snapshot!("map_env", mapping::env(&map));
    insta::assert_snapshot!("map_terraform", mapping::terraform(&map));
    insta::assert_snapshot!("map_oci_cli", mapping::oci_cli(&map));
    insta::assert_snapshot!("map_fsdr", mapping::fsdr(&map));
    insta::assert_snapshot!("map_text", plain(&views::mapping(&map)));
}

#[test]
fn hostile_names_are_only_text_in_maps() {
    let map = hostile_mapping();
    assert_eq!(map.entries[0].kind, MappingKind::Vault);
    insta::assert_snapshot!("hostile_csv", mapping::csv(&map));
    insta::assert_snapshot!("hostile_env", mapping::env(&map));
    insta::assert_snapshot!("hostile_terraform", mapping::terraform(&map));
    insta::assert_snapshot!("hostile_oci_cli", mapping::oci_cli(&map));
    insta::assert_snapshot!("hostile_fsdr", mapping::fsdr(&map));
}

#[test]
fn junit_has_a_case_per_version_and_stage() {
    let mut evidence = sample::evidence();
    evidence.proof.versions[0].verdict = Verdict::Failed;
    evidence.proof.versions[0].reason = "<b> & \"quoted\" \u{0}".into();
    evidence.failure = Some((Code::ProofFailed, "1 version failed".into()));
    insta::assert_snapshot!(junit(&evidence));
}

#[test]
fn scripts_find_the_fields_they_were_promised() {
    let inventory = document("inventory", &InventoryShown(&sample::inventory()));
    assert_eq!(inventory["schema"], "keyferry.inventory");
    assert_eq!(inventory["vaults"][0]["keys"][0]["algorithm"], "AES");
    assert_eq!(inventory["vaults"][0]["keys"][0]["versions"][2]["lifecycle_state"], "ENABLED");
    assert_eq!(inventory["completeness"]["complete"], false);
    assert_eq!(
        (&inventory["completeness"]["expected"], &inventory["completeness"]["seen"]),
        (&5.into(), &4.into())
    );
    assert_eq!(inventory["completeness"]["gaps"][0]["reading"], "ListVaults");
    let verdicts = inventory["eligibility"].as_array().expect("a list");
    assert_eq!(verdicts.len(), 2 + 4 + 6 + 1);
    let of_shared: Vec<_> = verdicts.iter().filter(|v| v["reasons"][0]["code"] == "KF-2101").collect();
    assert_eq!(of_shared.len(), 3, "a DEFAULT vault, its key and its version");

    let plan = sample::plan();
    let digest = plan.digest().expect("a digest");
    let shown = document("plan", &PlanShown { plan: &plan, digest: &digest });
    assert_eq!(
        (&shown["digest"], &shown["steps"][1]["action"]),
        (&digest.to_string().into(), &"restore_vault".into())
    );

    for shown in
        [document("drill", &DrillShown(&sample::evidence())), document("restore", &sample::restored())]
    {
        assert_eq!(shown["mapping"][0]["kind"], "vault");
        assert_eq!(shown["crypto_endpoint"], "https://xyz-crypto.kms.eu-frankfurt-1.oraclecloud.com");
        assert_eq!((&shown["proof"]["proven"], &shown["proof"]["unprovable"]), (&4.into(), &1.into()));
        assert_eq!((&shown["state"], &shown["rta_seconds"]), (&"succeeded".into(), &845.2.into()));
    }
    let backup = document("backup", &sample::backups());
    assert_eq!(backup["backups"][0]["object"]["region"], "us-ashburn-1");
    assert_eq!(backup["backups"][0]["canaries"]["carried"], 2);
    let check = document("check", &serde_json::json!({"backups": sample::checked()}));
    assert_eq!(check["backups"][1]["objects"][1]["verdict"], "missing");
}
