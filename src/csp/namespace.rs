//! The versions of CSP and how a message shows its own: namespaces, public identifiers, media types.

use std::fmt;

use crate::syntax::Encoding;

/// A version of CSP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    /// CSP 1.0 of Wireless Village.
    V10,
    /// CSP 1.1 of Wireless Village.
    V11,
    /// CSP 1.2 of the Open Mobile Alliance.
    V12,
    /// CSP 1.3 of the Open Mobile Alliance.
    V13,
}

impl Version {
    /// All versions, rising.
    pub const ALL: [Self; 4] = [Self::V10, Self::V11, Self::V12, Self::V13];

    /// Its number: `1.1`.
    pub fn number(self) -> &'static str {
        match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }

    /// The version with this number.
    pub fn of_number(number: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.number() == number)
    }

    /// Its registered public identifier.
    pub fn public_id(self) -> &'static str {
        // As in OMA's registry of public document identifiers.
        match self {
            Self::V10 => "-//WIRELESSVILLAGE//DTD CSP 1.0//EN",
            Self::V11 => "-//WIRELESSVILLAGE//DTD CSP 1.1//EN",
            Self::V12 => "-//OMA//DTD WV-CSP 1.2//EN",
            Self::V13 => "-//OMA//DTD IMPS-CSP 1.3//EN",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

/// What a namespace of IMPS is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Message, session and transaction frame.
    Csp,
    /// Transaction content: primitives and their information elements.
    Trc,
    /// Presence attributes.
    Pa,
    /// The protocol between servers.
    Ssp,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Csp => "CSP",
            Self::Trc => "TRC",
            Self::Pa => "PA",
            Self::Ssp => "SSP",
        }
    }
}

/// A namespace of IMPS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// What it is for.
    pub kind: Kind,
    /// The version it belongs to.
    pub version: Version,
    /// Whether it is spelt as it should be; some implementations leave out the `/DTD` of 1.2 and 1.3, or mix the names
    /// of versions.
    pub regular: bool,
}

/// The URI of a namespace.
pub fn uri(kind: Kind, version: Version) -> String {
    let start = match version {
        Version::V10 | Version::V11 => "http://www.wireless-village.org/",
        Version::V12 => "http://www.openmobilealliance.org/DTD/WV-",
        Version::V13 if kind == Kind::Ssp => "http://www.openmobilealliance.org/DTD/WV-",
        Version::V13 => "http://www.openmobilealliance.org/DTD/IMPS-",
    };
    format!("{start}{}{version}", kind.name())
}

/// What an IMPS namespace is; `None` for any other. No allocation where it is spelt as it should be or is not IMPS.
pub fn classify(uri: &str) -> Option<Namespace> {
    let path = uri.strip_prefix("http://www.")?;
    let (village, path) = match path.strip_prefix("wireless-village.org/") {
        Some(path) => (true, path),
        None => (false, path.strip_prefix("openmobilealliance.org/")?),
    };
    let (in_dtd, path) = path.strip_prefix("DTD/").map_or((false, path), |path| (true, path));
    let prefix = ["WV-", "IMPS-"].into_iter().find(|prefix| path.starts_with(prefix));
    let path = path.get(prefix.map_or(0, str::len)..)?;
    let kinds = [Kind::Csp, Kind::Trc, Kind::Pa, Kind::Ssp];
    let (kind, number) = kinds.into_iter().find_map(|kind| Some((kind, path.strip_prefix(kind.name())?)))?;
    let version = Version::of_number(number)?;
    let expected = match version {
        Version::V10 | Version::V11 => (true, false, None),
        Version::V13 if kind != Kind::Ssp => (false, true, Some("IMPS-")),
        Version::V12 | Version::V13 => (false, true, Some("WV-")),
    };
    Some(Namespace { kind, version, regular: (village, in_dtd, prefix) == expected })
}

/// The version that an IMPS namespace belongs to; `None` for any other URI.
pub fn version_of(uri: &str) -> Option<Version> {
    classify(uri).map(|namespace| namespace.version)
}

/// The version that a numeric public identifier of WBXML stands for.
pub fn version_of_number(number: u32) -> Option<Version> {
    // Numbers as in OMA's registry of WBXML public document identifiers.
    match number {
        0x0F => Some(Version::V10),
        0x10 => Some(Version::V11),
        0x11 => Some(Version::V12),
        0x12 => Some(Version::V13),
        _ => None,
    }
}

/// The version that a public identifier stands for, registered or merely met.
pub fn version_of_public_id(text: &str) -> Option<Version> {
    // `-//OMA//DTD WV-CSP 1.1//EN` is libwbxml's and Baraza's, `-//OMA//DTD IMPS-CSP 1.2//EN` Baraza's.
    let owned = text.strip_prefix("-//OMA//DTD ").or_else(|| text.strip_prefix("-//WIRELESSVILLAGE//DTD "))?;
    let number = owned.strip_suffix("//EN")?;
    let number = ["WV-CSP ", "IMPS-CSP ", "CSP "].into_iter().find_map(|name| number.strip_prefix(name))?;
    Version::of_number(number)
}

/// Whether a public identifier is the registered one of its version.
pub fn is_registered(text: &str) -> bool {
    Version::ALL.into_iter().any(|version| version.public_id() == text)
}

