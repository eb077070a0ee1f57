//! Tests of the flow stage on frames built by hand.

mod craft;
mod dissect;
mod fragments;
mod links;
mod properties;
mod silence;
mod stream;
mod table;
mod tunnels;
mod twice;

use craft::Capture;

use super::{Counters, Datagram, End, FlowInfo, FlowNo, Interest, Loss, StreamEvent, Table, Way};
use crate::capture::Window;
use crate::time::Time;
use crate::wire::{FrameNo, Pieces};

/// An event, kept.
#[derive(Clone, PartialEq, Debug)]
enum Told {
    Data { way: Way, bytes: Vec<u8>, frame: FrameNo, offset: u32, time: Time },
    Datagram { way: Way, bytes: Vec<u8>, pieces: Pieces, missing: u32, frame: FrameNo, time: Time },
    Quiet { frame: FrameNo, time: Time },
    Gap { way: Way, octets: Option<u64>, loss: Loss, frame: FrameNo, time: Time },
    End { way: Way, end: End, frame: FrameNo, time: Time },
}

impl From<StreamEvent<'_>> for Told {
    fn from(event: StreamEvent<'_>) -> Self {
        match event {
            StreamEvent::Data { way, bytes, frame, offset, time } => {
                let offset = offset.unwrap();
                Self::Data { way, bytes: bytes.to_vec(), frame, offset, time }
            }
            StreamEvent::Datagram(Datagram { way, bytes, pieces, missing, frame, time }) => {
                let (bytes, pieces) = (bytes.to_vec(), pieces.clone());
                Self::Datagram { way, bytes, pieces, missing, frame, time }
            }
            StreamEvent::Quiet { frame, time } => Self::Quiet { frame, time },
            StreamEvent::Gap { way, octets, loss, frame, time } => Self::Gap { way, octets, loss, frame, time },
            StreamEvent::End { way, end, frame, time } => Self::End { way, end, frame, time },
        }
    }
}

/// What came of a capture.
struct Outcome {
    /// Each followed flow with its events, by number.
    flows: Vec<(FlowInfo, Vec<Told>)>,
    counters: Counters,
}

/// Works a capture off in windows of these numbers of frames, the rest in one; UDP is followed.
fn run(capture: &Capture, windows: &[usize]) -> Outcome {
    run_with(capture, windows, Table::new(|_, _| Interest::Followed), |_, _| Interest::Followed)
}

/// The same with a table and a choice of flows to follow.
fn run_with(
    capture: &Capture,
    windows: &[usize],
    mut table: Table<()>,
    choose: impl Fn(&FlowInfo, &Told) -> Interest,
) -> Outcome {
    let mut flows: Vec<(FlowInfo, Vec<Told>)> = Vec::new();
    let mut sink = |_: &mut Option<()>, info: &FlowInfo, event: StreamEvent<'_>, _: FrameNo| {
        let told = Told::from(event);
        // Whatever way they took, the bytes are those of the frame at the offset.
        match &told {
            Told::Data { bytes, frame, offset, .. } => {
                assert!(capture.bytes(*frame)[*offset as usize..].starts_with(bytes));
            }
            Told::Datagram { bytes, pieces, .. } => {
                let ends = pieces.iter().skip(1).map(|next| next.at as usize).chain([bytes.len()]);
                for (piece, end) in pieces.iter().zip(ends) {
                    let part = &bytes[piece.at as usize..end];
                    assert!(capture.bytes(piece.frame)[piece.offset.unwrap() as usize..].starts_with(part));
                }
            }
            _ => {}
        }
        let interest = choose(info, &told);
        match flows.iter_mut().find(|(known, _)| known.no == info.no) {
            Some((_, events)) => events.push(told),
            None => flows.push((info.clone(), vec![told])),
        }
        interest
    };
    for window in capture.windows(windows) {
        table.walk(&window).advance(&window, &mut sink);
    }
    table.finish().advance(&Window::default(), &mut sink);
    flows.sort_by_key(|(info, _)| info.no);
    Outcome { flows, counters: table.counters().clone() }
}

impl Outcome {
    /// The events of a flow.
    fn events(&self, no: u32) -> &[Told] {
        &self.flows.iter().find(|(info, _)| info.no == FlowNo(no)).expect("flow").1
    }

    /// One direction of a flow as text: data as it is, `<5 missing>` for a gap, `|closed` for the end.
    fn story(&self, no: u32, way: Way) -> String {
        let mut text = String::new();
        for event in self.events(no) {
            match event {
                Told::Data { way: w, bytes, .. } if *w == way => text.push_str(&String::from_utf8_lossy(bytes)),
                Told::Datagram { way: w, bytes, missing, .. } if *w == way => {
                    text.push_str(&String::from_utf8_lossy(bytes));
                    if *missing > 0 {
                        text.push_str(&format!("<{missing} snapped>"));
                    }
                }
                Told::Gap { way: w, octets, loss, .. } if *w == way => {
                    let loss = match loss {
                        Loss::MissingPackets => "missing",
                        Loss::SnapLength => "snapped",
                        Loss::OneSided => "unseen",
                        Loss::Encrypted => "encrypted",
                        Loss::Limit => "limit",
                        Loss::Log => unreachable!("no log here"),
                    };
                    text.push_str(&format!("<{} {loss}>", octets.unwrap()));
                }
                Told::End { way: w, end, .. } if *w == way => {
                    text.push_str(&format!("|{end:?}").to_lowercase());
                }
                _ => {}
            }
        }
        text
    }

    fn forward(&self) -> String {
        self.story(1, Way::Forward)
    }

    fn reverse(&self) -> String {
        self.story(1, Way::Reverse)
    }
}
