//! Flows that say nothing more while octets of them are missing and the capture goes on.

use super::craft::{ACK, Capture, FIN, MILLISECOND, PSH, Pair, SECOND};
use super::{Told, run};
use crate::flow::{Loss, PATIENCE, SILENT_PATIENCE, Way};
use crate::wire::FrameNo;

/// A frame of another connection after a pause.
fn elsewhere(capture: &mut Capture, pause: i64) {
    let other = Pair::v4(9);
    capture.pause(pause - MILLISECOND).push(other.there(101, 501, ACK | PSH, b"else"));
}

/// Where the first gap of the first flow was told, in whatever windows the capture is read.
fn told_at(capture: &Capture) -> Option<FrameNo> {
    let gap = |windows: &[usize]| {
        let outcome = run(capture, windows);
        outcome.events(1).iter().find_map(|told| match told {
            Told::Gap { frame, loss, .. } => Some((*frame, *loss)),
            _ => None,
        })
    };
    let whole = gap(&[]);
    for split in 1..capture.len() {
        assert_eq!(gap(&[split]), whole, "read in windows split at {split}");
    }
    assert_eq!(gap(&vec![1; capture.len()]), whole, "read frame by frame");
    whole.filter(|(_, loss)| *loss != Loss::Limit).map(|(frame, _)| frame)
}

/// A connection of which the first three octets are missing, what comes then, and frames of another one after pauses.
fn quiet(frames: impl IntoIterator<Item = Vec<u8>>, pauses: &[i64]) -> (Capture, u64) {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.open(pair).push(pair.there(104, 501, ACK | PSH, b"two")).extend(frames);
    let last = capture.len() as u64;
    pauses.iter().for_each(|pause| elsewhere(&mut capture, *pause));
    (capture, last)
}

#[test]
fn what_was_acknowledged_is_given_up_without_a_further_packet() {
    let acked = || [Pair::v4(1024).back(501, 107, ACK, b"")];
    let (capture, last) = quiet(acked(), &[PATIENCE, 1, SECOND]);
    assert_eq!(told_at(&capture), Some(FrameNo(last + 2)));
    assert_eq!(run(&capture, &[]).forward(), "<3 missing>two|open");
    // At the end of the capture, by the last frame of the flow, where nothing shows that time went on.
    let (capture, last) = quiet(acked(), &[PATIENCE]);
    assert_eq!(told_at(&capture), Some(FrameNo(last)));
}

#[test]
fn a_connection_that_both_sides_closed_has_said_all() {
    let pair = Pair::v4(1024);
    let both = || [pair.there(107, 501, FIN | ACK, b""), pair.back(501, 101, FIN | ACK, b"")];
    let (capture, last) = quiet(both(), &[MILLISECOND, SECOND]);
    assert_eq!(told_at(&capture), Some(FrameNo(last + 2)));
    let outcome = run(&capture, &[]);
    assert_eq!((outcome.forward().as_str(), outcome.reverse().as_str()), ("<3 missing>two|closed", "|closed"));
    // What one side closed, the other may still ask for again.
    let [one, _] = both();
    let (capture, last) = quiet([one], &[SECOND, SECOND, SILENT_PATIENCE]);
    assert_eq!(told_at(&capture), Some(FrameNo(last + 3)));
}

#[test]
fn what_nobody_acknowledged_waits_longer() {
    let (mut capture, last) = quiet([], &[SECOND, SILENT_PATIENCE - SECOND, 1]);
    assert_eq!(told_at(&capture), Some(FrameNo(last + 3)));
    (capture, _) = quiet([], &[SECOND, SILENT_PATIENCE - SECOND]);
    capture.push(Pair::v4(1024).there(101, 501, ACK | PSH, b"one"));
    assert_eq!(told_at(&capture), None);
    assert_eq!(run(&capture, &[]).forward(), "onetwo|open");
}

#[test]
fn a_packet_breaks_the_silence() {
    let pair = Pair::v4(1024);
    let (mut capture, _) = quiet([pair.back(501, 107, ACK, b"")], &[PATIENCE - 2 * MILLISECOND]);
    capture.push(pair.back(501, 107, ACK, b""));
    elsewhere(&mut capture, PATIENCE / 2);
    capture.push(pair.there(101, 501, ACK | PSH, b"one"));
    // Half a second since the acknowledgement has passed by then, and the late packet is the one that is missing.
    assert_eq!(told_at(&capture), None);
}

#[test]
fn an_acknowledgement_alone_tells_of_what_is_missing() {
    let pair = Pair::v4(1024);
    let mut capture = Capture::default();
    capture.open(pair).push(pair.back(501, 109, ACK, b""));
    elsewhere(&mut capture, SECOND);
    assert_eq!(run(&capture, &[]).story(1, Way::Forward).split('|').next(), Some("<8 unseen>"));
    assert_eq!(told_at(&capture), Some(FrameNo(5)));
    // One that acknowledges no more than a FIN does not.
    let mut capture = Capture::default();
    capture.open(pair).push(pair.back(501, 102, ACK, b""));
    elsewhere(&mut capture, SECOND);
    assert!(run(&capture, &[]).flows.iter().all(|(info, _)| info.no.0 != 1));
}

#[test]
fn a_clock_that_goes_back_or_stands_at_its_end_is_survived() {
    let (mut capture, _) = quiet([Pair::v4(1024).back(501, 107, ACK, b"")], &[]);
    elsewhere(&mut capture, -3 * SECOND);
    elsewhere(&mut capture, i64::MAX / 2);
    capture.pause(i64::MAX / 2 - 10 * SECOND).push(Pair::v4(1024).back(501, 107, ACK, b""));
    told_at(&capture);
}

#[test]
fn datagrams_that_stop_are_told_wherever_windows_end() {
    let pair = Pair::v4(9201);
    let mut capture = Capture::default();
    capture.push(pair.datagram(b"one"));
    [PATIENCE, 1, SECOND, SILENT_PATIENCE].iter().for_each(|pause| elsewhere(&mut capture, *pause));
    capture.push(pair.datagram(b"two"));
    let quiet = |windows: &[usize]| {
        let outcome = run(&capture, windows);
        let told = outcome.events(1).iter().map(|told| match told {
            Told::Datagram { frame, .. } => (frame.0, "datagram"),
            Told::Quiet { frame, .. } => (frame.0, "quiet"),
            _ => (0, "end"),
        });
        told.collect::<Vec<_>>()
    };
    let whole = quiet(&[]);
    assert_eq!(whole[..3], [(1, "datagram"), (3, "quiet"), (5, "quiet")]);
    assert_eq!(whole[3], (6, "datagram"));
    for split in 1..capture.len() {
        assert_eq!(quiet(&[split]), whole, "read in windows split at {split}");
    }
}
