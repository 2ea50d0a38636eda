//! QEMU's source archive, from the Debian archive that this machine's apt is set up for. The release and its backports
//! are read through a configuration of our own, which takes the archive's address, proxies and keys from the machine's;
//! nothing on the machine changes. apt checks the archive against the signed lists of the release.

use super::Missing;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::debian;
use xtask_support::shell::{capture, exists};

/// The archive with the source, in this folder.
pub(super) fn fetch(folder: &Path) -> Result<PathBuf, Missing> {
    for tool in ["apt-get", "apt-cache"] {
        if !exists(tool) {
            return Err(Missing::Source(format!("`{tool}` is missing")));
        }
    }
    // What an earlier run left half done.
    let _ = fs::remove_dir_all(folder);
    let apt = Apt::begin(folder)?;
    let update = apt.update()?;
    let offered = apt.versions();
    let Some(version) = offered.iter().max() else {
        return Err(Missing::Source(format!("no source of QEMU in {}; {update}", apt.suites.join(", "))));
    };
    if *version < OLDEST {
        let (major, minor) = version;
        return Err(Missing::Source(format!(
            "apt has QEMU {major}.{minor}, expected 9.2 or later; {update}"
        )));
    }
    apt.download()?;
    archive(folder)
        .ok_or_else(|| Missing::Fault(format!("apt left no source archive in {}", folder.display())))
}

/// The first version with this machine.
const OLDEST: (u32, u32) = (9, 2);
const PACKAGE: &str = "qemu";

/// apt with a configuration of its own, in a folder.
struct Apt<'a> {
    folder: &'a Path,
    suites: Vec<String>,
}

