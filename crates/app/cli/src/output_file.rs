//! The files that products go to: complete, or as they were.
//!
//! A product is written into a new file in the directory of the one that was named, and takes its place when
//! all of it is on the disk. On Linux the new file has no name before that, so that nothing is left of a run
//! that is killed; elsewhere it has a name that cannot be guessed, and is removed on failure. Devices, pipes
//! and descriptors (/dev/null, /dev/stdout) are written directly.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use teeproof::core::Hex;

use crate::fault::Fault;
use crate::output_path::{OutputPlace, is_same_entry, unwritable};

/// What may be done with a file that has the name already, and who may read the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// The file is replaced, and the one behind a link in its stead. Its mode and its owner stay.
    Replace,
    /// The file is replaced by one that only the owner may read; a link is refused.
    Private,
    /// There must be nothing of this name.
    NewOnly,
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    /// As the person named it.
    path: PathBuf,
    placement: Placement,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(Box<Replacement>),
    /// A device, a pipe, a descriptor: what is written is gone.
    Direct(File),
}

/// The new file, and what it is to replace.
#[derive(Debug)]
struct Replacement {
    file: File,
    /// Its name until it has its place, if it has one.
    part: Option<Part>,
    target: PathBuf,
    /// The file that is there now.
    existing: Option<Metadata>,
    placement: Placement,
}

impl OutputFile {
    /// Opens it. What is there stays as it is until [`OutputFile::commit`].
    pub(crate) fn open(path: &Path, placement: Placement) -> Result<Self, Fault> {
        let place = match OutputPlace::find(path, placement)? {
            OutputPlace::File { target, existing } => {
                Replacement::open(target, existing, placement).map(|file| Place::File(Box::new(file)))
            }
            OutputPlace::Descriptor => OpenOptions::new().append(true).open(path).map(Place::Direct),
            OutputPlace::Device => open_device(path).map(Place::Direct),
        };
        let place = place.map_err(|error| unwritable(&error, path, placement))?;
        Ok(Self { path: path.to_path_buf(), placement, place })
    }

    /// Writes all of it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write_all(bytes).or_else(|error| self.failed(&error))
    }

    /// Puts the file in its place, or says why it cannot be; then the place is as it was.
    pub(crate) fn commit(self) -> Result<(), Fault> {
        match self.place {
            Place::File(file) => {
                file.commit().map_err(|error| unwritable(&error, &self.path, self.placement))
            }
            Place::Direct(_) => Ok(()),
        }
    }

    /// What a failure to write means. A reader of a pipe who has seen enough and went away is no error.
    pub(crate) fn failed(&self, error: &io::Error) -> Result<(), Fault> {
        match self.place {
            Place::Direct(_) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            _ => Err(unwritable(error, &self.path, self.placement)),
        }
    }

    /// Whether it takes the place of the file of this path.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        match &self.place {
            Place::File(file) => is_same_entry(&file.target, path),
            Place::Direct(_) => false,
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::File(replacement) => replacement.file.write(bytes),
            Place::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::File(replacement) => replacement.file.flush(),
            Place::Direct(file) => file.flush(),
        }
    }
}

impl Replacement {
    fn open(target: PathBuf, existing: Option<Metadata>, placement: Placement) -> io::Result<Self> {
        if existing.is_some() {
            // A file that is protected against writing is not replaced either. Its content stays.
            OpenOptions::new().write(true).open(&target)?;
        }
        let directory = directory_of(&target);
        let mode = Self::mode(existing.as_ref(), placement);
        let (file, part) = match unnamed(directory, mode) {
            Some(file) => (file, None),
            None => named(directory, mode)?,
        };
        Ok(Self { file, part, target, existing, placement })
    }

    /// The mode that the file is made with; the process's mask counts as for every file.
    #[cfg(unix)]
    fn mode(existing: Option<&Metadata>, placement: Placement) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        match (placement, existing) {
            (Placement::Private, _) => PRIVATE,
            (_, Some(existing)) => existing.permissions().mode() & 0o777,
            (_, None) => 0o666,
        }
    }

    #[cfg(not(unix))]
    const fn mode(_: Option<&Metadata>, _: Placement) -> u32 {
        0
    }

    fn commit(mut self) -> io::Result<()> {
        self.adopt()?;
        self.file.sync_all()?;
        let part = match self.part.take() {
            Some(part) => part,
            None if self.placement == Placement::NewOnly => return give_name(&self.file, &self.target),
            None => Part::for_file(&self.file, directory_of(&self.target))?,
        };
        match self.placement {
            Placement::NewOnly => part.place_new(&self.target),
            Placement::Replace | Placement::Private => part.place(&self.target),
        }
    }

    /// Gives the new file the mode that it has to have, whatever the process's mask, and the owner of the old
    /// one where that is allowed.
    #[cfg(unix)]
    fn adopt(&self) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let mode = match (self.placement, &self.existing) {
            (Placement::Private, _) => PRIVATE,
            (Placement::Replace, Some(existing)) => {
                let new = self.file.metadata()?;
                if (new.uid(), new.gid()) != (existing.uid(), existing.gid()) {
                    // Only root may give files away; without it the file is the writer's.
                    let _ = fchown(&self.file, Some(existing.uid()), Some(existing.gid()));
                }
                existing.permissions().mode() & 0o777
            }
            _ => return Ok(()),
        };
        self.file.set_permissions(PermissionsExt::from_mode(mode))
    }

    #[cfg(not(unix))]
    fn adopt(&self) -> io::Result<()> {
        match &self.existing {
            Some(existing) => self.file.set_permissions(existing.permissions()),
            None => Ok(()),
        }
    }
}

