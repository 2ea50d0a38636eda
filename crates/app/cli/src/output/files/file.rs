//! The files that products go to: complete, or as they were.
//!
//! A product is written into a new file in the directory of the one that was named, and takes its place when
//! all of it is on the disk. On Linux the new file has no name before that, and gets the one of the product at
//! once where nothing has it; where a file is replaced, it has a name that cannot be guessed for as long as it
//! takes to rename it. A run that is killed in between leaves that file, as does one on a file system without
//! files that have no name, for there it has one from the start; on any failure, and by a signal that can be
//! handled, it is removed. Devices, pipes and descriptors (/dev/null, /dev/stdout) are written directly.

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
    older: Option<File>,
    placement: Placement,
}

impl OutputFile {
    /// Opens it. What is there stays as it is until [`OutputFile::commit`].
    pub(crate) fn open(path: &Path, placement: Placement) -> Result<Self, Fault> {
        if is_standard_stream(path) {
            return Err(Fault::usage(
                "standard output has the product of this command, and no other file",
                "name a file; one that is called - is ./-",
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

    /// Writes all of it.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write_all(bytes).or_else(|error| self.failed(&error))
    }

    /// Puts the file in its place, or says why it cannot be; then the place is as it was.
    pub(crate) fn commit(mut self) -> Result<(), Fault> {
        self.prepare()?;
        match self.place {
            Place::File(file) => file.place().map_err(|error| unwritable(&error, &self.path, self.placement)),
            Place::Direct(_) => Ok(()),
        }
    }

    /// Does all that can fail but for the last step: then the file is on the disk.
    pub(crate) fn prepare(&mut self) -> Result<(), Fault> {
        let prepared = match &mut self.place {
            Place::File(file) => file.prepare(),
            Place::Direct(_) => Ok(()),
        };
        prepared.map_err(|error| unwritable(&error, &self.path, self.placement))
    }

    /// Puts a file that is prepared in its place, and says how that is undone.
    pub(crate) fn place_undoably(self) -> Result<Undo, Fault> {
        match self.place {
            Place::File(file) => {
                file.place_undoably().map_err(|error| unwritable(&error, &self.path, self.placement))
            }
            Place::Direct(_) => Ok(Undo::Nothing),
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
    fn open(target: PathBuf, older: Option<File>, placement: Placement) -> io::Result<Self> {
        let directory = directory_of(&target);
        let mode = Self::mode(older.is_some(), placement);
        let (file, part) = match unnamed(directory, mode) {
            Some(file) => (file, None),
            None => named(directory, mode)?,
        };
        Ok(Self { file, part, target, older, placement })
    }

    /// The mode that the file is made with; the process's mask counts as for every file. One that takes another's
    /// place is for the owner alone until it has that one's owner.
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
                // A file came in between.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => self.name()?,
                given => return given,
            },
            None => self.name()?,
        };
        part.place(&self.target)
    }

    /// The same, so that the older file can be brought back.
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
            // Not every file system has it.
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

/// The file that is there. One that is protected against writing is not replaced either; its content stays.
/// The path is that of the command line, so that the kernel's own rules for links hold.
fn open_older(path: &Path, existing: &Metadata) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    is_found(&file, existing)?;
    Ok(file)
}

/// A device or a pipe. A file that took its name in between would be written over.
fn open_device(path: &Path, existing: &Metadata) -> io::Result<File> {
    let file = OpenOptions::new().write(true).open(path)?;
    is_found(&file, existing)?;
    Ok(file)
}

/// Refuses what took the place of what was looked at.
fn is_found(file: &File, found: &Metadata) -> io::Result<()> {
    let opened = file.metadata()?;
    if opened.file_type() == found.file_type() && FileIdentity::is_same(&opened, found) {
        return Ok(());
    }
    Err(io::Error::other("something else took its place in between"))
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

    /// With a name and without: what came in between is not replaced.
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
