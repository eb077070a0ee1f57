//! Generating: captures of any size whose content is known, for measuring and for tests.
//!
//! In: a [`Spec`]. Out: a capture, and the [`Truth`] about it. Sessions and flows of other traffic are actors, each with
//! its own chance; whoever's turn comes first acts and says when its next one comes. So nothing but what is open is
//! held in memory, and the same spec gives the same octets. What sessions say stands in `phrases.trace`.

mod chance;
mod noise;
mod phrases;
mod spec;
mod talk;
mod tap;
#[cfg(test)]
mod tests;
mod truth;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use self::noise::{Noise, Pool};
use self::phrases::Dialect;
pub use self::spec::{Extent, Format, Spec};
use self::talk::{Hall, SECOND, Talk};
use self::tap::Tap;
pub use self::truth::{Polls, Truth};
use crate::csp::namespace::Version;
use crate::syntax::Encoding;

/// When generated captures begin, in microseconds: 2007-05-01T08:00:00Z.
const START: u64 = 1_178_006_400 * SECOND;
/// In what time the first sessions begin, one after the other, and how far they are apart at most.
const ARRIVAL: u64 = 60 * SECOND;
const APART: u64 = SECOND / 2;
/// How many contacts subscribers have.
const CONTACTS: [u8; 3] = [3, 8, 20];

/// Who acts: a session by its place, or a flow of other traffic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    Talk(usize),
    Noise(usize),
}

/// Writes a capture as the spec wants it.
///
/// # Errors
/// Those of the writer.
pub fn generate(spec: &Spec, out: impl Write) -> io::Result<Truth> {
    let dialects = dialects(spec)?;
    let mut hall = Hall {
        dialects: &dialects,
        exchanges: spec.exchanges,
        early: spec.early,
        odd: spec.odd,
        closing: false,
        body: Vec::new(),
        message: Vec::new(),
    };
    let mut tap = Tap::new(out, spec)?;
    let pool = Pool::new();
    let mut talks: Vec<Option<Talk>> = Vec::new();
    let mut noises: Vec<Option<Noise>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut turns: BinaryHeap<Reverse<(u64, Actor)>> = BinaryHeap::new();
    let most = if let Extent::Sessions(n) = spec.extent { n } else { u64::MAX };
    let places = u64::from(spec.open).min(most);
    let apart = APART.min(ARRIVAL / places.max(1));
    for place in 0..places {
        talks.push(None);
        turns.push(Reverse((START + place * apart, Actor::Talk(place as usize))));
    }
    let (mut begun, mut open, mut noisy, mut promised) = (0, 0, 0, 0);
    // Octets of IMPS, and of other traffic for each of them.
    let (mut imps, ratio) = (0, spec.noise / (1.0 - spec.noise));
    while let Some(Reverse((now, actor))) = turns.pop() {
        let before = tap.truth.octets;
        tap.at(now)?;
        let next = match actor {
            Actor::Talk(place) => {
                hall.closing |= matches!(spec.extent, Extent::Octets(size) if before >= size);
                let Some(talk) = talks.get_mut(place) else { continue };
                if talk.is_none() {
                    if begun >= most || hall.closing {
                        continue;
                    }
                    *talk = Some(Talk::new(begun, spec.seed, dialects.len(), now));
                    (begun, open) = (begun + 1, open + 1);
                    tap.truth.most_open = tap.truth.most_open.max(open);
                }
                let Some(speaking) = talk else { continue };
                let next = speaking.step(now, &mut hall, &mut tap)?;
                imps += tap.truth.octets - before;
                if next.is_none() {
                    *talk = None;
                    open -= 1;
                }
                // Another session takes the place.
                Some(next.unwrap_or(now + SECOND))
            }
            Actor::Noise(place) => {
                let Some(noise) = noises.get_mut(place) else { continue };
                let next = match noise {
                    Some(flow) => flow.step(now, &pool, &mut tap)?,
                    None => None,
                };
                if next.is_none() {
                    *noise = None;
                    free.push(place);
                }
                next
            }
        };
        turns.extend(next.map(|next| Reverse((next, actor))));
        while (promised as f64) < imps as f64 * ratio {
            let (noise, octets) = Noise::new(noisy, spec.seed);
            (noisy, promised) = (noisy + 1, promised + octets);
            let place = free.pop().unwrap_or(noises.len());
            match noises.get_mut(place) {
                Some(slot) => *slot = Some(noise),
                None => noises.push(Some(noise)),
            }
            turns.push(Reverse((now + noisy % 16 * SECOND / 16, Actor::Noise(place))));
        }
    }
    tap.finish()
}

/// The ways in which messages are written: each version and encoding wanted, plain and ornate, for each number of
/// contacts.
fn dialects(spec: &Spec) -> io::Result<Vec<Dialect>> {
    let versions = spec.version.map_or(vec![Version::V11, Version::V12, Version::V13], |version| vec![version]);
    let encodings = spec.encoding.map_or(vec![Encoding::Xml, Encoding::Wbxml], |encoding| vec![encoding]);
    let mut dialects = Vec::new();
    for version in versions {
        for encoding in &encodings {
            for contacts in CONTACTS {
                dialects.push(Dialect::new(version, *encoding, false, contacts)?);
            }
            dialects.push(Dialect::new(version, *encoding, true, 8)?);
        }
    }
    Ok(dialects)
}
