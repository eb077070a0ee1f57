//! Text of a leaf in, what is wrong with it out.

use std::fmt;

use super::{Element, Kind, Trust, VERSIONS, find, sets};
use crate::csp::address::Address;
use crate::csp::datetime::DateTime;
use crate::csp::name;
use crate::csp::namespace::Version;
use crate::syntax::NameId;

/// The type of the text of a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// `T` or `F`, in either case.
    Boolean,
    /// A decimal number, from the first to the second.
    Integer(u32, u32),
    /// One of these.
    Enum(&'static [&'static str]),
    /// Some of these, with commas between them.
    List(&'static [&'static str]),
    /// A word of a set that is not known whole: never judged.
    Open,
    /// A date and time, see [`DateTime`].
    DateTime,
    /// Octets in BASE64.
    Base64,
    /// A MIME type, parameters allowed.
    Mime,
    /// A URI: not judged here.
    Uri,
    /// A `wv:` address: judged by [`crate::csp::address`].
    Address,
    /// A phone number: not judged.
    Msisdn,
    /// Any text.
    Text,
}

/// What is wrong with a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueFault {
    /// Nothing where something of the type is wanted.
    Empty,
    /// Neither `T` nor `F`.
    NotBoolean,
    /// No decimal number.
    NotInteger,
    /// A number outside the range, both ends in it.
    OutOfRange(u32, u32),
    /// A word outside the closed set.
    NotInSet(&'static [&'static str]),
    /// Not a value of this version, but one of the version named.
    OfVersion(Version),
    /// No date and time.
    NotDateTime,
    /// Not BASE64.
    NotBase64,
    /// Not of the form `type/subtype`.
    NotMime,
}

impl fmt::Display for ValueFault {
    /// What was wanted, to follow "the value".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::NotBoolean => f.write_str("is neither T nor F"),
            Self::NotInteger => f.write_str("is not a decimal number"),
            Self::OutOfRange(low, u32::MAX) => write!(f, "is not a number from {low} up"),
            Self::OutOfRange(low, high) => write!(f, "is not a number from {low} to {high}"),
            Self::NotInSet(set) => write!(f, "is none of {}", set.join(", ")),
            Self::OfVersion(Version::V11) => f.write_str("belongs to CSP 1.1"),
            Self::OfVersion(Version::V12) => f.write_str("belongs to CSP 1.2"),
            Self::OfVersion(_) => f.write_str("belongs to CSP 1.3"),
            Self::NotDateTime => f.write_str("is not a date and time such as 20010925T165859Z"),
            Self::NotBase64 => f.write_str("is not BASE64"),
            Self::NotMime => f.write_str("is not a MIME type such as text/plain"),
        }
    }
}

/// Holds the text of a leaf against its type.
///
/// White space around the text is passed over. Never judged: elements that are not leaves, rows that rest on memory,
/// open sets (`PrefC`, `Cap`, `SupportedOfflineBearer`, `ContentPolicy`, `NotificationType`), `SearchID`, which some
/// write as a number and some not, lengths, and the types that say so at [`Value`]. A value that the same element of
/// another version has is told as [`ValueFault::OfVersion`].
pub fn validate_value(version: Version, element: &Element, text: &str) -> Result<(), ValueFault> {
    let Kind::Leaf(value) = element.kind else { return Ok(()) };
    if element.trust == Trust::Recall {
        return Ok(());
    }
    let fault = match value.check(text.trim()) {
        Err(fault @ ValueFault::NotInSet(_)) => fault,
        other => return other,
    };
    let elsewhere = |v: &Version| {
        let other = find(*v, element.name, Some(element.space)).map(|e| e.kind);
        matches!(other, Some(Kind::Leaf(value)) if value.check(text.trim()).is_ok())
    };
    let home = VERSIONS.into_iter().filter(|v| *v != version).find(elsewhere);
    Err(home.map_or(fault, ValueFault::OfVersion))
}

