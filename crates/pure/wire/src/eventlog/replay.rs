//! The replay of an event log: the PCR values that result from its events, in any bank.

use super::{Event, EventLog};

impl EventLog<'_> {
    /// The value of each wanted PCR after all events, in one bank (TPM_ALG_ID) whose digests have `N`
    /// bytes; `None` for a PCR without events. `extend` is the hash of the old value and the digest.
    ///
    /// An event extends the banks that it has a digest of, and leaves every other bank alone.
    pub fn replay<const N: usize>(
        &self,
        bank: u16,
        wanted: impl Fn(u8) -> bool,
        extend: impl Fn(&[u8; N], &[u8; N]) -> [u8; N],
    ) -> [Option<[u8; N]>; 24] {
        let mut registers = [None; 24];
        for event in self.events().filter(Event::extends) {
            let Some(index) = u8::try_from(event.index).ok().filter(|index| wanted(*index)) else {
                continue;
            };
            let digest = event.digest(bank).and_then(|digest| digest.try_into().ok());
            let (Some(register), Some(digest)) = (registers.get_mut(usize::from(index)), digest) else {
                continue;
            };
            let old = register.get_or_insert_with(|| self.start(index));
            *old = extend(old, digest);
        }
        registers
    }

    /// The value of a PCR before its first event: zero, and in PCR 0 the locality at which the
    /// TPM was started. PCRs 17 to 22 are all ones until a dynamic launch, which alone can extend
    /// them, and which sets them to zero first.
    #[must_use]
    pub fn start<const N: usize>(&self, index: u8) -> [u8; N] {
        let mut start = [0; N];
        if let ([.., last], 0) = (start.as_mut_slice(), index) {
            *last = self.startup_locality().unwrap_or(0);
        }
        start
    }
}
