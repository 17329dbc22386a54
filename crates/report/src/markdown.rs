//! Documents as Markdown, as GitHub and GitLab read it.

use keyferry_core::Finding;

use crate::text::severity;
use crate::{Block, Cell, CellKind, Document, Line, Table, Timeline, Tone, units};

/// Renders a document.
pub fn markdown(document: &Document) -> String {
    let mut parts = Vec::new();
    if let Some(notice) = &document.notice {
        parts.push(format!("> **{}**", escaped(notice)));
    }
    parts.push(format!("# {}", escaped(&document.title)));
    parts.extend(document.blocks.iter().map(body));
    format!("{}\n", parts.join("\n\n"))
}

fn body(block: &Block) -> String {
    match block {
        Block::Heading(heading) => format!("## {}", escaped(heading)),
        Block::Paragraph(Tone::Plain | Tone::Quiet | Tone::Good, line) => escaped(line),
        Block::Paragraph(Tone::Warning | Tone::Bad, line) => format!("> {}", escaped(line)),
        Block::Verdict(_, word, because) => format!("> **{}**\\\n> {}", escaped(word), escaped(because)),
        Block::Figures(pairs) => {
            let items =
                pairs.iter().map(|(label, value)| format!("- {}: **{}**", escaped(label), escaped(value)));
            joined(items)
        }
        Block::Facts(pairs) => {
            joined(pairs.iter().map(|(label, cell)| format!("- {}: {}", escaped(label), field(cell))))
        }
        Block::Table(table) => rows(table),
        Block::List(items) => joined(items.iter().map(|item| format!("- {}", escaped(item)))),
        Block::Findings(findings) => joined(findings.iter().map(observed)),
        Block::Timeline(timeline) => stages(timeline),
        // A fence is as long as no line of its content.
        Block::Commands(lines) => {
            let longest = lines.iter().map(|line| longest_run(line.as_str())).max().unwrap_or_default();
            let fence = "`".repeat(longest.max(2) + 1);
            format!("{fence}sh\n{}\n{fence}", joined(lines.iter().map(Line::to_string)))
        }
    }
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn observed(finding: &Finding) -> String {
    let (_, word) = severity(finding.severity);
    let because = escaped(&Line::from(&finding.because));
    let remedy = escaped(&Line::from(&finding.remedy));
    let subject = code(&Line::from(&finding.subject));
    format!("- **{word} {}** {subject}: {because}\\\n  *Help:* {remedy}", finding.code)
}

fn rows(table: &Table) -> String {
    let titles = table.titles.iter().map(escaped);
    let rules = table.columns().map(|(_, is_number)| if is_number { "--:" } else { "---" }.to_owned());
    let mut lines = vec![row(titles), row(rules)];
    lines.extend(table.rows.iter().map(|cells| row(cells.iter().map(field))));
    lines.join("\n")
}

fn row(fields: impl Iterator<Item = String>) -> String {
    format!("| {} |", fields.collect::<Vec<_>>().join(" | "))
}

fn field(cell: &Cell) -> String {
    match cell.kind {
        CellKind::Code if !cell.text.is_empty() => code(cell.whole()),
        _ if matches!(cell.tone, Tone::Bad | Tone::Warning) => format!("**{}**", escaped(&cell.text)),
        _ => escaped(&cell.text),
    }
}

fn stages(timeline: &Timeline) -> String {
    let mut lines = vec!["| Stage | Began | Took |".to_owned(), "| --- | --- | --: |".to_owned()];
    for (index, stage) in timeline.stages.iter().enumerate() {
        if let (Some((at, what)), true) = (&timeline.mark, timeline.marked() == Some(index)) {
            lines.push(format!("| **{}** | {} | |", escaped(what), units::time(*at)));
        }
        let name = escaped(&stage.name);
        lines.push(format!(
            "| {name} | {} | {} |",
            units::time(stage.started),
            units::duration(stage.seconds())
        ));
    }
    lines.join("\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

// A code span whose delimiters the text does not contain. A pipe would end a table's cell even in there.
fn code(line: &Line) -> String {
    let text = line.as_str().replace('|', "\\|");
    let ticks = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

// Everything that could open an element, start a block or become a link.
fn escaped(line: &Line) -> String {
    let text = line.as_str();
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    for (index, character) in text.char_indices() {
        let after = text[index + character.len_utf8()..].chars().next().unwrap_or(' ');
        let special = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            // Within a word an underscore means nothing.
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            '#' | '-' | '+' | '=' => index == 0,
            '.' | ')' => text[..index].bytes().all(|b| b.is_ascii_digit()) || text[..index].ends_with("www"),
            // `https://` would become a link by itself.
            ':' => after == '/',
            _ => false,
        };
        if special {
            shown.push('\\');
        }
        shown.push(character);
        before = character;
    }
    shown
}
