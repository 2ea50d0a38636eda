//! The time that the calling thread has had a processor for: what other programs take in between
//! does not count.

use std::time::Duration;

/// The thread's own time, from a start that is only good for differences.
#[cfg(target_os = "linux")]
pub(crate) fn thread_time() -> Duration {
    // Not by way of the C library, which a measurement beside peers may run with another clock.
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