/// A device or a pipe. A file that took its name in between would be written over.
fn open_device(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.is_file() {
        return Err(io::Error::other("a file took the place of a device"));
    }
    Ok(file)
}

/// The name of a new file that has not its place yet; the file is removed unless it gets there.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    is_placed: bool,
}

impl Part {
    /// A name that nobody can guess, so that nobody can have put something there.
    fn new(directory: &Path) -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = directory.join(format!(".teeproof-{}", Hex(&random)));
        Ok(Self { path, is_placed: false })
    }

    /// Gives a file without a name one.
    fn for_file(file: &File, directory: &Path) -> io::Result<Self> {
        let part = Self::new(directory)?;
        give_name(file, &part.path)?;
        Ok(part)
    }

    fn place(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_placed = true;
        Ok(())
    }

    /// The same where nothing may be replaced.
    fn place_new(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            // Some file systems have no second names.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => match fs::symlink_metadata(target) {
                Err(absent) if absent.kind() == ErrorKind::NotFound => self.place(target),
                _ => Err(error),
            },
            linked => linked,
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_placed {
            // If it cannot be removed, it is in nobody's way.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file without a name, where the system and the file system have such files.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path, mode: u32) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    // The way to a name leads through here.
    if !Path::new(DESCRIPTORS).is_dir() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(directory, flags, Mode::from_raw_mode(mode)).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
const fn unnamed(_: &Path, _: u32) -> Option<File> {
    None
}

/// Gives a file without a name one, if nothing has it.
#[cfg(target_os = "linux")]
fn give_name(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let descriptor = Path::new(DESCRIPTORS).join(file.as_raw_fd().to_string());
    Ok(linkat(CWD, descriptor, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// A file with a name that nobody can guess.
fn named(directory: &Path, mode: u32) -> io::Result<(File, Option<Part>)> {
    let part = Part::new(directory)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let file = options.open(&part.path)?;
    Ok((file, Some(part)))
}

/// Where a file is; one without a directory is in the current one.
fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// For the owner alone.
#[cfg(unix)]
const PRIVATE: u32 = 0o600;
#[cfg(target_os = "linux")]
const DESCRIPTORS: &str = "/proc/self/fd";

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("teeproof-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        assert!(fs::create_dir_all(&folder).is_ok());
        folder
    }

    /// The names in it.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A file in the place of `target`, as a system without files that have no name writes it.
    fn replacement(target: PathBuf, placement: Placement, content: &[u8]) -> io::Result<Replacement> {
        let existing = fs::metadata(&target).ok();
        let mode = Replacement::mode(existing.as_ref(), placement);
        let (mut file, part) = named(directory_of(&target), mode)?;
        file.write_all(content)?;
        Ok(Replacement { file, part, target, existing, placement })
    }

    #[test]
    fn a_file_with_a_name_takes_its_place_or_is_gone() {
        let folder = folder("named");
        let target = folder.join("target");
        assert!(fs::write(&target, "older").is_ok());
        let new = replacement(target.clone(), Placement::Replace, b"new").ok();
        assert_eq!(names(&folder).len(), 2);
        drop(new);
        assert_eq!(names(&folder), ["target"]);
        let placed = replacement(target.clone(), Placement::Replace, b"new").and_then(Replacement::commit);
        assert!(placed.is_ok(), "{placed:?}");
        assert_eq!(
            (fs::read(&target).ok(), names(&folder)),
            (Some(b"new".to_vec()), vec!["target".to_owned()])
        );
        assert!(fs::remove_dir_all(folder).is_ok());
    }

    /// With a name and without: what came in between is not replaced.
    #[test]
    fn a_new_file_replaces_nothing() {
        let folder = folder("new");
        let target = folder.join("target");
        let named = replacement(target.clone(), Placement::NewOnly, b"new").ok();
        let unnamed = Replacement::open(target.clone(), None, Placement::NewOnly).ok();
        assert!(fs::write(&target, "of somebody else").is_ok());
        for new in [named, unnamed].into_iter().flatten() {
            let refused = new.commit().map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::AlreadyExists));
        }
        assert_eq!(fs::read(&target).ok(), Some(b"of somebody else".to_vec()));
        assert_eq!(names(&folder), ["target"]);
        assert!(fs::remove_file(&target).is_ok());
        let placed = replacement(target.clone(), Placement::NewOnly, b"new").and_then(Replacement::commit);
        assert!(placed.is_ok(), "{placed:?}");
        assert_eq!(
            (fs::read(&target).ok(), names(&folder)),
            (Some(b"new".to_vec()), vec!["target".to_owned()])
        );
        assert!(fs::remove_dir_all(folder).is_ok());
    }

    /// A file without a name is on no list until it has its place; this system has such files.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_a_name_is_not_seen() {
        let folder = folder("unnamed");
        let target = folder.join("target");
        let file = OutputFile::open(&target, Placement::Private);
        assert!(names(&folder).is_empty());
        let placed = file.map_err(|fault| fault.exit).and_then(|mut file| {
            assert!(file.put(b"new").is_ok());
            file.commit().map_err(|fault| fault.exit)
        });
        assert_eq!((placed, fs::read(&target).ok()), (Ok(()), Some(b"new".to_vec())));
        assert_eq!(names(&folder), ["target"]);
        assert!(fs::remove_dir_all(folder).is_ok());
    }
}
