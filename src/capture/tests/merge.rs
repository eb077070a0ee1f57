use std::fs;
use std::path::{Path, PathBuf};

use super::super::write::PcapNgWriter;
use super::super::{LinkType, MAX_OPEN, MAX_STRAY};
use super::*;
use crate::time::Time;
use crate::wire::FrameNo;
use proptest::prelude::*;

const T: i64 = 1_234_567_890_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// Opens captures of frames at these times, in seconds, the name of the capture and the number of the frame in each.
fn captures(times: &[&[i64]]) -> Vec<Capture> {
    let named = times.iter().zip(b'a'..);
    named
        .map(|(times, name)| {
            let name = char::from(name).to_string();
            let mut writer = PcapNgWriter::new(Vec::new(), LinkType::RAW).unwrap();
            for (at, time) in times.iter().enumerate() {
                let data = format!("{name}{}", at + 1);
                writer.frame(Time(T + time * SECOND), data.as_bytes(), &[&data]).unwrap();
            }
            Capture::from_reader(Box::new(io::Cursor::new(writer.finish().unwrap())), name).unwrap()
        })
        .collect()
}

/// The frames of a timeline, each held against what it says that it is.
fn timeline(mut capture: Capture) -> Vec<String> {
    let (mut window, mut all, mut last) = (Window::default(), Vec::new(), FrameNo(0));
    while capture.next_window(&mut window).unwrap() {
        let comments = window.comments.iter().map(|comment| comment.text.clone());
        let before = all.len();
        for frame in &window.frames {
            assert!(frame.no > last, "numbers rise");
            last = frame.no;
            let data = String::from_utf8(window.captured(frame).to_vec()).unwrap();
            let (name, own) = capture.locate(frame.no).unwrap();
            assert_eq!(data, format!("{name}{}", own.0));
            all.push(data);
        }
        assert_eq!(comments.collect::<Vec<_>>(), all[before..]);
        assert!(window.comments.iter().map(|comment| comment.frame).eq(window.frames.iter().map(|frame| frame.no)));
    }
    all
}

fn merged(times: &[&[i64]]) -> String {
    timeline(Capture::merge(captures(times))).join(" ")
}

#[test]
fn frames_come_by_time_and_of_one_time_by_capture() {
    assert_eq!(merged(&[&[1, 4, 5], &[2, 3, 6]]), "a1 b1 b2 a2 a3 b3");
    assert_eq!(merged(&[&[10, 11], &[1, 2]]), "b1 b2 a1 a2");
    assert_eq!(merged(&[&[1, 1, 2], &[1, 2], &[1]]), "a1 a2 b1 c1 a3 b2");
    assert_eq!(merged(&[&[], &[1], &[]]), "b1");
    assert_eq!(merged(&[&[]]), "");
}

#[test]
fn a_capture_keeps_its_own_order() {
    assert_eq!(merged(&[&[5, 3, 9], &[4, 6]]), "b1 a1 a2 b2 a3");
}

#[test]
fn a_stray_time_moves_only_itself() {
    let far = (MAX_STRAY / 1_000_000_000) as i64 + 100_000_000;
    assert_eq!(merged(&[&[1, far, 5], &[2, 3, 6]]), "a1 a2 b1 b2 a3 b3");
    assert_eq!(merged(&[&[1, -far, 5], &[2, 3, 6]]), "a1 a2 b1 b2 a3 b3");
    assert_eq!(merged(&[&[far, 4, 5], &[2, 3, 6]]), "b1 b2 a1 a2 a3 b3");
    // A clock that was set stays set.
    assert_eq!(merged(&[&[1, 1, far, far + 1], &[2, 3, 6]]), "a1 a2 b1 b2 b3 a3 a4");
}

