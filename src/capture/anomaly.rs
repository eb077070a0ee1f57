//! What was wrong with a capture file, and where.

/// The most anomalies that are kept; further ones are only counted.
pub const MAX_ANOMALIES: usize = 1000;

/// Something wrong with the structure of the capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// What is wrong.
    pub kind: AnomalyKind,
    /// Offset in the input of the first octet concerned.
    pub offset: u64,
    /// How many octets are concerned; of several anomalies of one kind without a gap between them, all.
    pub octets: u64,
}

/// What is wrong with the structure of the capture.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AnomalyKind {
    /// The input ends within a record or block, which is lost.
    CutTail,
    /// A record header that cannot be one; octets were skipped up to the next plausible record.
    DamagedRecord,
    /// A block with an impossible total length, or with two that differ; octets were skipped up to the next block.
    BadBlockLength,
    /// A packet block that claims more captured octets than it has room for; the packet is lost.
    BadCapturedLength,
    /// A block too short for its fixed fields; what it says is lost.
    ShortBlock,
    /// A packet of an interface that the section has not described; its link layer is not known, the packet is lost.
    UnknownInterface,
    /// More interfaces in a section than are kept; packets of the rest count as of an unknown interface.
    TooManyInterfaces,
    /// A file or section of another version than 2.4 (pcap) or 1.x (pcapng), read as if it were of that one.
    UnsupportedVersion,
    /// The header of a further file, as where files were put one after the other; it is read like the first one.
    FurtherHeader,
    /// Compressed data that ends before it says so.
    CutCompression,
    /// Compressed data that cannot be decompressed; octets were skipped up to where compressed data begins anew.
    DamagedCompression,
    /// What was decompressed is not what the checksum at its end is of.
    WrongChecksum,
    /// Octets behind the compressed data, which were not read.
    TrailingOctets,
    /// Compressed data that wants a dictionary, or more memory than is allowed.
    GreedyCompression,
}

impl AnomalyKind {
    /// Whether octets that belong to the capture are known to be lost with it.
    pub(super) fn loses_octets(self) -> bool {
        !matches!(self, Self::WrongChecksum | Self::TrailingOctets) && self.is_of_compression()
    }

    /// Whether the fault is one of the compressed data; its offset is where in what was decompressed it was met.
    pub fn is_of_compression(self) -> bool {
        use AnomalyKind as A;
        matches!(
            self,
            A::CutCompression | A::DamagedCompression | A::WrongChecksum | A::TrailingOctets | A::GreedyCompression
        )
    }
}

impl std::fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CutTail => "the file ends within a record",
            Self::DamagedRecord => "damaged records",
            Self::BadBlockLength => "a block of impossible length",
            Self::BadCapturedLength => "a packet that claims more octets than its block has",
            Self::ShortBlock => "a block too short for its fields",
            Self::UnknownInterface => "packets of an interface that is not described",
            Self::TooManyInterfaces => "more interfaces than are kept",
            Self::UnsupportedVersion => "a version of the format that is not known",
            Self::FurtherHeader => "a further file begins",
            Self::CutCompression => "the compressed data breaks off",
            Self::DamagedCompression => "damaged compressed data",
            Self::WrongChecksum => "compressed data with a wrong checksum",
            Self::TrailingOctets => "octets that do not belong to the compressed data before them",
            Self::GreedyCompression => "compressed data that wants a dictionary or more memory than is allowed",
        })
    }
}

/// The anomalies of a capture in the order they were met, up to [`MAX_ANOMALIES`].
#[derive(Default, Debug)]
pub(super) struct Anomalies {
    kept: Vec<Anomaly>,
    further: u64,
}

impl Anomalies {
    /// Adds one, or lengthens the last when this continues it.
    pub(super) fn push(&mut self, kind: AnomalyKind, offset: u64, octets: u64) {
        if let Some(last) = self.kept.last_mut()
            && (last.kind, last.offset + last.octets) == (kind, offset)
        {
            last.octets += octets;
        } else if self.kept.len() < MAX_ANOMALIES {
            self.kept.push(Anomaly { kind, offset, octets });
        } else {
            self.further += 1;
        }
    }

    pub(super) fn kept(&self) -> &[Anomaly] {
        &self.kept
    }

    /// How many were met after the last one kept.
    pub(super) fn further(&self) -> u64 {
        self.further
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_anomalies_are_only_counted() {
        let mut all = Anomalies::default();
        for n in 0..MAX_ANOMALIES as u64 + 7 {
            all.push(AnomalyKind::UnknownInterface, n * 100, 32);
        }
        assert_eq!(all.kept().len(), MAX_ANOMALIES);
        assert_eq!(all.further(), 7);
    }

    #[test]
    fn one_stretch_of_one_kind_is_one_anomaly() {
        let mut all = Anomalies::default();
        all.push(AnomalyKind::UnknownInterface, 28, 32);
        all.push(AnomalyKind::UnknownInterface, 60, 40);
        all.push(AnomalyKind::ShortBlock, 100, 12);
        all.push(AnomalyKind::ShortBlock, 113, 12);
        let spans: Vec<_> = all.kept().iter().map(|a| (a.offset, a.octets)).collect();
        assert_eq!(spans, [(28, 72), (100, 12), (113, 12)]);
    }
}
