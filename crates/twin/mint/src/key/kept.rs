//! RSA keys that the test programs of a workspace share: making one takes up to a second.
//!
//! Only shared keys, and only where [`DIRECTORY`] is set. A file that cannot be read or written costs time, and nothing
//! else: the key is made anew.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

use super::Kind;
use super::pair::Pair;
use crate::azure::Letters;
use crate::digest::sha256;

/// The environment variable with the directory, an absolute path. Whoever sets it makes the directory, for no other
/// user's eyes.
const DIRECTORY: &str = "TEEPROOF_MINT_KEYS";

/// The file of a shared key, if keys of its kind are kept.
pub(super) fn file(name: &str, kind: Kind) -> Option<PathBuf> {
    let directory = std::env::var_os(DIRECTORY).filter(|value| !value.is_empty())?;
    file_in(Path::new(&directory), name, kind)
}

fn file_in(directory: &Path, name: &str, kind: Kind) -> Option<PathBuf> {
    kind.modulus_bytes()?;
    Some(directory.join(format!("{kind:?}-{}", Letters::Lower.hex(&sha256(&[name.as_bytes()])))))
}

/// The pair of this kind in a file.
pub(super) fn read(file: &Path, kind: Kind) -> Option<Pair> {
    // Reading a pipe would wait for its writer.
    fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file)?;
    Pair::from_pkcs8(kind, &fs::read(file).ok()?)
}

/// Writes a pair, whole or not at all. Another process may have written its own by now: whichever is there is the key.
pub(super) fn write(file: &Path, kind: Kind, made: Pair) -> Pair {
    match made.pkcs8().and_then(|text| store(file, &text)) {
        Some(()) => read(file, kind).unwrap_or(made),
        None => made,
    }
}

fn store(file: &Path, text: &[u8]) -> Option<()> {
    let mut random = [0; 8];
    rand::fill(&mut random).ok()?;
    let unique = file.with_extension(Letters::Lower.hex(&random));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&unique).and_then(|mut open| open.write_all(text));
    // A link, not a renaming: the first of two processes decides.
    let linked = written.and_then(|()| fs::hard_link(&unique, file));
    let _ = fs::remove_file(&unique);
    linked.is_ok().then_some(()).or_else(|| file.exists().then_some(()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn directory(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("teeproof-mint-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).unwrap();
        directory
    }

    #[test]
    fn of_two_makers_the_first_decides() {
        let directory = directory("two");
        let file = file_in(&directory, "an authority", Kind::Rsa2048).unwrap();
        assert!(read(&file, Kind::Rsa2048).is_none());
        let pairs = [0, 1].map(|_| write(&file, Kind::Rsa2048, Pair::generate(Kind::Rsa2048).unwrap()));
        assert_eq!(pairs[0].public_key(), pairs[1].public_key());
        let again = read(&file, Kind::Rsa2048).unwrap();
        assert_eq!(again.public_key(), pairs[0].public_key());
        // A key of another size is not of this kind.
        assert!(read(&file, Kind::Rsa4096).is_none());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_cannot_be_kept_is_made() {
        let directory = directory("none");
        let file = file_in(&directory, "damaged", Kind::Rsa2048).unwrap();
        // Neither a directory nor a file without a key is one, and a pipe is not waited for.
        #[cfg(unix)]
        {
            let pipe = directory.join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.is_err() || read(&pipe, Kind::Rsa2048).is_none());
        }
        assert!(read(&directory, Kind::Rsa2048).is_none());
        fs::write(&file, b"no key").unwrap();
        let made = Pair::generate(Kind::Rsa2048).unwrap();
        let public = made.public_key().to_vec();
        assert_eq!(write(&file, Kind::Rsa2048, made).public_key(), public);
        assert!(file_in(&directory, "a curve", Kind::P384).is_none());
        fs::remove_dir_all(&directory).unwrap();
        let made = Pair::generate(Kind::Rsa2048).unwrap();
        let public = made.public_key().to_vec();
        assert_eq!(write(&file, Kind::Rsa2048, made).public_key(), public);
    }
}
