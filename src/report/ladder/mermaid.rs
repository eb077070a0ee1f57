//! The ladder as a sequence diagram of Mermaid.

use std::fmt::Write;

use crate::carrier::Direction;
use crate::sanitise::sanitise;

use super::{Ladder, Rung, What, aside, margin};

/// The ladder in the notation of Mermaid.
pub fn mermaid(ladder: &Ladder) -> String {
    let mut text = format!("sequenceDiagram\n  %% {}\n", escape(&ladder.title.join(", ")));
    text.push_str("  participant C as client\n  participant S as server\n");
    for rung in &ladder.rungs {
        // Writing to a string does not fail.
        let _ = match rung {
            Rung::Row(row, notes) => {
                let arrow = match row.what {
                    What::Said => "->>",
                    What::Signal => "-)",
                    What::Missing | What::Gap => "--x",
                };
                let (from, to) = match row.direction {
                    Direction::ClientToServer => ('C', 'S'),
                    Direction::ServerToClient => ('S', 'C'),
                };
                let id = row.id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
                let facts: String = row.facts.iter().map(|fact| format!(" · {fact}")).collect();
                let _ = writeln!(text, "  {from}{arrow}{to}: {}", escape(&format!("{}{id}{facts}", row.title)));
                if notes.is_empty() { Ok(()) } else { writeln!(text, "  Note right of S: {}", escape(&margin(notes))) }
            }
            rung => writeln!(text, "  Note over C,S: {}", escape(&aside(rung).unwrap_or_default())),
        };
    }
    text
}

/// A text in which nothing is read as notation, nor as HTML: such characters are entities of Mermaid.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in sanitise(text).chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '\'' | '`' | '%' | '{' | '}' | '\\' => {
                let _ = write!(safe, "#{};", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}