/// The values that the `PresenceValue` of an attribute may have, as handset and desktop clients agree with the
/// example messages of 1.1; `None` where it is free text or a set that is not closed.
pub fn presence_values(attribute: NameId) -> Option<&'static [&'static str]> {
    match attribute {
        name::ONLINE_STATUS | name::REGISTRATION => Some(sets::FLAGS),
        name::USER_AVAILABILITY => Some(sets::AVAILABILITIES),
        name::STATUS_MOOD => Some(sets::MOODS),
        _ => None,
    }
}

/// Holds the text of a `PresenceValue` against the attribute it stands in.
pub fn validate_presence(attribute: NameId, text: &str) -> Result<(), ValueFault> {
    match presence_values(attribute) {
        Some(set) if set == sets::FLAGS => Value::Boolean.check(text.trim()),
        Some(set) => Value::Enum(set).check(text.trim()),
        None => Ok(()),
    }
}

/// Whether two names of properties are the same: group and contact-list properties are spelt in several cases.
pub fn same_property(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

/// Whether there is a text that is not of the type.
pub(super) fn is_judged(value: Value) -> bool {
    !matches!(value, Value::Open | Value::Uri | Value::Address | Value::Msisdn | Value::Text)
}

impl Value {
    /// Whether a text, white space around it taken off, is of the type.
    pub(super) fn admits(self, text: &str) -> bool {
        match self {
            Self::Address => text.is_empty() || Address::parse(text).or_else(|_| Address::parse_list(text)).is_ok(),
            _ => self.check(text).is_ok(),
        }
    }

    fn check(self, text: &str) -> Result<(), ValueFault> {
        let holds = |good, fault| if good { Ok(()) } else { Err(fault) };
        match self {
            _ if !is_judged(self) => Ok(()),
            _ if text.is_empty() => Err(ValueFault::Empty),
            Self::Boolean => holds(matches!(text, "T" | "F" | "t" | "f"), ValueFault::NotBoolean),
            Self::Integer(low, high) => {
                holds(text.bytes().all(|b| b.is_ascii_digit()), ValueFault::NotInteger)?;
                let fits = text.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n));
                holds(fits, ValueFault::OutOfRange(low, high))
            }
            Self::Enum(set) => holds(set.contains(&text), ValueFault::NotInSet(set)),
            Self::List(set) => holds(text.split(',').all(|word| set.contains(&word.trim())), ValueFault::NotInSet(set)),
            Self::DateTime => holds(DateTime::parse(text).is_some(), ValueFault::NotDateTime),
            Self::Base64 => holds(is_base64(text), ValueFault::NotBase64),
            Self::Mime => holds(is_mime(text), ValueFault::NotMime),
            _ => Ok(()),
        }
    }
}

