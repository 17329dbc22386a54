//! Events, one JSON document per line.

use keyferry_core::Event;
use serde::Serialize;

#[derive(Serialize)]
struct EventLine<'a> {
    schema: &'static str,
    version: u32,
    #[serde(flatten)]
    event: &'a Event,
}

/// An event as a line, with its newline.
///
/// # Panics
/// Never: an event holds texts and numbers only.
pub fn event_line(event: &Event) -> String {
    let line = EventLine { schema: "keyferry.event", version: 1, event };
    serde_json::to_string(&line).expect("an event holds texts and numbers only") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyferry_core::EventKind;

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        let at = "2026-11-24T23:10:00Z".parse().expect("a time");
        let event = Event::new(at, EventKind::Item, "BackupVault", "done\n\u{1b}[2J").at("eu-frankfurt-1");
        let expected = r#"{"schema":"keyferry.event","version":1,"ts":"2026-11-24T23:10:00Z","type":"item","op":"BackupVault","region":"eu-frankfurt-1","state":"done\n\u001b[2J"}"#;
        assert_eq!(event_line(&event), format!("{expected}\n"));
    }
}
