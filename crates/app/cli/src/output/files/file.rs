//! Output files, which are replaced as a whole or not at all.
//!
//! A product is written into a new file in the directory of the output, and gets the name of the output when all of
//! it is on the disk. On Linux the new file has no name before that. If it replaces a file, it has an unguessable
//! name during the rename. A run that is killed then leaves that file, and so does one on a file system without
//! unnamed files (O_TMPFILE), where the new file has a name from the start. On any failure, and by a signal that
//! can be handled, it is removed. Devices, pipes and descriptors (/dev/null, /dev/stdout) are written directly.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::output::fault::Fault;
use crate::output::files::access::adopt;
use crate::output::files::path::is_standard_stream;
use crate::output::files::path::{FileIdentity, Placement, is_same_entry, unwritable};
use crate::output::files::target::OutputPlace;
use crate::output::files::temporary::Undo;
use crate::output::files::temporary::{Part, directory_of, give_name, named, unnamed};

/// An output that is being written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    /// The path as given.
    path: PathBuf,
    placement: Placement,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(Box<Replacement>),
    /// A device, a pipe or a descriptor, which cannot be replaced.
    Direct(File),
}

/// The new file, and the file that it replaces.
#[derive(Debug)]
struct Replacement {
    file: File,
    /// Its temporary name, if it has one.
    part: Option<Part>,
    target: PathBuf,
    /// The existing file.
    older: Option<File>,
    placement: Placement,
}

impl OutputFile {
    /// Opens the output. An existing file is unchanged until [`OutputFile::commit`].
    pub(crate) fn open(path: &Path, placement: Placement) -> Result<Self, Fault> {
        if is_standard_stream(path) {
            return Err(Fault::usage(
                "expected a file, got -: standard output is for the product of this command",
                "give a file; for a file of this name, write ./-",
            ));
        }
        let place = match OutputPlace::find(path, placement)? {
            OutputPlace::File { target, existing } => {
                let older = existing.map(|existing| open_older(path, &existing)).transpose();
                let new = older.and_then(|older| Replacement::open(target, older, placement));
                new.map(|file| Place::File(Box::new(file)))
            }
            OutputPlace::Descriptor => OpenOptions::new().append(true).open(path).map(Place::Direct),
            OutputPlace::Device { target, existing } => open_device(&target, &existing).map(Place::Direct),
        };
        let place = place.map_err(|error| unwritable(&error, path, placement))?;
        Ok(Self { path: path.to_path_buf(), placement, place })
    }

    /// Writes all bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write_all(bytes).or_else(|error| self.failed(&error))
    }

    /// Puts the file in its place; on failure, the existing file is unchanged.
    pub(crate) fn commit(mut self) -> Result<(), Fault> {
        self.prepare()?;
        match self.place {
            Place::File(file) => file.place().map_err(|error| unwritable(&error, &self.path, self.placement)),
            Place::Direct(_) => Ok(()),
        }
    }

    /// Does everything that can fail but the last step: the file is on the disk afterwards.
    pub(crate) fn prepare(&mut self) -> Result<(), Fault> {
        let prepared = match &mut self.place {
            Place::File(file) => file.prepare(),
            Place::Direct(_) => Ok(()),
        };
        prepared.map_err(|error| unwritable(&error, &self.path, self.placement))
    }

    /// Puts a prepared file in its place, and returns how to undo that.
    pub(crate) fn place_undoably(self) -> Result<Undo, Fault> {
        match self.place {
            Place::File(file) => {
                file.place_undoably().map_err(|error| unwritable(&error, &self.path, self.placement))
            }
            Place::Direct(_) => Ok(Undo::Nothing),
        }
    }

    /// The fault of a failed write. A closed pipe is not an error.
    pub(crate) fn failed(&self, error: &io::Error) -> Result<(), Fault> {
        match self.place {
            Place::Direct(_) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            _ => Err(unwritable(error, &self.path, self.placement)),
        }
    }

    /// Its name as it was given.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether its place is this path.
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
    fn open(target: PathBuf, older: Option<File>, placement: Placement) -> io::Result<Self> {
        let directory = directory_of(&target);
        let mode = Self::mode(older.is_some(), placement);
        let (file, part) = match unnamed(directory, mode) {
            Some(file) => (file, None),
            None => named(directory, mode)?,
        };
        Ok(Self { file, part, target, older, placement })
    }

    /// The mode of the new file, under the umask. A file that replaces another is for the owner alone until it has the
    /// owner of that file.
    const fn mode(is_there: bool, placement: Placement) -> u32 {
        if is_there || matches!(placement, Placement::Private) { 0o600 } else { 0o666 }
    }

    fn prepare(&mut self) -> io::Result<()> {
        adopt(&self.file, self.older.as_ref(), self.placement)?;
        self.file.sync_all()
    }

    fn place(mut self) -> io::Result<()> {
        let is_new = self.placement == Placement::NewOnly;
        let part = match self.part.take() {
            Some(part) if is_new => return part.place_new(&self.target),
            Some(part) => part,
            None if is_new => return give_name(&self.file, &self.target),
            None if self.older.is_none() => match give_name(&self.file, &self.target) {
                // Another program created a file meanwhile.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => self.name()?,
                given => return given,
            },
            None => self.name()?,
        };
        part.place(&self.target)
    }

    /// The same, so that the older file can be restored.
    fn place_undoably(mut self) -> io::Result<Undo> {
        if self.older.is_none() {
            match self.part.take() {
                Some(part) => part.place_new(&self.target)?,
                None => give_name(&self.file, &self.target)?,
            }
            return Ok(Undo::Remove(self.target));
        }
        let part = match self.part.take() {
            Some(part) => part,
            None => self.name()?,
        };
        match part.exchange(&self.target) {
            Ok(()) => Ok(Undo::Exchange(part, self.target)),
            // Not every file system can exchange files.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                let older = Part::second_name(&self.target, directory_of(&self.target)).ok();
                part.place(&self.target)?;
                Ok(older.map_or(Undo::Nothing, |older| Undo::Rename(older, self.target)))
            }
            Err(error) => Err(error),
        }
    }

    fn name(&self) -> io::Result<Part> {
        Part::for_file(&self.file, directory_of(&self.target))
    }
}

