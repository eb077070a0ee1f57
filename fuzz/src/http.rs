//! HTTP/1.x: the octets are a script of one connection, captured from its opening on unless it begins with `m`.

use impslint::carrier::http::Connection;
use impslint::carrier::{Carried, Envelope, Start, Wholeness};
use impslint::flow::{FlowInfo, FlowNo, Loss, StreamEvent, Transport};
use impslint::time::Time;
use impslint::wire::FrameNo;

use super::script::{Step, steps};

/// Where data starts in every frame.
const OFFSET: u32 = 54;

/// How many pieces a script is cut into at most: more than this of them are not held for a late request.
const PIECES: usize = 200;

/// Everything that came of a flow, and of its first steps.
fn read(opening_seen: bool, steps: &[Step]) -> (Vec<Carried>, Vec<usize>) {
    let flow = FlowInfo {
        no: FlowNo(1),
        transport: Transport::Tcp,
        opener: ([10, 0, 0, 1], 40000).into(),
        acceptor: ([192, 0, 2, 1], 8080).into(),
        opening_seen,
        tunnel: None,
        protected: false,
    };
    let (mut connection, mut out, mut counts) = (Connection::new(), Vec::new(), Vec::new());
    for (n, step) in (1..).zip(steps) {
        let (frame, time) = (FrameNo(n), Time(n as i64 * 1_000_000));
        let event = match step {
            Step::Data(way, bytes) => StreamEvent::Data { way: *way, bytes, frame, offset: Some(OFFSET), time },
            Step::Gap(way, octets) => {
                StreamEvent::Gap { way: *way, octets: *octets, loss: Loss::MissingPackets, frame, time }
            }
            Step::End(way, end) => StreamEvent::End { way: *way, end: *end, frame, time },
            Step::Pause(_) | Step::Next => continue,
        };
        connection.push(&flow, event, &mut out);
        counts.push(out.len());
    }
    (out, counts)
}

/// The same script with data that goes on joined, or cut to pieces of this size.
fn resegmented(steps: &[Step], size: Option<usize>) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    for step in steps {
        match (step, out.last_mut()) {
            (Step::Data(way, bytes), _) if size.is_some() => {
                out.extend(bytes.chunks(size.unwrap_or(1)).map(|piece| Step::Data(*way, piece.to_vec())));
            }
            (Step::Data(way, bytes), Some(Step::Data(before, all))) if way == before => all.extend(bytes),
            (step, _) => out.push(step.clone()),
        }
    }
    out
}

/// What was carried, without its frames and times.
fn contents(items: &[Carried]) -> Vec<String> {
    let one = |item: &Carried| match item {
        Carried::Envelope(e) => {
            let Envelope { direction, exchange, start, content_type, headers, wholeness, wire_octets, .. } = &**e;
            let start = match start {
                Start::Request { method, target } => format!("{method} {target}"),
                Start::Answer { status } => status.to_string(),
                Start::Message => "message".to_owned(),
            };
            let body = e.body.bytes().escape_ascii();
            let flags = (e.compressed, e.closes, &e.anomalies);
            format!(
                "{direction:?} {exchange} {start} {content_type:?} {headers:?} {wholeness:?} {wire_octets} {flags:?} {body}"
            )
        }
        Carried::Gap { direction, loss, .. } => format!("gap {direction:?} {loss:?}"),
        Carried::Cir(cir) => format!("{:?} {:?} {:?}", cir.bearer, cir.kind, cir.url),
        Carried::End { end, .. } => format!("end {end:?}"),
    };
    items.iter().map(one).collect()
}

/// Every octet of a body stands where its piece says.
fn bodies_stand_in_their_frames(items: &[Carried], steps: &[Step]) {
    for item in items {
        let Carried::Envelope(e) = item else { continue };
        assert!(e.frames.first <= e.frames.last && e.frames.last.0 <= steps.len() as u64, "frames that exist");
        let mut pieces = e.body.pieces().iter().peekable();
        while let Some(piece) = pieces.next() {
            assert!(e.frames.first <= piece.frame && piece.frame <= e.frames.last);
            let Some(offset) = piece.offset else { continue };
            let end = pieces.peek().map_or(e.body.len(), |next| next.at as usize);
            let bytes = &e.body.bytes()[piece.at as usize..end];
            let Step::Data(_, frame) = &steps[piece.frame.0 as usize - 1] else { panic!("no data in {piece:?}") };
            assert!(frame[(offset - OFFSET) as usize..].starts_with(bytes), "{piece:?}");
        }
    }
}

/// Whether every octet of a script belongs to one of these messages, and each tells its length. Only then pieces do not
/// show: where reading is out of step, or a body ends nobody knows where, the start of a segment is a sign that a
/// message starts there.
fn in_step(items: &[Carried], steps: &[Step]) -> bool {
    let sent = |step: &Step| match step {
        Step::Data(_, bytes) => bytes.len() as u64,
        _ => 0,
    };
    let carried = |item: &Carried| match item {
        Carried::Envelope(e) => u64::from(e.wire_octets),
        _ => 0,
    };
    let tells_length = |item: &Carried| match item {
        Carried::Envelope(e) => {
            let named = e.header("Content-Length").or(e.header("Transfer-Encoding")).is_some();
            e.wholeness == Wholeness::Complete && e.anomalies.is_empty() && named && e.header("Expect").is_none()
        }
        Carried::Gap { .. } => false,
        Carried::Cir(_) | Carried::End { .. } => true,
    };
    items.iter().all(tells_length) && items.iter().map(carried).sum::<u64>() == steps.iter().map(sent).sum::<u64>()
}

/// Reads a connection whole and in pieces.
pub fn run(octets: &[u8]) {
    let opening_seen = octets.first() != Some(&b'm');
    let mut steps = steps(&octets[usize::from(!opening_seen)..]);
    steps.retain(|step| !matches!(step, Step::Pause(_) | Step::Next));
    let (whole, counts) = read(opening_seen, &steps);
    bodies_stand_in_their_frames(&whole, &steps);
    assert!(whole.iter().filter(|item| matches!(item, Carried::End { .. })).count() <= 1, "one end");
    let half = steps.len() / 2;
    if half > 0 {
        let (start, _) = read(opening_seen, &steps[..half]);
        assert_eq!(start[..], whole[..counts[half - 1]], "nothing is taken back");
    }
    if !opening_seen || !in_step(&whole, &steps) {
        return;
    }
    let joined = resegmented(&steps, None);
    assert_eq!(contents(&whole), contents(&read(opening_seen, &joined).0), "joined");
    let size = octets.len() / PIECES + 1;
    for size in [size, size + 6] {
        let pieces = resegmented(&joined, Some(size));
        let (apart, _) = read(opening_seen, &pieces);
        bodies_stand_in_their_frames(&apart, &pieces);
        assert_eq!(contents(&whole), contents(&apart), "in pieces of {size}");
    }
}
