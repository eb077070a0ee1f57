//! Dumps of octets: rows of an offset, of hexadecimal or octal groups, and of what they look like as characters.
//!
//! As xxd, hexdump, od, Wireshark, tcpdump, an Android client and the octet strings of a server library print them.

use super::escapes::digit;
use super::text::{Place, Text};

/// How many octets of a dump are read; a longer one is cut and told.
pub const MAX_DUMP: usize = 4 << 20;

/// The most octets in a row.
const ROW: usize = 64;

/// A row of a dump.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    /// Offset of its first octet; `None` for a kind of dump that has none.
    pub(super) offset: Option<usize>,
    /// The same where it is counted in octal, as od does unless told otherwise.
    octal: Option<usize>,
    /// The octets, each with its distance from the start of the line.
    octets: Vec<(u8, usize)>,
}

/// Reads a row; `None` for a line that is none. An offset alone is a row without octets.
pub(super) fn row(line: &[u8]) -> Option<Row> {
    let indent = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let text = line.get(indent..)?;
    if let Some(data) = text.strip_prefix(b"data:") {
        let octets = groups(data, indent + 5, Style { pairs: true, octal: false, little: false }, 16);
        return (!octets.is_empty()).then_some(Row { offset: None, octal: None, octets });
    }
    let (prefix, text) = text.strip_prefix(b"0x").map_or((0, text), |rest| (2, rest));
    let digits = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if !(4..=16).contains(&digits) {
        return None;
    }
    let (number, rest) = text.split_at_checked(digits)?;
    let colon = rest.first() == Some(&b':');
    let rest = if colon { rest.get(1..)? } else { rest };
    if !rest.is_empty() && !rest.first().is_some_and(|b| matches!(b, b' ' | b'\t')) {
        return None;
    }
    let from = line.len() - rest.len();
    let number = std::str::from_utf8(number).ok()?;
    let hex = usize::from_str_radix(number, 16).ok()?;
    let in_octal = (digits == 7).then(|| usize::from_str_radix(number, 8).ok()).flatten();
    if rest.trim_ascii().is_empty() {
        let octets = Vec::new();
        return (digits >= 6 || prefix == 2 || colon).then_some(Row { offset: Some(hex), octal: in_octal, octets });
    }
    let word = rest.trim_ascii_start();
    let width = word.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let ends = word.get(width).is_none_or(u8::is_ascii_whitespace);
    let octal = |text: &[u8]| text.iter().all(|b| (b'0'..=b'7').contains(b));
    let groups_of = |width: usize| word.split(|b| b.is_ascii_whitespace()).take(8).filter(move |w| w.len() == width);
    let style = match width {
        2 | 4 | 8 | 16 | 32 if ends && (colon || width == 2) => Style { pairs: true, octal: false, little: false },
        4 if ends => Style { pairs: false, octal: false, little: true },
        3 if ends && groups_of(3).all(octal) => Style { pairs: false, octal: true, little: false },
        6 if ends && groups_of(6).all(octal) => Style { pairs: false, octal: true, little: true },
        _ => return None,
    };
    let octets = groups(rest, from, style, ROW);
    (!octets.is_empty()).then_some(Row { offset: Some(hex), octal: in_octal, octets })
}

#[derive(Clone, Copy)]
struct Style {
    /// Whether a group is pairs of hexadecimal digits.
    pairs: bool,
    octal: bool,
    /// Whether a group is a word, its second octet written first.
    little: bool,
}

