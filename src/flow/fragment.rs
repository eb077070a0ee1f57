//! IP fragments put together.
//!
//! The first version of an octet counts; a fragment that contradicts another one, in octets or in where the packet
//! ends, makes the whole of it worthless: which version the receiver took is not to be told. A packet that lacks a
//! fragment never comes to light, as it did not for its receiver.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher, RandomState};

use super::dissect::{Hosts, Part, Payload};
use super::tcp::{Held, Origin, Run};
use crate::time::Time;

/// Most fragmented packets remembered at a time: in the making, or put together a short while ago. Beyond, those begun
/// first are given up.
pub const MAX_DATAGRAMS: usize = 8192;
/// Most octets that these take, bookkeeping included.
pub const FRAGMENT_OCTETS: usize = 16 << 20;
/// How long a packet waits for its fragments, in nanoseconds of capture time: 15 seconds.
pub const FRAGMENT_LIFETIME: i64 = 15_000_000_000;
/// Silence after which a fragment with the identification of an earlier packet, but other octets, is part of a new
/// one, in nanoseconds: a second.
pub const IDENTIFICATION_REUSED: i64 = 1_000_000_000;
/// How much later the same octets may be captured a second time, in nanoseconds: 100 milliseconds.
pub const CAPTURED_TWICE: i64 = 100_000_000;
/// Most octets of an IP packet.
const MAX_PACKET: u64 = 65_535;
/// What a fragment costs beside its octets.
const PER_FRAGMENT: usize = 128;

/// The addresses of an IP packet, kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Addresses {
    V4(u32, u32),
    V6([u8; 16], [u8; 16]),
}

impl From<Hosts<'_>> for Addresses {
    fn from(hosts: Hosts<'_>) -> Self {
        match hosts {
            Hosts::V4 { source, destination } => Self::V4(source, destination),
            Hosts::V6 { source, destination } => Self::V6(*source, *destination),
        }
    }
}

/// What the fragments of a packet have in common. The protocol is part of it in IPv4 only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Key {
    addresses: Addresses,
    id: u32,
    protocol: Option<u8>,
}

/// A packet whose fragments are all there.
#[derive(Debug)]
pub(super) struct Assembled {
    addresses: Addresses,
    /// Protocol or next header.
    pub(super) next: u8,
    /// The octets captured, in order.
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

/// A run of octets of one frame within a packet that was put together.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it belongs in the packet.
    at: u64,
    /// Where it stands in the octets captured.
    start: usize,
    len: usize,
    /// Octets after it that the snap length cut.
    cut: u64,
    origin: Origin,
}

impl Assembled {
    pub(super) fn hosts(&self) -> Hosts<'_> {
        match &self.addresses {
            Addresses::V4(source, destination) => Hosts::V4 { source: *source, destination: *destination },
            Addresses::V6(source, destination) => Hosts::V6 { source, destination },
        }
    }

    /// Whether it is IPv6.
    pub(super) fn is_v6(&self) -> bool {
        matches!(self.addresses, Addresses::V6(..))
    }

    /// The octets up to the first one that the snap length cut.
    pub(super) fn prefix(&self) -> &[u8] {
        let whole = self.pieces.iter().position(|piece| piece.cut > 0);
        let last = whole.and_then(|last| self.pieces.get(last)).or(self.pieces.last());
        self.bytes.get(..last.map_or(0, |piece| piece.start + piece.len)).unwrap_or_default()
    }

    /// Octets on the network.
    pub(super) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.at as usize + piece.len + piece.cut as usize)
    }

    /// The runs of a part of it, counted from its first octet.
    pub(super) fn runs(&self, part: Payload) -> impl Iterator<Item = Run<'_>> {
        let start = u64::from(part.offset);
        let end = start + u64::from(part.len) + u64::from(part.missing);
        let runs = self.pieces.iter().map(|piece| Run {
            at: piece.at,
            bytes: self.bytes.get(piece.start..piece.start + piece.len).unwrap_or_default(),
            cut: piece.cut,
            origin: piece.origin,
        });
        runs.map(move |run| run.split(end).0.split(start).1)
            .filter(|run| !run.is_empty())
            .map(move |run| Run { at: run.at - start, ..run })
    }
}

/// A fragment recognised again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mark {
    at: u32,
    octets: u32,
    more: bool,
    fingerprint: u64,
}

/// A packet of which fragments were seen.
#[derive(Debug)]
struct Datagram {
    serial: u64,
    begun: Time,
    last: Time,
    seen: Vec<Mark>,
    state: State,
    /// What it counts for in the sum.
    size: usize,
}

#[derive(Debug)]
enum State {
    Open(Parts),
    /// It was handed over.
    Done,
    /// Its fragments contradict one another.
    Refused,
}