/// What a media type of IMPS says of its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Media {
    /// What it is for.
    pub purpose: Purpose,
    /// What it is written in; `None` where that is neither XML nor WBXML.
    pub encoding: Option<Encoding>,
    /// The newest version that uses this media type; `None` where versions do not differ.
    pub newest: Option<Version>,
}

/// What a media type of IMPS is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// CSP messages.
    Csp,
    /// CSP messages in the plain-text syntax.
    PlainText,
    /// Communication initiation requests.
    Cir,
    /// Messages between servers.
    Ssp,
}

/// What a `Content-Type` says, parameters set aside; `None` for one that is not of IMPS.
pub fn media(content_type: &str) -> Option<Media> {
    use Encoding::{Wbxml, Xml};
    use Purpose::{Cir, Csp, PlainText, Ssp};
    let end = memchr::memchr(b';', content_type.as_bytes()).unwrap_or(content_type.len());
    let name = content_type.get(..end).unwrap_or_default().trim();
    // Names as IANA registered them, and those with a full stop that implementations of CSP 1.1 and 1.2 send.
    static MEDIA: [(&str, Purpose, Option<Encoding>, Option<Version>); 7] = [
        ("application/vnd.wv.csp.xml", Csp, Some(Xml), Some(Version::V12)),
        ("application/vnd.wv.csp.wbxml", Csp, Some(Wbxml), Some(Version::V12)),
        ("application/vnd.wv.csp+xml", Csp, Some(Xml), Some(Version::V13)),
        ("application/vnd.wv.csp+wbxml", Csp, Some(Wbxml), Some(Version::V13)),
        ("application/vnd.wv.csp.sms", PlainText, None, None),
        ("application/vnd.wv.csp.cir", Cir, None, None),
        ("application/vnd.wv.ssp+xml", Ssp, Some(Xml), None),
    ];
    let exactly = MEDIA.iter().find(|(media, ..)| *media == name);
    let found = exactly.or_else(|| MEDIA.iter().find(|(media, ..)| media.eq_ignore_ascii_case(name)));
    found.map(|&(_, purpose, encoding, newest)| Media { purpose, encoding, newest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_come_back() {
        for version in Version::ALL {
            for kind in [Kind::Csp, Kind::Trc, Kind::Pa, Kind::Ssp] {
                assert_eq!(classify(&uri(kind, version)), Some(Namespace { kind, version, regular: true }));
            }
        }
        assert_eq!(uri(Kind::Csp, Version::V11), "http://www.wireless-village.org/CSP1.1");
        assert_eq!(uri(Kind::Trc, Version::V12), "http://www.openmobilealliance.org/DTD/WV-TRC1.2");
        assert_eq!(uri(Kind::Pa, Version::V13), "http://www.openmobilealliance.org/DTD/IMPS-PA1.3");
        assert_eq!(uri(Kind::Ssp, Version::V13), "http://www.openmobilealliance.org/DTD/WV-SSP1.3");
    }

    #[test]
    fn namespaces_spelt_otherwise_are_known_and_irregular() {
        let irregular = |kind, version| Some(Namespace { kind, version, regular: false });
        assert_eq!(classify("http://www.openmobilealliance.org/WV-CSP1.2"), irregular(Kind::Csp, Version::V12));
        assert_eq!(classify("http://www.openmobilealliance.org/DTD/IMPS-TRC1.2"), irregular(Kind::Trc, Version::V12));
        assert_eq!(classify("http://www.wireless-village.org/PA1.3"), irregular(Kind::Pa, Version::V13));
        for other in ["", "http://www.wireless-village.org/CSP1.4", "http://www.example.org/CSP1.1", "CSP1.1"] {
            assert_eq!(classify(other), None, "{other}");
        }
    }

    #[test]
    fn public_identifiers() {
        assert_eq!([0x0F, 0x10, 0x11, 0x12].map(version_of_number), Version::ALL.map(Some));
        assert_eq!(version_of_number(0x01), None);
        for version in Version::ALL {
            assert_eq!(version_of_public_id(version.public_id()), Some(version));
        }
        assert_eq!(version_of_public_id("-//OMA//DTD WV-CSP 1.1//EN"), Some(Version::V11));
        assert_eq!(version_of_public_id("-//OMA//DTD IMPS-CSP 1.2//EN"), Some(Version::V12));
        assert!(is_registered("-//OMA//DTD WV-CSP 1.2//EN") && !is_registered("-//OMA//DTD WV-CSP 1.1//EN"));
        assert_eq!(version_of_public_id("-//WAPFORUM//DTD WML 1.1//EN"), None);
    }

    #[test]
    fn media_types_with_and_without_parameters() {
        let newest = |text: &str| media(text).map(|m| (m.purpose, m.encoding, m.newest));
        let csp = |encoding, version| Some((Purpose::Csp, Some(encoding), Some(version)));
        assert_eq!(newest("application/vnd.wv.csp.xml; charset=utf-8"), csp(Encoding::Xml, Version::V12));
        assert_eq!(newest("Application/vnd.wv.csp+WBXML"), csp(Encoding::Wbxml, Version::V13));
        assert_eq!(newest("application/vnd.wv.ssp+xml"), Some((Purpose::Ssp, Some(Encoding::Xml), None)));
        assert_eq!(newest("text/xml"), None);
    }

    #[test]
    fn versions_are_ordered_and_shown() {
        assert!(Version::ALL.is_sorted());
        assert_eq!(Version::V11.to_string(), "1.1");
    }
}
