//! Processor time of the calling thread, without that of other programs.

use std::time::Duration;

/// The thread's own time, from a start that is only good for differences.
#[cfg(target_os = "linux")]
pub(crate) fn thread_time() -> Duration {
    // Not through the C library, which may run with another clock in a measurement with peers.
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time that is not negative")
}

/// Wall time, where the system has nothing better that is safe to ask.
#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