/// The octets of the groups at the front of a text that begins `from` octets into its line: to where a gap other than
/// the one in the middle, or something else, ends them.
fn groups(text: &[u8], from: usize, style: Style, most: usize) -> Vec<(u8, usize)> {
    let mut octets: Vec<(u8, usize)> = Vec::new();
    let mut at = 0;
    let mut first_width = None;
    loop {
        let gap = text.get(at..).unwrap_or_default().iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let word = text.get(at + gap..).unwrap_or_default();
        let word = word.get(..word.iter().take_while(|b| b.is_ascii_hexdigit()).count()).unwrap_or_default();
        let ends = text.get(at + gap + word.len()).is_none_or(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let width = *first_width.get_or_insert(word.len());
        let fits = word.len() == width || style.pairs && word.len() < width && word.len() % 2 == 0 && !word.is_empty();
        // Behind the first group a gap of more than one blank ends the groups, but in the middle of sixteen.
        let gap_is_right = octets.is_empty() || gap == 1 || gap == 2 && octets.len() == 8 || !style.pairs && gap < 8;
        if word.is_empty() || !ends || !fits || !gap_is_right || octets.len() >= most {
            return octets;
        }
        let start = from + at + gap;
        if style.pairs {
            for (i, pair) in word.chunks_exact(2).enumerate() {
                let value = pair.iter().fold(0_u8, |value, d| value << 4 | digit(*d).unwrap_or_default());
                octets.push((value, start + 2 * i));
            }
        } else {
            let radix = if style.octal { 8 } else { 16 };
            let word =
                std::str::from_utf8(word).ok().and_then(|w| u32::from_str_radix(w, radix).ok()).unwrap_or_default();
            octets.push((word as u8, start));
            if style.little {
                octets.push(((word >> 8) as u8, start));
            }
        }
        at += gap + word.len();
    }
}

/// A dump being read, row by row.
#[derive(Debug, Default)]
pub(super) struct Dump {
    text: Text,
    /// The row that was read last, not yet in the text: the next one tells how long it is.
    last: Option<(Row, Place)>,
    /// Whether rows like the last one were left out.
    repeated: bool,
    /// Whether octets are missing between rows, or beyond the limit.
    broken: bool,
}

/// What became of a row that a dump was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// It goes on.
    Yes,
    /// A new dump begins with it.
    New,
}

impl Dump {
    /// Takes a row that stands from `place` on.
    pub(super) fn take(&mut self, row: Row, place: Place) -> Taken {
        let begins = row.offset == Some(0) && (self.last.is_some() || !self.text.is_empty());
        if begins {
            return Taken::New;
        }
        let expected = self.text.len() + self.last.as_ref().map_or(0, |(last, _)| last.octets.len());
        // A word of which only the first octet is there is printed whole.
        let offset = row.octal.filter(|octal| *octal == expected || octal + 1 == expected).or(row.offset);
        self.settle(offset);
        self.broken |= offset.is_some_and(|offset| offset != self.text.len());
        self.last = Some((row, place));
        Taken::Yes
    }

    /// Rows like the last one are left out: `*`.
    pub(super) fn repeat(&mut self) {
        self.repeated = true;
    }

