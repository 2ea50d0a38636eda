//! Verbs that serve until a signal ends them: a line for each request, and the end.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

use clap::ColorChoice;

use crate::output::page::Page;
use crate::output::streams::write_stderr;

/// How many lines wait to be written; further ones are left out meanwhile.
const WAITING_LINES: usize = 1024;
/// How long the end waits for lines that are not written yet.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines for requests on standard error. A thread of its own writes them: whoever does not read standard error must not
/// stop the server.
pub(crate) struct RequestLines(SyncSender<Page>);

/// The lines that are not written yet.
pub(crate) struct WaitingLines(Receiver<()>);

impl RequestLines {
    /// Starts the thread that writes.
    pub(crate) fn start() -> (Self, WaitingLines) {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let (end, written) = channel::<()>();
        std::thread::spawn(move || {
            for line in waiting {
                write_stderr(&line, ColorChoice::Never);
            }
            drop(end);
        });
        (Self(lines), WaitingLines(written))
    }

    /// Adds a line, or leaves it out if too many wait.
    pub(crate) fn add(&self, line: Page) {
        let _ = self.0.try_send(line);
    }
}

impl WaitingLines {
    /// Waits until all lines are written, unless nobody reads them. The log has to be dropped before.
    pub(crate) fn finish(self) {
        let _ = self.0.recv_timeout(LAST_LINES);
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
    std::thread::spawn(move || {
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
