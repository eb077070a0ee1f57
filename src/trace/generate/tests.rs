//! Generated captures: what is asked for is what comes.

use super::*;

fn made(spec: &str) -> (Vec<u8>, Truth) {
    let mut capture = Vec::new();
    let truth = generate(&spec.parse().unwrap(), &mut capture).unwrap();
    (capture, truth)
}

#[test]
fn what_is_said_is_read_and_comes_back() {
    let spec: Spec = "size=2k, encoding=wbxml,csp=1.3,noise=0.25,open=7,odd=1,format=pcapng,seed=9".parse().unwrap();
    assert_eq!(spec.extent, Extent::Octets(2000));
    assert_eq!((spec.encoding, spec.version, spec.format), (Some(Encoding::Wbxml), Some(Version::V13), Format::PcapNg));
    assert_eq!((spec.noise, spec.open, spec.odd, spec.early, spec.seed), (0.25, 7, 1.0, 0.0, 9));
    assert_eq!(spec.to_string().parse(), Ok(spec));
    assert_eq!("".parse(), Ok(Spec::default()));
}

#[test]
fn what_cannot_be_is_refused() {
    for (said, told) in [
        ("sessions", "sessions is no KEY=VALUE"),
        ("colour=red", "colour is none of"),
        ("exchanges=8", "exchanges wants a number from 9"),
        ("noise=1", "noise wants a share from 0 to 0.999"),
        ("loss=NaN", "loss wants a share from 0 to 1, not NaN"),
        ("csp=1.0", "csp is 1.1, 1.2, 1.3 or mix, not 1.0"),
        ("size=99999999999G", "size wants a number"),
    ] {
        let error = said.parse::<Spec>().unwrap_err();
        assert!(error.starts_with(told), "{said}: {error}");
    }
}

#[test]
fn the_same_spec_gives_the_same_octets_and_another_seed_others() {
    let spec = "sessions=5,noise=0.5,loss=0.01,reorder=0.02,retransmit=0.02,early=0.5,odd=0.1";
    let (one, other, third) = (made(spec), made(spec), made(&format!("{spec},seed=2")));
    assert!(one == other);
    assert!(one.0 != third.0);
}

#[test]
fn the_extent_is_kept() {
    let (capture, truth) = made("size=1M,open=20");
    assert_eq!(truth.octets, capture.len() as u64);
    assert!((1_000_000..1_200_000).contains(&capture.len()), "{}", capture.len());
    let (capture, truth) = made("sessions=3,exchanges=9,format=pcapng");
    assert_eq!(truth.octets, capture.len() as u64);
    assert_eq!((truth.sessions(), truth.exchanges, truth.most_open), (3, 27, 3));
    let (_, truth) = made("sessions=40,open=4,exchanges=12");
    assert_eq!((truth.sessions(), truth.most_open), (40, 4));
}

#[test]
fn noise_takes_its_share() {
    let (_, truth) = made("size=12M,noise=0.9,seed=3");
    let (_, imps) = made("size=12M");
    // Of as many octets a tenth is IMPS.
    let share = truth.exchanges as f64 / imps.exchanges as f64;
    assert!((0.08..0.12).contains(&share), "{share}");
    assert!(["imps", "web", "tls", "mail", "dns", "rtp"].iter().all(|kind| truth.flows.get(kind) > Some(&0)));
}

#[test]
fn damage_takes_its_share_and_is_counted() {
    let (whole, clean) = made("sessions=50");
    let (_, damaged) = made("sessions=50,loss=0.1,reorder=0.05,retransmit=0.05");
    assert_eq!((clean.lost, clean.reordered, clean.retransmitted, clean.damaged), (0, 0, 0, 0));
    assert_eq!(clean.octets, whole.len() as u64);
    let share = |n: u64| n as f64 / clean.packets as f64;
    assert_eq!(damaged.packets, clean.packets - damaged.lost + damaged.retransmitted);
    assert!((0.08..0.12).contains(&share(damaged.lost)));
    // Of packets with data, which are about every second one.
    assert!((0.015..0.05).contains(&share(damaged.reordered)) && (0.015..0.05).contains(&share(damaged.retransmitted)));
    assert!(damaged.damaged > 0 && damaged.damaged <= damaged.lost);
    assert_eq!(damaged.messages, clean.messages);
}

#[test]
fn one_version_and_encoding_where_one_is_wanted() {
    let (_, truth) = made("sessions=5,encoding=xml,csp=1.1");
    assert_eq!(truth.messages.keys().collect::<Vec<_>>(), [&"xml"]);
    assert_eq!(truth.versions.keys().collect::<Vec<_>>(), [&"1.1"]);
}
