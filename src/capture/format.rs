//! What kind of file this is, told by its first octets and never by its name.

use std::fmt;

use super::octets::Order;

/// How many octets of the beginning recognition wants to see: a whole file header of pcap.
pub(super) const HEAD_LEN: usize = 24;

/// A capture file format, named as Wireshark's tools name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// pcap with microseconds.
    Pcap,
    /// pcap with nanoseconds.
    PcapNs,
    /// pcap with the longer record headers of Kuznetzov's libpcap for Linux.
    PcapModified,
    /// pcapng.
    PcapNg,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pcap => "pcap",
            Self::PcapNs => "pcap-ns",
            Self::PcapModified => "pcap-modified",
            Self::PcapNg => "pcapng",
        })
    }
}

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    /// gzip, `.gz`.
    Gzip,
    /// Zstandard, `.zst`.
    Zstd,
    /// xz, `.xz`.
    Xz,
    /// bzip2, `.bz2`.
    Bzip2,
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        })
    }
}

/// What the first octets of an input say it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    Capture(Format, Order),
    Compressed(Coding),
}

/// Tells the content by the first octets; `None` when it is nothing known, or when too few octets are there to tell.
pub(super) fn recognise(head: &[u8]) -> Option<Content> {
    use Content::{Capture, Compressed};
    // Magic numbers as in the pcap and pcapng drafts of the OPSAWG, the modified one as in libpcap's sf-pcap.c.
    Some(match head {
        [0xd4, 0xc3, 0xb2, 0xa1, ..] => Capture(Format::Pcap, Order::Little),
        [0xa1, 0xb2, 0xc3, 0xd4, ..] => Capture(Format::Pcap, Order::Big),
        [0x4d, 0x3c, 0xb2, 0xa1, ..] => Capture(Format::PcapNs, Order::Little),
        [0xa1, 0xb2, 0x3c, 0x4d, ..] => Capture(Format::PcapNs, Order::Big),
        [0x34, 0xcd, 0xb2, 0xa1, ..] => Capture(Format::PcapModified, Order::Little),
        [0xa1, 0xb2, 0xcd, 0x34, ..] => Capture(Format::PcapModified, Order::Big),
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x4d, 0x3c, 0x2b, 0x1a, ..] => Capture(Format::PcapNg, Order::Little),
        [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x1a, 0x2b, 0x3c, 0x4d, ..] => Capture(Format::PcapNg, Order::Big),
        _ => Compressed(coding_of(head)?),
    })
}

/// Tells the compression by the first octets.
pub(super) fn coding_of(head: &[u8]) -> Option<Coding> {
    // Magic numbers as in RFC 1952, RFC 8878 (frames and skippable frames), the xz file format, and what bzip2 writes.
    Some(match head {
        [0x1f, 0x8b, ..] => Coding::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Coding::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Coding::Xz,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Coding::Bzip2,
        _ => return None,
    })
}

/// Whether these octets, all there are, begin a pcapng and end before they can tell its byte order.
pub(super) fn is_cut(head: &[u8]) -> bool {
    head.starts_with(b"\n\r\r\n") && head.len() < 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_files_are_named() {
        let coding = |head: &[u8]| match recognise(head) {
            Some(Content::Compressed(coding)) => coding.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(coding(b"\x1f\x8b\x08\0"), "gzip");
        assert_eq!(coding(b"\x28\xb5\x2f\xfd\x04"), "zstd");
        assert_eq!(coding(b"\x5e\x2a\x4d\x18\x04\0\0\0"), "zstd");
        assert_eq!(coding(b"\xfd7zXZ\0\0"), "xz");
        assert_eq!(coding(b"BZh91AY"), "bzip2");
    }

    #[test]
    fn a_section_header_needs_its_byte_order_mark() {
        assert_eq!(recognise(b"\n\r\r\n"), None);
        assert_eq!(recognise(b"\n\r\r\n\x1c\0\0\0plain text"), None);
        assert_eq!(
            recognise(b"\n\r\r\n\0\0\0\x1c\x1a\x2b\x3c\x4d"),
            Some(Content::Capture(Format::PcapNg, Order::Big))
        );
    }
}