#[test]
fn frames_without_a_time_keep_their_place() {
    let simple = |octets: Octets, data: &[u8]| {
        let body = Octets::new(false).u32(data.len() as u32).padded(data).bytes;
        octets.block(3, &body)
    };
    let seconds = |seconds: i64| ((T / SECOND + seconds) * 1_000_000) as u64;
    let octets = Octets::new(false).section().interface(101, 0, &[]).packet(0, seconds(1), b"b1", &[]);
    let octets = simple(octets, b"b2").packet(0, seconds(5), b"b3", &[]);
    let b = Capture::from_reader(Box::new(io::Cursor::new(octets.bytes)), "b").unwrap();
    let [a] = <[_; 1]>::try_from(captures(&[&[2, 6]])).unwrap();
    let (mut capture, mut window, mut all) = (Capture::merge([a, b]), Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        all.extend(window.frames.iter().map(|frame| String::from_utf8(window.captured(frame).to_vec()).unwrap()));
    }
    assert_eq!(all, ["b1", "b2", "a1", "b3", "a2"]);
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("impslint-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(path: &Path, frames: impl Iterator<Item = (i64, String)>) {
    let mut writer = PcapNgWriter::new(fs::File::create(path).unwrap(), LinkType::RAW).unwrap();
    frames.for_each(|(time, data)| writer.frame(Time(T + time * SECOND), data.as_bytes(), &[&data]).unwrap());
    writer.finish().unwrap();
}

#[test]
fn more_files_than_may_be_open_are_read_one_after_the_other() {
    let folder = folder("many");
    let count = 3 * MAX_OPEN;
    let path = |n: usize| folder.join(n.to_string());
    for n in 0..count {
        let data = |i: usize| format!("{}{}", path(n).display(), i + 1);
        // The latest first, and each runs on a little into the next.
        write(&path(n), (0..5).map(|i| (-3 * n as i64 + i as i64, data(i))));
    }
    let capture = Capture::merge((0..count).map(|n| Capture::open(&path(n)).unwrap()));
    assert_eq!(capture.parts().len(), count);
    let all = timeline(capture);
    assert_eq!(all.len(), 5 * count);
    assert_eq!(all[..3].join(" "), [1, 2, 3].map(|i| format!("{}{i}", path(count - 1).display())).join(" "));
    // Where too many overlap, frames come late, and that is told.
    (0..count).for_each(|n| write(&path(n), (0..2).map(|i| (i as i64, format!("{}{}", path(n).display(), i + 1)))));
    let mut capture = Capture::merge((0..count).map(|n| Capture::open(&path(n)).unwrap()));
    let (mut window, mut frames) = (Window::default(), 0);
    while capture.next_window(&mut window).unwrap() {
        frames += window.frames.len();
    }
    assert_eq!(frames, 2 * count);
    assert!(capture.remarks()[0].contains("overlap"), "{:?}", capture.remarks());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_goes_away_is_told_and_the_others_are_read() {
    let folder = folder("gone");
    let paths = ["a", "b"].map(|name| folder.join(name));
    paths.iter().for_each(|path| write(path, (0..3).map(|i| (i, "x".to_owned()))));
    let mut capture = Capture::merge(paths.iter().map(|path| Capture::open(path).unwrap()));
    fs::remove_file(&paths[1]).unwrap();
    let (mut window, mut frames) = (Window::default(), 0);
    while capture.next_window(&mut window).unwrap() {
        frames += window.frames.len();
    }
    assert_eq!(frames, 3);
    let parts = capture.parts();
    assert_eq!((parts[0].summary.packets, &parts[0].failed), (3, &None));
    assert!(parts[1].failed.as_ref().unwrap().contains("cannot read"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn formats_and_link_layers_may_differ_and_lost_records_count() {
    let t = (T / SECOND) as u32;
    let pcap = Octets::new(true).pcap_header(0xa1b2_c3d4, 1).record(t, 0, b"a").record(t + 2, 0, b"c").bytes;
    // The second packet is of no interface.
    let ng = Octets::new(false).section().interface(276, 0, &[]);
    let ng = ng.packet(0, u64::from(t + 1) * 1_000_000, b"b", &[]).packet(9, 0, b"?", &[]);
    let ng = ng.packet(0, u64::from(t + 1) * 1_000_000, b"b3", &[]).bytes;
    let mut capture = Capture::merge([open(&pcap).unwrap(), open(&ng).unwrap()]);
    let (mut window, mut all) = (Window::default(), Vec::new());
    while capture.next_window(&mut window).unwrap() {
        let own = |no| capture.locate(no).unwrap().1.0;
        all.extend(window.frames.iter().map(|f| (own(f.no), f.link.0, window.captured(f).to_vec())));
    }
    let all: Vec<_> = all.iter().map(|(no, link, data)| (*no, *link, &data[..])).collect();
    assert_eq!(all, [(1, 1, &b"a"[..]), (1, 276, b"b"), (3, 276, b"b3"), (2, 1, b"c")]);
    let parts = capture.parts();
    assert_eq!(parts.iter().map(|p| p.summary.packets).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(parts.iter().map(|p| p.anomalies.len()).collect::<Vec<_>>(), [0, 1]);
}

proptest! {
    #[test]
    fn a_timeline_is_in_order_and_whole(
        times in proptest::collection::vec(proptest::collection::vec(0_i64..100, 0..30), 1..6),
        window_size in 1_usize..300,
    ) {
        let mut sorted = times.clone();
        sorted.iter_mut().for_each(|times| times.sort_unstable());
        let sorted: Vec<&[i64]> = sorted.iter().map(Vec::as_slice).collect();
        let all = timeline(Capture::merge(captures(&sorted)).with_window_size(window_size));
        let mut wanted: Vec<(i64, usize, usize)> = Vec::new();
        for (part, times) in sorted.iter().enumerate() {
            wanted.extend(times.iter().enumerate().map(|(at, time)| (*time, part, at)));
        }
        wanted.sort_unstable();
        let name = |part: usize| char::from(b'a' + part as u8);
        let wanted: Vec<String> = wanted.iter().map(|(_, part, at)| format!("{}{}", name(*part), at + 1)).collect();
        prop_assert_eq!(all, wanted);
        // In any order of times everything comes, too.
        let unsorted: Vec<&[i64]> = times.iter().map(Vec::as_slice).collect();
        let all = timeline(Capture::merge(captures(&unsorted)));
        prop_assert_eq!(all.len(), times.iter().map(Vec::len).sum::<usize>());
    }
}
