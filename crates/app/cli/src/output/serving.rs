//! Verbs that serve until a signal ends them: a line for each request, and the end.

use std::sync::mpsc::{Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::ColorChoice;

use crate::output::page::Page;
use crate::output::streams::{abandon_stderr, write_stderr};

/// How many lines wait to be written; further ones are left out meanwhile.
const WAITING_LINES: usize = 1024;
/// How long the end waits for lines that are not written yet.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How long the end waits before it tries again to add the last line.
const PAUSE: Duration = Duration::from_millis(5);

/// Lines for requests on standard error. A thread of its own writes them: whoever does not read standard error must
/// stop neither the server nor its end.
pub(crate) struct RequestLines(SyncSender<Entry>);

/// A line, or the end of all lines.
enum Entry {
    Line(Page),
    /// The last line, and who waits until it is written.
    Last(Page, Sender<()>),
}

impl RequestLines {
    /// Starts the thread that writes.
    pub(crate) fn start() -> Self {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        thread::spawn(move || {
            for entry in waiting {
                match entry {
                    Entry::Line(line) => write_stderr(&line, ColorChoice::Never),
                    Entry::Last(line, written) => {
                        write_stderr(&line, ColorChoice::Never);
                        let _ = written.send(());
                        return;
                    }
                }
            }
        });
        Self(lines)
    }

    /// Adds a line, or leaves it out if too many wait.
    pub(crate) fn add(&self, line: Page) {
        let _ = self.0.try_send(Entry::Line(line));
    }

    /// Writes the last line after all others. If nobody reads them within a second, nothing more is written to standard
    /// error: the thread holds its lock until somebody does.
    pub(crate) fn end(&self, last: Page) {
        let deadline = Instant::now().checked_add(LAST_LINES);
        let left = || deadline.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        let (written, is_written) = channel();
        let mut entry = Entry::Last(last, written);
        while let Err(TrySendError::Full(refused)) = self.0.try_send(entry) {
            if left().is_zero() {
                return abandon_stderr();
            }
            entry = refused;
            thread::sleep(PAUSE);
        }
        if is_written.recv_timeout(left()).is_err() {
            abandon_stderr();
        }
    }
}

/// The first SIGINT or SIGTERM stops the server, the second one the process.
#[cfg(target_os = "linux")]
pub(crate) fn end_by_signals(stop: impl FnOnce() + Send + 'static) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    // Without a handler, a signal ends the process at once, which loses nothing but answers.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    thread::spawn(move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            stop();
        }
        if let Some(signal) = signals.next() {
            let _ = emulate_default_handler(signal);
        }
    });
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_by_signals(_: impl FnOnce() + Send + 'static) {}
