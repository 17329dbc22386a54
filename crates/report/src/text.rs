//! Documents for a terminal: structure by indentation and words; colour only if asked for.

use std::fmt::Write as _;

use comfy_table::{
    Cell as Field, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width,
};
use keyferry_core::{Finding, Severity};

use crate::{Block, Cell, CellKind, Document, Line, Table, Timeline, Tone, units};

/// How it may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: u16,
}

impl Style {
    /// No colour, 100 columns: for pipes and files.
    pub const PLAIN: Self = Self { colour: false, width: 100 };

    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        match (self.colour, sgr(tone)) {
            (true, Some(code)) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    fn bold(self, text: &str) -> String {
        if self.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn columns(self) -> usize {
        usize::from(self.width).max(40)
    }
}

fn sgr(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("32"),
        Tone::Warning => Some("33"),
        Tone::Bad => Some("31"),
        Tone::Quiet => Some("2"),
    }
}

/// Renders a document.
pub fn text(document: &Document, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(notice) = &document.notice {
        lines.extend(wrap(notice, style.columns()).iter().map(|line| style.paint(Tone::Warning, line)));
        lines.push(String::new());
    }
    lines.push(style.bold(document.title.as_str()));
    let mut after_heading = false;
    for block in &document.blocks {
        if !after_heading {
            lines.push(String::new());
        }
        after_heading = matches!(block, Block::Heading(_));
        match block {
            Block::Heading(heading) => lines.push(style.bold(heading.as_str())),
            _ => lines.extend(body(block, style).iter().map(|line| indent(line))),
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn indent(line: &str) -> String {
    format!("  {line}")
}

fn body(block: &Block, style: Style) -> Vec<String> {
    let columns = style.columns() - 2;
    match block {
        Block::Heading(_) => Vec::new(),
        Block::Paragraph(tone, line) => {
            wrap(line, columns).iter().map(|line| style.paint(*tone, line)).collect()
        }
        Block::Verdict(tone, word, because) => {
            let word = style.paint(*tone, &style.bold(&word.as_str().to_uppercase()));
            std::iter::once(word).chain(wrap(because, columns)).collect()
        }
        Block::Figures(pairs) => {
            labelled(pairs.iter().map(|(label, value)| (label, value, Tone::Plain)), style)
        }
        Block::Facts(pairs) => {
            labelled(pairs.iter().map(|(label, cell)| (label, cell.whole(), cell.tone)), style)
        }
        Block::Table(table) => rows(table, style),
        Block::List(items) => items.iter().flat_map(|item| hanging("- ", &wrap(item, columns - 2))).collect(),
        Block::Findings(findings) => findings.iter().flat_map(|finding| observed(finding, style)).collect(),
        Block::Timeline(timeline) => bars(timeline, style),
        Block::Commands(commands) => commands.iter().map(|line| format!("  {line}")).collect(),
    }
}

// The first line after `start`, the others below it.
fn hanging(start: &str, lines: &[String]) -> Vec<String> {
    let blank = " ".repeat(start.chars().count());
    let starts = std::iter::once(start).chain(std::iter::repeat(blank.as_str()));
    starts.zip(lines).map(|(start, line)| format!("{start}{line}")).collect()
}

fn labelled<'a>(pairs: impl Iterator<Item = (&'a Line, &'a Line, Tone)>, style: Style) -> Vec<String> {
    let pairs: Vec<_> = pairs.collect();
    let longest = pairs.iter().map(|(label, ..)| label.as_str().chars().count()).max().unwrap_or_default();
    let room = style.columns().saturating_sub(longest + 5).max(20);
    let lines = pairs.iter().flat_map(|(label, value, tone)| {
        let painted: Vec<_> = wrap(value, room).iter().map(|line| style.paint(*tone, line)).collect();
        hanging(&format!("{label:longest$}   "), &painted)
    });
    lines.collect()
}

fn observed(finding: &Finding, style: Style) -> Vec<String> {
    let (tone, word) = severity(finding.severity);
    let head = style.paint(tone, &format!("{word} {}", finding.code));
    let subject = Line::from(keyferry_ids::short(&finding.subject));
    let columns = style.columns() - 4;
    let mut lines = vec![format!("{head}  {subject}")];
    lines.extend(wrap(&Line::from(&finding.because), columns).iter().map(|line| indent(line)));
    lines.extend(hanging("  help: ", &wrap(&Line::from(&finding.remedy), columns - 6)));
    lines
}

/// A severity as a tone and a word.
pub(crate) fn severity(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Info => (Tone::Quiet, "info"),
        Severity::Warning => (Tone::Warning, "warning"),
        Severity::Error => (Tone::Bad, "error"),
    }
}

// comfy-table measures what it is given, and colour codes would count. So each word carries marks of no width
// that `Line` lets nobody else use, and they become colour after the layout.
const MARKS: [(Tone, char); 4] = [
    (Tone::Good, '\u{2061}'),
    (Tone::Warning, '\u{2062}'),
    (Tone::Bad, '\u{2063}'),
    (Tone::Quiet, '\u{2064}'),
];
const END: char = '\u{2060}';

fn marked(cell: &Cell, style: Style) -> String {
    match MARKS.iter().find(|(tone, _)| style.colour && *tone == cell.tone) {
        Some((_, mark)) => {
            let words = cell.text.as_str().split(' ').map(|word| format!("{mark}{word}{END}"));
            words.collect::<Vec<_>>().join(" ")
        }
        None => cell.text.to_string(),
    }
}

fn coloured(line: &str) -> String {
    let mut open = false;
    let mut shown = String::new();
    for character in line.chars() {
        match MARKS.iter().find(|(_, mark)| *mark == character).and_then(|(tone, _)| sgr(*tone)) {
            Some(code) => {
                open = true;
                shown.extend(["\u{1b}[", code, "m"]);
            }
            None if character == END => {
                open = false;
                shown.push_str("\u{1b}[0m");
            }
            None => shown.push(character),
        }
    }
    // A word that was too long for its column goes on in the next line, without colour.
    if open { format!("{shown}\u{1b}[0m") } else { shown }
}

// Columns between columns.
const GAP: u16 = 2;

// Nothing but a line below the titles.
const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

fn rows(table: &Table, style: Style) -> Vec<String> {
    let align = |number| if number { CellAlignment::Right } else { CellAlignment::Left };
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(LINES).set_content_arrangement(ContentArrangement::Dynamic);
    drawn.set_width(u16::try_from(style.columns() - 2).unwrap_or(u16::MAX));
    drawn.set_header(
        table.columns().map(|(title, number)| Field::new(title.as_str()).set_alignment(align(number))),
    );
    for row in &table.rows {
        let fields = row
            .iter()
            .map(|cell| Field::new(marked(cell, style)).set_alignment(align(cell.kind == CellKind::Number)));
        drawn.add_row(fields);
    }
    for (column, width) in drawn.column_iter_mut().zip(narrowest(table, style.columns() - 2)) {
        column.set_padding((0, GAP));
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + GAP)));
    }
    drawn.lines().map(|line| coloured(line.trim_end())).collect()
}

