//! A machine with a paravisor, and how its TPM is reached.

use std::time::Duration;

use teeproof_twin::paravisor::{Fault, Paravisor, Running, Settings};
use teeproof_twin::swtpm::Swtpm;
use teeproof_vtpm::{Patience, Tpm, open};

/// For how long a report is not renewed where it matters.
pub(crate) const REFRESH: Duration = Duration::from_millis(200);
/// Waits for longer than that, and for as long as a busy machine may take.
pub(crate) const PATIENCE: Patience =
    Patience { deadline: Duration::from_secs(60), pause: Duration::from_millis(220) };

/// What carries commands to the TPM.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    #[cfg(feature = "direct")]
    Direct,
    /// Over a connection that is kept, in front of a resource manager.
    #[cfg(feature = "direct")]
    Managed,
    #[cfg(feature = "tss")]
    Stack,
}

impl Transport {
    pub(crate) fn open(self, address: &str, tcti: &str) -> Box<dyn Tpm> {
        let text = match self {
            #[cfg(feature = "direct")]
            Self::Direct | Self::Managed => address.to_owned(),
            #[cfg(feature = "tss")]
            Self::Stack => format!("tss:{tcti}"),
        };
        // One of them is not used where there is but one transport.
        let _ = (address, tcti);
        open(&text.parse().unwrap()).unwrap()
    }
}

/// A machine with a paravisor.
pub(crate) struct Machine {
    pub(crate) running: Running,
    transport: Transport,
}

impl Machine {
    pub(crate) fn start(transport: Transport, settings: &Settings) -> Self {
        Self { running: Paravisor::start(settings).unwrap(), transport }
    }

    /// One that renews its report at each read.
    pub(crate) fn healthy(transport: Transport) -> Self {
        Self::start(transport, &Settings { refresh: Duration::ZERO, ..Settings::default() })
    }

    /// One whose TPM has every hash that anybody's has; the paravisor's does not have SHA-512.
    #[cfg(feature = "seal")]
    pub(crate) fn with_every_hash(transport: Transport) -> Self {
        Self::start(
            transport,
            &Settings { tpm: teeproof_twin::paravisor::TpmProfile::Swtpm, ..Settings::default() },
        )
    }

    /// One that renews its report at [`REFRESH`], and misbehaves.
    pub(crate) fn faulty(transport: Transport, fault: Fault) -> Self {
        Self::start(transport, &Settings { refresh: REFRESH, fault: Some(fault), ..Settings::default() })
    }

    /// The address for [`open`].
    pub(crate) fn address(&self) -> String {
        match self.transport {
            #[cfg(feature = "direct")]
            Transport::Managed => self.running.managed_address(),
            #[cfg(feature = "direct")]
            Transport::Direct => self.running.address(),
            #[cfg(feature = "tss")]
            Transport::Stack => format!("tss:{}", self.running.tcti()),
        }
    }

    /// A new connection.
    pub(crate) fn tpm(&self) -> Box<dyn Tpm> {
        let address = match self.transport {
            #[cfg(feature = "direct")]
            Transport::Managed => self.running.managed_address(),
            _ => self.running.address(),
        };
        self.transport.open(&address, &self.running.tcti())
    }
}

/// A software TPM without a paravisor, and a connection to it.
pub(crate) fn bare(transport: Transport) -> (Swtpm, Box<dyn Tpm>) {
    let swtpm = Swtpm::start_tcp().unwrap();
    let tpm = transport.open(&swtpm.address(), &swtpm.tcti());
    (swtpm, tpm)
}
