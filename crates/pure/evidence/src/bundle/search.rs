//! Every spelling of every identifier in a part, found in one pass for each reading.

use alloc::vec::Vec;
use core::ops::Range;

use super::collection::MAX_REDACTIONS;
use super::identity::Form;
use super::matcher::Matcher;
use super::spelling::{self, End, READINGS, Read, Reading};
use super::{BundleError, Identifier};

/// More than the identifiers of 32 certificates in all spellings: of VCEKs these have 27 KB.
const MAX_FORM_BYTES: usize = 32 * 1024;

/// What is searched, and what replaces it.
pub(super) struct Search {
    forms: Vec<Form>,
    matcher: Matcher,
}

/// A spelling that stands in a part.
pub(super) struct Match {
    form: usize,
    reading: Reading,
    /// Where among the bytes that the reading has read.
    read: Range<usize>,
    end: End,
}

impl Search {
    /// A search for these spellings.
    pub(super) fn new(forms: Vec<Form>) -> Result<Self, BundleError> {
        let bytes = forms.iter().fold(0_usize, |sum, form| sum.saturating_add(form.from.len()));
        if bytes > MAX_FORM_BYTES {
            return Err(BundleError::TooManyIdentifiers);
        }
        let matcher = Matcher::new(forms.iter().map(|form| form.from.as_slice()));
        Ok(Self { forms, matcher })
    }

    /// Where spellings stand. What stands in a longer one is of that one; of two that overlap both are
    /// found, since each is an identifier of its own.
    pub(super) fn find(&self, bytes: &[u8]) -> Result<Vec<Match>, BundleError> {
        let mut found = Vec::new();
        for reading in READINGS {
            found.append(&mut self.find_in(reading, bytes)?);
        }
        Ok(found)
    }

    fn find_in(&self, reading: Reading, bytes: &[u8]) -> Result<Vec<Match>, BundleError> {
        let mut found: Vec<Match> = Vec::new();
        let (mut reader, mut state, mut read) = (reading.reader(), 0, 0_usize);
        for character in 0..bytes.len() {
            match reader.push(bytes, character) {
                Read::More => {}
                Read::Break => state = 0,
                Read::Byte(byte, bit) => {
                    read = read.saturating_add(1);
                    state = self.matcher.step(state, byte);
                    if let Some(form) = self.matcher.pattern(state) {
                        let length = self.forms.get(form).map_or(0, |form| form.from.len());
                        let read = read.saturating_sub(length)..read;
                        keep(&mut found, Match { form, reading, read, end: End { character, bit } });
                    }
                }
            }
            if found.len() > MAX_REDACTIONS {
                return Err(BundleError::TooManyRedactions);
            }
        }
        Ok(found)
    }

    /// Writes what replaces a spelling in its place, and tells the place.
    pub(super) fn replace(&self, one: &Match, bytes: &mut [u8]) -> Option<(Identifier, Range<usize>)> {
        let form = self.forms.get(one.form)?;
        Some((form.what, spelling::write(one.reading, bytes, one.end, &form.to)))
    }
}