impl<'a> Apt<'a> {
    fn begin(folder: &'a Path) -> Result<Self, Missing> {
        // Without lists apt cannot say which of its sources are Debian's.
        debian::renew_lists();
        let format = "$(ORIGIN)|$(LABEL)|$(CREATED_BY)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)";
        let targets = capture(Command::new("apt-get").args(["indextargets", "--format", format]))?;
        let releases = releases(&targets);
        if releases.is_empty() {
            return Err(Missing::Source("none of apt's sources is a Debian release".into()));
        }
        for folder in ["lists/partial", "cache/archives/partial"].map(|name| folder.join(name)) {
            fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let sources = folder.join(SOURCES);
        let text: String = releases.iter().map(Release::stanza).collect();
        fs::write(&sources, text).map_err(|e| format!("{}: {e}", sources.display()))?;
        Ok(Self { folder, suites: releases.iter().flat_map(Release::suites).collect() })
    }

    /// Renews the lists; gives back what apt says about those that it cannot get.
    fn update(&self) -> Result<String, Missing> {
        let mut update = self.command("apt-get");
        match capture(update.args(["-qq", "-o", "APT::Update::Error-Mode=any", "update"])) {
            Ok(_) => Ok("all lists were read".into()),
            Err(reason) if is_forged(&reason) => Err(Missing::Fault(reason)),
            Err(reason) => Ok(reason),
        }
    }

    /// Major and minor number of each version that is listed.
    fn versions(&self) -> Vec<(u32, u32)> {
        let mut show = self.command("apt-cache");
        versions(&capture(show.args(["showsrc", "--only-source", PACKAGE])).unwrap_or_default())
    }

    /// The source archive of the newest version alone: Debian's description of it may be gone already.
    fn download(&self) -> Result<(), Missing> {
        let mut source = self.command("apt-get");
        source.args(["-qq", "source", "--download-only", "--tar-only", "--only-source", PACKAGE]);
        match capture(&mut source) {
            Ok(_) => Ok(()),
            Err(reason) if is_forged(&reason) => Err(Missing::Fault(reason)),
            Err(reason) => Err(Missing::Source(reason)),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (key, name) in [
            ("Dir::Etc::sourcelist", SOURCES),
            ("Dir::Etc::sourceparts", "no-such-folder"),
            ("Dir::State::lists", "lists"),
            ("Dir::Cache", "cache"),
        ] {
            command.args(["-o", &format!("{key}={}", self.folder.join(name).display())]);
        }
        // Root would hand the download to a user who may not write into our folder.
        command.args(["-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]);
        command.current_dir(self.folder).env("LC_ALL", "C");
        command
    }
}

/// The ending makes apt read it as stanzas.
const SOURCES: &str = "debian.sources";

/// A release of Debian among apt's sources.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    address: String,
    codename: String,
}

impl Release {
    fn suites(&self) -> [String; 2] {
        [self.codename.clone(), format!("{}-backports", self.codename)]
    }

    /// The same archive's sources, as apt reads them.
    fn stanza(&self) -> String {
        let Self { address, .. } = self;
        let suites = self.suites().join(" ");
        let mut stanza = format!("Types: deb-src\nURIs: {address}\nSuites: {suites}\nComponents: main\n");
        // Debian's own keys, if the machine keeps them apart from those that it trusts with everything.
        if Path::new(KEYRING).is_file() {
            stanza.push_str(&format!("Signed-By: {KEYRING}\n"));
        }
        stanza.push('\n');
        stanza
    }
}

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The releases in apt's list of its index files.
fn releases(targets: &str) -> BTreeSet<Release> {
    let release = |line: &str| {
        let ["Debian", "Debian", "Packages", "main", codename, address] =
            line.split('|').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        // Updates, backports and the like are named after their release.
        let is_whole = !codename.contains('-');
        is_whole.then(|| Release { address: address.to_owned(), codename: codename.to_owned() })
    };
    targets.lines().filter_map(release).collect()
}

/// The versions in records of source packages: `1:10.0.2+ds-2` is (10, 0).
fn versions(records: &str) -> Vec<(u32, u32)> {
    let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    let version = |line: &str| {
        let version = line.strip_prefix("Version: ")?;
        let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
        let mut numbers = upstream.split('.');
        Some((number(numbers.next()?)?, numbers.next().and_then(number).unwrap_or(0)))
    };
    records.lines().filter_map(version).collect()
}

/// Whether apt refused bytes, instead of not getting any.
fn is_forged(reason: &str) -> bool {
    ["Hash Sum mismatch", "BADSIG", "NO_PUBKEY", "is not signed"].iter().any(|text| reason.contains(text))
}

fn archive(folder: &Path) -> Option<PathBuf> {
    let paths = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    paths.into_iter().find(|path| path.to_string_lossy().contains(".orig.tar."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_debian_are_found_among_others() {
        let text = "Debian|Debian|Packages|main|bookworm|http://mirror.example/debian/\n\
                    Debian|Debian|Packages|main|bookworm-updates|http://mirror.example/debian/\n\
                    Debian|Debian-Security|Packages|main|bookworm-security|http://mirror.example/security/\n\
                    Debian|Debian|DEP-11|main|bookworm|http://mirror.example/debian/\n\
                    Other|Other|Packages|main|stable|http://other.example/\n\
                    $(ORIGIN)|$(LABEL)|Packages|main|bookworm|http://mirror.example/debian/\n";
        let found = releases(text);
        let expected =
            Release { address: "http://mirror.example/debian/".into(), codename: "bookworm".into() };
        assert_eq!(found, [expected].into());
        let stanza: String = found.iter().map(Release::stanza).collect();
        assert!(stanza.starts_with("Types: deb-src\nURIs: http://mirror.example/debian/\n"), "{stanza}");
        assert!(stanza.contains("\nSuites: bookworm bookworm-backports\n"), "{stanza}");
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let text =
            "Package: qemu\nVersion: 1:7.2+dfsg-7+deb12u13\n\nVersion: 1:10.0.2+ds-2+deb13u1~bpo12+1\n";
        assert_eq!(versions(text), [(7, 2), (10, 0)]);
        assert!((10, 0) > OLDEST && OLDEST > (7, 2));
        assert_eq!(versions("Version: x\n"), []);
    }

    #[test]
    fn refused_bytes_are_no_missing_source() {
        assert!(is_forged("E: Failed to fetch x  Hash Sum mismatch"));
        assert!(!is_forged("E: Failed to fetch x  404  Not Found"));
        assert!(!is_forged("The repository 'x' does not have a Release file."));
    }
}
