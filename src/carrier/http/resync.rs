//! Finding the next message where octets are missing or make no sense.

use memchr::memmem;
use memchr::{memchr, memrchr};

use super::head::{Kind, Look, START_LINE_MAX, StartLine, look};

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// A start line, here.
    Start(usize),
    /// What may be the beginning of a start line, from here to the end.
    Perhaps(usize),
    Nothing,
}

/// Methods of HTTP and WebDAV. Where reading is out of step, a line with another word in their place is taken for text.
const METHODS: [&[u8]; 16] = [
    b"POST",
    b"GET",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
];

/// Looks for a start line at the start of `bytes` as [`look`] does, and takes only what is in order.
pub(super) fn look_closely(bytes: &[u8], expected: Option<Kind>) -> Look<'_> {
    let seen = look(bytes, expected);
    let good = match seen {
        Look::Start(line) if line.odd => false,
        Look::Start(line) => match line.start {
            StartLine::Request { method, .. } => METHODS.contains(&method),
            StartLine::Answer { .. } => true,
        },
        Look::Unfinished if b"HTTP/".starts_with(bytes) || bytes.starts_with(b"HTTP/") => true,
        Look::Unfinished => match memchr(b' ', bytes) {
            Some(end) => bytes.get(..end).is_some_and(|method| METHODS.contains(&method)),
            None => METHODS.iter().any(|method| method.starts_with(bytes)),
        },
        Look::Other => false,
    };
    if good { seen } else { Look::Other }
}

/// Looks for a start line of `expected` kind: at the start of `bytes` where `at_start`, and after each line end.
pub(super) fn find(bytes: &[u8], at_start: bool, expected: Option<Kind>) -> Found {
    if at_start {
        match look_closely(bytes, expected) {
            Look::Start(_) => return Found::Start(0),
            Look::Unfinished => return Found::Perhaps(0),
            Look::Other => {}
        }
    }
    // Both kinds name the version in their line; a line is looked at once.
    let mut from = 0;
    while let Some(hit) = bytes.get(from..).and_then(|rest| memmem::find(rest, b"HTTP/1.")).map(|at| from + at) {
        if let Some(line) = line_start(bytes, from, hit)
            && look_closely(bytes.get(line..).unwrap_or_default(), expected).is_start()
        {
            return Found::Start(line);
        }
        match bytes.get(hit..).and_then(|rest| memchr(b'\n', rest)) {
            Some(end) => from = hit + end,
            None => break,
        }
    }
    let tail = bytes.len().saturating_sub(START_LINE_MAX);
    match line_start(bytes, tail, bytes.len()) {
        Some(line)
            if line < bytes.len()
                && look_closely(bytes.get(line..).unwrap_or_default(), expected) == Look::Unfinished =>
        {
            Found::Perhaps(line)
        }
        _ => Found::Nothing,
    }
}

/// Where the line starts that holds `at`, searched back to `from`.
fn line_start(bytes: &[u8], from: usize, at: usize) -> Option<usize> {
    memrchr(b'\n', bytes.get(from..at)?).map(|end| from + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_lines_are_found_at_the_start_and_after_line_ends() {
        let any = |bytes: &[u8]| find(bytes, true, None);
        assert_eq!(any(b"POST / HTTP/1.1\r\nA: b"), Found::Start(0));
        assert_eq!(any(b"tail HTTP/1.1\nmore</a>\r\nHTTP/1.1 200 OK\r\n"), Found::Start(24));
        assert_eq!(any(b"\x00\x01POST / HTTP/1.1\r\n"), Found::Nothing);
        assert_eq!(any(b"\x00\x01\r\nPOST / HTTP/1."), Found::Perhaps(4));
        assert_eq!(any(b"POS"), Found::Perhaps(0));
        assert_eq!(any(b"\x00\x01"), Found::Nothing);
        assert_eq!(any(b"rest of a body"), Found::Nothing);
        assert_eq!(any(b"GET this and that HTTP/1.1\r\n"), Found::Nothing);
        assert_eq!(any(b"OST / HTTP/1.1\r\n"), Found::Nothing);
        assert_eq!(any(b"of itPOST  / HTTP/1.1\r\n"), Found::Nothing);
        let inside = b"POST / HTTP/1.1\r\nHTTP/1.1 200 OK\r\n";
        assert_eq!(find(inside, false, None), Found::Start(17));
        assert_eq!(find(inside, true, Some(Kind::Answer)), Found::Start(17));
        assert_eq!(find(inside, false, Some(Kind::Request)), Found::Nothing);
    }
}
