//! Who may do what with a file that takes another's place: no more than with the one before.

use std::fs::File;
use std::io;

use crate::output::files::path::Placement;

/// Gives the new file the mode that it has to have, whatever the process's mask. Where it takes another's place,
/// it gets that one's owner, group and access list as far as that is allowed; where not, whoever could do less
/// with the older file can do no more with the new one.
#[cfg(unix)]
pub(crate) fn adopt(new: &File, older: Option<&File>, placement: Placement) -> io::Result<()> {
    match (placement, older) {
        (Placement::Private, _) => {
            list::remove(new)?;
            set_mode(new, PRIVATE)
        }
        (_, Some(older)) => adopt_older(new, older),
        (_, None) => Ok(()),
    }
}

#[cfg(unix)]
fn adopt_older(new: &File, older: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let (was, is) = (older.metadata()?, new.metadata()?);
    // Only root may give files away, and others only to groups of theirs; what they may not is seen below.
    if is.gid() != was.gid() {
        let _ = fchown(new, None, Some(was.gid()));
    }
    if is.uid() != was.uid() {
        let _ = fchown(new, Some(was.uid()), None);
    }
    let has_group = new.metadata()?.gid() == was.gid();
    // The directory may have given the new file a list of its own.
    list::remove(new)?;
    let mode = was.permissions().mode() & 0o777;
    let Some(list) = list::of(older)? else {
        return set_mode(new, if has_group { mode } else { for_other_group(mode) });
    };
    // With a list, the mode's bits of the group are the most that anybody on it has.
    set_mode(new, mode & 0o700)?;
    if has_group && list::set(new, &list).is_ok() {
        set_mode(new, mode)?;
    }
    Ok(())
}

/// The mode in another group: who was in the older file's group is now among all others, and whoever is in the
/// new one was. Both have what both had.
#[cfg(unix)]
const fn for_other_group(mode: u32) -> u32 {
    let both = (mode >> 3) & mode & 0o7;
    (mode & 0o700) | (both << 3) | both
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn adopt(new: &File, older: Option<&File>, _: Placement) -> io::Result<()> {
    match older {
        Some(older) => new.set_permissions(older.metadata()?.permissions()),
        None => Ok(()),
    }
}

/// Access lists of POSIX, beside the mode.
#[cfg(target_os = "linux")]
mod list {
    use super::{File, io};
    use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
    use rustix::io::Errno;

    pub(super) fn of(file: &File) -> io::Result<Option<Vec<u8>>> {
        let mut list = vec![0; LONGEST];
        match fgetxattr(file, NAME, list.as_mut_slice()) {
            Ok(length) => {
                list.truncate(length);
                Ok(Some(list))
            }
            Err(error) if is_none(error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn set(file: &File, list: &[u8]) -> io::Result<()> {
        Ok(fsetxattr(file, NAME, list, XattrFlags::empty())?)
    }

    pub(super) fn remove(file: &File) -> io::Result<()> {
        match fremovexattr(file, NAME) {
            Err(error) if !is_none(error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Without a list, or on a file system that has none.
    fn is_none(error: Errno) -> bool {
        matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
    }

    const NAME: &str = "system.posix_acl_access";
    /// So long is any attribute of Linux at most.
    const LONGEST: usize = 1 << 16;
}

#[cfg(all(unix, not(target_os = "linux")))]
mod list {
    use super::{File, io};

    pub(super) fn of(_: &File) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    pub(super) fn set(_: &File, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn remove(_: &File) -> io::Result<()> {
        Ok(())
    }
}

/// For the owner alone.
#[cfg(unix)]
pub(crate) const PRIVATE: u32 = 0o600;

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn another_group_gets_what_both_had() {
        for (was, is) in [(0o660, 0o600), (0o640, 0o600), (0o644, 0o644), (0o604, 0o600), (0o664, 0o644)] {
            assert_eq!(for_other_group(was), is, "{was:o}");
        }
    }
}
