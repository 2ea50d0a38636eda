//! New files that have not their places yet: without a name where the system has such files, and otherwise with
//! one that cannot be guessed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use teeproof_core::Hex;

use crate::output::files::signals;

/// The name of a file that is not to stay: it is removed unless it gets its place.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    is_placed: bool,
}

impl Part {
    /// Makes the file of this name, which nobody else knows.
    fn make<T>(path: PathBuf, make: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<(T, Self)> {
        signals::remember(&path);
        match make(&path) {
            Ok(made) => Ok((made, Self { path, is_placed: false })),
            Err(error) => {
                signals::forget(&path);
                Err(error)
            }
        }
    }

    /// Gives a file without a name one.
    pub(crate) fn for_file(file: &File, directory: &Path) -> io::Result<Self> {
        Ok(Self::make(part_name(directory)?, |path| give_name(file, path))?.1)
    }

    /// Gives the file of a path a second name.
    pub(crate) fn second_name(file: &Path, directory: &Path) -> io::Result<Self> {
        let (_, part) = Self::make(part_name(directory)?, |path| fs::hard_link(file, path))?;
        // It is the older file that has it.
        signals::forget(&part.path);
        Ok(part)
    }

    /// In the place of what has the name.
    pub(crate) fn place(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_placed = true;
        Ok(())
    }

    /// The same where nothing may be replaced.
    pub(crate) fn place_new(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            // Some file systems have no second names.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => match fs::symlink_metadata(target) {
                Err(absent) if absent.kind() == ErrorKind::NotFound => self.place(target),
                _ => Err(error),
            },
            linked => linked,
        }
    }

    /// Changes places with the file of another name, which has this one then.
    #[cfg(target_os = "linux")]
    pub(crate) fn exchange(&self, target: &Path) -> io::Result<()> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        // The older file has the name then, until all that belongs together is placed.
        signals::forget(&self.path);
        Ok(renameat_with(CWD, &self.path, CWD, target, RenameFlags::EXCHANGE)?)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn exchange(&self, _: &Path) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Leaves the file where it is.
    pub(crate) fn leave(mut self) {
        self.is_placed = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_placed {
            // If it cannot be removed, it is in nobody's way.
            let _ = fs::remove_file(&self.path);
        }
        signals::forget(&self.path);
    }
}

/// How a file that has its place loses it again.
#[derive(Debug)]
pub(crate) enum Undo {
    /// Nothing was there.
    Remove(PathBuf),
    /// The older file has the other's name.
    Exchange(Part, PathBuf),
    /// The older file has a second name.
    Rename(Part, PathBuf),
    /// What was written is gone, or the file system cannot keep an older file.
    Nothing,
}

impl Undo {
    pub(crate) fn run(self) {
        match self {
            Self::Remove(target) => {
                // What cannot be removed stays; the error that led here is what is said.
                let _ = fs::remove_file(target);
            }
            // A part is removed when it is dropped: the new file, unless the older one is still there.
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

/// A name that nobody can guess, so that nobody can have put something there.
fn part_name(directory: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(directory.join(format!(".teeproof-{}", Hex(&random))))
}

/// A file without a name, where the system and the file system have such files.
#[cfg(target_os = "linux")]
pub(crate) fn unnamed(directory: &Path, mode: u32) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    // The way to a name leads through here.
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

/// Gives a file without a name one, if nothing has it.
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

/// A file with a name that nobody can guess.
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

/// Where a file is; one without a directory is in the current one.
pub(crate) fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(target_os = "linux")]
const DESCRIPTORS: &str = "/proc/self/fd";
