//! What captures hold, before anybody judges it: a row a subject for people, one JSON object for programs.

mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

pub use self::json::SCHEMA;
use super::contents::{Contents, Share, Unread};
use super::human::version_name;
use super::summary::{MOST_ANOMALIES, evicted, grouped, reasons, skipped, untold};
use super::{Input, Outcome};
use crate::capture::LinkType;
use crate::csp::ssp;
use crate::sanitise::{MOST_COLUMNS, clip};
use crate::time::Seconds;
use crate::tls;

/// Columns of a row.
const WIDTH: usize = 80;

/// Columns of what a row is about.
const LABEL: usize = 14;

/// Numbers of frames that nobody reads told at most.
const MOST_UNREAD: usize = 12;

/// What it is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Rows for people, in 80 columns.
    Human,
    /// One JSON object, see `docs/info.schema.json`.
    Json,
}

/// Writes what the captures of an outcome hold.
///
/// # Errors
/// Those of the writer.
pub fn write(outcome: &Outcome, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Human => human(outcome, out),
        Format::Json => json::write(outcome, out),
    }
}

fn human(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    for input in &outcome.inputs {
        file(input, out)?;
    }
    writeln!(out)?;
    let contents = &outcome.contents;
    let Contents { flows, kinds, .. } = contents;
    if outcome.inputs.len() > 1 {
        row(out, "together", &together(outcome))?;
    }
    row(out, "link types", &contents.links.iter().map(|link| LinkType(*link).to_string()).collect::<Vec<_>>())?;
    let tunnels = contents.tunnels().into_iter();
    row(out, "tunnels", &tunnels.map(|(name, n)| format!("{name} ({})", counted(n, "packet"))).collect::<Vec<_>>())?;
    row(out, "loss seen", &loss(contents))?;
    let other = contents.other_tcp();
    let shares = [
        ("IMPS", kinds.imps),
        ("other HTTP", kinds.http),
        ("TLS", kinds.tls),
        ("other TCP", other),
        ("WSP", kinds.wsp),
        ("WTLS", kinds.wtls),
        ("other UDP", contents.other_udp()),
    ];
    let told = shares.into_iter().filter(|(_, share)| share.flows > 0);
    row(out, "flows", &told.map(|(name, share)| kind(name, share)).collect::<Vec<_>>())?;
    row(out, "UDP flows", &each(&flows.udp_services))?;
    row(out, "IMPS share", &imps_share(contents))?;
    let tally = &outcome.tally;
    if tally.exchanges > 0 {
        row(out, "CSP versions", &each(&contents.messages_by(|manner| manner.version.map(version_name))))?;
        row(out, "encodings", &each(&contents.messages_by(|manner| Some(manner.encoding.name()))))?;
        row(out, "carriers", &each(&contents.messages_by(|manner| Some(manner.carrier.name()))))?;
    }
    let mut conversation = vec![
        counted(tally.exchanges, "exchange"),
        counted(tally.messages, "message"),
        counted(tally.sessions, "session"),
        counted(tally.subscribers, "subscriber"),
    ];
    conversation.extend((tally.signals > 0).then(|| counted(tally.signals, "CIR item")));
    conversation.extend((tally.relayed > 0).then(|| format!("{} relayed", counted(tally.relayed, "exchange"))));
    row(out, "IMPS", &conversation)?;
    row(out, "SSP", &between(&contents.between))?;
    row(out, "discovery", &discovery(&contents.between))?;
    row(out, "TLS flows", &sealed(&outcome.tls))?;
    row(out, "coverage", &coverage(outcome))?;
    let unread = contents.unread();
    let mut told: Vec<String> = unread.iter().take(MOST_UNREAD).map(Unread::to_string).collect();
    let more: u64 = unread.iter().skip(MOST_UNREAD).map(|unread| unread.frames).sum();
    told.extend((more > 0).then(|| format!("others ({})", grouped(more))));
    row(out, "not read", &told)?;
    row(out, "limits", &evicted(outcome).into_iter().collect::<Vec<_>>())?;
    for fault in &outcome.internal {
        row(out, "fault", &[clip(fault, MOST_COLUMNS)])?;
    }
    row(out, "passed over", &skipped(outcome).into_iter().collect::<Vec<_>>())
}

