//! Keys, hellos and tables against values from elsewhere.

#![cfg(feature = "tls")]

use super::derive::{Hash, Prf};
use super::hello::{Message, Messages, old_client_hello};
use super::keylog::{KeyLog, LINE_MAX, SECRETS_MAX};
use super::suite::{Algorithm, Suite};

fn octets(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The test vector for the PRF with SHA-256 that was posted to the mailing list of the IETF's TLS working group.
#[test]
fn the_prf_of_tls_1_2() {
    let secret = octets("9bbe436ba940f017b17652849a71db35");
    let seed = octets("a0ba9f936cda311827a6f796ffd5198c");
    let out = Prf::One(Hash::Sha256).expand(&secret, "test label", [&seed, &[]], 100);
    assert_eq!(
        out,
        octets(
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7\
             077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
        )
    );
}

/// Key and initialisation vector of the server's handshake keys in the simple handshake of RFC 8448.
#[test]
fn the_keys_of_tls_1_3() {
    let secret = octets("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
    assert_eq!(Hash::Sha256.expand_label(&secret, "key", 16), octets("3fce516009c21727d0f2e4e86ee403bc"));
    assert_eq!(Hash::Sha256.expand_label(&secret, "iv", 12), octets("5d313eb2671276ee13000b30"));
}

#[test]
fn suites_have_their_parts() {
    let parts = |number| Suite::of(number).map(|suite| (suite.algorithm, suite.mac, suite.prf));
    assert_eq!(parts(0x0004), Some((Algorithm::Rc4, Some(Hash::Md5), Hash::Sha256)));
    assert_eq!(parts(0x000a), Some((Algorithm::TripleDes, Some(Hash::Sha1), Hash::Sha256)));
    assert_eq!(parts(0xc028), Some((Algorithm::Aes256Cbc, Some(Hash::Sha384), Hash::Sha384)));
    assert_eq!(parts(0xc030), Some((Algorithm::Aes256Gcm, None, Hash::Sha384)));
    assert_eq!(parts(0x1303), Some((Algorithm::ChaCha20, None, Hash::Sha256)));
    // Export grades and IDEA.
    assert_eq!((parts(0x0003), parts(0x0007)), (None, None));
}

#[test]
fn handshake_messages_are_put_together_from_any_pieces() {
    let hello = [&[1, 0, 0, 39, 3, 3][..], &[7; 32], &[0, 0, 2, 0, 0x2f]].concat();
    let other = [&[11, 0, 1, 0][..], &[0; 256]].concat();
    let all = [other.clone(), hello.clone(), other, hello].concat();
    for size in [1, 3, 4, 100, all.len()] {
        let (mut messages, mut hellos) = (Messages::default(), 0);
        for piece in all.chunks(size) {
            messages.push(piece, &mut |message| match message {
                Message::ClientHello(hello) => {
                    assert_eq!(hello.random, [7; 32]);
                    hellos += 1;
                }
                other => assert_eq!(other, Message::Other),
            });
        }
        assert_eq!((hellos, messages.is_between()), (2, true), "{size}");
    }
}

#[test]
fn the_challenge_of_an_old_hello_is_the_end_of_its_random() {
    let record = [&[0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f][..], &[9; 16]].concat();
    let hello = old_client_hello(&record).unwrap();
    assert_eq!((&hello.random[..16], &hello.random[16..]), (&[0; 16][..], &[9; 16][..]));
    assert_eq!(old_client_hello(&record[..20]), None);
}

fn log(text: &str) -> KeyLog {
    KeyLog::read(&mut text.as_bytes()).unwrap()
}

#[test]
fn key_logs_are_read_whatever_they_look_like() {
    let (random, secret) = ("Ab".repeat(32), "0F".repeat(48));
    let text = format!(
        "# comment\r\n\r\nCLIENT_RANDOM {random} {secret}\r\n  SERVER_TRAFFIC_SECRET_0\t{random}  {secret} \n\
         EXPORTER_SECRET {random} {secret}\nRSA 0011223344556677 {secret}"
    );
    let read = log(&text);
    assert_eq!((read.len(), read.faults()), (3, (0, 0)));
    assert_eq!(format!("{read:?}"), "KeyLog of 3 secrets");
}

#[test]
fn broken_lines_are_counted_and_got_over() {
    let (random, secret) = ("ab".repeat(32), "cd".repeat(48));
    for broken in [
        "CLIENT_RANDOM".to_owned(),
        format!("CLIENT_RANDOM {random}"),
        format!("CLIENT_RANDOM {random} {}", &secret[2..]),
        format!("CLIENT_RANDOM {} {secret}", &random[1..]),
        format!("CLIENT_RANDOM {} {secret}", random.replace('a', "x")),
        "what is this".to_owned(),
        "x".repeat(LINE_MAX + 1),
        "x".repeat(100 * LINE_MAX),
    ] {
        let read = log(&format!("{broken}\nCLIENT_RANDOM {random} {secret}\n"));
        assert_eq!((read.len(), read.faults()), (1, (1, 0)), "{broken:.60}");
    }
}

#[test]
fn secrets_beyond_the_limit_are_counted() {
    let secret = "cd".repeat(48);
    let text: String = (0..SECRETS_MAX + 3).map(|n| format!("CLIENT_RANDOM {n:064x} {secret}\n")).collect();
    let read = log(&text);
    assert_eq!((read.len(), read.faults()), (SECRETS_MAX, (0, 3)));
}

#[test]
fn what_has_no_end_and_no_secret_is_no_key_log() {
    for octets in [&b"no key\n"[..], &[0; 64]] {
        let mut endless = std::io::BufReader::new(Endless(octets));
        assert_eq!(KeyLog::read(&mut endless).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
}

/// The same octets over and over.
struct Endless(&'static [u8]);

impl std::io::Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let all = out.len() / self.0.len() * self.0.len();
        out[..all].chunks_mut(self.0.len()).for_each(|chunk| chunk.copy_from_slice(self.0));
        Ok(all)
    }
}