/// BASE64 with white space anywhere; padding may be left out.
fn is_base64(text: &str) -> bool {
    let mut octets = text.bytes().filter(|b| !b.is_ascii_whitespace());
    let (mut letters, mut padding) = (0_usize, 0_usize);
    let good = octets.all(|b| match b {
        b'=' => {
            padding += 1;
            true
        }
        _ => {
            letters += 1;
            padding == 0 && (b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        }
    });
    good && letters % 4 != 1 && padding <= 2 && (padding == 0 || (letters + padding).is_multiple_of(4))
}

/// `type/subtype`, with whatever follows a semicolon.
fn is_mime(text: &str) -> bool {
    let token =
        |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    let kind = text.split(';').next().unwrap_or(text).trim_end();
    kind.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{element, element_under};
    use super::*;

    fn check(version: Version, name: NameId, text: &str) -> Result<(), ValueFault> {
        validate_value(version, element(version, name).unwrap(), text)
    }

    #[test]
    fn booleans_come_in_either_case() {
        for good in ["T", "F", "t", "f", " T\n"] {
            assert_eq!(check(Version::V12, name::POLL, good), Ok(()));
        }
        assert_eq!(check(Version::V12, name::POLL, "true"), Err(ValueFault::NotBoolean));
        assert_eq!(check(Version::V12, name::POLL, ""), Err(ValueFault::Empty));
    }

    #[test]
    fn integers_have_ranges() {
        assert_eq!(check(Version::V12, name::CODE, "200"), Ok(()));
        assert_eq!(check(Version::V12, name::CODE, "99"), Err(ValueFault::OutOfRange(100, 999)));
        assert_eq!(check(Version::V12, name::TCP_PORT, "65536"), Err(ValueFault::OutOfRange(1, 65_535)));
        assert_eq!(check(Version::V12, name::CONTENT_SIZE, "4294967295"), Ok(()));
        assert_eq!(check(Version::V12, name::CONTENT_SIZE, "4294967296"), Err(ValueFault::OutOfRange(0, u32::MAX)));
        assert_eq!(check(Version::V12, name::CONTENT_SIZE, "-1"), Err(ValueFault::NotInteger));
    }

    #[test]
    fn sets_grow_with_the_versions() {
        assert_eq!(check(Version::V12, name::INVITE_TYPE, "GM"), Ok(()));
        assert_eq!(check(Version::V11, name::INVITE_TYPE, "GM"), Err(ValueFault::OfVersion(Version::V12)));
        assert_eq!(check(Version::V12, name::INVITE_TYPE, "EC"), Err(ValueFault::OfVersion(Version::V13)));
        assert!(matches!(check(Version::V12, name::INVITE_TYPE, "XX"), Err(ValueFault::NotInSet(_))));
        assert_eq!(check(Version::V11, name::DIGEST_SCHEMA, "PWD,SHA, MD5"), Ok(()));
        assert_eq!(check(Version::V12, name::DIGEST_SCHEMA, "SHA,MD5"), Err(ValueFault::OfVersion(Version::V11)));
    }

    #[test]
    fn open_sets_are_not_judged() {
        assert_eq!(check(Version::V12, name::CAP, "PIGEON"), Ok(()));
        assert_eq!(check(Version::V13, name::CONTENT_POLICY, "Z"), Ok(()));
        assert_eq!(check(Version::V11, name::SEARCH_ID, "0x23829381"), Ok(()));
    }

    #[test]
    fn a_leaf_of_two_namespaces_is_judged_as_the_parent_has_it() {
        let comm = element(Version::V11, name::COMM_C).unwrap();
        let status = element_under(Version::V11, comm, name::STATUS).unwrap();
        assert_eq!(validate_value(Version::V11, status, "OPEN"), Ok(()));
        assert!(validate_value(Version::V11, status, "AJAR").is_err());
    }

    #[test]
    fn base64_tolerates_line_breaks_and_missing_padding() {
        for good in ["QUJD", "QUJ\r\nD", "QUI=", "QUI", "QQ=="] {
            assert_eq!(check(Version::V12, name::DIGEST_BYTES, good), Ok(()), "{good}");
        }
        for bad in ["Q", "QUI=QUJD", "Q!==", "QUJD====", "QUJD="] {
            assert_eq!(check(Version::V12, name::DIGEST_BYTES, bad), Err(ValueFault::NotBase64), "{bad}");
        }
    }

    #[test]
    fn mime_types_have_two_parts() {
        for good in ["text/plain", "text/plain; charset=utf-8", "image/*", "application/vnd.wv.csp+xml"] {
            assert_eq!(check(Version::V12, name::CONTENT_TYPE, good), Ok(()), "{good}");
        }
        for bad in ["text", "/plain", "text/", "te xt/plain", "text/plain/x"] {
            assert_eq!(check(Version::V12, name::CONTENT_TYPE, bad), Err(ValueFault::NotMime), "{bad}");
        }
    }

    #[test]
    fn presence_values_go_by_the_attribute() {
        assert_eq!(validate_presence(name::USER_AVAILABILITY, "DISCREET"), Ok(()));
        assert!(validate_presence(name::USER_AVAILABILITY, "BUSY").is_err());
        assert_eq!(validate_presence(name::STATUS_TEXT, "out to lunch"), Ok(()));
        assert_eq!(validate_presence(name::ONLINE_STATUS, "t"), Ok(()));
        assert!(same_property("Accesstype", "AccessType"));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(name in 0_u16..480, text: String) {
            for version in VERSIONS {
                if let Some(e) = element(version, NameId(name)) {
                    let _ = validate_value(version, e, &text);
                }
            }
        }
    }
}
