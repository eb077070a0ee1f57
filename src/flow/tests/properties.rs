//! What holds for any stream, any cut of it and any bytes.

use proptest::prelude::*;

use super::craft::{ACK, Capture, FIN, MILLISECOND, Pair, SYN};
use super::{Told, run};
use crate::capture::{FrameRef, LinkType, Window};
use crate::flow::{FlowInfo, Interest, Loss, StreamEvent, Table, Way};
use crate::time::Time;
use crate::wire::FrameNo;

/// How far a frame may be captured from its place.
const DISORDER: usize = 16;

/// A stream of the client, and how it travels.
#[derive(Clone, Debug)]
struct Journey {
    stream: Vec<u8>,
    /// Initial sequence number of the client; often the stream wraps.
    isn: u32,
    /// Ends of the segments.
    cuts: Vec<usize>,
    /// After which segment which octets are sent again.
    again: Vec<(usize, usize, usize)>,
    /// After which segments the server acknowledges.
    acks: Vec<bool>,
    /// How much later each frame is captured.
    late: Vec<usize>,
}

fn journey() -> impl Strategy<Value = Journey> {
    let stream = prop::collection::vec(any::<u8>(), 1..3000);
    let isn = prop_oneof![any::<u32>(), u32::MAX - 3000..=u32::MAX];
    let cuts = prop::collection::vec(1..200usize, 1..60);
    let again = prop::collection::vec((any::<prop::sample::Index>(), 0..3000usize, 1..300usize), 0..10);
    let acks = prop::collection::vec(any::<bool>(), 60);
    let late = prop::collection::vec(0..DISORDER, 200);
    (stream, isn, cuts, again, acks, late).prop_map(|(stream, isn, lengths, again, acks, late)| {
        let mut cuts = Vec::new();
        let mut at = 0;
        for length in lengths.iter().cycle() {
            at = (at + length).min(stream.len());
            cuts.push(at);
            if at == stream.len() || cuts.len() == 60 {
                break;
            }
        }
        let stream = stream[..at].to_vec();
        let again = (again.iter())
            .map(|(after, start, length)| {
                let after = after.index(cuts.len());
                let start = start % cuts[after];
                (after, start, (start + length).min(cuts[after]))
            })
            .collect();
        Journey { stream, isn, cuts, again, acks, late }
    })
}

impl Journey {
    const PAIR: fn() -> Pair = || Pair::v4(1024);

    fn segment(&self, start: usize, end: usize, flags: u8) -> Vec<u8> {
        let seq = self.isn.wrapping_add(1).wrapping_add(start as u32);
        Self::PAIR().there(seq, 501, ACK | flags, &self.stream[start..end])
    }

    fn acknowledgement(&self, octets: usize) -> Vec<u8> {
        Self::PAIR().back(501, self.isn.wrapping_add(1).wrapping_add(octets as u32), ACK, b"")
    }

    fn opening(&self) -> [Vec<u8>; 2] {
        let pair = Self::PAIR();
        [pair.there(self.isn, 0, SYN, b""), pair.back(500, self.isn.wrapping_add(1), SYN | ACK, b"")]
    }

    /// All frames after the opening, in the order in which they were sent.
    fn frames(&self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        let mut start = 0;
        for (n, &end) in self.cuts.iter().enumerate() {
            frames.push(self.segment(start, end, 0));
            if self.acks[n] {
                frames.push(self.acknowledgement(end));
            }
            for (_, start, end) in self.again.iter().filter(|(after, ..)| *after == n) {
                frames.push(self.segment(*start, *end, 0));
            }
            start = end;
        }
        frames.push(self.segment(start, start, FIN));
        frames.push(self.acknowledgement(start + 1));
        frames
    }

    /// The frames in disorder, some twice.
    fn capture(&self) -> Capture {
        let mut order: Vec<(usize, Vec<u8>)> = Vec::new();
        for (n, frame) in self.frames().into_iter().enumerate() {
            let late = self.late[n % self.late.len()];
            if late % 7 == 3 {
                order.push((n + self.late[(n + 1) % self.late.len()], frame.clone()));
            }
            order.push((n + late, frame));
        }
        order.sort_by_key(|(place, _)| *place);
        let mut capture = Capture::default();
        capture.extend(self.opening()).extend(order.into_iter().map(|(_, frame)| frame));
        capture
    }
}

/// A gap: after how many octets that are there, how many are not, and why.
type Gap = (usize, Option<u64>, Loss);

