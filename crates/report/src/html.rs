//! Documents as one HTML file: no scripts, no fonts, nothing fetched; askama escapes every text.

use askama::Template;
use keyferry_core::Finding;

use crate::text::severity;
use crate::{Block, Cell, CellKind, Document, Line, Timeline, Tone, units};

#[derive(Debug, Template)]
#[template(path = "document.html")]
struct Page<'a> {
    document: &'a Document,
}

/// Renders a document.
pub fn html(document: &Document) -> String {
    Page { document }.render().expect("writing into a string does not fail")
}

// What the template asks for.
impl Page<'_> {
    fn class(&self, tone: &Tone) -> &'static str {
        match tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
            Tone::Quiet => "quiet",
        }
    }

    fn cell_class(&self, cell: &Cell) -> String {
        let kind = match cell.kind {
            CellKind::Words => "words",
            CellKind::Number => "number",
            CellKind::Code => "code",
        };
        format!("{kind} {}", self.class(&cell.tone))
    }

    // Words, and whether a browser would break them at a hyphen: regions, codes and ids should stay whole.
    fn words<'b>(&self, line: &'b Line) -> impl Iterator<Item = (&'b str, bool)> {
        line.as_str().split(' ').map(|word| (word, word.contains('-') && word.chars().count() <= 26))
    }

    fn observed(&self, findings: &[Finding]) -> Vec<Observed> {
        let shown = findings.iter().map(|finding| {
            let (tone, word) = severity(finding.severity);
            Observed {
                class: self.class(&tone),
                head: format!("{word} {}", finding.code),
                subject: Line::from(&finding.subject),
                because: Line::from(&finding.because),
                remedy: Line::from(&finding.remedy),
            }
        });
        shown.collect()
    }

    fn chart(&self, timeline: &Timeline) -> Chart {
        Chart::of(timeline)
    }
}

struct Observed {
    class: &'static str,
    head: String,
    subject: Line,
    because: Line,
    remedy: Line,
}

/// Places in the picture of a timeline, in its own units.
struct Chart {
    height: u64,
    bars: Vec<Bar>,
    mark: Option<Mark>,
}

struct Bar {
    name: String,
    taken: String,
    began: String,
    x: u64,
    y: u64,
    width: u64,
    after: bool,
}

struct Mark {
    x: u64,
    text_x: u64,
    anchor: &'static str,
    text: String,
}

impl Chart {
    const LEFT: u64 = 190;
    const WIDTH: u64 = 440;
    // Where durations end.
    const RIGHT: u64 = 720;
    const ROW: u64 = 26;
    const TOP: u64 = 24;
    // Room for the mark's text.
    const CAPTION: u64 = 340;

    fn of(timeline: &Timeline) -> Self {
        let (offsets, whole) = timeline.offsets();
        let scaled = |millis: u64| millis.saturating_mul(Self::WIDTH) / whole.max(1);
        let marked = timeline.marked();
        let bars = timeline.stages.iter().zip(&offsets).enumerate().map(|(index, (stage, offset))| Bar {
            name: cut(stage.name.as_str(), 26),
            taken: units::duration(stage.seconds()),
            began: units::time(stage.started),
            x: Self::LEFT + scaled(*offset),
            y: Self::TOP + index as u64 * Self::ROW,
            width: scaled(stage.millis).max(3),
            after: marked.is_some_and(|first| index >= first),
        });
        let mark = marked.zip(timeline.mark.as_ref()).map(|(first, (at, what))| {
            let x = Self::LEFT + scaled(offsets[first]);
            let is_late = x + Self::CAPTION > Self::RIGHT;
            let (text_x, anchor) = if is_late { (x + 4, "end") } else { (x - 4, "start") };
            Mark { x, text_x, anchor, text: cut(&format!("{what}, {}", units::time(*at)), 60) }
        });
        Self { height: Self::TOP + timeline.stages.len() as u64 * Self::ROW + 4, bars: bars.collect(), mark }
    }
}

fn cut(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().take(longest).collect();
    if text.chars().count() > longest {
        shown.push('…');
    }
    shown
}
