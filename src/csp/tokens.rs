//! The WBXML tokens of CSP, a file for each version.
//!
//! In: a WBXML payload. Out: the version whose tokens it is written in, that version's [`Language`], and with both
//! the document.

mod v10;
mod v11;
mod v12;
mod v13;

use super::name::VOCABULARY;
use super::namespace::{self, Version};
use crate::syntax::wbxml::{Header, Language, Page, parse};
use crate::syntax::{NameId, Parsed};

/// The version whose tokens are taken where nothing tells it.
pub const DEFAULT_VERSION: Version = Version::V12;

/// The WBXML language of a version.
pub fn language(version: Version) -> &'static Language {
    match version {
        Version::V10 => &v10::TOKENS,
        Version::V11 => &v11::TOKENS,
        Version::V12 => &v12::TOKENS,
        Version::V13 => &v13::TOKENS,
    }
}

/// The version whose tokens a payload is written in: by its numeric public identifier, its literal one, the namespace
/// of its root, what the carrier hints at, or by default, in that order.
pub fn version(payload: &[u8], header: &Header, hint: Option<Version>) -> Version {
    let by_number = header.public_number.and_then(namespace::version_of_number);
    let by_text = || header.public_id.as_deref().and_then(namespace::version_of_public_id);
    let by_root = || {
        let uri = header.root_namespace(payload, language(Version::V13))?;
        namespace::classify(&uri).map(|namespace| namespace.version)
    };
    by_number.or_else(by_text).or_else(by_root).or(hint).unwrap_or(DEFAULT_VERSION)
}

/// Reads a WBXML payload with the tokens of the version it is written in; says which.
pub fn read(payload: &[u8], hint: Option<Version>) -> (Parsed, Version) {
    let header = Header::read(payload);
    let version = version(payload, &header, hint);
    (parse(payload, &header, language(version), VOCABULARY), version)
}

// Attribute start tokens as Wireshark's WBXML dissector, libwbxml and the IM application of Android agree on: each
// version added three and none got a second meaning, so that one table serves all.
const ATTRIBUTE_STARTS: [(&str, &str); 9] = [
    ("xmlns", "http://www.wireless-village.org/CSP"),
    ("xmlns", "http://www.wireless-village.org/PA"),
    ("xmlns", "http://www.wireless-village.org/TRC"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/WV-CSP"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/WV-PA"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/WV-TRC"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/IMPS-CSP"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/IMPS-PA"),
    ("xmlns", "http://www.openmobilealliance.org/DTD/IMPS-TRC"),
];

/// A code page of these tokens.
const fn page(tokens: &[(u8, NameId)]) -> Page {
    page_over([NameId::UNKNOWN; 64], tokens)
}

/// A code page of an earlier version with these tokens set; to [`NameId::UNKNOWN`] for those taken away.
#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn page_over(mut page: Page, tokens: &[(u8, NameId)]) -> Page {
    let mut i = 0;
    while i < tokens.len() {
        page[tokens[i].0 as usize] = tokens[i].1;
        i += 1;
    }
    page
}