/// The octets of the client's direction, with the gaps before which they stand.
fn octets(events: &[Told]) -> (Vec<u8>, Vec<Gap>) {
    let (mut data, mut gaps) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Told::Data { way: Way::Forward, bytes, .. } => data.extend(bytes),
            Told::Gap { way: Way::Forward, octets, loss, .. } => gaps.push((data.len(), *octets, *loss)),
            _ => {}
        }
    }
    (data, gaps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn disorder_and_repetition_do_not_show(journey in journey()) {
        let outcome = run(&journey.capture(), &[]);
        let (data, gaps) = octets(outcome.events(1));
        prop_assert_eq!(gaps, []);
        prop_assert_eq!(data, journey.stream.clone());
        prop_assert!(outcome.forward().ends_with("|closed"));
        prop_assert_eq!((outcome.counters.tally.gaps, outcome.counters.tally.conflicts), (0, 0));
    }

    #[test]
    fn a_lost_segment_is_one_gap_in_its_place(journey in journey(), lost in any::<prop::sample::Index>()) {
        let journey = Journey { again: Vec::new(), late: vec![0], ..journey };
        let lost = lost.index(journey.cuts.len());
        let (start, end) = (if lost == 0 { 0 } else { journey.cuts[lost - 1] }, journey.cuts[lost]);
        let gone = journey.segment(start, end, 0);
        let mut capture = Capture::default();
        capture.extend(journey.opening()).extend(journey.frames().into_iter().filter(|frame| *frame != gone));
        let outcome = run(&capture, &[]);
        let (data, gaps) = octets(outcome.events(1));
        prop_assert_eq!(gaps, [(start, Some((end - start) as u64), Loss::MissingPackets)]);
        prop_assert_eq!(data, [&journey.stream[..start], &journey.stream[end..]].concat());
        prop_assert!(outcome.forward().ends_with("|closed"));
    }

    #[test]
    fn windows_do_not_show(
        journeys in prop::collection::vec(journey(), 1..4),
        lost in prop::collection::vec(any::<bool>(), 50),
        windows in prop::collection::vec(0..40usize, 0..20),
    ) {
        // Connections between the same endpoints, one after the other, and with frames missing.
        let mut capture = Capture::default();
        for journey in &journeys {
            let whole = journey.capture();
            for n in 0..whole.len() {
                if lost[n % lost.len()] || n % 3 > 0 {
                    capture.push(whole.bytes(FrameNo(n as u64 + 1)).to_vec());
                }
            }
            capture.pause(i64::from(journey.isn) * MILLISECOND / 100_000);
        }
        let (one, many) = (run(&capture, &[]), run(&capture, &windows));
        prop_assert_eq!(one.flows, many.flows);
        prop_assert_eq!(one.counters, many.counters);
    }

    #[test]
    fn any_frames_give_events_in_order_without_panic(
        frames in prop::collection::vec((0..3u8, prop::collection::vec(any::<u8>(), 0..80), any::<u16>()), 0..60),
    ) {
        let mut window = Window::default();
        for (n, (kind, noise, original_len)) in frames.iter().enumerate() {
            // Noise, noise behind an IPv4 header, and noise for a TCP header of one flow.
            let mut bytes = match kind {
                0 => vec![],
                1 => vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6],
                _ => vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 80, 0, 80, 0, 0, 0],
            };
            bytes.extend(noise);
            let start = window.bytes.len() as u32;
            window.bytes.extend(bytes);
            window.frames.push(FrameRef {
                no: FrameNo(n as u64 + 1),
                time: Some(Time(i64::from(*original_len) << 20)),
                link: LinkType::RAW,
                range: start..window.bytes.len() as u32,
                original_len: u32::from(*original_len),
            });
        }
        let mut table: Table<[bool; 2]> = Table::new(|_, _| Interest::Followed);
        let mut ends_twice = false;
        let mut sink = |ended: &mut Option<[bool; 2]>, _: &FlowInfo, event: StreamEvent<'_>, _: FrameNo| {
            let ended = ended.get_or_insert_default();
            let way = match event {
                StreamEvent::Data { way, .. } | StreamEvent::Gap { way, .. } | StreamEvent::End { way, .. } => way,
                StreamEvent::Datagram(datagram) => datagram.way,
                StreamEvent::Quiet { .. } => return Interest::Followed,
            };
            ends_twice |= ended[way as usize];
            ended[way as usize] = matches!(event, StreamEvent::End { .. });
            Interest::Followed
        };
        table.walk(&window).advance(&window, &mut sink);
        table.finish().advance(&Window::default(), &mut sink);
        prop_assert!(!ends_twice);
    }
}
