//! Headers: those that a trace says once for a side, and those of a single event.

/// Name and value of a header.
pub type Header = (String, String);

/// A header as a trace writes it: `Name: value`. `None` without a colon.
pub(super) fn read(text: &str) -> Option<Header> {
    let (name, value) = text.split_once(':')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

/// A header as a trace writes it.
pub(super) fn written(header: &Header) -> String {
    format!("{}: {}", header.0, header.1)
}

/// The headers of an event: those of its side, its own in the place of the one with the same name or behind them all.
pub(super) fn resolve(side: &[Header], own: &[Header]) -> Vec<Header> {
    let mut left: Vec<Option<&Header>> = own.iter().map(Some).collect();
    let mut headers = Vec::with_capacity(side.len() + own.len());
    for header in side {
        match own.iter().position(|(name, _)| name.eq_ignore_ascii_case(&header.0)) {
            None => headers.push(header.clone()),
            Some(i) => headers.extend(left.get_mut(i).and_then(Option::take).cloned()),
        }
    }
    headers.extend(left.into_iter().flatten().cloned());
    headers
}

/// The headers an event must say besides those of its side; `None` where it must set those aside and say all.
pub(super) fn own<'h>(side: &[Header], headers: &'h [Header]) -> Option<Vec<&'h Header>> {
    let own: Vec<&Header> = headers.iter().filter(|header| !side.contains(header)).collect();
    let said: Vec<Header> = own.iter().map(|header| (*header).clone()).collect();
    (resolve(side, &said) == headers).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(texts: &[&str]) -> Vec<Header> {
        texts.iter().filter_map(|text| read(text)).collect()
    }

    #[test]
    fn an_own_header_stands_in_the_place_of_its_name() {
        let side = headers(&["A: 1", "B: 2", "A: 3"]);
        assert_eq!(resolve(&side, &headers(&["a: 9", "C: 4"])), headers(&["a: 9", "B: 2", "C: 4"]));
        assert_eq!(resolve(&side, &[]), side);
        assert_eq!(resolve(&[], &headers(&["C: 1", "C: 2"])), headers(&["C: 1", "C: 2"]));
    }

    #[test]
    fn only_what_differs_is_said() {
        let side = headers(&["A: 1", "B: 2"]);
        let said =
            |own: &[&str]| self::own(&side, &headers(own)).map(|o| o.into_iter().map(written).collect::<Vec<_>>());
        assert_eq!(said(&["A: 1", "B: 2"]), Some(vec![]));
        assert_eq!(said(&["A: 7", "B: 2", "C: 3"]), Some(vec!["A: 7".to_owned(), "C: 3".to_owned()]));
        assert_eq!(said(&["B: 2", "A: 1"]), None);
        assert_eq!(said(&["A: 1"]), None);
        assert_eq!(said(&["A: 1", "B: 2", "B: 2"]), None);
    }
}