/// What a file is, and what was wrong with it.
fn file(input: &Input, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", clip(&input.path, MOST_COLUMNS))?;
    let packets = (!input.is_log).then(|| counted(input.packets, "packet"));
    let size = packets.into_iter().chain([counted(input.bytes, "byte")]);
    row(out, "  format", &std::iter::once(clip(&input.format, MOST_COLUMNS)).chain(size).collect::<Vec<_>>())?;
    row(out, "  time", &span([input]))?;
    let mut wrong: Vec<String> = input.anomalies.iter().take(MOST_ANOMALIES).map(|a| clip(a, MOST_COLUMNS)).collect();
    wrong.extend((input.truncated && wrong.is_empty()).then(|| "ends in the middle of a record".to_owned()));
    wrong.extend(untold(input));
    wrong.into_iter().try_for_each(|wrong| row(out, "  anomaly", &[wrong]))
}

/// From when to when, and how long that is.
fn span<'i>(inputs: impl IntoIterator<Item = &'i Input> + Clone) -> Vec<String> {
    let first = inputs.clone().into_iter().filter_map(|input| input.first_time).min();
    let last = inputs.into_iter().filter_map(|input| input.last_time).max();
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    vec![format!("{first} to {last}"), duration(last.0.abs_diff(first.0))]
}

/// Nanoseconds as people say them: `4.2 s`, `6 min 17 s`, `897 d 9 h`.
pub(super) fn duration(nanoseconds: u64) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..120 => Seconds(nanoseconds as f64 / 1e9).to_string(),
        120..7200 => format!("{minutes} min {} s", seconds % 60),
        7200..172_800 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn together(outcome: &Outcome) -> Vec<String> {
    let files = counted(outcome.inputs.len() as u64, "file");
    let size = [files, counted(outcome.packets, "packet"), counted(outcome.bytes, "byte")];
    size.into_iter().chain(span(&outcome.inputs)).collect()
}

fn loss(contents: &Contents) -> Vec<String> {
    let (flows, tally) = (&contents.flows, &contents.flows.tally);
    let lost = [
        (tally.gaps, "gap"),
        (tally.missing_octets, "byte missing"),
        (flows.cut_frames, "frame cut by the snap length"),
        (tally.cut_octets, "byte cut off"),
        (tally.repeated_segments, "segment repeated"),
        (tally.repeated_datagrams, "datagram repeated"),
        (tally.conflicts, "contradiction between repeated segments"),
        (flows.fragments.duplicates, "fragment repeated"),
        (flows.fragments.lost(), "packet not put together from fragments"),
    ];
    let mut told: Vec<String> = lost.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n, what)).collect();
    if told.is_empty() {
        told.push("none".to_owned());
    }
    told
}

/// `1 gap`, `2 314 bytes missing`: the first word is what is counted.
fn counted(count: u64, what: &str) -> String {
    let (noun, rest) = what.split_at(what.find(' ').unwrap_or(what.len()));
    format!("{} {noun}{}{rest}", grouped(count), if count == 1 { "" } else { "s" })
}

fn kind(name: &str, share: Share) -> String {
    format!("{} {name} ({})", grouped(share.flows), counted(share.octets, "byte"))
}

/// `3 messages`, `1 session`, `SendMessageRequest (2)`: what servers say to each other, which no rule about clients judges.
fn between(tally: &ssp::Tally) -> Vec<String> {
    if tally.messages == 0 {
        return Vec::new();
    }
    let mut told = vec![counted(tally.messages, "message"), counted(tally.sessions.len() as u64, "session")];
    let names = tally.transactions.iter();
    told.extend(names.map(|(name, count)| format!("{} ({})", clip(name, NAME_COLUMNS), grouped(*count))));
    told.extend((tally.others > 0).then(|| format!("others ({})", grouped(tally.others))));
    told
}