/// The values of an earlier version with these set; to nothing for those taken away.
#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
const fn values<const N: usize>(earlier: &[&'static str], set: &[(u8, &'static str)]) -> [&'static str; N] {
    let mut values = [""; N];
    let mut i = 0;
    while i < earlier.len() {
        values[i] = earlier[i];
        i += 1;
    }
    let mut i = 0;
    while i < set.len() {
        values[set[i].0 as usize] = set[i].1;
        i += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::name::*;

    #[test]
    fn reused_tokens_mean_what_their_version_says() {
        let cases = [
            (Version::V10, 0x00, 0x3E, Some(WV_CSP_MESSAGE)),
            (Version::V11, 0x00, 0x3E, None),
            (Version::V10, 0x00, 0x09, Some(ATTRIBUTE_LIST)),
            (Version::V11, 0x00, 0x09, Some(WV_CSP_MESSAGE)),
            (Version::V13, 0x00, 0x09, Some(WV_CSP_MESSAGE)),
            (Version::V11, 0x03, 0x14, None),
            (Version::V12, 0x03, 0x14, Some(CIR_URL)),
            (Version::V13, 0x03, 0x14, Some(CIR_HTTP_ADDRESS)),
            (Version::V12, 0x09, 0x0B, Some(REACTIVE_AUTH_STATE)),
            (Version::V13, 0x09, 0x0B, Some(ANSWER_OPTION_TEXT)),
            (Version::V12, 0x09, 0x0C, Some(REACTIVE_AUTH_STATUS)),
            (Version::V13, 0x09, 0x0C, None),
            (Version::V13, 0x0B, 0x05, language(Version::V13).tag(0x0B, 0x05)),
            (Version::V12, 0x0B, 0x05, None),
        ];
        for (version, page, token, name) in cases {
            assert_eq!(language(version).tag(page, token), name, "{version} {page:02X}/{token:02X}");
        }
    }

    #[test]
    fn how_many_tokens_each_version_has() {
        let counted = |version| {
            let language = language(version);
            let tags = language.tags.iter().flatten().filter(|name| **name != NameId::UNKNOWN).count();
            (tags, language.values.iter().filter(|text| !text.is_empty()).count())
        };
        let counts = [Version::V10, Version::V11, Version::V12, Version::V13].map(counted);
        // 1.3 gives value 3D two meanings.
        assert_eq!(counts, [(293, 0), (303, 97), (352, 107), (444, 187)]);
    }

    #[test]
    fn values_depend_on_version_and_element() {
        let value = |version, index, element| language(version).value(index, element);
        assert_eq!(value(Version::V11, 0x68, CAP), Some("IM"));
        assert_eq!(value(Version::V13, 0x68, CAP), Some("AP"));
        assert_eq!(value(Version::V12, 0x3D, PROPERTY), Some("GROUP_ID"));
        assert_eq!(value(Version::V13, 0x3D, SEARCH_ELEMENT), Some("GROUP_ID"));
        assert_eq!(value(Version::V13, 0x3D, VALUE), Some("History"));
        assert_eq!(value(Version::V13, 0xC0, VALUE), Some("R"));
        assert_eq!(value(Version::V13, 0xC1, VALUE), None);
        assert_eq!(value(Version::V12, 0x5E, VALUE), Some("AUDIO_CALL"));
        assert_eq!(value(Version::V13, 0x5E, VALUE), None);
    }

    #[test]
    fn the_version_is_told_by_number_then_text_then_namespace_then_hint() {
        let version_of = |payload: &[u8], hint| read(payload, hint).1;
        let root = b"\xC9\x05\x031.1\0\x01\x01";
        let with = |head: &[u8]| [head, root].concat();
        assert_eq!(version_of(&with(b"\x03\x12\x6A\x00"), None), Version::V13);
        assert_eq!(version_of(&with(b"\x03\x00\x00\x6A\x1C-//OMA//DTD WV-CSP 1.2//EN\0 "), None), Version::V12);
        assert_eq!(version_of(&with(b"\x03\x01\x6A\x00"), Some(Version::V13)), Version::V11);
        assert_eq!(version_of(b"\x03\x01\x6A\x00\x09", Some(Version::V13)), Version::V13);
        assert_eq!(version_of(b"\x03\x01\x6A\x00\x09", None), DEFAULT_VERSION);
        assert_eq!(version_of(b"", None), DEFAULT_VERSION);
    }

    #[test]
    fn attribute_values_of_1_0() {
        let language = language(Version::V10);
        assert_eq!(language.attribute_value(0, 0xAF), Some("T"));
        assert_eq!(language.attribute_value(1, 0x95), Some("WSP"));
        assert_eq!(language.attribute_value(5, 0xA1), Some("VIDEO_STREAM"));
        assert_eq!(language.attribute_value(5, 0xA2), None);
        assert_eq!(language.attribute_value(2, 0x85), None);
    }
}
