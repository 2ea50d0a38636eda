//! CHANGELOG.md, in the form of "Keep a Changelog": a release needs a section of its own with
//! something in it. What stands under "Unreleased" becomes that section.

use super::stage::Stage;
use crate::shell::Outcome;
use semver::Version;
use std::time::{SystemTime, UNIX_EPOCH};

/// Checks the whole file, and in the copy gives the unreleased entries their version and day.
pub(super) fn settle(stage: &Stage, version: &Version) -> Outcome<((), String)> {
    let text = stage.read(FILE)?;
    let sections = read(&text)?;
    if let Some(section) = sections.iter().find(|section| section.version.as_ref() == Some(version)) {
        return Ok(((), format!("{version} has its section, {} entries", section.entries)));
    }
    let unreleased = sections.iter().find(|section| section.version.is_none());
    let entries = unreleased.map_or(0, |section| section.entries);
    if entries == 0 {
        return Err(format!("{FILE}: no section for {version}, and nothing under [Unreleased]"));
    }
    let day = today()?;
    stage.write(FILE, &text.replacen(UNRELEASED, &format!("{UNRELEASED}\n\n## [{version}] - {day}"), 1))?;
    Ok(((), format!("{entries} unreleased entries become [{version}] - {day}")))
}

/// One `## ` section: the next release's has no version yet.
struct Section {
    version: Option<Version>,
    entries: usize,
    /// The line and the name of the kind that has no entry so far.
    empty_kind: Option<(usize, String)>,
}

/// Reads every section, and tells everything that is wrong with the form at once.
fn read(text: &str) -> Outcome<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut wrong = Vec::new();
    if !text.starts_with("# Changelog\n") {
        wrong.push((1, "does not begin with `# Changelog`".to_owned()));
    }
    for (at, line) in text.lines().enumerate() {
        let number = at.saturating_add(1);
        let fault = if let Some(title) = line.strip_prefix("## ") {
            begin(&mut sections, title)
        } else if let Some(section) = sections.last_mut() {
            section.line(number, line)
        } else {
            Ok(())
        };
        wrong.extend(fault.err().map(|fault| (number, fault)));
    }
    for section in &sections {
        wrong.extend(
            section.empty_kind.iter().map(|(line, kind)| (*line, format!("`{kind}` without an entry"))),
        );
        if section.version.is_some() && section.entries == 0 {
            wrong.push((1, "a released version without an entry".to_owned()));
        }
    }
    if wrong.is_empty() {
        return Ok(sections);
    }
    Err(wrong.iter().map(|(line, fault)| format!("{FILE}:{line}: {fault}")).collect::<Vec<_>>().join("\n"))
}

/// `[Unreleased]` comes first; then each version with its day, downwards.
fn begin(sections: &mut Vec<Section>, title: &str) -> Outcome {
    let version = if title == "[Unreleased]" { None } else { Some(dated(title)?) };
    let fits = match (sections.last().map(|above| &above.version), &version) {
        (None, _) | (Some(None), Some(_)) => true,
        (Some(Some(above)), Some(version)) => version < above,
        (Some(_), None) => false,
    };
    sections.push(Section { version, entries: 0, empty_kind: None });
    if fits { Ok(()) } else { Err(format!("`{title}` is out of order")) }
}

/// `[1.2.3] - 2026-01-31`.
fn dated(title: &str) -> Outcome<Version> {
    let parts = title.strip_prefix('[').and_then(|rest| rest.split_once("] - "));
    let (version, day) = parts.ok_or_else(|| format!("`{title}` is not `[1.2.3] - 2026-01-31`"))?;
    let numbers: Vec<Option<u32>> = day.split('-').map(|part| part.parse().ok()).collect();
    if day.len() != 10 || !matches!(numbers[..], [Some(1000..), Some(1..=12), Some(1..=31)]) {
        return Err(format!("`{day}` is no day"));
    }
    Version::parse(version).map_err(|e| format!("`{version}`: {e}"))
}

impl Section {
    /// A kind of change, or an entry of the kind that is open; crates are headings below a kind.
    fn line(&mut self, number: usize, line: &str) -> Outcome {
        if let Some(kind) = line.strip_prefix("### ") {
            let before = self.empty_kind.replace((number, kind.to_owned()));
            if let Some((_, before)) = before {
                return Err(format!("`{before}` above has no entry"));
            }
            if !KINDS.contains(&kind) {
                return Err(format!("kind of change: expected one of {}, got `{kind}`", KINDS.join(", ")));
            }
        } else if line.starts_with("- ") {
            self.entries = self.entries.saturating_add(1);
            if self.empty_kind.take().is_none() && self.entries == 1 {
                return Err("an entry before the first kind of change".to_owned());
            }
        }
        Ok(())
    }
}

/// Today in UTC, as `2026-01-31`.
fn today() -> Outcome<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| format!("the clock: {e}"))?;
    Ok(day(since.as_secs() / 86_400))
}

/// The day of the Gregorian calendar that is so many days after 1970-01-01. Years begin in March
/// here, so that a leap day is a year's last, and 400 years are a whole number of days.
fn day(days: u64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

const FILE: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## [Unreleased]";
const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n#### teeproof\n- One.\n- Two.\n\n\
        ### Fixed\n- Three.\n\n## [0.2.0] - 2026-02-28\n\n### Changed\n- Four.\n\n## [0.1.0] - 2026-01-31\n\n### Added\n- Five.\n";

    #[test]
    fn sections_are_counted() {
        let sections = read(GOOD).unwrap_or_default();
        assert_eq!(sections.iter().map(|section| section.entries).collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(sections.last().and_then(|last| last.version.clone()), Some(Version::new(0, 1, 0)));
    }

    #[test]
    fn another_form_is_refused() {
        let spoilt = [
            ("# Changelog", "# Changes"),
            ("### Added\n\n#### teeproof\n", ""),
            ("### Fixed\n", "### teeproof-core\n"),
            ("- Three.\n", ""),
            ("2026-02-28", "2026-13-28"),
            (" - 2026-02-28", ""),
            ("[0.2.0]", "[0.0.9]"),
            ("- Five.\n", ""),
            ("## [0.2.0] - 2026-02-28", "## [Unreleased]"),
        ];
        for (from, to) in spoilt {
            assert!(read(&GOOD.replace(from, to)).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn days_are_counted() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(11_017), "2000-03-01");
        assert_eq!(day(20_454), "2026-01-01");
        assert_eq!(day(47_540), "2100-02-28");
        assert_eq!(day(47_541), "2100-03-01");
    }
}
