//! Temporary files: unnamed if the file system has such files, and otherwise with an unguessable name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use teeproof_core::Hex;

use crate::output::files::signals;

/// The temporary name of a file, which is removed unless it gets its place.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    is_placed: bool,
}

impl Part {
    /// Creates the file of this name.
    fn make<T>(path: PathBuf, make: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<(T, Self)> {
        signals::register(&path);
        match make(&path) {
            Ok(made) => Ok((made, Self { path, is_placed: false })),
            Err(error) => {
                signals::unregister(&path);
                Err(error)
            }
        }
    }

    /// Gives an unnamed file a temporary name.
    pub(crate) fn for_file(file: &File, directory: &Path) -> io::Result<Self> {
        Ok(Self::make(part_name(directory)?, |path| give_name(file, path))?.1)
    }

    /// Gives the file of a path a second, temporary name.
    pub(crate) fn second_name(file: &Path, directory: &Path) -> io::Result<Self> {
        let (_, part) = Self::make(part_name(directory)?, |path| fs::hard_link(file, path))?;
        // The older file has this name.
        signals::unregister(&part.path);
        Ok(part)
    }

    /// Moves the file to its place, where it replaces a file.
    pub(crate) fn place(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_placed = true;
        Ok(())
    }

    /// The same without replacing a file.
    pub(crate) fn place_new(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            // Some file systems have no hard links.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => match fs::symlink_metadata(target) {
                Err(absent) if absent.kind() == ErrorKind::NotFound => self.place(target),
                _ => Err(error),
            },
            linked => linked,
        }
    }

    /// Exchanges names with another file.
    #[cfg(target_os = "linux")]
    pub(crate) fn exchange(&self, target: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        // The older file has this name until all files are placed.
        signals::unregister(&self.path);
        Ok(renameat_with(CWD, &self.path, CWD, target, RenameFlags::EXCHANGE)?)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn exchange(&self, _: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Keeps the file under this name.
    pub(crate) fn leave(mut self) {
        self.is_placed = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_placed {
            // A failure leaves the temporary file, which is harmless.
            let _ = fs::remove_file(&self.path);
        }
        signals::unregister(&self.path);
    }
}

/// How to undo the placement of a file.
#[derive(Debug)]
pub(crate) enum Undo {
    /// There was no file.
    Remove(PathBuf),
    /// The older file has the temporary name.
    Exchange(Part, PathBuf),
    /// The older file has a second name.
    Rename(Part, PathBuf),
    /// Not possible: a device, or a file system that cannot keep the older file.
    Nothing,
}

impl Undo {
    pub(crate) fn run(self) {
        match self {
            Self::Remove(target) => {
                // A file that cannot be removed stays; the error that led here is reported.
                let _ = fs::remove_file(target);
            }
            // Dropping the part removes the new file.
            Self::Exchange(part, target) => match part.exchange(&target) {
                Ok(()) => drop(part),
                Err(_) => part.leave(),
            },
            Self::Rename(older, target) => {
                let path = older.path.clone();
                older.leave();
                let _ = fs::rename(path, target);
            }
            Self::Nothing => (),
        }
    }
}

/// An unguessable name, so that no other user can have created a file there.
fn part_name(directory: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(directory.join(format!(".teeproof-{}", Hex(&random))))
}

/// An unnamed file (O_TMPFILE), if the file system has such files.
#[cfg(target_os = "linux")]
pub(crate) fn unnamed(directory: &Path, mode: u32) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    // It is linked to a name through /proc.
    if !Path::new(DESCRIPTORS).is_dir() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(directory, flags, Mode::from_raw_mode(mode)).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
pub(crate) const fn unnamed(_: &Path, _: u32) -> Option<File> {
    None
}

/// Gives an unnamed file a name, if no file has it.
#[cfg(target_os = "linux")]
pub(crate) fn give_name(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};
    let descriptor = Path::new(DESCRIPTORS).join(file.as_raw_fd().to_string());
    Ok(linkat(CWD, descriptor, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// A file with an unguessable name.
pub(crate) fn named(directory: &Path, mode: u32) -> io::Result<(File, Option<Part>)> {
    let path = part_name(directory)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let (file, part) = Part::make(path, |path| options.open(path))?;
    Ok((file, Some(part)))
}

/// The directory of a file; the current one if the path has none.
pub(crate) fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(target_os = "linux")]
const DESCRIPTORS: &str = "/proc/self/fd";
