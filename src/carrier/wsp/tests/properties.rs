//! What holds whatever comes.

use proptest::prelude::*;

use super::*;
use crate::carrier::wsp::write::{self, Said};

/// A conversation of several requests with bodies of these lengths, in parts of this size: each message's datagrams.
fn conversation(bodies: &[(usize, usize)], most: usize) -> Vec<(Way, Vec<Vec<u8>>)> {
    let mut out = Vec::new();
    for (tid, (ask, answer)) in (5..).zip(bodies) {
        let body = |octets: usize| [&b"<WV-CSP-Message>"[..], &vec![b'x'; octets]].concat();
        let said = |data| Said { content_type: Some("application/vnd.wv.csp+xml"), headers: &[], data };
        let (ask, answer) = (body(*ask), body(*answer));
        let post = write::request("POST", "http://imps.example.com/", &said(&ask)).unwrap();
        out.push((TO, write::transaction(tid, write::End::Initiator, &post, most)));
        let reply = write::reply(200, &said(&answer)).unwrap();
        out.push((FRO, write::transaction(tid, write::End::Responder, &reply, most)));
        out.push((TO, vec![write::acknowledgement(tid, write::End::Initiator)]));
    }
    out
}

/// What was carried, without frames and octets on the wire.
fn contents(story: &mut Story) -> Vec<String> {
    let items = std::mem::take(&mut story.items);
    items
        .iter()
        .map(|item| match item {
            Carried::Envelope(e) => {
                format!("{:?} {} {:?} {:?} {:?}", e.direction, e.exchange, e.start, e.headers, e.body.bytes())
            }
            other => brief(other),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_octets_are_read(
        port in prop::sample::select(vec![9200_u16, 9201, 2948]),
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40), 0..3_u32), 0..40),
    ) {
        let mut story = Story::new(port);
        for (forward, bytes, missing) in datagrams {
            story.cut(if forward { TO } else { FRO }, &bytes, missing);
        }
        story.end();
        prop_assert_eq!(story.connection.held(), 0);
    }

    #[test]
    fn any_octets_in_pdus_are_read(
        pdus in prop::collection::vec(
            (any::<bool>(), 0..8_u8, 0..8_u8, 0..3_u16, prop::collection::vec(any::<u8>(), 0..12)), 0..60),
    ) {
        let mut story = Story::new(9201);
        for (forward, kind, flags, tid, rest) in pdus {
            let tid = if forward { tid } else { tid | 0x8000 };
            story.say(if forward { TO } else { FRO }, &[&[kind << 3 | flags][..], &tid.to_be_bytes(), &rest].concat());
        }
        story.end();
        prop_assert_eq!(story.connection.held(), 0);
    }

    #[test]
    fn any_parts_in_any_order_and_number_give_the_same(
        bodies in prop::collection::vec((0..300_usize, 0..900_usize), 1..5),
        most in 1..200_usize,
        shuffles in prop::collection::vec(any::<prop::sample::Index>(), 64),
        twice in prop::collection::vec(any::<bool>(), 64),
    ) {
        let mut whole = Story::new(9201);
        for (way, datagrams) in conversation(&bodies, usize::MAX) {
            datagrams.iter().for_each(|datagram| { whole.say(way, datagram); });
        }
        whole.end();
        let mut apart = Story::new(9201);
        let mut n = 0;
        for (way, mut datagrams) in conversation(&bodies, most) {
            for i in 0..datagrams.len() {
                n += 1;
                if twice[n % twice.len()] {
                    let again = datagrams[i].clone();
                    datagrams.push(again);
                }
            }
            for i in (1..datagrams.len()).rev() {
                n += 1;
                datagrams.swap(i, shuffles[n % shuffles.len()].index(i + 1));
            }
            datagrams.iter().for_each(|datagram| { apart.say(way, datagram); });
        }
        apart.end();
        prop_assert_eq!(contents(&mut whole), contents(&mut apart));
    }

    #[test]
    fn whatever_datagram_is_missing_nothing_is_made_up(
        bodies in prop::collection::vec((0..100_usize, 0..100_usize), 2..5),
        most in 20..200_usize,
        missing in any::<prop::sample::Index>(),
    ) {
        let all: Vec<(Way, Vec<u8>)> = conversation(&bodies, most)
            .into_iter()
            .flat_map(|(way, datagrams)| datagrams.into_iter().map(move |datagram| (way, datagram)))
            .collect();
        let missing = missing.index(all.len());
        let mut story = Story::new(9201);
        for (n, (way, datagram)) in all.iter().enumerate() {
            if n == missing {
                story.pause(10);
            } else {
                story.say(*way, datagram);
            }
        }
        story.pause(400_000).say(TO, &ack(0x7000)).end();
        let whole = |item: &Carried| matches!(item, Carried::Envelope(e) if e.wholeness == crate::carrier::Wholeness::Complete);
        let gap = |item: &Carried| matches!(item, Carried::Gap { .. });
        let is_ack = all[missing].1.len() == 3;
        let lost = 2 * bodies.len() - story.items.iter().filter(|item| whole(item)).count();
        prop_assert_eq!(lost, usize::from(!is_ack));
        // Beside the gap that the last acknowledgement tells.
        prop_assert_eq!(story.items.iter().filter(|item| gap(item)).count() > 2, !is_ack);
    }
}
