//! What the twin keeps of instances: enclave options, addresses, console output, and when they were launched and terminated.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Most instances that are kept: the memory of the twin is for tests.
const MAX_INSTANCES: usize = 100_000;
/// EC2 keeps the end of the output, in bytes.
const MAX_CONSOLE: usize = 64 * 1024;
/// 127.0.0.0, and how many addresses of hosts follow it.
const LOOPBACK: u32 = 0x7f00_0000;
const HOSTS: u32 = 0x00ff_fffe;

/// The instances by their ids.
#[derive(Debug)]
pub(super) struct Instances {
    known: BTreeMap<String, Instance>,
    /// Which host of 127.0.0.0/8 is next, from 0.
    next: u32,
    hidden: Duration,
    terminated: Option<Duration>,
}

#[derive(Debug)]
struct Instance {
    is_enclave_enabled: bool,
    address: Ipv4Addr,
    console: Option<String>,
    /// Code and sentence of why it was terminated, if not by a client.
    reason: Option<(String, String)>,
    /// `None` if it was not launched through the twin.
    launched: Option<Instant>,
    terminated: Option<Instant>,
}

impl Instances {
    pub(super) fn new(first: Ipv4Addr, hidden: Duration, terminated: Option<Duration>) -> Self {
        let host = u32::from(first) & 0x00ff_ffff;
        Self { known: BTreeMap::new(), next: host.saturating_sub(1) % HOSTS, hidden, terminated }
    }

    pub(super) const fn set_hidden(&mut self, hidden: Duration) {
        self.hidden = hidden;
    }

    pub(super) const fn set_terminated(&mut self, terminated: Option<Duration>) {
        self.terminated = terminated;
    }

    /// A new instance.
    pub(super) fn launch(&mut self, id: &str, is_enclave_enabled: bool) {
        if let Some(instance) = self.instance(id) {
            instance.is_enclave_enabled = is_enclave_enabled;
            instance.launched = Some(Instant::now());
        }
    }

    /// The instance is described as terminated from now on.
    pub(super) fn terminate(&mut self, id: &str) {
        if let Some(instance) = self.instance(id) {
            instance.terminated.get_or_insert_with(Instant::now);
        }
    }

    /// The instance is terminated, for this reason.
    pub(super) fn abort(&mut self, id: &str, code: &str, message: &str) {
        self.terminate(id);
        if let Some(instance) = self.instance(id) {
            instance.reason = Some((code.to_owned(), message.to_owned()));
        }
    }

    /// Code and sentence of why it was terminated, if not by a client.
    pub(super) fn reason(&self, id: &str) -> Option<&(String, String)> {
        self.known.get(id).and_then(|instance| instance.reason.as_ref())
    }

    /// Whether no call finds it: it is too young, or was terminated long ago.
    pub(super) fn is_hidden(&self, id: &str) -> bool {
        let Some(instance) = self.known.get(id) else { return false };
        let is_young = instance.launched.is_some_and(|launched| launched.elapsed() < self.hidden);
        let is_gone =
            instance.terminated.zip(self.terminated).is_some_and(|(at, limit)| at.elapsed() >= limit);
        is_young || is_gone
    }

    pub(super) fn is_enclave_enabled(&self, id: &str) -> bool {
        self.known.get(id).is_some_and(|instance| instance.is_enclave_enabled)
    }

    pub(super) fn enable_enclave(&mut self, id: &str, is_enabled: bool) {
        if let Some(instance) = self.instance(id) {
            instance.is_enclave_enabled = is_enabled;
        }
    }

    /// Its address: the next one if it has none yet.
    pub(super) fn address(&mut self, id: &str) -> Ipv4Addr {
        self.instance(id).map_or(Ipv4Addr::LOCALHOST, |instance| instance.address)
    }

    pub(super) fn set_console_output(&mut self, id: &str, text: &str) {
        let start = text.len().saturating_sub(MAX_CONSOLE);
        let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        if let Some(instance) = self.instance(id) {
            instance.console = text.get(start..).map(str::to_owned);
        }
    }

    pub(super) fn console_output(&self, id: &str) -> Option<&str> {
        self.known.get(id).and_then(|instance| instance.console.as_deref())
    }

    /// The instance of this id; `None` if there is no room for another one.
    fn instance(&mut self, id: &str) -> Option<&mut Instance> {
        if !self.known.contains_key(id) {
            if self.known.len() == MAX_INSTANCES {
                return None;
            }
            let address = Ipv4Addr::from(LOOPBACK.saturating_add(1).saturating_add(self.next));
            self.next = self.next.saturating_add(1) % HOSTS;
            let instance = Instance {
                is_enclave_enabled: false,
                address,
                console: None,
                reason: None,
                launched: None,
                terminated: None,
            };
            self.known.insert(id.to_owned(), instance);
        }
        self.known.get_mut(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instances(first: [u8; 4]) -> Instances {
        Instances::new(first.into(), Duration::ZERO, None)
    }

    #[test]
    fn each_instance_has_a_loopback_address() {
        let mut some = instances([127, 0, 0, 2]);
        assert_eq!(some.address("i-1"), Ipv4Addr::new(127, 0, 0, 2));
        assert_eq!(some.address("i-2"), Ipv4Addr::new(127, 0, 0, 3));
        assert_eq!(some.address("i-1"), Ipv4Addr::new(127, 0, 0, 2));
        let mut last = instances([127, 255, 255, 254]);
        assert_eq!(last.address("i-1"), Ipv4Addr::new(127, 255, 255, 254));
        assert_eq!(last.address("i-2"), Ipv4Addr::new(127, 0, 0, 1));
        // Never another network.
        assert!(instances([10, 1, 2, 3]).address("i-1").is_loopback());
        assert!(instances([0, 0, 0, 0]).address("i-1").is_loopback());
    }

    #[test]
    fn young_and_forgotten_instances_are_hidden() {
        let mut some = Instances::new([127, 0, 0, 2].into(), Duration::from_secs(600), Some(Duration::ZERO));
        some.launch("i-young", true);
        some.terminate("i-gone");
        some.enable_enclave("i-old", true);
        let hidden = ["i-young", "i-gone", "i-old", "i-unknown"].map(|id| some.is_hidden(id));
        assert_eq!(hidden, [true, true, false, false]);
        let enabled = ["i-young", "i-gone", "i-old", "i-unknown"].map(|id| some.is_enclave_enabled(id));
        assert_eq!(enabled, [true, false, true, false]);
    }

    #[test]
    fn console_output_keeps_its_end() {
        let mut some = instances([127, 0, 0, 2]);
        some.set_console_output("i-1", &"\u{e4}".repeat(40_000));
        let len = some.console_output("i-1").map(str::len);
        assert!(len.is_some_and(|len| len <= MAX_CONSOLE && len > MAX_CONSOLE - 2), "{len:?}");
        some.set_console_output("i-1", "short");
        assert_eq!(some.console_output("i-1"), Some("short"));
    }
}