/// Fragments that wait for others: in order, without overlap.
#[derive(Debug, Default)]
struct Parts {
    held: Vec<Held>,
    /// Where the packet ends, once its last fragment is there.
    end: Option<u64>,
    /// Octets that are there, the cut ones included.
    covered: u64,
    /// Next header as the first fragment has it.
    next: Option<u8>,
}

impl Parts {
    /// Whether runs, or the end of the packet, contradict what is there.
    fn contradict(&self, runs: &[Run<'_>], last: Option<u64>) -> bool {
        let reached = self.held.last().map_or(0, |held| held.run().end());
        let new = runs.last().map_or(0, Run::end);
        let ends = match (self.end, last) {
            (Some(end), Some(last)) if end != last => true,
            (Some(end), _) | (None, Some(end)) => reached > end || new > end,
            (None, None) => false,
        };
        ends || runs.iter().any(|run| {
            self.held.iter().map(Held::run).any(|held| {
                let (held, run) = (held.split(run.at).1.split(run.end()).0, run.split(held.at).1.split(held.end()).0);
                !held.bytes.iter().zip(run.bytes).all(|(a, b)| a == b)
            })
        })
    }

    /// Takes what is new in a run; returns what it costs.
    fn merge(&mut self, mut run: Run<'_>) -> usize {
        let mut cost = 0;
        let mut index = self.held.partition_point(|held| held.run().end() <= run.at);
        while !run.is_empty() {
            let following = self.held.get(index).map(Held::run);
            match following {
                Some(held) if held.at <= run.at => run = run.split(held.end()).1,
                _ => {
                    let (new, rest) = run.split(following.map_or(u64::MAX, |held| held.at));
                    cost += new.bytes.len() + PER_FRAGMENT;
                    self.covered += new.end() - new.at;
                    self.held.insert(index, Held::copy_of(new));
                    run = rest;
                }
            }
            index += 1;
        }
        cost
    }

    fn is_whole(&self) -> bool {
        self.end == Some(self.covered)
    }
}

/// The packets in the making.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    datagrams: HashMap<Key, Datagram>,
    /// By the order in which they began.
    order: BTreeMap<u64, Key>,
    serial: u64,
    size: usize,
    hasher: RandomState,
    pub(super) tally: FragmentTally,
}

/// What was counted of fragments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FragmentTally {
    /// Fragments seen.
    pub fragments: u64,
    /// Packets put together.
    pub assembled: u64,
    /// Packets that lacked a fragment for too long, or at the end of the capture.
    pub incomplete: u64,
    /// Packets given up because too many were in the making.
    pub evicted: u64,
    /// Packets given up because their fragments contradict one another.
    pub contradictory: u64,
    /// Fragments that were captured before.
    pub duplicates: u64,
    /// Fragments that cannot be one: empty, or beyond the longest packet.
    pub malformed: u64,
}

impl FragmentTally {
    /// Adds what was counted of another capture.
    pub(super) fn add(&mut self, other: Self) {
        self.fragments += other.fragments;
        self.assembled += other.assembled;
        self.incomplete += other.incomplete;
        self.evicted += other.evicted;
        self.contradictory += other.contradictory;
        self.duplicates += other.duplicates;
        self.malformed += other.malformed;
    }

    /// Packets that were not put together, for whatever reason.
    pub fn lost(&self) -> u64 {
        self.incomplete + self.evicted + self.contradictory
    }
}

