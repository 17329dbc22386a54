//! What a report consists of, before anybody decides how it looks.

use jiff::Timestamp;
use keyferry_core::Finding;
use keyferry_ids::short;

use crate::Line;

/// What a text means for the reader. Colour only repeats what the words already say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Somebody should look.
    Warning,
    /// Something is wrong.
    Bad,
    /// Less important.
    Quiet,
}

/// How a cell's text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellKind {
    /// Words.
    #[default]
    Words,
    /// Numbers, set to the right.
    Number,
    /// Identifiers, places, digests: set in a fixed width.
    Code,
}

/// A text in a table or beside a label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The text.
    pub text: Line,
    /// Its long form where the text is a short one.
    pub full: Option<Line>,
    /// What it means.
    pub tone: Tone,
    /// How it is set.
    pub kind: CellKind,
}

impl Cell {
    /// Words.
    pub fn words(text: impl AsRef<str>) -> Self {
        Self { text: Line::from(text), ..Self::default() }
    }

    /// A number.
    pub fn number(number: impl ToString) -> Self {
        Self { kind: CellKind::Number, ..Self::words(number.to_string()) }
    }

    /// Something to be copied letter by letter.
    pub fn code(text: impl AsRef<str>) -> Self {
        Self { kind: CellKind::Code, ..Self::words(text) }
    }

    /// An OCID: short where room is scarce, whole where it is not.
    pub fn id(id: impl AsRef<str>) -> Self {
        let full = id.as_ref();
        let shortened = short(full);
        Self { full: (shortened != full).then(|| Line::from(full)), ..Self::code(shortened) }
    }

    /// With that meaning.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The text for a place with room.
    pub fn whole(&self) -> &Line {
        self.full.as_ref().unwrap_or(&self.text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::words(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::words(text)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::number(number)
    }
}

/// Rows of cells under titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Titles of the columns.
    pub titles: Vec<Line>,
    /// Each as long as the titles.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The titles, and whether the column holds numbers.
    pub fn columns(&self) -> impl Iterator<Item = (&Line, bool)> {
        let first = self.rows.first();
        self.titles.iter().enumerate().map(move |(index, title)| {
            let cell = first.and_then(|row| row.get(index));
            (title, cell.is_some_and(|cell| cell.kind == CellKind::Number))
        })
    }
}

/// A part of a run with its duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What was done.
    pub name: Line,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

impl Stage {
    /// How long it took, in seconds.
    pub fn seconds(&self) -> f64 {
        std::time::Duration::from_millis(self.millis).as_secs_f64()
    }
}

/// Stages one after the other, and the moment that they are measured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// In order.
    pub stages: Vec<Stage>,
    /// A moment worth a mark, such as the loss of a region.
    pub mark: Option<(Timestamp, Line)>,
}

impl Timeline {
    /// Where each stage begins on an axis without idle times, and the whole length. Idle hours between a backup
    /// and a disaster would squeeze everything else to nothing.
    pub fn offsets(&self) -> (Vec<u64>, u64) {
        let mut end = 0;
        let starts = self.stages.iter().map(|stage| {
            end += stage.millis;
            end - stage.millis
        });
        (starts.collect(), end)
    }

    /// The first stage that began at or after the mark.
    pub fn marked(&self) -> Option<usize> {
        let (at, _) = self.mark.as_ref()?;
        self.stages.iter().position(|stage| stage.started >= *at)
    }
}

/// A piece of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Opens a section.
    Heading(Line),
    /// A sentence or several.
    Paragraph(Tone, Line),
    /// The judgement, in a word or two, and what it rests on.
    Verdict(Tone, Line, Line),
    /// The few numbers that a hurried reader came for.
    Figures(Vec<(Line, Line)>),
    /// Labels with values.
    Facts(Vec<(Line, Cell)>),
    /// Rows and columns.
    Table(Table),
    /// One thing per line.
    List(Vec<Line>),
    /// Observations with their remedies.
    Findings(Vec<Finding>),
    /// Stages with their durations.
    Timeline(Timeline),
    /// Lines for a shell.
    Commands(Vec<Line>),
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What the reader must know before anything else; stands above the title.
    pub notice: Option<Line>,
    /// The title.
    pub title: Line,
    /// What follows.
    pub blocks: Vec<Block>,
}

impl Document {
    /// A report without content.
    pub fn new(title: impl AsRef<str>) -> Self {
        Self { notice: None, title: Line::from(title), blocks: Vec::new() }
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: impl AsRef<str>) {
        self.blocks.push(Block::Heading(Line::from(text)));
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: impl AsRef<str>) {
        self.note(Tone::Plain, text);
    }

    /// Adds a paragraph that means something.
    pub fn note(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.blocks.push(Block::Paragraph(tone, Line::from(text)));
    }

    /// Adds a verdict.
    pub fn verdict(&mut self, tone: Tone, word: impl AsRef<str>, because: impl AsRef<str>) {
        self.blocks.push(Block::Verdict(tone, Line::from(word), Line::from(because)));
    }

    /// Adds figures.
    pub fn figures(&mut self, pairs: impl IntoIterator<Item = (&'static str, String)>) {
        let pairs = pairs.into_iter().map(|(label, value)| (Line::from(label), Line::from(value)));
        self.blocks.push(Block::Figures(pairs.collect()));
    }

    /// Adds facts.
    pub fn facts<L: AsRef<str>>(&mut self, pairs: impl IntoIterator<Item = (L, Cell)>) {
        let pairs = pairs.into_iter().map(|(label, value)| (Line::from(label), value));
        self.blocks.push(Block::Facts(pairs.collect()));
    }

    /// Adds a table, unless it would be empty.
    pub fn table(&mut self, titles: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
        let rows: Vec<_> = rows.into_iter().collect();
        if !rows.is_empty() {
            self.blocks.push(Block::Table(Table { titles: titles.iter().map(Line::from).collect(), rows }));
        }
    }

    /// Adds a list, unless it would be empty.
    pub fn list<T: AsRef<str>>(&mut self, items: impl IntoIterator<Item = T>) {
        let items: Vec<_> = items.into_iter().map(Line::from).collect();
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// Adds lines for a shell.
    pub fn commands<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = T>) {
        self.blocks.push(Block::Commands(lines.into_iter().map(Line::from).collect()));
    }
}
