//! Properties of the whole chain, from the octets of a capture to its report, on conversations that are made up.

#![cfg(test)]

use std::fs;
use std::io::Cursor;
use std::path::Path;

use impslint::capture::write::PcapNgWriter;
use impslint::capture::{Capture, LinkType, Window};
use impslint::engine::{Engine, Rulebook};
use impslint::report::{self, Format, Outcome};
use impslint::rules;
use impslint::time::Time;
use impslint::trace::{craft, parse};
use proptest::prelude::*;

/// What a capture comes to, read in windows of this size with so many threads; nothing where it does not open.
fn outcome(octets: &[u8], window: usize, threads: usize) -> Outcome {
    let mut outcome = Outcome::default();
    if let Ok(capture) = Capture::from_reader(Box::new(Cursor::new(octets.to_vec())), "capture") {
        let mut capture = capture.with_window_size(window);
        Engine::new(Rulebook::new(rules::all()).unwrap(), threads).check(&mut capture, &mut outcome);
    }
    assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
    outcome
}

const WINDOW: usize = 1 << 20;

fn json(outcome: &Outcome) -> String {
    let mut out = Vec::new();
    report::write(outcome, Format::Json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What was found, frame numbers left out: rule, fact, cost, and of each message shown its title and time.
fn found(octets: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = outcome(octets, WINDOW, 1)
        .findings
        .iter()
        .map(|filed| {
            let f = &filed.finding;
            let shown: Vec<String> = f.exhibits.iter().map(|e| format!("{} {} {}", e.title, e.time, e.label)).collect();
            format!("{} {} {:?} {} {}", f.rule, f.message, f.cost, f.repeats, shown.join(", "))
        })
        .collect();
    found.sort();
    found
}

fn crafted(trace: &str) -> Vec<u8> {
    let trace = parse(trace).unwrap_or_else(|error| panic!("{error}\n{trace}"));
    let mut octets = Vec::new();
    craft(&trace, &mut octets).unwrap();
    octets
}

type Frame = (Time, Vec<u8>);

fn frames(octets: &[u8]) -> Vec<Frame> {
    let mut capture = Capture::from_reader(Box::new(Cursor::new(octets.to_vec())), "capture").unwrap();
    let (mut window, mut frames) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        frames.extend(window.frames.iter().map(|f| (f.time.unwrap(), window.captured(f).to_vec())));
    }
    frames
}

fn written(frames: &[Frame]) -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new(), LinkType::ETHERNET).unwrap();
    for (time, octets) in frames {
        writer.frame(*time, octets, &[]).unwrap();
    }
    writer.finish().unwrap()
}

