//! PTS: the octets are a payload in the plain-text syntax.

use impslint::csp::namespace::Version;
use impslint::csp::pts;
use impslint::syntax::Document;
use impslint::syntax::pts::read;

use super::tree::hold_unordered;

/// Reads a payload, and what was written of it again.
pub fn run(octets: &[u8]) {
    let parsed = pts::read(octets);
    assert_eq!(parsed.document.is_empty(), read(octets).is_none(), "what begins like one is read");
    hold_unordered(&parsed, octets.len());
    if let Some(written) = pts::write(&parsed.document, Version::V12) {
        let again = pts::read(&written).document;
        assert_eq!(primitive(&again), primitive(&parsed.document), "{}", written.escape_ascii());
    }
}

/// The name of the primitive.
fn primitive(document: &Document) -> Option<String> {
    let content = document.nodes().find(|node| node.local_name() == "TransactionContent")?;
    content.children().next().map(|node| node.spelling().to_owned())
}
