//! Placement of several files together: all or none.

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::temporary::Undo;

/// Files in their places, which is undone unless they are kept.
#[derive(Debug, Default)]
pub(crate) struct PlacedFiles(Vec<Undo>);

impl PlacedFiles {
    /// Puts all files in their places. All are complete and on the disk before the first is placed.
    pub(crate) fn place(mut files: Vec<OutputFile>) -> Result<Self, Fault> {
        files.iter_mut().try_for_each(OutputFile::prepare)?;
        let mut placed = Self::default();
        for file in files {
            placed.0.push(file.place_undoably()?);
        }
        Ok(placed)
    }

    /// Makes the placement final: the older files are removed.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::output::files::path::Placement;

    /// The last of three cannot be placed, which shows only then.
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
        // A later step fails.
        drop(PlacedFiles::place(files()));
        assert_eq!((fs::read(&older).ok(), count()), (Some(b"older".to_vec()), Some(1)));
        let kept = PlacedFiles::place(files()).map(PlacedFiles::keep);
        assert!(kept.is_ok());
        assert_eq!((fs::read(&older).ok(), count()), (Some(b"newer".to_vec()), Some(3)));
        assert!(fs::remove_dir_all(folder).is_ok());
    }
}