/// One thing a client does in a session.
#[derive(Clone, Debug)]
enum Step {
    /// Polls, and nothing is there.
    Poll,
    /// Polls, finds a message, and confirms it or forgets to.
    Fetch { confirms: bool, flag: &'static str },
    /// Sends a message.
    Send,
    /// Publishes its presence, the same words as before or new ones.
    Publish { anew: bool },
    /// Keeps the session alive.
    KeepAlive,
}

/// A conversation: how it is written and what happens in it, each step so many tenths of a second after the last.
#[derive(Clone, Debug)]
struct Conversation {
    head: &'static str,
    negotiates: bool,
    password: bool,
    leaves: bool,
    steps: Vec<(Step, u32)>,
}

impl Conversation {
    fn trace(&self) -> String {
        let mut out = format!("csp {}\nstart 2007-05-01T10:00:00Z\nsession s1\n", self.head);
        let mut say = |tenths: u32, text: &str| out.push_str(&format!("+{}.{} {text}\n", tenths / 10, tenths % 10));
        let old = self.head.starts_with("1.1");
        let client = "  ClientID\n    URL http://x.example/c\n";
        let who = if old { client } else { "" };
        let proof = if self.password { "Password pw12" } else { "DigestBytes aX9sPLmTqk0dV2hUe8b3Yw==" };
        say(
            0,
            &format!(
                "client Login-Request 1 outband\n  UserID wv:anna@example.com\n{client}  {proof}\n  TimeToLive 1200\n  \
             SessionCookie c"
            ),
        );
        say(
            3,
            &format!(
                "server Login-Response 1 outband\n{client}  Result\n    Code 200\n  SessionID s1\n  KeepAliveTime 1200\n  \
             CapabilityRequest T"
            ),
        );
        if self.negotiates {
            let list = "    ClientType COMPUTER\n    InitialDeliveryMethod P\n    AcceptedContentType text/plain\n    \
                        AcceptedTransferEncoding BASE64\n    AcceptedContentLength 30000\n    SupportedBearer HTTP\n    \
                        MultiTrans 1\n    ParserSize 32000\n    ServerPollMin 15";
            say(3, &format!("client ClientCapability-Request 2\n{who}  CapabilityList\n{list}"));
            let agreed = if old {
                format!("  CapabilityList\n{list}")
            } else {
                "  AgreedCapabilityList\n    SupportedBearer HTTP\n    ServerPollMin 15".to_owned()
            };
            say(3, &format!("server ClientCapability-Response 2\n{who}{agreed}"));
            say(
                3,
                &format!(
                    "client Service-Request 3\n{who}  Functions\n    WVCSPFeat\n      FundamentalFeat\n      PresenceFeat\n      \
                 IMFeat\n  AllFunctionsRequest F"
                ),
            );
            say(3, &format!("server Service-Response 3\n{who}"));
        }
        let mut moods = 0;
        for (i, (step, tenths)) in self.steps.iter().enumerate() {
            let id = i + 10;
            let info = "    ContentType text/plain\n    ContentSize 5\n    Recipient\n      User\n        UserID \
                        wv:bob@example.com\n    Sender\n      User\n        UserID wv:anna@example.com\n    DateTime \
                        20070501T100000Z\n    Validity 600\n  ContentData hello";
            let done = "  Result\n    Code 200";
            match step {
                Step::Poll => {
                    say(*tenths, "client Polling-Request");
                    say(2, "server empty");
                }
                Step::Fetch { confirms, flag } => {
                    say(*tenths, "client Polling-Request");
                    say(2, &format!("server NewMessage n{id} {flag}\n  MessageInfo\n    MessageID m{id}\n{info}"));
                    if *confirms {
                        say(3, &format!("client MessageDelivered n{id}\n  MessageID m{id}"));
                        say(2, "server empty");
                    }
                }
                Step::Send => {
                    let request = format!("client SendMessage-Request {id}\n  DeliveryReport F\n  MessageInfo\n{info}");
                    say(*tenths, &request);
                    say(2, &format!("server SendMessage-Response {id}\n{done}\n  MessageID m{id}"));
                }
                Step::Publish { anew } => {
                    moods += usize::from(*anew);
                    say(
                        *tenths,
                        &format!(
                            "client UpdatePresence-Request {id}\n  PresenceSubList\n    StatusText\n      Qualifier T\n      \
                         PresenceValue mood {moods}"
                        ),
                    );
                    say(2, &format!("server Status {id}\n{done}"));
                }
                Step::KeepAlive => {
                    say(*tenths, &format!("client KeepAlive-Request {id}\n  TimeToLive 1200"));
                    say(2, &format!("server KeepAlive-Response {id}\n{done}\n  KeepAliveTime 1200"));
                }
            }
        }
        if self.leaves {
            say(50, "client Logout-Request 9");
            let answer = if self.head.starts_with("1.1") { "Disconnect 9 mode=response" } else { "Status 9" };
            say(2, &format!("server {answer}\n  Result\n    Code 200"));
        }
        out
    }
}

fn heads() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("1.1 xml"), Just("1.2 xml"), Just("1.2 wbxml"), Just("1.1 wbxml")]
}

/// Conversations of any kind, good and bad.
fn conversations() -> impl Strategy<Value = Conversation> {
    let step = prop_oneof![
        4 => Just(Step::Poll),
        2 => (any::<bool>(), prop_oneof![Just(""), Just("poll=F"), Just("poll=T")])
            .prop_map(|(confirms, flag)| Step::Fetch { confirms, flag }),
        1 => Just(Step::Send),
        2 => any::<bool>().prop_map(|anew| Step::Publish { anew }),
        1 => Just(Step::KeepAlive),
    ];
    let steps = prop::collection::vec((step, prop_oneof![5..20_u32, 100..700_u32]), 0..14);
    (heads(), any::<bool>(), any::<bool>(), any::<bool>(), steps).prop_map(
        |(head, negotiates, password, leaves, steps)| Conversation { head, negotiates, password, leaves, steps },
    )
}

