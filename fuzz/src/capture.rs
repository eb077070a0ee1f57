//! Capture files: the octets are a file.

use std::io::{self, Read};

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{
    Anomaly, AnomalyKind, Capture, Coding, Format, LinkType, MAX_ANOMALIES, Part, Summary, WINDOW_SIZE, Window,
};
use impslint::time::Time;

/// A frame as it was handed over: number, time, link type, captured octets, length on the network.
type Frame = (u64, Option<Time>, LinkType, Vec<u8>, u32);

/// All that a capture gave.
#[derive(PartialEq, Debug)]
struct Given {
    frames: Vec<Frame>,
    comments: Vec<(u64, String)>,
    secrets: Vec<(u64, Vec<u8>)>,
    anomalies: Vec<Anomaly>,
    further: u64,
    summary: Summary,
}

/// An input that gives at most so many octets at a time.
struct Pieces {
    octets: Vec<u8>,
    at: usize,
    most: usize,
}

impl Read for Pieces {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let rest = &self.octets[self.at..];
        let n = rest.len().min(room.len()).min(self.most);
        room[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

/// Opens octets as a capture that comes in pieces of this size; `None` when they are none.
pub fn open(octets: &[u8], piece: usize, window: usize) -> Option<Capture> {
    let reader = Pieces { octets: octets.to_vec(), at: 0, most: piece };
    Capture::from_reader(Box::new(reader), "capture").ok().map(|capture| capture.with_window_size(window))
}

fn read(mut capture: Capture) -> Given {
    let (mut window, mut frames, mut comments) = (Window::default(), Vec::new(), Vec::new());
    let mut secrets = Vec::new();
    while capture.next_window(&mut window).expect("octets in memory can be read") {
        for frame in &window.frames {
            let (start, end) = (frame.range.start as usize, frame.range.end as usize);
            assert!(start <= end && end <= window.bytes.len(), "a frame lies in its window");
            let captured = window.captured(frame).to_vec();
            frames.push((frame.no.0, frame.time, frame.link, captured, frame.original_len));
        }
        secrets.extend(window.secrets.iter().map(|found| (found.after.0, found.text.clone())));
        comments.extend(window.comments.iter().map(|comment| (comment.frame.0, comment.text.clone())));
    }
    let [Part { summary, anomalies, further, .. }] = &capture.parts()[..] else { panic!("one input, one part") };
    let (summary, anomalies, further) = (summary.clone(), anomalies.clone(), *further);
    Given { frames, comments, secrets, anomalies, further, summary }
}

/// Reads a capture whole and in pieces, and holds the one against the other.
fn given(octets: &[u8], wanted: impl Fn(&Summary) -> bool) -> Option<Given> {
    let capture = open(octets, usize::MAX, WINDOW_SIZE)?;
    if !capture.parts().first().is_some_and(|part| wanted(&part.summary)) {
        return None;
    }
    let whole = read(capture);
    // Of damaged xz as much is lost as its decoder was given at a time, of damaged bzip2 as it gave at a time.
    let depends = whole.summary.codings.iter().any(|coding| matches!(coding, Coding::Xz | Coding::Bzip2))
        && whole.anomalies.iter().any(|anomaly| anomaly.kind == AnomalyKind::DamagedCompression);
    for (piece, window) in [(1, 1), (61, 256), (usize::MAX, 1024)].into_iter().filter(|_| !depends) {
        let capture = open(octets, piece, window).expect("what opens whole opens in pieces");
        assert_eq!(whole, read(capture), "in pieces of {piece}, windows of {window}");
    }
    assert!(whole.frames.is_sorted_by(|a, b| a.0 < b.0), "numbers rise");
    assert!(whole.frames.iter().all(|f| (1..=whole.summary.packets).contains(&f.0)), "numbers are of packets");
    assert!(whole.comments.iter().all(|(no, _)| whole.frames.iter().any(|f| f.0 == *no)), "comments are on frames");
    let end = whole.summary.octets;
    assert!(!whole.summary.codings.is_empty() || end == octets.len() as u64, "everything is read");
    assert!(whole.frames.iter().map(|f| f.3.len() as u64).sum::<u64>() <= end, "no octet is in two frames");
    assert!(whole.anomalies.len() <= MAX_ANOMALIES);
    assert!(whole.anomalies.iter().all(|a| a.offset <= end && a.octets <= end - a.offset), "{:?}", whole.anomalies);
    Some(whole)
}

/// A pcap, of any of its variants.
pub fn pcap(octets: &[u8]) {
    given(octets, |summary| summary.codings.is_empty() && summary.format != Format::PcapNg);
}

/// A compressed capture.
pub fn packed(octets: &[u8]) {
    given(octets, |summary| !summary.codings.is_empty());
}

/// A pcapng. What was read of it and is written again reads the same.
pub fn pcapng(octets: &[u8]) {
    let Some(given) = given(octets, |summary| summary.codings.is_empty() && summary.format == Format::PcapNg) else {
        return;
    };
    let Some(link) = given.frames.first().map(|f| f.2).filter(|link| given.frames.iter().all(|f| f.2 == *link)) else {
        return;
    };
    let mut writer = PcapNgWriter::new(Vec::new(), link).expect("a vector can be written to");
    for (no, time, _, captured, original) in &given.frames {
        let comments: Vec<&str> = given.comments.iter().filter(|(n, _)| n == no).map(|(_, text)| &**text).collect();
        let Some(time) = time.filter(|time| time.0 >= 0) else { return };
        if writer.cut_frame(time, captured, *original, &comments).is_err() {
            return;
        }
    }
    let written = writer.finish().expect("a vector can be written to");
    let again = read(open(&written, usize::MAX, WINDOW_SIZE).expect("what was written opens"));
    assert_eq!(again.anomalies, []);
    assert!(again.frames.iter().map(|f| (&f.1, &f.3, f.4)).eq(given.frames.iter().map(|f| (&f.1, &f.3, f.4))));
    assert!(again.comments.iter().map(|c| &c.1).eq(given.comments.iter().map(|c| &c.1)));
}
