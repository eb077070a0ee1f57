//! Where frames stand in their files, in octets: what formats ask that point into a file and not at a frame.
//!
//! A finding remembers the numbers of its frames alone. Who wants more reads the files once more, which costs little
//! beside having judged them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::capture::{Capture, Window};
use crate::wire::FrameNo;

use super::Outcome;

/// Offset and length of the octets of a frame in its file.
pub(super) type Stretch = (u64, u64);

/// The frames of findings, and where their octets stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Offsets(BTreeMap<String, BTreeMap<FrameNo, Stretch>>);

impl Offsets {
    /// Reads the files of an outcome again. Of standard input, of compressed files, whose octets are others, and of
    /// files that are gone, nothing is known.
    pub(super) fn of(outcome: &Outcome) -> Self {
        let mut wanted: BTreeMap<&str, BTreeSet<FrameNo>> = BTreeMap::new();
        for filed in &outcome.findings {
            for exhibit in &filed.finding.exhibits {
                let file = exhibit.file.as_deref().unwrap_or(&filed.file);
                wanted.entry(file).or_default().extend(exhibit.frames.iter().copied());
            }
        }
        let plain: BTreeSet<&str> = outcome
            .inputs
            .iter()
            .filter(|input| matches!(input.format.as_str(), "pcap" | "pcapng"))
            .map(|input| input.path.as_str())
            .collect();
        let known = wanted.into_iter().filter(|(file, _)| plain.contains(file) && *file != "-");
        Self(known.map(|(file, frames)| (file.to_owned(), find(Path::new(file), &frames))).collect())
    }

    /// Where the octets of a frame stand.
    pub(super) fn get(&self, file: &str, frame: FrameNo) -> Option<Stretch> {
        self.0.get(file)?.get(&frame).copied()
    }
}

fn find(file: &Path, wanted: &BTreeSet<FrameNo>) -> BTreeMap<FrameNo, Stretch> {
    let mut found = BTreeMap::new();
    let Ok(mut capture) = Capture::open(file) else { return found };
    let mut window = Window::default();
    while found.len() < wanted.len() && matches!(capture.next_window(&mut window), Ok(true)) {
        for frame in window.frames.iter().filter(|frame| wanted.contains(&frame.no)) {
            let at = window.offset + u64::from(frame.range.start);
            found.insert(frame.no, (at, u64::from(frame.range.end - frame.range.start)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_a_frame_are_where_the_file_has_them() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/clean-xml.pcapng");
        let octets = std::fs::read(&path).unwrap();
        let wanted: BTreeSet<FrameNo> = [1, 7, 20].map(FrameNo).into();
        let found = find(&path, &wanted);
        assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), wanted);
        for (frame, (at, len)) in found {
            // Ethernet, then IPv4.
            let at = usize::try_from(at).unwrap();
            assert_eq!(octets[at + 12..at + 15], [0x08, 0x00, 0x45], "{frame:?}");
            // The captured length stands eight octets before the octets of an enhanced packet block.
            assert_eq!(u64::from(u32::from_le_bytes(octets[at - 8..at - 4].try_into().unwrap())), len);
        }
    }
}
