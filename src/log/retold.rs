//! Packets that a text tells, as a capture: octets of a pcap file made while the text is read, and where each frame
//! stands in the text.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::capture::{Capture, OpenError, Retelling};
use crate::time::Time;
use crate::wire::FrameNo;

use super::Faults;
use super::packets::{Columns, Source};
use super::text::Text;

/// Frames of which it is remembered in which columns they are written; of others only the line is known.
pub const MAX_LAYOUTS: usize = 262_144;

/// A frame that a text tells.
pub(super) struct Retold {
    pub(super) time: Time,
    pub(super) octets: Vec<u8>,
    pub(super) layout: Layout,
}

/// How the octets of a frame are written.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The line of the first octet.
    pub(super) line: u32,
    /// Octets of the frame that are not written.
    head: u32,
    /// Columns of the octets of a row.
    columns: Columns,
    /// How far the columns of a single row are apart; 0 for rows of one length.
    stride: u32,
}

impl Layout {
    /// How a text is written that stands in a frame behind `head` octets.
    pub(super) fn of(text: &Text, head: usize) -> Self {
        let first = text.place(0);
        let columns: Vec<u32> = text.iter().take_while(|(_, p)| p.line == first.line).map(|(_, p)| p.column).collect();
        let in_one = columns.len() == text.len();
        let stride = match columns.as_slice() {
            [a, b, ..] if in_one => b.saturating_sub(*a),
            _ => 0,
        };
        let columns = if stride > 0 { columns.first().copied().into_iter().collect() } else { columns };
        Self { line: first.line, head: u32::try_from(head).unwrap_or(u32::MAX), columns: columns.into(), stride }
    }

    /// Where an octet of the frame is written.
    fn place(&self, offset: u32) -> FrameNo {
        let at = offset.saturating_sub(self.head) as usize;
        let row = self.columns.len().max(1);
        let (line, column) = if self.stride > 0 {
            let first = self.columns.first().copied().unwrap_or(1);
            (self.line, first.saturating_add(self.stride.saturating_mul(at as u32)))
        } else {
            (self.line.saturating_add((at / row) as u32), self.columns.get(at % row).copied().unwrap_or(0))
        };
        FrameNo::in_log(line.into(), column)
    }
}

/// What is known of the frames that were made.
#[derive(Debug)]
struct Made {
    kind: &'static str,
    /// Lines of frames that were not read yet.
    lines: VecDeque<u32>,
    layouts: BTreeMap<u32, Layout>,
    faults: Faults,
    octets: u64,
}

impl Retelling for Made {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn next_place(&mut self) -> Option<FrameNo> {
        self.lines.pop_front().map(|line| FrameNo::in_log(line.into(), 0))
    }

    fn locate(&self, frame: FrameNo) -> FrameNo {
        match frame.log_place() {
            Some((line, column)) if column > 0 => {
                let layout = u32::try_from(line).ok().and_then(|line| self.layouts.get(&line));
                layout.map_or(FrameNo::in_log(line, 0), |layout| layout.place(column - 1))
            }
            _ => frame,
        }
    }

    fn remarks(&self) -> Vec<String> {
        self.faults.told()
    }

    fn octets(&self) -> u64 {
        self.octets
    }
}

/// A pcap file made of what a source tells.
struct Pcap {
    source: Source,
    made: Arc<Mutex<Made>>,
    out: Vec<u8>,
    at: usize,
}

