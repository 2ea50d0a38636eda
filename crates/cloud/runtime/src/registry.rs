//! The registry: a directory with one file for each deployment.
//!
//! A record is replaced as a whole: a new file is written, synchronised and renamed. Whoever changes a record has its
//! [`Claim`], a lock of the operating system that ends with the process: a record that is unfinished and not claimed is
//! of a process that has died. Nobody waits for a claim, and none is needed for reading.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::deployment::{RECORD_VERSION, Record};
use crate::{DeploymentId, RuntimeError};

/// The longest record: evidence in hex is at most 32 KiB of it, a policy 256 KiB.
const MAX_RECORD: u64 = 1024 * 1024;

/// The directory of the records.
#[derive(Clone, Debug)]
pub struct Registry {
    directory: PathBuf,
}

/// The right to change one record.
#[derive(Debug)]
#[must_use = "the claim ends with the value"]
pub(crate) struct Claim {
    registry: Registry,
    id: DeploymentId,
    /// Closing it ends the lock.
    _lock: File,
}

impl Registry {
    /// A registry in this directory, which is made, for its owner alone, if it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, RuntimeError> {
        let directory = directory.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory).map_err(|source| RuntimeError::registry(&directory, source))?;
        Ok(Self { directory })
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, id: &DeploymentId, extension: &str) -> PathBuf {
        self.directory.join(format!("{id}.{extension}"))
    }

    /// The record of a deployment, if there is one.
    pub(crate) fn read(&self, id: &DeploymentId) -> Result<Option<Record>, RuntimeError> {
        let path = self.path(id, "json");
        match read_record(&path) {
            Ok(record) if record.id == *id => Ok(Some(record)),
            Ok(record) => {
                let reason = format!("expected the record of {id}, got that of {}", record.id);
                Err(RuntimeError::Record { path, reason })
            }
            Err(RuntimeError::Registry { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Ids of all records, whether they can be read or not.
    pub(crate) fn ids(&self) -> Result<BTreeSet<DeploymentId>, RuntimeError> {
        let failed = |source| RuntimeError::registry(&self.directory, source);
        let mut ids = BTreeSet::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let id =
                name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::parse::<DeploymentId>);
            ids.extend(id.and_then(Result::ok));
        }
        Ok(ids)
    }

    /// All records, in the order of their ids, and the errors of those that cannot be read.
    pub(crate) fn read_all(&self) -> Result<(Vec<Record>, Vec<RuntimeError>), RuntimeError> {
        let (mut records, mut errors) = (Vec::new(), Vec::new());
        for id in self.ids()? {
            match self.read(&id) {
                Ok(record) => records.extend(record),
                Err(error) => errors.push(error),
            }
        }
        Ok((records, errors))
    }

    /// Claims a deployment, with or without a record; `None` if somebody else has it.
    pub(crate) fn claim(&self, id: &DeploymentId) -> Result<Option<Claim>, RuntimeError> {
        let path = self.path(id, "lock");
        let failed = |source| RuntimeError::registry(&path, source);
        // Once more if the file was removed by the one who had it between opening and locking.
        for _ in 0..8 {
            let lock =
                private().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
            if !lock_file(&lock).map_err(failed)? {
                return Ok(None);
            }
            if is_same_file(&lock, &path).map_err(failed)? {
                return Ok(Some(Claim { registry: self.clone(), id: id.clone(), _lock: lock }));
            }
        }
        Ok(None)
    }
}

impl Claim {
    /// The record as it is now.
    pub(crate) fn read(&self) -> Result<Option<Record>, RuntimeError> {
        self.registry.read(&self.id)
    }

    /// Replaces the record.
    pub(crate) fn write(&self, record: &Record) -> Result<(), RuntimeError> {
        let path = self.registry.path(&self.id, "json");
        let failed = |source| RuntimeError::registry(&path, source);
        let text = serde_json::to_string_pretty(record).map_err(|error| failed(io::Error::other(error)))?;
        let part = self.registry.path(&self.id, "part");
        let written = (|| {
            let mut file = private().write(true).create(true).truncate(true).open(&part)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            sync_directory(&self.registry.directory)
        })();
        written.map_err(failed)
    }

    /// Removes the record and ends the claim.
    pub(crate) fn remove(self) -> Result<(), RuntimeError> {
        for extension in ["json", "part", "lock"] {
            let path = self.registry.path(&self.id, extension);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(RuntimeError::registry(path, error));
                }
                _ => {}
            }
        }
        sync_directory(&self.registry.directory)
            .map_err(|source| RuntimeError::registry(&self.registry.directory, source))
    }

    /// Ends a claim of a deployment that has no record.
    pub(crate) fn release(self) -> Result<(), RuntimeError> {
        match self.read() {
            Ok(None) => self.remove(),
            _ => Ok(()),
        }
    }
}

fn read_record(path: &Path) -> Result<Record, RuntimeError> {
    let failed = |source| RuntimeError::registry(path, source);
    let wrong = |reason: String| RuntimeError::Record { path: path.to_owned(), reason };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    let length = file.take(MAX_RECORD.saturating_add(1)).read_to_string(&mut text).map_err(failed)?;
    if u64::try_from(length).map_or(true, |length| length > MAX_RECORD) {
        return Err(wrong(format!("expected at most {MAX_RECORD} bytes of a record")));
    }
    // The version first: a record of another version may have other members.
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if version != RECORD_VERSION {
        return Err(wrong(format!(
            "expected a record of version {RECORD_VERSION}, got one of version {version}"
        )));
    }
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// Files for the user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn lock_file(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn lock_file(_: &File) -> io::Result<bool> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "records are locked by flock(2), which this system does not have",
    ))
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((ours.dev(), ours.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
