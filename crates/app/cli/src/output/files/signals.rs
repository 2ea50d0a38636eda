//! Removal of temporary files when a signal ends the run, which does not run destructors.
//!
//! Handlers are set when there is a temporary file, for signals that are not ignored. SIGKILL leaves the file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static NAMES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on, a signal removes this file.
pub(crate) fn register(path: &Path) {
    handlers::set();
    names().push(path.to_path_buf());
}

/// The file is gone, or has its place.
pub(crate) fn unregister(path: &Path) {
    names().retain(|name| name != path);
}

fn names() -> MutexGuard<'static, Vec<PathBuf>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
mod handlers {
    use std::fs;
    use std::sync::Once;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::names;

    pub(super) fn set() {
        static SET: Once = Once::new();
        SET.call_once(|| {
            // If that is unknown, no handler is set.
            let Some(ignored) = ignored() else { return };
            let ending = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ].into_iter();
            // Without a handler, a file may stay; the run continues.
            if let Ok(signals) = Signals::new(ending.filter(|signal| !is_in(ignored, *signal))) {
                std::thread::spawn(move || end_by(signals));
            }
        });
    }

    fn end_by(mut signals: Signals) {
        for signal in signals.forever() {
            // Locked until the end, so that no name is added.
            let names = names();
            for name in names.iter() {
                let _ = fs::remove_file(name);
            }
            let _ = emulate_default_handler(signal);
        }
    }

    /// The signals that the parent process ignores, such as nohup, as bits.
    fn ignored() -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let bits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        u64::from_str_radix(bits?.trim(), 16).ok()
    }

    fn is_in(bits: u64, signal: i32) -> bool {
        let bit = u32::try_from(signal).ok().and_then(|signal| 1_u64.checked_shl(signal.checked_sub(1)?));
        bit.is_some_and(|bit| bits & bit != 0)
    }
}

#[cfg(not(target_os = "linux"))]
mod handlers {
    pub(super) const fn set() {}
}