    /// Octets read so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was read.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.last.is_none()
    }

    /// Files the last row, which ends at `next`.
    fn settle(&mut self, next: Option<usize>) {
        let Some((row, place)) = self.last.take() else { return };
        let len = next.and_then(|next| next.checked_sub(self.text.len())).filter(|_| !self.repeated);
        let len = len.unwrap_or(row.octets.len()).min(row.octets.len());
        let octets: Vec<(u8, usize)> = row.octets.into_iter().take(len).collect();
        loop {
            let room = MAX_DUMP.saturating_sub(self.text.len());
            for (octet, at) in octets.iter().take(room) {
                self.text.push(*octet, place.after(*at));
            }
            self.broken |= octets.len() > room;
            let more = self.repeated && next.is_some_and(|next| self.text.len() + octets.len() <= next);
            if !more || octets.is_empty() || self.broken {
                break;
            }
        }
        self.repeated = false;
    }

    /// The octets, and whether they are all that the dump had.
    pub(super) fn finish(&mut self) -> (Text, bool) {
        self.settle(None);
        let Self { text, broken, .. } = std::mem::take(self);
        (text, !broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTETS: &[u8] = b"\x03\x11\x6a\x00Imnp ab cd\x01\x01 x";

    fn read(dump: &str) -> (Vec<u8>, bool) {
        let mut all = Dump::default();
        for (i, line) in dump.lines().enumerate() {
            match row(line.as_bytes()) {
                Some(row) => assert_eq!(all.take(row, Place { line: i as u32 + 1, column: 1 }), Taken::Yes, "{line}"),
                None if line == "*" => all.repeat(),
                None => panic!("no row: {line}"),
            }
        }
        let (text, whole) = all.finish();
        (text.octets().to_vec(), whole)
    }

    #[test]
    fn dumps_of_every_tool() {
        for dump in [
            // xxd, xxd -g1, hexdump -C, od -A x -t x1, Wireshark, tcpdump -X, an Android client, a server library.
            "00000000: 0311 6a00 496d 6e70 2061 6220 6364 0101  ..j.Imnp ab cd..\n00000010: 2078                                      x\n",
            "00000000: 03 11 6a 00 49 6d 6e 70 20 61 62 20 63 64 01 01  ..j.Imnp ab cd..\n00000010: 20 78   x\n",
            "00000000  03 11 6a 00 49 6d 6e 70  20 61 62 20 63 64 01 01  |..j.Imnp ab cd..|\n00000010  20 78                                             | x|\n00000012\n",
            "000000 03 11 6a 00 49 6d 6e 70 20 61 62 20 63 64 01 01\n000010 20 78\n000012\n",
            "0000   03 11 6a 00 49 6d 6e 70 20 61 62 20 63 64 01 01   ..j.Imnp ab cd..\n0010   20 78                                              x\n",
            "\t0x0000:  0311 6a00 496d 6e70 2061 6220 6364 0101  ..j.Imnp.ab.cd..\n\t0x0010:  2078                                      .x\n",
            "0x00000000 03 11 6A 00 49 6D 6E 70 20 61 62 20 63 64 01 01 ..j.Imnp.ab.cd..\n0x00000010 20 78                                           .x              \n",
            "data: 03 11 6a 00 49 6d 6e 70   ..j.Imnp\ndata: 20 61 62 20 63 64 01 01    ab cd..\ndata: 20 78   x\n",
            // od, od -x, od -b, hexdump.
            "0000000 010403 000152 066511 070156 060440 020142 062143 000401\n0000020 074040\n0000022\n",
            "0000000 1103 006a 6d49 706e 6120 2062 6463 0101\n0000020 7820\n0000022\n",
            "0000000 003 021 152 000 111 155 156 160 040 141 142 040 143 144 001 001\n0000020 040 170\n0000022\n",
            "0000000 1103 006a 6d49 706e 6120 2062 6463 0101\n0000010 7820                                   \n0000012\n",
        ] {
            let (octets, whole) = read(dump);
            assert_eq!((octets.as_slice(), whole), (OCTETS, true), "{dump}");
        }
    }

    #[test]
    fn rows_that_repeat_are_filled_in_and_holes_are_told() {
        let zeros =
            "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n00000030  01  |.|\n";
        let (octets, whole) = read(zeros);
        assert_eq!((octets.len(), octets.last(), whole), (49, Some(&1), true));
        assert!(!read("00000000  00 01\n00000010  02\n").1);
        let far =
            "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\nfffffff0  01  |.|\n";
        let (octets, whole) = read(far);
        assert_eq!((octets.len(), whole), (MAX_DUMP, false));
    }

    #[test]
    fn columns_are_those_of_the_digits() {
        let mut dump = Dump::default();
        dump.take(row(b"0000  03 11 6a").unwrap(), Place { line: 5, column: 1 });
        let (text, _) = dump.finish();
        assert_eq!(text.iter().map(|(_, p)| (p.line, p.column)).collect::<Vec<_>>(), [(5, 7), (5, 10), (5, 13)]);
    }

    #[test]
    fn other_lines_are_no_rows() {
        for line in ["", "feed me", "0000", "cafe", "10:00:00 x", "1234 messages", "deadbeef: no"] {
            assert_eq!(row(line.as_bytes()), None, "{line}");
        }
    }
}
