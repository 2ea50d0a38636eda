//! The evidence that is verified: all of it real, from `testdata`.

use teeproof_core::Time;

/// A report of a Milan processor, and the certificate of the key that signed it.
pub(crate) const REPORT: &[u8; 1184] = include_bytes!("../../../testdata/snp/milan-report.bin");
pub(crate) const VCEK: &[u8] = include_bytes!("../../../testdata/snp/milan-vcek.der");
/// A time in the validity of the Milan certificates.
pub(crate) const AT: Time = Time(1_717_200_000);

/// Documents of a production enclave, of a debug enclave, and one that was altered.
pub(crate) const PRODUCTION: &[u8] =
    include_bytes!("../../../testdata/nitro/production-eu-central-1-2025-01.cose");
pub(crate) const DEBUG: &[u8] = include_bytes!("../../../testdata/nitro/debug-us-east-1-2024-11.cose");
pub(crate) const TAMPERED: &[u8] = include_bytes!("../../../testdata/nitro/tampered-us-east-1-2024-07.cose");
