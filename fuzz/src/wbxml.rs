//! WBXML: the first octet chooses the version that the carrier hints at, the others are the payload.

use impslint::csp::namespace::Version;
use impslint::csp::tokens::{language, read};
use impslint::syntax::wbxml::{Style, write};

use super::tree::hold;

/// Reads a payload, writes what was read, and reads that.
pub fn run(octets: &[u8]) {
    let Some((hint, payload)) = octets.split_first() else { return };
    let hint = Version::ALL.get(usize::from(*hint) % (Version::ALL.len() + 1)).copied();
    let (parsed, version) = read(payload, hint);
    hold(&parsed, payload.len());
    let document = &parsed.document;
    let texts = document.nodes().flat_map(|node| [node.spelling(), node.text()]);
    let mut texts = texts.chain(document.attributes().flat_map(|attribute| [attribute.name, attribute.value]));
    // A string ends with its first zero.
    if !document.is_empty() && !texts.any(|text| text.contains('\0')) {
        for prefixes in [false, true] {
            let written = write(document, language(version), Style { prefixes, ..Style::default() });
            let (again, as_version) = read(&written, None);
            assert_eq!(as_version, version);
            assert_eq!(again.document, *document, "{}", written.escape_ascii());
        }
    }
}
