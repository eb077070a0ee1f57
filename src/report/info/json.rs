//! One JSON object: `docs/info.schema.json` says what is in it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::super::contents::{Contents, Share, Unread};
use super::super::human::version_name;
use super::super::json::{self, Guarded, Tls, Tool};
use super::super::{Input, Outcome};
use super::percent;
use crate::capture::LinkType;

/// Number of the schema; it changes when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Info<'o> {
    schema: u32,
    tool: Tool,
    inputs: Vec<File<'o>>,
    packets: u64,
    bytes: u64,
    link_types: Vec<Link>,
    tunnels: BTreeMap<&'static str, u64>,
    loss: Lost,
    flows: Flows,
    imps_share: ImpsShare,
    messages: Messages,
    exchanges: u64,
    sessions: u64,
    subscribers: u64,
    relayed: u64,
    cir_items: u64,
    ssp: Between<'o>,
    version_discovery: Discovery,
    tls: Tls,
    coverage: Option<f64>,
    whole: u64,
    not_whole: BTreeMap<&'static str, u64>,
    unread: Vec<Frames>,
    skipped_files: u64,
}

#[derive(Serialize)]
struct File<'o> {
    #[serde(flatten)]
    input: json::Input<'o>,
    anomalies: &'o [String],
    further_anomalies: u64,
}

#[derive(Serialize)]
struct Between<'o> {
    messages: u64,
    sessions: usize,
    transactions: &'o BTreeMap<String, u64>,
    others: u64,
}

#[derive(Serialize)]
struct Discovery {
    requests: u64,
    answers: u64,
}

#[derive(Serialize)]
struct Link {
    number: u16,
    name: Option<&'static str>,
}

#[derive(Serialize)]
struct Lost {
    gaps: u64,
    missing_bytes: u64,
    cut_frames: u64,
    cut_bytes: u64,
    repeated_segments: u64,
    repeated_datagrams: u64,
    conflicts: u64,
    fragments: u64,
    repeated_fragments: u64,
    packets_lost_in_fragments: u64,
}

#[derive(Serialize)]
struct Flows {
    all: Counted,
    imps: Counted,
    http: Counted,
    tls: Counted,
    other_tcp: Counted,
    wsp: Counted,
    wtls: Counted,
    udp: Counted,
    udp_services: BTreeMap<&'static str, u64>,
    evicted: u64,
    evicted_bytes: u64,
}

#[derive(Serialize)]
struct Counted {
    flows: u64,
    bytes: u64,
}

impl From<Share> for Counted {
    fn from(share: Share) -> Self {
        Self { flows: share.flows, bytes: share.octets }
    }
}

#[derive(Serialize)]
struct ImpsShare {
    flows: Option<f64>,
    bytes: Option<f64>,
}

#[derive(Serialize)]
struct Messages {
    all: u64,
    versions: BTreeMap<&'static str, u64>,
    encodings: BTreeMap<&'static str, u64>,
    carriers: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Frames {
    of: &'static str,
    number: Option<u32>,
    name: Option<&'static str>,
    frames: u64,
}

/// Writes the object and a line end.
///
/// # Errors
/// Those of the writer.
pub(super) fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let (contents, tally) = (&outcome.contents, &outcome.tally);
    let info = Info {
        schema: SCHEMA,
        tool: Tool::OWN,
        inputs: outcome.inputs.iter().map(File::of).collect(),
        packets: outcome.packets,
        bytes: outcome.bytes,
        link_types: contents.links.iter().map(|n| Link { number: *n, name: LinkType(*n).name() }).collect(),
        tunnels: contents.tunnels().into_iter().collect(),
        loss: Lost::of(contents),
        flows: Flows::of(contents),
        imps_share: ImpsShare::of(contents),
        messages: Messages {
            all: tally.messages,
            versions: contents.messages_by(|manner| manner.version.map(version_name)),
            encodings: contents.messages_by(|manner| Some(manner.encoding.name())),
            carriers: contents.messages_by(|manner| Some(manner.carrier.name())),
        },
        exchanges: tally.exchanges,
        sessions: tally.sessions,
        subscribers: tally.subscribers,
        relayed: tally.relayed,
        cir_items: tally.signals,
        ssp: Between {
            messages: contents.between.messages,
            sessions: contents.between.sessions.len(),
            transactions: &contents.between.transactions,
            others: contents.between.others,
        },
        version_discovery: Discovery { requests: contents.between.discoveries, answers: contents.between.discovered },
        tls: Tls::of(outcome.tls),
        coverage: percent(tally.judged, tally.exchanges),
        whole: tally.judged,
        not_whole: tally.not_judged.iter().map(|(doubt, count)| (doubt.name(), *count)).collect(),
        unread: contents.unread().into_iter().map(Frames::of).collect(),
        skipped_files: outcome.skipped_files,
    };
    info.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Guarded))?;
    writeln!(out)
}

impl<'o> File<'o> {
    fn of(input: &'o Input) -> Self {
        let Input { anomalies, further_anomalies, .. } = input;
        Self { input: json::Input::of(input), anomalies, further_anomalies: *further_anomalies }
    }
}

impl Lost {
    fn of(contents: &Contents) -> Self {
        let (flows, tally) = (&contents.flows, &contents.flows.tally);
        Self {
            gaps: tally.gaps,
            missing_bytes: tally.missing_octets,
            cut_frames: flows.cut_frames,
            cut_bytes: tally.cut_octets,
            repeated_segments: tally.repeated_segments,
            repeated_datagrams: tally.repeated_datagrams,
            conflicts: tally.conflicts,
            fragments: flows.fragments.fragments,
            repeated_fragments: flows.fragments.duplicates,
            packets_lost_in_fragments: flows.fragments.lost(),
        }
    }
}

impl Flows {
    fn of(contents: &Contents) -> Self {
        let (kinds, flows) = (contents.kinds, &contents.flows);
        Self {
            all: contents.all().into(),
            imps: kinds.imps.into(),
            http: kinds.http.into(),
            tls: kinds.tls.into(),
            other_tcp: contents.other_tcp().into(),
            wsp: kinds.wsp.into(),
            wtls: kinds.wtls.into(),
            udp: contents.other_udp().into(),
            udp_services: flows.udp_services.clone(),
            evicted: flows.evicted,
            evicted_bytes: flows.evicted_octets,
        }
    }
}

impl ImpsShare {
    fn of(contents: &Contents) -> Self {
        let (imps, all) = (contents.kinds.imps, contents.all());
        Self { flows: percent(imps.flows, all.flows), bytes: percent(imps.octets, all.octets) }
    }
}

impl Frames {
    fn of(unread: Unread) -> Self {
        let Unread { of, number, name, frames } = unread;
        Self { of, number, name, frames }
    }
}
