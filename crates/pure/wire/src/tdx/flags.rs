//! Flag fields of TD reports and quotes: TDATTRIBUTES, XFAM, and those of the quoting enclave's report.

use core::fmt::{self, Display};

use crate::fixed::flags;

flags! {
    /// `TDATTRIBUTES`, 8 bytes little-endian: the attributes of a guest, fixed at its launch.
    /// Source: Intel document 344425 (TDX module, ABI), ATTRIBUTES.
    TdAttributes: u64 {
        /// The host can debug the guest: its memory is not confidential.
        DEBUG = 0,
        /// The host can profile the guest with hardware-guided scheduling.
        HGS_PLUS_PROF = 4,
        /// The host can profile the guest with performance counters.
        PERF_PROF = 5,
        /// The host can profile the guest with the telemetry of cores.
        PMT_PROF = 6,
        /// The processor defends against single-stepping by counting instructions.
        ICSSD = 16,
        /// The guest's report has a hash over more data on its service TDs.
        SERVTD_EXT = 17,
        /// Linear address space separation is available.
        LASS = 27,
        /// An access to a pending page is no exception in the guest.
        SEPT_VE_DISABLE = 28,
        /// A migration TD can move the guest to another machine.
        MIGRATABLE = 29,
        /// Supervisor protection keys are available.
        PKS = 30,
        /// Key locker is available.
        KL = 31,
        /// The guest is a provisioning agent of TDX Connect.
        TPA = 62,
        /// Performance counters are available.
        PERFMON = 63,
    }
}

flags! {
    /// `XFAM`, 8 bytes little-endian: the extended processor features that a guest may use, by the components of the
    /// state that XSAVE saves. Source: Intel document 344425, XFAM; Intel SDM, volume 1, section 13.1.
    Xfam: u64 {
        /// x87 floating point.
        X87 = 0,
        /// SSE.
        SSE = 1,
        /// AVX.
        AVX = 2,
        /// MPX, bound registers.
        BNDREGS = 3,
        /// MPX, configuration.
        BNDCSR = 4,
        /// AVX-512, mask registers.
        OPMASK = 5,
        /// AVX-512, upper halves of the lower registers.
        ZMM_HI256 = 6,
        /// AVX-512, upper registers.
        HI16_ZMM = 7,
        /// Processor trace.
        PT = 8,
        /// User protection keys.
        PKRU = 9,
        /// Process address space ids.
        PASID = 10,
        /// Control-flow enforcement of user mode.
        CET_U = 11,
        /// Control-flow enforcement of supervisor mode.
        CET_S = 12,
        /// Hardware duty cycling.
        HDC = 13,
        /// User interrupts.
        UINTR = 14,
        /// Last branch records.
        LBR = 15,
        /// Hardware-controlled performance states.
        HWP = 16,
        /// AMX, configuration of tiles.
        TILECFG = 17,
        /// AMX, data of tiles.
        TILEDATA = 18,
        /// APX, additional general-purpose registers.
        APX = 19,
    }
}

flags! {
    /// `ATTRIBUTES.FLAGS` of an SGX report, the first 8 of 16 bytes, little-endian: the attributes of an enclave.
    /// Source: Intel SDM, volume 3D, section 35.7.1.
    EnclaveFlags: u64 {
        /// The enclave is initialized.
        INIT = 0,
        /// A debugger can read and write the enclave.
        DEBUG = 1,
        /// The enclave runs in 64-bit mode.
        MODE64BIT = 2,
        /// The provisioning key is available.
        PROVISION_KEY = 4,
        /// The EINIT token key is available.
        EINITTOKEN_KEY = 5,
        /// Control-flow enforcement is on.
        CET = 6,
        /// Key separation and sharing is on.
        KSS = 7,
        /// The enclave is notified of asynchronous exits.
        AEX_NOTIFY = 10,
    }
}

flags! {
    /// `MISCSELECT` of an SGX report, 4 bytes little-endian: the extended features of an enclave's saved state.
    /// Source: Intel SDM, volume 3D, section 35.7.2.
    MiscSelect: u32 {
        /// Page faults and general protection exceptions are saved.
        EXINFO = 0,
        /// Control protection exceptions are saved.
        CPINFO = 1,
    }
}

/// The names of the flags that are set, and the bits that have no name.
pub(super) struct Named<N>(pub(super) N, pub(super) u64);

impl<N: Iterator<Item = &'static str> + Clone> Display for Named<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(names, unnamed) = self;
        let mut separator = "";
        for name in names.clone() {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        match (*unnamed, separator) {
            (0, "") => f.write_str("none"),
            (0, _) => Ok(()),
            (bits, _) => write!(f, "{separator}reserved bits {bits:#x}"),
        }
    }
}

/// The meaning of TDATTRIBUTES: whether the guest can be debugged, first.
pub(super) struct AttributesNote(pub(super) TdAttributes);

impl Display for AttributesNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(attributes) = self;
        let debug = attributes.contains(TdAttributes::DEBUG);
        f.write_str(if debug { "DEBUG: the host can read the guest's memory" } else { "no debugging" })?;
        let others = attributes.difference(TdAttributes::DEBUG);
        if others.is_empty() { Ok(()) } else { write!(f, "; {}", Named(others.names(), others.unnamed())) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn attributes_by_name() {
        let note = |bits| AttributesNote(TdAttributes::from_bits(bits)).to_string();
        assert_eq!(note(0), "no debugging");
        assert_eq!(note(1 << 28), "no debugging; SEPT_VE_DISABLE");
        assert_eq!(note(1), "DEBUG: the host can read the guest's memory");
        assert_eq!(
            note(1 | 1 << 1 | 1 << 5 | 1 << 30 | 1 << 55 | 1 << 63),
            "DEBUG: the host can read the guest's memory; PERF_PROF, PKS, PERFMON, reserved bits 0x80000000000002"
        );
    }

    #[test]
    fn features_by_name() {
        let named = |bits| {
            let xfam = Xfam::from_bits(bits);
            Named(xfam.names(), xfam.unnamed()).to_string()
        };
        assert_eq!(named(0), "none");
        assert_eq!(
            named(0x6_18e7),
            "X87, SSE, AVX, OPMASK, ZMM_HI256, HI16_ZMM, CET_U, CET_S, TILECFG, TILEDATA"
        );
        assert_eq!(named(1 << 20), "reserved bits 0x100000");
        assert_eq!(named(3 | 1 << 63), "X87, SSE, reserved bits 0x8000000000000000");
    }
}
