//! One direction of a connection: its records, and the keys that are in force.

use super::cipher::{Cipher, Opened, Sealed};
use super::hello::Messages;
use super::inbox::{Inbox, Spot};
use super::record::{HEADER_LEN, Header, RECORD_MAX};
use crate::flow::{End, Loss};

/// Records that may have got lost with octets that are missing: so many next numbers are tried.
pub const SEQUENCE_TRIES: u64 = 64;
/// Octets in which a record is searched after octets are missing.
pub const SEARCH_MAX: usize = 256 * 1024;
/// Octets of a direction that wait for what the other one has to say.
pub const WAITING_MAX: usize = 64 * 1024;
/// Records in a row that cannot be deciphered, after which a direction is given up.
pub const UNREADABLE_MAX: u32 = 32;
/// Octets deciphered in vain, for each octet of a direction so far and besides, after which it is given up.
pub const VAIN_PER_OCTET: u64 = 8;
/// See [`VAIN_PER_OCTET`].
pub const VAIN_BESIDES: u64 = 32 * 1024;

/// Where reading stands in a direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// At the start of a record.
    AtRecord,
    /// In a record of which octets are missing; so many are still to come.
    Passing(Header, usize),
    /// Somewhere: the next record is searched.
    Lost,
    /// Nothing is read any more.
    GivenUp,
}

