//! Logs: the octets are a text in which messages or packets are told.

use std::io::{Cursor, Read};

use impslint::engine::{Engine, Rulebook};
use impslint::log::{Item, Opened, Profile, open};
use impslint::report::Outcome;

/// A profile that takes any line for an entry, and every one behind it that is indented.
const PROFILE: &str =
    "[profile.any]\nline = '^(?<direction>[<>]) (?<peer>\\S*) (?<body>.*)$'\ncontinues = '^ (?<body>.*)$'\n";

/// What a text tells, read in pieces of some octets: places and sizes; `None` where it is no log.
fn told(octets: &[u8], piece: usize, profiles: &[Profile]) -> Option<Vec<String>> {
    struct Pieces(Cursor<Vec<u8>>, usize);
    impl Read for Pieces {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let most = room.len().min(self.1);
            self.0.read(room.get_mut(..most).unwrap_or_default())
        }
    }
    let input = Pieces(Cursor::new(octets.to_vec()), piece);
    match open("fuzz", input, profiles).ok()? {
        Opened::Log(mut log) => {
            let mut all = Vec::new();
            loop {
                let items = log.next_items().expect("octets in memory can be read");
                if items.is_empty() {
                    return Some(all);
                }
                for item in items {
                    let envelope = item.envelope();
                    let (line, column) = envelope.frames.first.log_place().expect("what a log tells stands in it");
                    assert!(line > 0 && column > 0, "{:?}", envelope.frames);
                    assert!(envelope.frames.first.number() <= envelope.frames.last.number());
                    if let Item::Message(message) = &item {
                        let lines = octets.iter().filter(|octet| **octet == b'\n').count() as u64 + 1;
                        assert!(message.pieces.frame_list().iter().all(|f| (1..=lines).contains(&f.number())));
                    }
                    all.push(format!("{line} {column} {:?} {}", envelope.direction, envelope.wire_octets));
                }
            }
        }
        Opened::Capture(mut capture) => {
            let mut outcome = Outcome::default();
            let rules = Rulebook::new(impslint::rules::all()).expect("every page can be read");
            Engine::new(rules, 1).check(&mut capture, &mut outcome);
            assert!(outcome.internal.is_empty(), "{:?}", outcome.internal);
            let places = outcome.findings.iter().flat_map(|filed| &filed.frames);
            assert!(places.clone().all(|frame| frame.log_place().is_some()));
            Some(places.map(|frame| format!("{frame:?}")).collect())
        }
    }
}

/// Reads the octets as a log, in one piece and in several, and by a profile.
pub fn run(octets: &[u8]) {
    let whole = told(octets, usize::MAX, &[]);
    assert_eq!(told(octets, 4096, &[]).is_some(), whole.is_some());
    let profiles = Profile::read(PROFILE).expect("the profile is right");
    let _ = told(octets, usize::MAX, &profiles);
}
