//! The trace notation: the octets are a trace.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use impslint::capture::{Capture, Places};
use impslint::carrier::Carried;
use impslint::csp::decode::decode;
use impslint::engine::pipeline::{self, Batch};
use impslint::sanitise::is_hidden;
use impslint::tls::Context;
use impslint::trace::{Decoder, Line, Payload, Show, Trace, craft, parse};

use super::capture::open;

/// What the capture crafted from a trace decodes to; `None` where the trace contradicts itself.
fn there_and_back(trace: &Trace, show: Show) -> Option<String> {
    let mut octets = Vec::new();
    craft(trace, &mut octets).ok()?;
    let mut capture = open(&octets, usize::MAX, 1 << 20).expect("what was crafted opens");
    Some(decoded(&mut capture, show))
}

/// What a capture decodes to.
pub fn decoded(capture: &mut Capture, show: Show) -> String {
    let mut decoder = Decoder::new(show);
    let mut out = String::new();
    let print = |_: &Places<'_>, batch: Batch<'_, Carried>| {
        for item in batch {
            let Carried::Envelope(envelope) = item else { continue };
            out.push_str(&match decode(envelope) {
                Ok(message) => decoder.message(&message),
                Err(envelope) => decoder.bare(&envelope),
            });
        }
        ControlFlow::Continue(())
    };
    pipeline::run(capture, &mut Context::default(), 1, |item| item, print).1.expect("octets in memory can be read");
    assert!(!out.chars().any(|c| c != '\n' && is_hidden(c)), "{out:?}");
    out
}

/// Parses a trace, prints it, crafts it and decodes that.
pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok(trace) = parse(&text) else { return };
    let printed = trace.to_string();
    assert!(!printed.chars().any(|c| c != '\n' && is_hidden(c)), "{printed:?}");
    let again = parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.to_string(), printed);
    let everything = Show { secrets: true, content: true };
    let Some(once) = there_and_back(&trace, everything) else { return };
    let back = parse(&once).unwrap_or_else(|error| panic!("{error}\n{once}"));
    let hidden = there_and_back(&trace, Show::default()).expect("as before");
    parse(&hidden).unwrap_or_else(|error| panic!("{error}\n{hidden}"));
    // Connections between the same ends may overlap by the frames that open and close them.
    let mut ends = BTreeSet::new();
    let apart = back.lines.iter().all(|line| match line {
        Line::Connection(_, client, server) => ends.insert((*client, *server)),
        Line::Event(_) | Line::Over(_) => true,
    });
    let whole = trace.lines.iter().all(|line| match line {
        // Octets as they are may hold what the notation has no words for.
        Line::Event(said) => !said.lost && said.cut.is_none() && !matches!(said.payload, Payload::Raw(_)),
        Line::Connection(..) | Line::Over(_) => true,
    });
    if apart && whole && !once.contains("# The next: ") {
        let twice = there_and_back(&back, everything).expect("what was decoded can be crafted");
        assert_eq!(once, twice);
    }
}