/// The keys in force, or to come.
#[derive(Debug)]
pub(super) struct Keyed {
    pub(super) cipher: Cipher,
    /// Of TLS 1.3: the secret they were made of, and how many changes of keys came before.
    pub(super) traffic: Option<(Vec<u8>, u32)>,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) inbox: Inbox,
    pub(super) step: Step,
    pub(super) messages: Messages,
    pub(super) keyed: Option<Keyed>,
    /// Number of the next record under the keys in force.
    pub(super) sequence: u64,
    /// Whether records may have got lost, so that the number is the least that the next one may have.
    pub(super) unsure: bool,
    /// Keys that may follow, made in advance.
    pub(super) coming: Vec<Keyed>,
    /// Whether a record was deciphered.
    pub(super) opened: bool,
    /// Whether a gap was told since the last octet was handed over.
    pub(super) gap_told: bool,
    /// Why octets are missing, where they are.
    pub(super) loss: Option<Loss>,
    /// Whether the sender said that it closes.
    pub(super) closed: bool,
    /// How the direction ended, where it did.
    pub(super) end: Option<(End, Spot)>,
    /// Whether that was told: nothing comes after it.
    pub(super) end_told: bool,
    unreadable: u32,
    searched: usize,
    received: u64,
    /// Octets deciphered in vain.
    vain: u64,
    /// Whether those were too many for the octets up to where they were deciphered.
    vain_enough: bool,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            inbox: Inbox::default(),
            step: Step::AtRecord,
            messages: Messages::default(),
            keyed: None,
            sequence: 0,
            unsure: false,
            coming: Vec::new(),
            opened: false,
            gap_told: false,
            loss: None,
            closed: false,
            end: None,
            end_told: false,
            unreadable: 0,
            searched: 0,
            received: 0,
            vain: 0,
            vain_enough: false,
        }
    }

    pub(super) fn push(&mut self, octets: &[u8], spot: Spot) {
        self.received += octets.len() as u64;
        self.inbox.push(octets, spot);
    }

    /// The header at the front, and whether its record is all there.
    pub(super) fn front(&self) -> Option<(Header, bool)> {
        let waiting = self.inbox.waiting();
        let header = Header::read(waiting)?;
        Some((header, waiting.len() >= header.record_len()))
    }

    /// Deciphers the record at the front with the keys in force, or with those to come, which then are.
    pub(super) fn open(&mut self, header: Header, out: &mut Vec<u8>) -> Option<Opened> {
        let tries = if self.unsure || self.step == Step::Lost { SEQUENCE_TRIES } else { 1 };
        let Self { inbox, keyed, coming, vain, sequence, .. } = self;
        let payload = inbox.waiting().get(HEADER_LEN..header.record_len())?;
        let sealed = Sealed { header, before: inbox.before(), payload };
        // What came in the same segment behind the record makes no difference.
        let most = VAIN_PER_OCTET * (inbox.position() + header.record_len() as u64) + VAIN_BESIDES;
        let mut attempt = |cipher: &mut Cipher, first: u64| {
            for number in first..first.saturating_add(tries) {
                if *vain > most {
                    return None;
                }
                if let Some(opened) = cipher.open(sealed, number, out) {
                    return Some((opened, number.saturating_add(1)));
                }
                *vain += header.len as u64;
            }
            None
        };
        let mut found = keyed.as_mut().and_then(|keyed| attempt(&mut keyed.cipher, *sequence));
        if found.is_none() {
            for index in 0..coming.len() {
                found = coming.get_mut(index).and_then(|next| attempt(&mut next.cipher, 0));
                if found.is_some() {
                    // Those passed over are not coming any more.
                    *keyed = coming.drain(..=index).next_back();
                    break;
                }
            }
        }
        self.vain_enough = found.is_none() && *vain > most;
        let (opened, next) = found?;
        self.sequence = next;
        self.opened = true;
        self.unsure = false;
        self.unreadable = 0;
        self.searched = 0;
        self.step = Step::AtRecord;
        Some(opened)
    }

    /// Whether the keys that come first, or are in force, are those of the first protected record.
    pub(super) fn begins_with_coming(&self) -> bool {
        let first = self.keyed.as_ref().or(self.coming.first());
        first.is_some_and(|keyed| keyed.traffic.as_ref().is_none_or(|(_, changes)| *changes == 0))
    }

    /// Notes that the record at the front cannot be read; whether that is too often.
    pub(super) fn fail(&mut self) -> bool {
        self.unreadable += 1;
        // Early data fails before there are keys in force, and is not numbered with what comes.
        self.unsure |= self.keyed.is_some();
        self.unreadable > UNREADABLE_MAX || self.has_tried_enough()
    }

    /// Whether more was deciphered in vain than is worth it.
    pub(super) fn has_tried_enough(&self) -> bool {
        self.vain_enough || self.searched > SEARCH_MAX
    }

    /// Takes keys into force, from the next record on.
    pub(super) fn rekey(&mut self, keyed: Keyed) {
        self.keyed = Some(keyed);
        self.coming.clear();
        self.sequence = 0;
        self.unsure = false;
    }

    /// Takes note of octets that are missing; whether some of content were, and how many where that is known.
    pub(super) fn miss(&mut self, octets: Option<u64>, loss: Loss) -> Option<Option<u64>> {
        self.loss = Some(loss);
        let broken = match self.step {
            Step::AtRecord => self.front().map(|(header, _)| {
                let there = self.inbox.waiting().len().min(header.record_len());
                (header, header.record_len() - there, true)
            }),
            Step::Passing(header, rest) => Some((header, rest, false)),
            Step::Lost | Step::GivenUp => None,
        };
        self.inbox.cut();
        if self.step == Step::GivenUp {
            return None;
        }
        let octets = octets.and_then(|octets| usize::try_from(octets).ok());
        if let (Some((header, rest, first)), Some(octets)) = (broken, octets)
            && let Some(rest) = rest.checked_sub(octets)
        {
            self.step = Step::Passing(header, rest);
            let content = self.keyed.as_ref().map(|keyed| keyed.cipher.content_len(header));
            self.passed();
            return content.filter(|_| first && (header.kind.holds_content()));
        }
        self.step = Step::Lost;
        self.unsure = true;
        self.messages.clear();
        Some(None)
    }

    /// Passes over what is there of a record that cannot be read; whether reading can go on behind it.
    pub(super) fn passed(&mut self) -> bool {
        let Step::Passing(header, rest) = self.step else { return true };
        let now = rest.min(self.inbox.waiting().len());
        self.inbox.consume(now);
        self.step = Step::Passing(header, rest - now);
        if rest > now {
            return false;
        }
        self.step = Step::AtRecord;
        self.messages.clear();
        self.unsure = true;
        if let Some(keyed) = &mut self.keyed {
            keyed.cipher.skip(header);
            self.sequence += 1;
        }
        true
    }

    /// Where a record may be, from `from` on: the first place with a plausible header, or with the beginning of one.
    /// What is before it is taken off. `None` where there is no such place.
    pub(super) fn seek(&mut self, from: usize) -> Option<Header> {
        let waiting = self.inbox.waiting();
        let found = (from..waiting.len()).find_map(|at| {
            let rest = waiting.get(at..).unwrap_or_default();
            match Header::read(rest) {
                Some(header) => Some((at, Some(header))),
                None if rest.len() < HEADER_LEN && rest.first().is_some_and(|kind| (20..=24).contains(kind)) => {
                    Some((at, None))
                }
                None => None,
            }
        });
        let (at, header) = found.unwrap_or((waiting.len(), None));
        self.searched += at;
        self.inbox.consume(at);
        header
    }

    /// Gives the direction up. Gives how many octets waited.
    pub(super) fn give_up(&mut self) -> u64 {
        self.step = Step::GivenUp;
        self.keyed = None;
        self.coming.clear();
        self.messages.clear();
        self.inbox.cut() as u64
    }

    /// Octets received so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }
}

const _: () = assert!(WAITING_MAX > RECORD_MAX, "a record fits into what may wait");
