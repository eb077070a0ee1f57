//! The Wireshark display filter of a finding.

use crate::wire::FrameNo;

/// The display filter, as Wireshark 4 reads it, that selects just these frames: `frame.number == 12`,
/// `frame.number in {12, 15..18}`; `None` without any. Frames come rising, each once.
pub fn filter(frames: &[FrameNo]) -> Option<String> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    // A log has no frames.
    for FrameNo(frame) in frames.iter().filter(|frame| frame.log_place().is_none()) {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*frame) => *last = *frame,
            _ => runs.push((*frame, *frame)),
        }
    }
    match runs.as_slice() {
        [] => None,
        [(first, last)] if first == last => Some(format!("frame.number == {first}")),
        runs => {
            let runs: Vec<String> = runs
                .iter()
                .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}..{last}") })
                .collect();
            Some(format!("frame.number in {{{}}}", runs.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(frames: &[u64]) -> Option<String> {
        filter(&frames.iter().copied().map(FrameNo).collect::<Vec<_>>())
    }

    #[test]
    fn runs_become_ranges() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[12]).unwrap(), "frame.number == 12");
        assert_eq!(of(&[12, 15]).unwrap(), "frame.number in {12, 15}");
        assert_eq!(of(&[12, 13, 14, 15, 20]).unwrap(), "frame.number in {12..15, 20}");
        assert_eq!(of(&[7, 8]).unwrap(), "frame.number in {7..8}");
    }
}