impl Fragments {
    /// Takes a fragment; `runs` are its octets from 0 on. Returns the packet when that is whole.
    pub(super) fn add<'b>(
        &mut self,
        hosts: Hosts<'_>,
        part: &Part,
        runs: impl Iterator<Item = Run<'b>>,
        now: Time,
    ) -> Option<Assembled> {
        self.tally.fragments += 1;
        self.expire(now);
        let octets = part.payload.len + part.payload.missing;
        // All fragments but the last one hold a multiple of eight octets; more are padding.
        let octets = if part.more { octets & !7 } else { octets };
        let (at, end) = (u64::from(part.at), u64::from(part.at) + u64::from(octets));
        if octets == 0 || end > MAX_PACKET {
            self.tally.malformed += 1;
            return None;
        }
        let runs: Vec<Run<'b>> = runs.map(|run| Run { at: at + run.at, ..run.split(octets.into()).0 }).collect();
        let mut hasher = self.hasher.build_hasher();
        runs.iter().for_each(|run| hasher.write(run.bytes));
        let mark = Mark { at: part.at, octets, more: part.more, fingerprint: hasher.finish() };
        let addresses = Addresses::from(hosts);
        let is_v4 = matches!(addresses, Addresses::V4(..));
        let key = Key { addresses, id: part.id, protocol: is_v4.then_some(part.next) };
        if self.is_known(&key, mark, &runs, (!part.more).then_some(end), now) {
            return None;
        }
        if !self.datagrams.contains_key(&key) {
            self.begin(key, now);
        }
        let datagram = self.datagrams.get_mut(&key)?;
        let State::Open(parts) = &mut datagram.state else { return None };
        datagram.last = now;
        datagram.seen.push(mark);
        let cost: usize = runs.into_iter().map(|run| parts.merge(run)).sum();
        if !part.more {
            parts.end = Some(end);
        }
        if part.at == 0 {
            parts.next.get_or_insert(part.next);
        }
        datagram.size += cost;
        self.size += cost;
        if !parts.is_whole() {
            self.shrink();
            return None;
        }
        self.tally.assembled += 1;
        let whole = std::mem::take(parts);
        self.settle(&key, State::Done);
        Some(assemble(addresses, whole, part.next))
    }

    /// Whether nothing is to be done about a fragment: it was captured before, or its packet is refused. Forgets an
    /// older packet with the same identification.
    fn is_known(&mut self, key: &Key, mark: Mark, runs: &[Run<'_>], last: Option<u64>, now: Time) -> bool {
        let Some(datagram) = self.datagrams.get_mut(key) else { return false };
        let silence = now.0.abs_diff(datagram.last.0);
        let reused = silence >= IDENTIFICATION_REUSED.unsigned_abs();
        let too_old = now.0.abs_diff(datagram.begun.0) > FRAGMENT_LIFETIME.unsigned_abs();
        match &datagram.state {
            _ if too_old => self.forget(key),
            State::Open(_) if datagram.seen.contains(&mark) => {
                self.tally.duplicates += 1;
                return true;
            }
            State::Open(parts) if parts.contradict(runs, last) => {
                if reused {
                    self.forget(key);
                    return false;
                }
                self.tally.contradictory += 1;
                self.settle(key, State::Refused);
                return true;
            }
            State::Open(_) => {}
            State::Done if silence <= CAPTURED_TWICE.unsigned_abs() && datagram.seen.contains(&mark) => {
                self.tally.duplicates += 1;
                return true;
            }
            State::Refused if !reused => {
                datagram.last = now;
                return true;
            }
            State::Done | State::Refused => self.forget(key),
        }
        false
    }

    fn begin(&mut self, key: Key, now: Time) {
        self.serial += 1;
        self.order.insert(self.serial, key);
        self.size += PER_FRAGMENT;
        let (serial, state) = (self.serial, State::Open(Parts::default()));
        let datagram = Datagram { serial, begun: now, last: now, seen: Vec::new(), state, size: PER_FRAGMENT };
        self.datagrams.insert(key, datagram);
    }

    /// Leaves of a packet what is needed to know its fragments again.
    fn settle(&mut self, key: &Key, state: State) {
        if let Some(datagram) = self.datagrams.get_mut(key) {
            datagram.state = state;
            let size = PER_FRAGMENT + datagram.seen.len() * size_of::<Mark>();
            self.size = (self.size + size).saturating_sub(datagram.size);
            datagram.size = size;
        }
    }

    /// Forgets a packet, and counts it where it was in the making.
    fn forget(&mut self, key: &Key) {
        self.tally.incomplete += u64::from(self.remove(key));
    }

    /// Removes a packet; returns whether it was in the making.
    fn remove(&mut self, key: &Key) -> bool {
        let Some(datagram) = self.datagrams.remove(key) else { return false };
        self.order.remove(&datagram.serial);
        self.size = self.size.saturating_sub(datagram.size);
        matches!(datagram.state, State::Open(_))
    }

    /// Forgets what has waited for too long.
    fn expire(&mut self, now: Time) {
        while let Some((_, key)) = self.order.first_key_value() {
            let key = *key;
            let begun = self.datagrams.get(&key).map_or(now, |datagram| datagram.begun);
            if now.0.saturating_sub(begun.0) <= FRAGMENT_LIFETIME {
                return;
            }
            self.forget(&key);
        }
    }

    /// Keeps the limits.
    fn shrink(&mut self) {
        while self.size > FRAGMENT_OCTETS || self.datagrams.len() > MAX_DATAGRAMS {
            let Some((_, key)) = self.order.first_key_value() else { return };
            let key = *key;
            self.tally.evicted += u64::from(self.remove(&key));
        }
    }

    /// Forgets everything: the capture has ended.
    pub(super) fn finish(&mut self) {
        let open = self.datagrams.values().filter(|datagram| matches!(datagram.state, State::Open(_)));
        self.tally.incomplete += open.count() as u64;
        self.datagrams.clear();
        self.order.clear();
        self.size = 0;
    }
}

fn assemble(addresses: Addresses, parts: Parts, next: u8) -> Assembled {
    let mut bytes = Vec::with_capacity(parts.held.iter().map(|held| held.run().bytes.len()).sum());
    let pieces = (parts.held.iter().map(Held::run))
        .map(|Run { at, bytes: more, cut, origin }| {
            let start = bytes.len();
            bytes.extend_from_slice(more);
            Piece { at, start, len: more.len(), cut, origin }
        })
        .collect();
    Assembled { addresses, next: parts.next.unwrap_or(next), bytes, pieces }
}