/// The head of a pcap of nanoseconds and Ethernet: magic, version 2.4, zone, accuracy, snap length, link type.
fn pcap_head() -> Vec<u8> {
    [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1].iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Read for Pcap {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.out.len() {
            self.out.clear();
            self.at = 0;
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            let next = self.source.next(&mut made.faults);
            made.octets = self.source.octets();
            let Some(frames) = next? else { return Ok(0) };
            for Retold { time, octets, layout } in frames {
                let (seconds, nanos) = (time.0.div_euclid(1_000_000_000), time.0.rem_euclid(1_000_000_000));
                let len = octets.len() as u32;
                for word in [u32::try_from(seconds).unwrap_or(0), nanos as u32, len, len] {
                    self.out.extend(word.to_le_bytes());
                }
                self.out.extend(octets);
                made.lines.push_back(layout.line);
                if made.layouts.len() < MAX_LAYOUTS {
                    made.layouts.insert(layout.line, layout);
                }
            }
        }
        let read = self.out.get(self.at..).unwrap_or_default().read(room)?;
        self.at += read;
        Ok(read)
    }
}

/// The capture that a source tells.
pub(super) fn capture(source: Source, kind: &'static str, name: &str) -> Result<Capture, OpenError> {
    let (lines, layouts, faults) = (VecDeque::new(), BTreeMap::new(), Faults::default());
    let made = Arc::new(Mutex::new(Made { kind, lines, layouts, faults, octets: 0 }));
    let pcap = Pcap { source, made: Arc::clone(&made), out: pcap_head(), at: 0 };
    Ok(Capture::from_reader(Box::new(pcap), name)?.retelling(made))
}

/// A crafted capture and the lines of the trace that its frames come from.
#[derive(Debug)]
pub(super) struct Crafted {
    /// By rising frame.
    pub(super) lines: VecDeque<u32>,
    /// The line of frames behind these.
    pub(super) last: u32,
    pub(super) octets: u64,
}

impl Retelling for Crafted {
    fn kind(&self) -> &'static str {
        "trace"
    }

    fn next_place(&mut self) -> Option<FrameNo> {
        Some(FrameNo::in_log(self.lines.pop_front().unwrap_or(self.last).into(), 0))
    }

    fn locate(&self, frame: FrameNo) -> FrameNo {
        // Of what an event says only its line is known.
        frame.log_place().map_or(frame, |(line, _)| FrameNo::in_log(line, 0))
    }

    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    fn octets(&self) -> u64 {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::super::text::Place;
    use super::*;

    #[test]
    fn of_frames_beyond_the_limit_only_the_line_is_known() {
        let row = "1 0.0 00\n0000  45 00 00 14 00 00 00 00 40 06 00 00 01 02 03 04 05 06 07 08\n\n";
        let text = row.repeat(MAX_LAYOUTS + 1);
        let lines = Lines::new(Box::new(io::Cursor::new(text.into_bytes())) as Box<dyn io::BufRead + Send>);
        let mut capture = capture(Source::Dumps(lines, Box::default()), "x", "x").unwrap();
        let mut window = crate::capture::Window::default();
        let mut last = FrameNo(0);
        while capture.next_window(&mut window).unwrap() {
            last = window.frames.last().map_or(last, |frame| frame.no);
        }
        let first = capture.locate(FrameNo::in_log(2, 15)).unwrap().1;
        assert_eq!(first.log_place(), Some((2, 7)));
        let (line, _) = last.log_place().unwrap();
        assert_eq!(line, 3 * MAX_LAYOUTS as u64 + 2);
        assert_eq!(capture.locate(FrameNo::in_log(line, 15)).unwrap().1.log_place(), Some((line, 0)));
    }

    #[test]
    fn octets_are_found_in_a_row_and_in_rows() {
        let mut row = Text::default();
        (0..4).for_each(|i| row.push(0, Place { line: 7, column: 20 + 3 * i }));
        let place = |layout: &Layout, offset| layout.place(offset).log_place().unwrap();
        let layout = Layout::of(&row, 54);
        assert_eq!((place(&layout, 54), place(&layout, 57)), ((7, 20), (7, 29)));
        let mut rows = Text::default();
        (0..40).for_each(|i| rows.push(0, Place { line: 3 + i / 16, column: 7 + 3 * (i % 16) }));
        let layout = Layout::of(&rows, 14);
        assert_eq!((place(&layout, 14), place(&layout, 14 + 35)), ((3, 7), (5, 16)));
    }
}