/// `2 requests`, `2 answers`: which versions a server speaks.
fn discovery(tally: &ssp::Tally) -> Vec<String> {
    let told = [(tally.discoveries, "request"), (tally.discovered, "answer")];
    told.into_iter().filter(|(count, _)| *count > 0).map(|(count, of)| counted(count, of)).collect()
}

/// Columns of the name of something that servers say to each other.
const NAME_COLUMNS: usize = 40;

/// `33.3 % of flows`, `87.1 % of bytes`
fn imps_share(contents: &Contents) -> Vec<String> {
    let (imps, all) = (contents.kinds.imps, contents.all());
    let shares = [(imps.flows, all.flows, "flows"), (imps.octets, all.octets, "bytes")];
    let told = shares.into_iter().filter_map(|(part, all, of)| Some(format!("{:.1} % of {of}", percent(part, all)?)));
    told.collect()
}

/// A share in percent, rounded down to tenths so that only all is 100; `None` of nothing.
fn percent(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| (part as f64 * 1000.0 / all as f64).floor() / 10.0)
}

fn each(counts: &BTreeMap<&'static str, u64>) -> Vec<String> {
    counts.iter().map(|(name, count)| format!("{name} ({})", grouped(*count))).collect()
}

/// `12 in all`, `9 deciphered`, `3 without keys`; nothing where there was no TLS.
fn sealed(tally: &tls::Tally) -> Vec<String> {
    if tally.flows == 0 {
        return Vec::new();
    }
    let told = [(tally.flows, "in all"), (tally.deciphered, "deciphered"), (tally.without_keys, "without keys")];
    let mut told: Vec<String> = told.map(|(count, what)| format!("{} {what}", grouped(count))).into();
    told.extend((tally.unreadable > 0).then(|| format!("{} not readable", grouped(tally.unreadable))));
    told.extend((tally.sealed_octets > 0).then(|| counted(tally.sealed_octets, "byte of TLS not read")));
    told
}

fn coverage(outcome: &Outcome) -> Vec<String> {
    let tally = &outcome.tally;
    if tally.exchanges == 0 {
        return Vec::new();
    }
    let whole = format!(
        "{:.1} %: {} of {} exchanges whole",
        percent(tally.judged, tally.exchanges).unwrap_or_default(),
        tally.judged,
        tally.exchanges
    );
    std::iter::once(whole).chain((!tally.not_judged.is_empty()).then(|| reasons(&tally.not_judged))).collect()
}

impl std::fmt::Display for Unread {
    /// `ARP (12)`, `ether type 0x1234 (3)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { of, number, name, .. } = self;
        let frames = grouped(self.frames);
        match (name, number) {
            (Some(name), None) => write!(f, "{name} {of} ({frames})"),
            (Some(name), Some(_)) => write!(f, "{name} ({frames})"),
            (None, Some(number)) if matches!(*of, "ether type" | "PPP protocol") => {
                write!(f, "{of} {number:#06x} ({frames})")
            }
            (None, Some(number)) => write!(f, "{of} {number} ({frames})"),
            (None, None) => write!(f, "{of} ({frames})"),
        }
    }
}

/// Writes a row: the label, and items one after the other, going on below where the line is full. Nothing for no item.
fn row(out: &mut impl Write, label: &str, items: &[String]) -> io::Result<()> {
    let mut column = 0;
    for (i, item) in items.iter().enumerate() {
        let last = i + 1 == items.len();
        let wide = item.chars().count() + usize::from(!last);
        if i == 0 {
            write!(out, "{label:<LABEL$}{item}")?;
            column = LABEL + wide;
        } else if column + 1 + wide > WIDTH {
            write!(out, "\n{:<LABEL$}{item}", "")?;
            column = LABEL + wide;
        } else {
            write!(out, " {item}")?;
            column += 1 + wide;
        }
        if last { writeln!(out)? } else { write!(out, ",")? }
    }
    Ok(())
}
