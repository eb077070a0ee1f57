//! TLS: the octets are a script of one connection, of which the keys are known; behind `k` they are a key log.

use std::sync::{Arc, LazyLock};

use impslint::flow::{StreamEvent, Way};
use impslint::time::Time;
use impslint::tls::{Connection, Context, KeyLog, Keys, SECRETS_MAX, Tally, Verdict, begins};
use impslint::wire::FrameNo;

use super::script::{Step, steps};

static LOG: LazyLock<Arc<KeyLog>> = LazyLock::new(|| {
    let mut text: &[u8] = include_bytes!("../../tests/tls/suites.keys");
    Arc::new(KeyLog::read(&mut text).expect("octets in memory can be read"))
});

/// What came out of a connection: what each way said up to its gaps and its end, and what was counted.
fn read(steps: &[Step]) -> ([Vec<String>; 2], Tally) {
    let context = Context::new(Keys::new(Arc::clone(&LOG)));
    let mut connection = Connection::new();
    let mut told: [Vec<(String, Vec<u8>)>; 2] = Default::default();
    let mut ended = [false; 2];
    let mut protected = None;
    for (n, step) in (1..).zip(steps) {
        let (frame, time) = (FrameNo(n), Time(n as i64 * 1_000_000));
        let event = match step {
            Step::Data(way, bytes) => StreamEvent::Data { way: *way, bytes, frame, offset: Some(54), time },
            Step::Gap(way, octets) => {
                let loss = impslint::flow::Loss::MissingPackets;
                StreamEvent::Gap { way: *way, octets: *octets, loss, frame, time }
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
            Step::Pause(_) | Step::Next => continue,
        };
        let mut take = |event: StreamEvent<'_>| {
            let (way, what, octets) = match event {
                StreamEvent::Data { way, bytes, frame: from, .. } => {
                    assert!((1..=n).contains(&from.0), "a frame that was seen");
                    (way, String::new(), bytes)
                }
                StreamEvent::Datagram(_) | StreamEvent::Quiet { .. } => {
                    panic!("a connection is no datagrams: {event:?}")
                }
                StreamEvent::Gap { way, loss, .. } => (way, format!("gap {loss:?}"), &[][..]),
                StreamEvent::End { way, end, .. } => (way, format!("end {end:?}"), &[][..]),
            };
            assert!(!ended[way as usize], "nothing comes after the end");
            ended[way as usize] = what.starts_with("end");
            let told = &mut told[way as usize];
            match told.last_mut().filter(|(last, _)| last.is_empty() && what.is_empty()) {
                Some((_, all)) => all.extend(octets),
                None => told.push((what, octets.to_vec())),
            }
        };
        if *protected.get_or_insert_with(|| begins(&event)) {
            if connection.push(event, frame, &context, &mut take) == Verdict::Other {
                protected = Some(false);
            }
        } else {
            break;
        }
    }
    let said =
        told.map(|way| way.into_iter().map(|(what, octets)| what + &octets.escape_ascii().to_string()).collect());
    (said, context.tally())
}

/// Reads a connection whole and in pieces.
pub fn run(octets: &[u8]) {
    if let Some(log) = octets.strip_prefix(b"k") {
        let mut reader = log;
        let log = KeyLog::read(&mut reader).expect("octets in memory can be read");
        assert!(log.len() <= SECRETS_MAX);
        return;
    }
    let mut steps = steps(octets);
    // Nothing comes of a direction behind its end.
    let mut over = [false; 2];
    steps.retain(|step| match step {
        Step::Data(way, _) | Step::Gap(way, _) => !over[*way as usize],
        Step::End(way, _) => !std::mem::replace(&mut over[*way as usize], true),
        Step::Pause(_) | Step::Next => false,
    });
    let whole = read(&steps);
    let in_pieces = |size: usize| {
        let mut pieces = Vec::new();
        for step in &steps {
            match step {
                Step::Data(way, bytes) => {
                    pieces.extend(bytes.chunks(size).map(|piece| Step::Data(*way, piece.to_vec())))
                }
                other => pieces.push(other.clone()),
            }
        }
        read(&pieces)
    };
    // Where octets are missing, where a segment starts is a sign.
    let sound = steps.iter().all(|step| !matches!(step, Step::Gap(..) | Step::End(..)));
    let first = steps.iter().find_map(|step| match step {
        Step::Data(way, bytes) => Some((*way, bytes.len())),
        _ => None,
    });
    if sound && first.is_some_and(|(way, len)| way == Way::Forward && len > 8) && whole.1.unreadable == 0 {
        assert_eq!(whole.0, in_pieces(61).0, "in pieces of 61");
        assert_eq!(whole.0, in_pieces(9).0, "in pieces of 9");
    }
}
