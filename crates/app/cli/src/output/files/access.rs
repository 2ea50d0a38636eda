//! Access to a file that replaces another: nobody gains any.

use std::fs::File;
use std::io;

use crate::output::files::path::Placement;

/// Sets the mode of the new file, whatever the umask. If it replaces a file, it gets the owner, group and access list
/// of that file as far as allowed; otherwise nobody gets more access than to the older file.
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
    // Only root may change the owner, and others only the group to one of theirs; the result is checked below.
    if is.gid() != was.gid() {
        let _ = fchown(new, None, Some(was.gid()));
    }
    if is.uid() != was.uid() {
        let _ = fchown(new, Some(was.uid()), None);
    }
    let has_group = new.metadata()?.gid() == was.gid();
    // The new file may have a default access list of the directory.
    list::remove(new)?;
    let mode = was.permissions().mode() & 0o777;
    let Some(list) = list::of(older)? else {
        return set_mode(new, if has_group { mode } else { for_other_group(mode) });
    };
    // With an access list, the group bits of the mode are its mask.
    set_mode(new, mode & 0o700)?;
    if has_group && list::set(new, &list).is_ok() {
        set_mode(new, mode)?;
    }
    Ok(())
}

/// The mode if the group changes: members of the old group are now others, and members of the new group were. Group and
/// others get only what both had.
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

/// POSIX access lists.
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
            Err(error) if is_absent(error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn set(file: &File, list: &[u8]) -> io::Result<()> {
        Ok(fsetxattr(file, NAME, list, XattrFlags::empty())?)
    }

    pub(super) fn remove(file: &File) -> io::Result<()> {
        match fremovexattr(file, NAME) {
            Err(error) if !is_absent(error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// No list, or a file system without lists.
    fn is_absent(error: Errno) -> bool {
        matches!(error, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
    }

    const NAME: &str = "system.posix_acl_access";
    /// The maximal length of an attribute in Linux.
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

/// For the owner only.
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
