//! The header in front of user data: ports and concatenation.

use super::{Ports, Share};

/// What a user data header says, and its octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Header {
    pub(super) ports: Option<Ports>,
    pub(super) share: Option<Share>,
    /// Its octets, the one with its length among them.
    pub(super) octets: usize,
}

impl Header {
    /// Reads the header that user data begins with. Of elements that come twice the last counts, as phones have it;
    /// those that are not known here are passed over.
    ///
    /// Elements as GSM 03.40 numbers them: 00 and 08 concatenation, 04 and 05 ports, the destination first.
    pub(super) fn read(data: &[u8]) -> Self {
        let Some((length, rest)) = data.split_first() else { return Self::default() };
        let length = usize::from(*length).min(rest.len());
        let mut header = Self { octets: length + 1, ..Self::default() };
        let mut elements = rest.get(..length).unwrap_or_default();
        while let [kind, length, after @ ..] = elements {
            let Some((value, after)) = after.split_at_checked(usize::from(*length)) else { break };
            elements = after;
            match (kind, value) {
                (0x00, &[reference, total, number]) => header.concatenated(u16::from(reference), total, number),
                (0x08, &[high, low, total, number]) => {
                    header.concatenated(u16::from_be_bytes([high, low]), total, number);
                }
                (0x04, &[destination, source]) => {
                    header.ports = Some(Ports { destination: u16::from(destination), source: u16::from(source) });
                }
                (0x05, &[d, e, s, t]) => {
                    let (destination, source) = (u16::from_be_bytes([d, e]), u16::from_be_bytes([s, t]));
                    header.ports = Some(Ports { destination, source });
                }
                _ => {}
            }
        }
        header
    }

    /// Takes a concatenation that makes sense.
    fn concatenated(&mut self, reference: u16, total: u8, number: u8) {
        if (1..=total).contains(&number) {
            self.share = Some(Share { reference, total, number }).filter(|share| share.total > 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_in_any_order() {
        let ports = Some(Ports { destination: 3590, source: 3590 });
        let share = Some(Share { reference: 0x4D, total: 2, number: 1 });
        let header = Header { ports, share, octets: 12 };
        assert_eq!(Header::read(&[11, 5, 4, 0x0E, 6, 0x0E, 6, 0, 3, 0x4D, 2, 1, b'W']), header);
        assert_eq!(Header::read(&[11, 0, 3, 0x4D, 2, 1, 5, 4, 0x0E, 6, 0x0E, 6]), header);
        let wide = Share { reference: 0x1234, total: 3, number: 3 };
        assert_eq!(Header::read(&[12, 0x70, 0, 4, 2, 240, 9, 8, 4, 0x12, 0x34, 3, 3]).share, Some(wide));
        let short = Header::read(&[4, 4, 2, 240, 9]);
        assert_eq!(short.ports, Some(Ports { destination: 240, source: 9 }));
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        assert_eq!(Header::read(&[]), Header::default());
        assert_eq!(Header::read(&[200, 5, 4, 1]).octets, 4);
        let octets = 6;
        for concatenation in [[0, 0], [1, 1], [2, 3], [2, 0]] {
            let [total, number] = concatenation;
            assert_eq!(Header::read(&[5, 0, 3, 7, total, number]), Header { octets, ..Header::default() });
        }
    }
}