/// Opens the existing file, which must be writable to be replaced; its content stays. The path is that of the command
/// line, so that the rules of the kernel for links apply.
fn open_older(path: &Path, existing: &Metadata) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    is_found(&file, existing)?;
    Ok(file)
}

/// Opens a device or a pipe, unless a file has replaced it meanwhile.
fn open_device(path: &Path, existing: &Metadata) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    is_found(&file, existing)?;
    Ok(file)
}

/// Refuses a file that is not the one that was found before.
fn is_found(file: &File, found: &Metadata) -> io::Result<()> {
    let opened = file.metadata()?;
    if opened.file_type() == found.file_type() && FileIdentity::is_same(&opened, found) {
        return Ok(());
    }
    Err(io::Error::other("the file was replaced meanwhile by another program"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// An empty folder.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("teeproof-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        assert!(fs::create_dir_all(&folder).is_ok());
        folder
    }

    /// The names in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A replacement of `target` as on a system without unnamed files.
    fn replacement(target: PathBuf, placement: Placement, content: &[u8]) -> io::Result<Replacement> {
        let older = OpenOptions::new().write(true).open(&target).ok();
        let mode = Replacement::mode(older.is_some(), placement);
        let (mut file, part) = named(directory_of(&target), mode)?;
        file.write_all(content)?;
        Ok(Replacement { file, part, target, older, placement })
    }

    fn commit(mut new: Replacement) -> io::Result<()> {
        new.prepare()?;
        new.place()
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
        let placed = replacement(target.clone(), Placement::Replace, b"new").and_then(commit);
        assert!(placed.is_ok(), "{placed:?}");
        assert_eq!(
            (fs::read(&target).ok(), names(&folder)),
            (Some(b"new".to_vec()), vec!["target".to_owned()])
        );
        assert!(fs::remove_dir_all(folder).is_ok());
    }

    /// With a name and without: a file that was created meanwhile is not replaced.
    #[test]
    fn a_new_file_replaces_nothing() {
        let folder = folder("new");
        let target = folder.join("target");
        let named = replacement(target.clone(), Placement::NewOnly, b"new").ok();
        let unnamed = Replacement::open(target.clone(), None, Placement::NewOnly).ok();
        assert!(fs::write(&target, "of somebody else").is_ok());
        for new in [named, unnamed].into_iter().flatten() {
            let refused = commit(new).map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::AlreadyExists));
        }
        assert_eq!(fs::read(&target).ok(), Some(b"of somebody else".to_vec()));
        assert_eq!(names(&folder), ["target"]);
        assert!(fs::remove_file(&target).is_ok());
        let placed = replacement(target.clone(), Placement::NewOnly, b"new").and_then(commit);
        assert!(placed.is_ok(), "{placed:?}");
        assert_eq!(
            (fs::read(&target).ok(), names(&folder)),
            (Some(b"new".to_vec()), vec!["target".to_owned()])
        );
        assert!(fs::remove_dir_all(folder).is_ok());
    }

    /// An unnamed file is not listed until it has its place.
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
