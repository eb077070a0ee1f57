//! WSP: the octets are a script of one flow in which every piece of data is a datagram; its first octet chooses the port.

use impslint::carrier::Carried;
use impslint::carrier::wsp::Connection;
use impslint::flow::{Datagram, FlowInfo, FlowNo, Interest, StreamEvent, Transport};
use impslint::time::Time;
use impslint::wire::{FrameNo, Pieces};

use super::script::{Step, steps};

/// Where data starts in every frame.
const OFFSET: u32 = 42;

const SECOND: i64 = 1_000_000_000;

/// Everything that came of a flow, and of its first steps.
fn read(port: u16, steps: &[Step]) -> (Vec<Carried>, Vec<usize>) {
    let flow = FlowInfo {
        no: FlowNo(1),
        transport: Transport::Udp,
        opener: ([10, 0, 0, 1], 40000).into(),
        acceptor: ([192, 0, 2, 1], port).into(),
        opening_seen: false,
        tunnel: None,
        protected: false,
    };
    let (mut connection, mut out, mut counts) = (Connection::new(), Vec::new(), Vec::new());
    let mut time = Time(0);
    for (n, step) in (1..).zip(steps) {
        let frame = FrameNo(n);
        time.0 += SECOND / 100;
        let pieces = Pieces::one(frame, OFFSET);
        let event = match step {
            Step::Data(way, bytes) => {
                StreamEvent::Datagram(Datagram { way: *way, bytes, pieces: &pieces, missing: 0, frame, time })
            }
            // Octets that are missing are those that the snap length cut off an empty datagram.
            Step::Gap(way, octets) => {
                let missing = octets.map_or(1, |octets| octets as u32);
                StreamEvent::Datagram(Datagram { way: *way, bytes: &[], pieces: &pieces, missing, frame, time })
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
            Step::Pause(seconds) => {
                time.0 += i64::from(*seconds) * SECOND;
                StreamEvent::Quiet { frame, time }
            }
            Step::Next => continue,
        };
        let over = connection.push(&flow, event, &mut out) == Interest::Ignored;
        assert!(!over || connection.held() == 0, "nothing is held of a flow that is over");
        counts.push(out.len());
    }
    (out, counts)
}

/// Reads a flow whole and in part.
pub fn run(octets: &[u8]) {
    let Some((port, rest)) = octets.split_first() else { return };
    let port = [9201, 9200, 2948][usize::from(*port) % 3];
    let mut steps = steps(rest);
    steps.retain(|step| *step != Step::Next);
    let (whole, counts) = read(port, &steps);
    for item in &whole {
        let Carried::Envelope(e) = item else { continue };
        assert!(e.frames.first <= e.frames.last && e.frames.last.0 <= steps.len() as u64, "frames that exist");
        let pieces = e.body.pieces();
        let ends = pieces.iter().skip(1).map(|next| next.at as usize).chain([e.body.len()]);
        for (piece, end) in pieces.iter().zip(ends) {
            assert!(e.frames.first <= piece.frame && piece.frame <= e.frames.last);
            let Some(offset) = piece.offset else { continue };
            let Step::Data(_, sent) = &steps[piece.frame.0 as usize - 1] else { panic!("no data in {piece:?}") };
            let bytes = &e.body.bytes()[piece.at as usize..end];
            assert!(sent[(offset - OFFSET) as usize..].starts_with(bytes), "{piece:?}");
        }
    }
    assert!(whole.iter().filter(|item| matches!(item, Carried::End { .. })).count() <= 1, "one end");
    let half = steps.len() / 2;
    if half > 0 {
        let (start, _) = read(port, &steps[..half]);
        assert_eq!(start[..], whole[..counts[half - 1]], "nothing is taken back");
    }
}
