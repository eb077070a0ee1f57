//! The identifier: a short text that is kept of every message.

use std::ops::Deref;

/// Octets of an identifier that take no memory of their own.
const SHORT: usize = 22;

/// A transaction identifier as sent. Short ones, which most are, stand in place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(Kept);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    Short(u8, [u8; SHORT]),
    Long(Box<str>),
}

impl Id {
    /// Its octets.
    pub fn as_octets(&self) -> &[u8] {
        match &self.0 {
            Kept::Short(len, octets) => octets.get(..usize::from(*len)).unwrap_or_default(),
            Kept::Long(text) => text.as_bytes(),
        }
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        let mut octets = [0; SHORT];
        match octets.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self(Kept::Short(text.len() as u8, octets))
            }
            None => Self(Kept::Long(text.into())),
        }
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Kept::Short(..) => std::str::from_utf8(self.as_octets()).unwrap_or_default(),
            Kept::Long(text) => text,
        }
    }
}

impl std::hash::Hash for Id {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(self.as_octets());
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_any_length_are_what_they_were() {
        for text in ["", "1", "\u{e9}", &"x".repeat(SHORT), &"x".repeat(SHORT + 1), &"\u{e9}".repeat(SHORT)] {
            assert_eq!(&*Id::from(text), text);
            assert_eq!(Id::from(text), Id::from(text));
        }
        assert_ne!(Id::from("1"), Id::from("1\0"));
    }
}