// As wide as the longest word, so that names and identifiers stay whole; with less room, the longest words
// are broken first.
fn narrowest(table: &Table, room: usize) -> Vec<u16> {
    let longest = |column: usize| {
        let title = table.titles[column].as_str().split(' ');
        let cells = table.rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| {
            // A number stays with its unit.
            let end = if cell.kind == CellKind::Number { '\n' } else { ' ' };
            cell.text.as_str().split(end)
        });
        cells.chain(title).map(|word| word.chars().count()).max().unwrap_or_default()
    };
    let words: Vec<_> = (0..table.titles.len()).map(longest).collect();
    let widths = |cap: u16| words.iter().map(move |longest| u16::try_from(*longest).unwrap_or(cap).min(cap));
    let fits = |cap: &u16| widths(*cap).map(|width| usize::from(width + GAP)).sum::<usize>() <= room;
    let cap = (8..=26).rev().find(fits).unwrap_or(8);
    widths(cap).collect()
}

fn bars(timeline: &Timeline, style: Style) -> Vec<String> {
    const WIDTH: u64 = 30;
    let (offsets, whole) = timeline.offsets();
    let longest = timeline.stages.iter().map(|stage| stage.name.as_str().chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (index, (stage, offset)) in timeline.stages.iter().zip(offsets).enumerate() {
        if let (Some((at, what)), true) = (&timeline.mark, timeline.marked() == Some(index)) {
            lines.push(style.paint(Tone::Warning, &format!("── {}  {what}", units::time(*at))));
        }
        let scaled =
            |millis: u64| usize::try_from(millis.saturating_mul(WIDTH) / whole.max(1)).unwrap_or_default();
        let bar = format!("{}{}", " ".repeat(scaled(offset)), "█".repeat(scaled(stage.millis).max(1)));
        let mut line = format!("{:longest$}  {}", stage.name, units::time(stage.started));
        let taken = units::duration(stage.seconds());
        write!(line, "  {taken:>11}  {bar}").expect("a string takes everything");
        lines.push(line);
    }
    lines
}

// Words that are longer than a line stay whole: they are mostly identifiers, to be copied.
fn wrap(line: &Line, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.as_str().split(' ') {
        let last = lines.last_mut().expect("never empty");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= columns {
            last.extend([" ", word]);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
