//! The bodies of the fuzz targets: any octets in, and what has to hold whatever they are.
//!
//! `fuzz_targets/` has a program of libFuzzer for each, `corpus/` octets worth repeating. `tests/corpora.rs` of the
//! package compiles this file too, and repeats them wherever `cargo test` runs.

pub mod capture;
pub mod chain;
pub mod cir;
pub mod frames;
pub mod http;
pub mod log;
pub mod pts;
pub mod script;
pub mod sms;
pub mod tcp;
pub mod tls;
pub mod trace;
pub mod tree;
pub mod wbxml;
pub mod wsp;
pub mod xml;

/// A target: takes octets, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 16] = [
    ("pcap", capture::pcap),
    ("pcapng", capture::pcapng),
    ("packed", capture::packed),
    ("frames", frames::run),
    ("tcp", tcp::run),
    ("tls", tls::run),
    ("http", http::run),
    ("wsp", wsp::run),
    ("sms", sms::run),
    ("cir", cir::run),
    ("xml", xml::run),
    ("wbxml", wbxml::run),
    ("pts", pts::run),
    ("trace", trace::run),
    ("log", log::run),
    ("chain", chain::run),
];
