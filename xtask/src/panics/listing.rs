//! Accepted panic sites with their reasons: the tables of `docs/panics.md`.

use super::sites::{Place, Places};
use crate::shell::Outcome;

/// The places that the tables name: `| part | places | panic functions | why |`.
pub(super) fn read(text: &str) -> Outcome<Places> {
    let mut places = Places::new();
    for (line, number) in text.lines().zip(1_usize..) {
        let Some(row) = line.strip_prefix('|') else { continue };
        let error = |what| Err(format!("docs/panics.md:{number}: {what}"));
        let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
        let [part, at, kinds, why] = cells.as_slice() else {
            return error("a row has four cells");
        };
        if *part == "part" || part.starts_with("---") {
            continue;
        }
        if why.is_empty() {
            return error("no reason is given");
        }
        for at in words(at) {
            for kind in words(kinds) {
                if !places.insert(Place { part: (*part).into(), at: at.into(), kind: kind.into() }) {
                    return error("listed twice");
                }
            }
        }
    }
    Ok(places)
}

/// `a`, `b`
fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(|word| word.trim().trim_matches('`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_each_kind_in_each_place() {
        let text = "# Panics\n\n| part | where | calls | why |\n|---|---|---|---|\n\
                    | hcl | `serde_json`, `x.rs` | `a`, `b` | counts bytes |\n";
        let places = read(text).unwrap_or_default();
        let expected = [("serde_json", "a"), ("serde_json", "b"), ("x.rs", "a"), ("x.rs", "b")];
        let place = |(at, kind): (&str, &str)| Place { part: "hcl".into(), at: at.into(), kind: kind.into() };
        assert_eq!(places, Places::from(expected.map(place)));
    }

    #[test]
    fn a_row_without_a_reason_is_refused() {
        assert!(read("| hcl | serde_json | `a` | |\n").is_err());
        assert!(read("| hcl | serde_json | `a` |\n").is_err());
        assert!(read("| hcl | x | `a` | why |\n| hcl | x | `a` | why |\n").is_err());
    }
}
