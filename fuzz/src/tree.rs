//! What holds of any document that was read.

use impslint::syntax::xml::{self, Style};
use impslint::syntax::{Document, MAX_ANOMALIES, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, Parsed};

/// Holds a document against its payload, and against itself written as XML and read again.
pub fn hold(parsed: &Parsed, payload: usize) {
    let starts = parsed.document.nodes().filter_map(|node| node.span()).map(|span| span.start);
    assert!(starts.is_sorted(), "elements begin in their order");
    hold_unordered(parsed, payload);
}

/// The same of a document whose elements stand in another order than in its payload.
pub fn hold_unordered(parsed: &Parsed, payload: usize) {
    let document = &parsed.document;
    assert!(document.len() <= MAX_ELEMENTS && parsed.anomalies.len() <= MAX_ANOMALIES);
    let end = payload as u32;
    let mut open: Vec<u32> = Vec::new();
    for node in document.nodes() {
        let span = node.span().expect("a document that was read knows places");
        assert!(span.start <= span.end && span.end <= end, "{node:?} {span:?} of {end}");
        assert!(node.depth() < MAX_DEPTH && node.attributes().count() <= MAX_ATTRIBUTES);
        open.truncate(node.depth());
        assert!(open.last().is_none_or(|end| span.end <= *end), "{node:?} {span:?} ends inside of its parent");
        assert_eq!(open.len(), node.depth(), "a tree");
        open.push(span.end);
    }
    for anomaly in &parsed.anomalies {
        assert!(anomaly.span.start <= anomaly.span.end && anomaly.span.end <= end, "{anomaly:?} of {end}");
    }
    if is_writable(document) && !document.is_empty() {
        for indent in [None, Some(2)] {
            let mut text = String::new();
            xml::write(document, Style { indent, declaration: true, doctype: None }, &mut text);
            let again = xml::parse(&text, document.vocabulary(), None);
            assert_eq!(again.anomalies, [], "{text}");
            assert_eq!(again.document, *document, "{text}");
        }
    }
}

/// Whether names and characters are those that XML allows.
fn is_writable(document: &Document) -> bool {
    let name = |name: &str| {
        let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':') || !c.is_ascii();
        name.starts_with(begins) && name.chars().all(|c| begins(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
    };
    let text = |text: &str| {
        let allowed =
            |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        text.chars().all(allowed)
    };
    document.nodes().all(|node| name(node.spelling()) && text(node.text()))
        && document.attributes().all(|attribute| name(attribute.name) && text(attribute.value))
}
