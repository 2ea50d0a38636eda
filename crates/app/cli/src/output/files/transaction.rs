//! Files that belong together get their places together, or none does.

use std::fs;
use std::path::PathBuf;

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::temporary::Part;

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

/// Files that have their places, and lose them again unless they are kept.
#[derive(Debug, Default)]
pub(crate) struct PlacedFiles(Vec<Undo>);

impl PlacedFiles {
    /// Puts all of them in their places. All are complete and on the disk before the first one is placed.
    pub(crate) fn place(mut files: Vec<OutputFile>) -> Result<Self, Fault> {
        files.iter_mut().try_for_each(OutputFile::prepare)?;
        let mut placed = Self::default();
        for file in files {
            placed.0.push(file.place_undoably()?);
        }
        Ok(placed)
    }

    /// All that belongs to them succeeded: the older files are removed.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for PlacedFiles {
    fn drop(&mut self) {
        for undo in self.0.drain(..).rev() {
            undo.run();
        }
    }
}

impl Undo {
    fn run(self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::files::file::Placement;

    /// The last of three cannot be placed, and nothing told so before.
    #[test]
    fn what_was_placed_before_a_failure_is_undone() {
        let folder = std::env::temp_dir().join(format!("teeproof-set-{}", std::process::id()));
        assert!(fs::create_dir_all(&folder).is_ok());
        let [older, new, late] = ["older", "new", "late"].map(|name| folder.join(name));
        assert!(fs::write(&older, "older").is_ok());
        let open = |path, placement| {
            OutputFile::open(path, placement).and_then(|mut file| file.put(b"newer").map(|()| file)).ok()
        };
        let files = || {
            let files = [
                open(&older, Placement::Replace),
                open(&new, Placement::Replace),
                open(&late, Placement::NewOnly),
            ];
            files.into_iter().flatten().collect::<Vec<_>>()
        };
        let refused = files();
        assert_eq!(refused.len(), 3);
        assert!(fs::write(&late, "of somebody else").is_ok());
        assert!(PlacedFiles::place(refused).is_err());
        assert_eq!(fs::read(&older).ok(), Some(b"older".to_vec()));
        assert!(!new.exists());
        let count = || fs::read_dir(&folder).map(Iterator::count).ok();
        assert_eq!(count(), Some(2));
        assert!(fs::remove_file(&late).is_ok());
        // What belongs to them failed after they were placed.
        drop(PlacedFiles::place(files()));
        assert_eq!((fs::read(&older).ok(), count()), (Some(b"older".to_vec()), Some(1)));
        let kept = PlacedFiles::place(files()).map(PlacedFiles::keep);
        assert!(kept.is_ok());
        assert_eq!((fs::read(&older).ok(), count()), (Some(b"newer".to_vec()), Some(3)));
        assert!(fs::remove_dir_all(folder).is_ok());
    }
}
