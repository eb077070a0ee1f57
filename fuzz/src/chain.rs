//! The whole chain: the octets are a capture or, where they are none, a script from which one is made.

use std::sync::LazyLock;

use impslint::capture::LinkType;
use impslint::capture::write::PcapNgWriter;
use impslint::engine::{Engine, Rulebook};
use impslint::flow::{End, Way};
use impslint::report::human::Options;
use impslint::report::{Format, Outcome, write};
use impslint::rules;
use impslint::sanitise::is_hidden;
use impslint::time::Time;
use impslint::trace::Show;

use super::capture::open;
use super::script::{Step, steps};
use super::trace::decoded;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Rulebook::new(rules::all()).expect("every page can be read"), 1));

/// What a capture comes to, read in windows of this size.
fn outcome(octets: &[u8], piece: usize, window: usize) -> Option<Outcome> {
    let mut capture = open(octets, piece, window)?;
    let mut outcome = Outcome::default();
    ENGINE.check(&mut capture, &mut outcome);
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    Some(outcome)
}

fn report(outcome: &Outcome, format: Format) -> String {
    let mut out = Vec::new();
    write(outcome, format, &mut out).expect("a vector can be written to");
    String::from_utf8(out).expect("a report is text")
}

/// Checks a capture and reports in every format.
pub fn run(octets: &[u8]) {
    match outcome(octets, usize::MAX, 1 << 20) {
        Some(outcome) => hold(octets, &outcome),
        None => {
            let made = capture_of(&steps(octets));
            hold(&made, &outcome(&made, usize::MAX, 1 << 20).expect("what was made opens"));
        }
    }
}

fn hold(octets: &[u8], outcome: &Outcome) {
    let json = report(outcome, Format::Json);
    serde_json::from_str::<serde_json::Value>(&json).expect("JSON");
    assert!(!json.chars().any(|c| c != '\n' && c.is_control()), "{json}");
    let drawn = [(80, false), (160, true)].map(|(width, color)| Format::Human(Options { width, color, full: true }));
    for format in drawn.into_iter().chain([Format::Concise]) {
        let text = report(outcome, format);
        let coloured = matches!(format, Format::Human(options) if options.color);
        let allowed = |c: char| c == '\n' || !is_hidden(c) || coloured && c == '\u{1b}';
        assert!(text.chars().all(allowed), "{text:?}");
    }
    for finding in outcome.findings.iter().map(|filed| &filed.finding) {
        for exhibit in &finding.exhibits {
            assert!(exhibit.frames.is_sorted() && exhibit.frames.iter().all(|f| (1..=outcome.packets).contains(&f.0)));
        }
    }
    let tally = &outcome.tally;
    assert_eq!(tally.exchanges, tally.judged + tally.not_judged.values().sum::<u64>(), "{tally:?}");
    let again = self::outcome(octets, 97, 64).expect("what opens whole opens in pieces");
    assert_eq!(json, report(&again, Format::Json), "in small windows");
    for show in [Show::default(), Show { secrets: true, content: true }] {
        decoded(&mut open(octets, usize::MAX, 1 << 20).expect("it opened before"), show);
    }
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;
const SEGMENT: usize = 1400;

/// A capture of connections in which these steps happen.
pub fn capture_of(steps: &[Step]) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::RAW).expect("a vector can be written to");
    let mut time = Time(1_178_020_800_000_000_000);
    for (connection, steps) in (0_u16..).zip(steps.split(|step| *step == Step::Next)) {
        let mut next = [1000_u32, 9000];
        let mut send = |way: Way, flags: u8, octets: &[u8], next: &mut [u32; 2], time: &mut Time| {
            let (from, to) = (way as usize, way.opposite() as usize);
            let ports = [40_000_u16.wrapping_add(connection), 80];
            let hosts = [[10, 0, 0, 1], [192, 0, 2, 1]];
            let mut out = vec![0x45, 0];
            out.extend((40 + octets.len() as u16).to_be_bytes());
            out.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
            out.extend(hosts[from]);
            out.extend(hosts[to]);
            out.extend(ports[from].to_be_bytes());
            out.extend(ports[to].to_be_bytes());
            out.extend(next[from].to_be_bytes());
            out.extend(next[to].to_be_bytes());
            out.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
            out.extend(octets);
            next[from] = next[from].wrapping_add(octets.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
            time.0 += 1_000_000;
            writer.frame(*time, &out, &[]).expect("a vector can be written to");
        };
        send(Way::Forward, SYN, &[], &mut next, &mut time);
        send(Way::Reverse, SYN | ACK, &[], &mut next, &mut time);
        for step in steps {
            match step {
                Step::Data(way, octets) => {
                    octets.chunks(SEGMENT).for_each(|segment| send(*way, ACK, segment, &mut next, &mut time));
                    send(way.opposite(), ACK, &[], &mut next, &mut time);
                }
                Step::Gap(way, octets) => {
                    let lost = octets.unwrap_or(1) as u32;
                    next[*way as usize] = next[*way as usize].wrapping_add(lost);
                    send(way.opposite(), ACK, &[], &mut next, &mut time);
                }
                Step::End(way, End::Reset) => send(*way, RST, &[], &mut next, &mut time),
                Step::End(way, _) => send(*way, FIN | ACK, &[], &mut next, &mut time),
                Step::Pause(seconds) => time.0 += i64::from(*seconds) * 1_000_000_000,
                Step::Next => {}
            }
        }
    }
    writer.finish().expect("a vector can be written to")
}