/// Adds a place to those that end before it, without those that stand in it, or in it and the one
/// before them.
fn keep(found: &mut Vec<Match>, new: Match) {
    let kept = found.partition_point(|one| one.read.start < new.read.start);
    found.truncate(kept);
    let before = kept.checked_sub(2).and_then(|before| found.get(before));
    if before.is_some_and(|before| before.read.end >= new.read.start) {
        found.pop();
    }
    found.push(new);
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use alloc::{format, vec};

    use super::super::identity::Identity;
    use super::super::{BundleError, Identifier};
    use super::Search;

    /// A search for these host names, each of which becomes another.
    fn search<'a>(names: impl Iterator<Item = &'a str>) -> Search {
        let text = |name: &str| Identity::text(Identifier::HostName, name).unwrap();
        let forms = |name: &str| text(name).forms(&text(&name.to_uppercase().replace('A', "Z")));
        Search::new(names.filter(|name| text(name).is_searched()).flat_map(forms).collect()).unwrap()
    }

    /// How often the matcher looked at a transition, for each byte of these.
    fn looks(search: &Search, bytes: &[u8]) -> usize {
        search.matcher.looked_at.set(0);
        assert_eq!(search.find(bytes).err(), None, "the search ended early");
        search.matcher.looked_at.get().div_ceil(bytes.len())
    }

    /// What docs/bounds.md says: less than five bytes are read for each byte of a part, and each costs
    /// two looks and a look at each other pattern of the same beginning.
    #[test]
    fn a_search_is_linear_in_what_is_searched() {
        let fibonacci = (0..30).fold((vec![b'A'], vec![b'B']), |(one, two), _| {
            if one.len() > 1 << 15 { (one, two) } else { ([&one[..], &two].concat(), one) }
        });
        let texts = [
            vec![b'a'; 1 << 16],
            b"0123456789abcdef".repeat(1 << 11),
            b"aaaaaaab".repeat(1 << 12),
            b"abcabcabd".repeat(1 << 12),
            fibonacci.0,
            b"\0".repeat(1 << 16),
        ];
        let names: [&[&str]; 5] = [
            &["a"],
            &["26f8bc30-774e-4290-8e7a-535f3b672aee"],
            &["0123456789abcdef0", "123456789abcdef01", "abcdef0123456789"],
            &["ABAABABAABAABABAABABAABAABABAABAABABAABABA1C", "BAABABAABAABA2CD", "aaaaaaaaabcd"],
            &["abcabcabcabcabcabd", "abcabcabcabcabcabe", "abcabcabcabcabcabf", "abcabcabcabcabcabg"],
        ];
        let mut most = 0;
        for names in names {
            let search = search(names.iter().copied());
            for text in &texts {
                let whole = looks(&search, text);
                most = most.max(whole);
                // Half of it costs half as much.
                assert!(looks(&search, &text[..text.len() / 2]).abs_diff(whole) <= 1, "{names:?}");
            }
        }
        assert!((5..=10).contains(&most), "{most}");
    }

    /// A name of one letter is not searched, so it costs nothing: less than a GUID.
    #[test]
    fn one_letter_costs_less_than_a_guid() {
        let text = b"26f8bc30-774e-4290-8e7a-535f3b672aef a ".repeat(3_000);
        let letter = looks(&search(["a"].into_iter()), &text);
        let guid = looks(&search(["26f8bc30-774e-4290-8e7a-535f3b672aee"].into_iter()), &text);
        assert!(letter <= guid && letter <= 5, "{letter} and {guid}");
    }

    /// The bound of places ends a search: a part that is full of one name is not read to its end.
    #[test]
    fn the_bound_of_places_is_reached_early() {
        let search = search(["name-0123456"].into_iter());
        let full = b"name-0123456".repeat(100_000);
        search.matcher.looked_at.set(0);
        assert_eq!(search.find(&full).err(), Some(BundleError::TooManyRedactions));
        assert!(search.matcher.looked_at.get() < 3 * 12 * 4_100);
    }

    #[test]
    fn more_spellings_than_a_bundle_has_are_refused() {
        let names: Vec<_> = (0..2_000).map(|number| format!("host-name-{number:06}")).collect();
        let text = |name: &str| Identity::text(Identifier::HostName, name).unwrap();
        let forms = names.iter().flat_map(|name| text(name).forms(&text(name))).collect();
        assert_eq!(Search::new(forms).err(), Some(BundleError::TooManyIdentifiers));
    }

    /// What stands in a longer one is replaced with it; of two that overlap nothing is left.
    #[test]
    fn one_name_inside_of_another() {
        let search = search(["0123456789", "xx0123456789yy", "456789yyzz00"].into_iter());
        for (text, expected) in [
            ("-xx0123456789yy-", [1..15, 1..15]),
            ("-0123456789-", [1..11, 1..11]),
            ("-xx0123456789yyzz00-", [1..15, 7..19]),
            ("-456789yyzz00-", [1..13, 1..13]),
        ] {
            let mut bytes = text.as_bytes().to_vec();
            let found = search.find(&bytes).unwrap();
            let places: Vec<_> = found.iter().filter_map(|one| search.replace(one, &mut bytes)).collect();
            for expected in expected {
                assert!(places.iter().any(|(_, place)| *place == expected), "{text}: {places:?}");
            }
        }
    }
}
