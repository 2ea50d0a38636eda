//! Traces of the author's machine: absolute paths, and hosts of package mirrors.

/// What one file gives away.
pub(super) fn faults(name: &str, text: &str) -> Vec<String> {
    if EXEMPT.iter().any(|exempt| name.starts_with(exempt)) {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in PATHS.iter().filter(|word| has_path(line, word)) {
            wrong.push(format!("{name}:{}: a path of one machine: {word}", number + 1));
        }
        for word in HOSTS.iter().chain(MARKS).filter(|word| line.contains(**word)) {
            wrong.push(format!("{name}:{}: must not be committed: {word}", number + 1));
        }
    }
    wrong
}

/// Whether an absolute path begins here: the same letters inside a URL or a relative path do not count.
fn has_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | ')' | '>' | '*')
        })
    })
}

/// Written by cargo, or the words of others.
const EXEMPT: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock", "LICENSE-", "testdata/licences/"];

// In two pieces each, so that this file passes its own check.
const PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tm", "p/"),
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("C:\\", "Users"),
];
const HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs"),
    concat!("files.", "pythonhosted"),
    concat!("deb.", "debian.org"),
];
const MARKS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X:")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_seen_and_urls_are_not() {
        let path = concat!("see /wo", "rk/notes");
        assert_eq!(faults("a.md", path).len(), 1);
        assert_eq!(faults("a.md", concat!("`/tm", "p/x`")).len(), 1);
        assert_eq!(faults("a.md", concat!("https://host/wo", "rk/notes")).len(), 0);
        assert_eq!(faults("a.md", concat!("target/tm", "p/x")).len(), 0);
        assert_eq!(faults("LICENSE-MIT", path).len(), 0);
    }

    #[test]
    fn hosts_are_seen() {
        assert_eq!(faults("a.toml", concat!("https://index.", "crates.io/")).len(), 1);
        assert_eq!(faults("a.toml", "published on crates.io").len(), 0);
    }
}
