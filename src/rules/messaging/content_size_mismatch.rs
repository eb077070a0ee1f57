use crate::csp::message::{Kind, Message, integer};
use crate::csp::name;
use crate::finding::Exhibit;
use crate::rules::base64::{decode, is_base64};
use crate::rules::{MOST_FINDINGS, Verdict};
use crate::session::Doubt;
use crate::syntax::{Encoding, Node};

/// A content size that is none of the sizes that the content has.
pub(super) fn check(message: &Message, verdict: &mut Verdict<'_>) {
    if message.kind != Kind::Csp {
        return;
    }
    let tolerance = verdict.parameter("tolerance") as u64;
    let contents = message.document.nodes().filter(|node| node.name() == name::CONTENT_DATA);
    for (at, data) in contents.enumerate() {
        if at >= MOST_FINDINGS {
            return verdict.doubt(Doubt::Limit);
        }
        let Some(info) = data.parent().and_then(|about| about.child(name::MESSAGE_INFO)) else { continue };
        let Some(size) = info.child(name::CONTENT_SIZE) else { continue };
        let Some(said) = integer(size).filter(|_| data.is_leaf() && data.has_text()) else { continue };
        // What lies elsewhere has another size.
        if info.child(name::MESSAGE_URI).is_some() || !is_readable(message.encoding, info) {
            continue;
        }
        let sizes = sizes(data.text(), is_coded(info));
        if sizes.iter().any(|size| size.abs_diff(said) <= tolerance) {
            continue;
        }
        if let Some(doubt) = Doubt::of(message.envelope.wholeness) {
            return verdict.doubt(doubt);
        }
        let real = sizes.first().copied().unwrap_or_default();
        verdict
            .find(
                format!("ContentSize says {said}, and the content has {real} octets"),
                Exhibit::message(message, Some(size), format!("{real} octets follow")),
            )
            .cause("size");
    }
}

fn is_coded(info: Node<'_>) -> bool {
    info.child(name::CONTENT_ENCODING).is_some_and(|encoding| encoding.text().trim().eq_ignore_ascii_case("BASE64"))
}

/// Whether the content stands in the tree as it was written: raw octets in WBXML do not, and content called BASE64 that is
/// none has a rule of its own.
fn is_readable(encoding: Encoding, info: Node<'_>) -> bool {
    let kind = info.child(name::CONTENT_TYPE).map_or("", Node::text).trim();
    let text = kind.is_empty() || kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
    encoding == Encoding::Xml || text || is_coded(info)
}

/// The sizes that a content may be said to have: in octets, first; after BASE64, in characters, in UTF-16, as escaped text,
/// with line ends of two octets; with white space around it and without.
fn sizes(text: &str, coded: bool) -> Vec<u64> {
    let mut sizes = Vec::new();
    if coded && is_base64(text) {
        sizes.push(decode(text).count());
    }
    for text in [text, text.trim()] {
        let units: usize = text.chars().map(char::len_utf16).sum();
        let count = |c: char| text.matches(c).count();
        let escaped = 4 * count('&') + 3 * (count('<') + count('>')) + 5 * (count('"') + count('\''));
        let lines = count('\n');
        for octets in [text.len(), text.len() + lines, text.len() + escaped, text.len() - count('\r')] {
            sizes.push(octets);
        }
        sizes.extend([text.chars().count(), units, 2 * units]);
    }
    sizes.into_iter().map(|size| size as u64).collect()
}
