//! What the headers of a message say of its body and of the connection.

use memchr::memchr;

use crate::carrier::coding::Coding;
use crate::carrier::gateway::Hints;
use crate::carrier::recognise::Media;

/// `Content-Length` of a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Length {
    #[default]
    Absent,
    Octets(u64),
    /// No number, or numbers that differ.
    Bad,
}

/// What the headers say of the body and the connection.
#[derive(Default)]
pub(super) struct Facts<'a> {
    pub(super) length: Length,
    pub(super) chunked: bool,
    pub(super) coding: Coding,
    pub(super) media: Media,
    pub(super) content_type: Option<&'a [u8]>,
    /// Whether the sender waits for an interim answer before it sends the body.
    pub(super) expects: bool,
    /// What gateways wrote into it.
    pub(super) gateway: Hints<'a>,
    close: bool,
    persistent: bool,
    /// Headers taken.
    pub(super) count: usize,
}

impl<'a> Facts<'a> {
    /// What HTTP/1.`minor` says where no header does.
    pub(super) fn of_version(minor: u8) -> Self {
        Self { persistent: minor > 0, ..Self::default() }
    }

    /// Whether the connection ends after this message, as the sender said or its version implies.
    pub(super) fn closes(&self) -> bool {
        self.close || !self.persistent
    }

    /// Whether the length is no number, or there are several or a chunked coding beside it.
    pub(super) fn conflicting(&self) -> bool {
        self.length == Length::Bad || self.chunked && self.length != Length::Absent
    }

    /// Takes a header.
    pub(super) fn note(&mut self, name: &'a [u8], value: &'a [u8]) {
        self.count += 1;
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            6 if is(b"Expect") => self.expects |= value.eq_ignore_ascii_case(b"100-continue"),
            10 if is(b"Connection") => self.connection(value),
            16 if is(b"Proxy-Connection") => self.connection(value),
            12 if is(b"Content-Type") && self.content_type.is_none() => {
                self.content_type = Some(value);
                self.media = Media::of(value);
            }
            14 if is(b"Content-Length") => value.split(|&b| b == b',').for_each(|one| self.length(one.trim_ascii())),
            16 if is(b"Content-Encoding") => words(value).for_each(|word| self.coding.and(Coding::of(word))),
            17 if is(b"Transfer-Encoding") => words(value).for_each(|word| {
                if word.eq_ignore_ascii_case(b"chunked") {
                    self.chunked = true;
                } else {
                    self.coding.and(Coding::of(word));
                }
            }),
            _ => self.gateway.note(name, value),
        }
    }

    fn connection(&mut self, value: &[u8]) {
        for word in words(value) {
            self.close |= word.eq_ignore_ascii_case(b"close");
            self.persistent |= word.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn length(&mut self, value: &[u8]) {
        let number = value.iter().try_fold(0u64, |n, d| {
            let digit = d.is_ascii_digit().then(|| u64::from(d - b'0'))?;
            n.checked_mul(10)?.checked_add(digit)
        });
        let number = number.filter(|_| !value.is_empty()).map_or(Length::Bad, Length::Octets);
        self.length = if self.length == Length::Absent || self.length == number { number } else { Length::Bad };
    }
}

/// The words of a list header, parameters left out.
fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let word = |item: &'_ [u8]| memchr(b';', item).unwrap_or(item.len());
    value.split(|&b| b == b',').map(move |item| item.get(..word(item)).unwrap_or_default().trim_ascii())
}