/// Conversations in which nothing is wrong.
fn good_conversations() -> impl Strategy<Value = Conversation> {
    let step = prop_oneof![
        2 => Just(Step::Poll),
        2 => Just(Step::Fetch { confirms: true, flag: "" }),
        1 => Just(Step::Publish { anew: true }),
    ];
    // Distances that never come out even: polls at a constant rate are a finding.
    let steps = prop::collection::vec(step, 0..9)
        .prop_map(|steps| steps.into_iter().zip((0..).map(|i| 160 + i * 47)).collect::<Vec<_>>());
    (heads(), steps, any::<bool>()).prop_map(|(head, steps, leaves)| Conversation {
        head,
        negotiates: true,
        password: false,
        leaves,
        steps,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_end_without_panic(mut octets in prop::collection::vec(any::<u8>(), 0..2000), kind in 0..3_usize) {
        // Two times of three it begins as a capture does.
        let head = [&[][..], &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0], &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a]];
        octets.splice(0..0, head[kind].iter().copied());
        outcome(&octets, WINDOW, 1);
        outcome(&octets, 64, 1);
    }

    #[test]
    fn octets_changed_in_a_capture_end_without_panic(
        conversation in conversations(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
    ) {
        let mut octets = crafted(&conversation.trace());
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        json(&outcome(&octets, WINDOW, 1));
    }

    #[test]
    fn windows_and_threads_change_nothing(conversation in conversations(), window in 1..5000_usize) {
        let octets = crafted(&conversation.trace());
        let whole = json(&outcome(&octets, WINDOW, 1));
        prop_assert_eq!(&whole, &json(&outcome(&octets, window, 1)));
        prop_assert_eq!(&whole, &json(&outcome(&octets, window, 2)));
        prop_assert_eq!(&whole, &json(&outcome(&octets, WINDOW, 2)));
    }

    #[test]
    fn a_frame_captured_twice_changes_nothing(conversation in conversations(), at in any::<prop::sample::Index>()) {
        let octets = crafted(&conversation.trace());
        let mut frames = frames(&octets);
        let at = at.index(frames.len());
        let again = frames[at].clone();
        frames.insert(at + 1, again);
        prop_assert_eq!(found(&octets), found(&written(&frames)));
    }

    #[test]
    fn neighbours_captured_in_the_other_order_change_nothing(
        conversation in conversations(),
        at in any::<prop::sample::Index>(),
    ) {
        let octets = crafted(&conversation.trace());
        let mut frames = frames(&octets);
        let at = at.index(frames.len() - 1);
        // What is far apart in time does not change places on its way into a capture.
        prop_assume!(frames[at + 1].0.0 - frames[at].0.0 <= 5_000_000);
        frames.swap(at, at + 1);
        prop_assert_eq!(found(&octets), found(&written(&frames)));
    }

    #[test]
    fn a_good_conversation_stays_good_however_it_is_cut(
        conversation in good_conversations(),
        cut in any::<prop::sample::Index>(),
        lost in any::<prop::sample::Index>(),
        begin in any::<prop::sample::Index>(),
    ) {
        let octets = crafted(&conversation.trace());
        prop_assert_eq!(found(&octets), Vec::<String>::new());
        prop_assert_eq!(found(&octets[..cut.index(octets.len())]), Vec::<String>::new());
        let frames = frames(&octets);
        let mut holed = frames.clone();
        let lost = lost.index(frames.len());
        holed.remove(lost);
        prop_assert_eq!(found(&written(&holed)), Vec::<String>::new(), "frame {} is lost", lost + 1);
        let begin = begin.index(frames.len());
        prop_assert_eq!(found(&written(&frames[begin..])), Vec::<String>::new(), "it begins with frame {}", begin + 1);
    }
}

#[test]
fn no_octet_in_the_version_of_an_answer_ends_in_a_panic() {
    let octets = crafted("csp 1.2 xml\n+0 client Polling-Request\n+0.1 server empty\n");
    let at = octets.windows(11).position(|w| w == b"HTTP/1.1 20").unwrap() + 7;
    for octet in 0..=u8::MAX {
        let mut changed = octets.clone();
        changed[at] = octet;
        outcome(&changed, WINDOW, 1);
    }
}

#[test]
fn every_exchange_is_accounted_for_where_answers_were_not_captured() {
    let polls: String = (0..200).map(|_| "+20 client Polling-Request\n").collect();
    let octets = crafted(&format!("csp 1.2 wbxml\nsession s1\n{polls}"));
    let frames: Vec<Frame> = frames(&octets).into_iter().filter(|(_, f)| f[26..30] == [10, 0, 0, 1]).collect();
    let outcome = outcome(&written(&frames), WINDOW, 1);
    let tally = &outcome.tally;
    assert_eq!(tally.exchanges, 200);
    assert_eq!(tally.judged + tally.not_judged.values().sum::<u64>(), 200, "{tally:?}");
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
}

#[test]
fn what_is_made_up_has_faults_to_find() {
    let steps = vec![(Step::Fetch { confirms: false, flag: "" }, 200), (Step::Poll, 700), (Step::Poll, 300)];
    let bad = Conversation { head: "1.2 wbxml", negotiates: false, password: true, leaves: true, steps };
    let found = found(&crafted(&bad.trace()));
    for rule in ["privacy/plaintext-password", "negotiation/missing-capability", "messaging/missing-message-delivered"]
    {
        assert!(found.iter().any(|f| f.starts_with(rule)), "{rule}: {found:?}");
    }
}

/// Captures in `samples/` in which nothing is wrong.
fn good_samples() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    ["clean-wbxml", "clean-xml"].into_iter().map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name).with_extension("pcapng");
        (name, fs::read(path).unwrap())
    })
}

#[test]
fn no_truncation_of_a_good_sample_raises_a_finding() {
    for (name, octets) in good_samples() {
        for end in (0..octets.len()).step_by(61) {
            assert_eq!(found(&octets[..end]), Vec::<String>::new(), "{name} cut to {end} octets");
        }
    }
}

#[test]
fn no_frame_lost_from_a_good_sample_raises_a_finding() {
    let mut wrong = Vec::new();
    for (name, octets) in good_samples() {
        let frames = frames(&octets);
        for lost in 0..frames.len() {
            let mut holed = frames.clone();
            holed.remove(lost);
            wrong
                .extend(found(&written(&holed)).into_iter().map(|f| format!("{name} without frame {}: {f}", lost + 1)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
