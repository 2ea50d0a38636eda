//! The addresses of collateral at Intel's provisioning certification service (PCS).
//!
//! Source: Intel PCS, API version 4.

use core::fmt;

use crate::PckCa;

/// The collateral of one platform, with the address of each part. Nothing is fetched here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CollateralUrls {
    /// FMSPC of the platform, 6 bytes.
    pub fmspc: [u8; 6],
    /// The authority of its PCK certificate.
    pub ca: PckCa,
}

impl CollateralUrls {
    /// QE identity of TDX, JSON; the certificate chain is in the header `SGX-Enclave-Identity-Issuer-Chain`.
    pub const QE_IDENTITY: &'static str =
        "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity";
    /// The revocation list of the Intel SGX Root CA, DER.
    pub const ROOT_CRL: &'static str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

    /// TCB info of the platform, JSON; the certificate chain is in the header `TCB-Info-Issuer-Chain`.
    pub fn tcb_info(&self) -> impl fmt::Display {
        TcbInfoUrl(self.fmspc)
    }

    /// The revocation list of the authority of the PCK certificate, DER.
    pub fn pck_crl(&self) -> impl fmt::Display {
        PckCrlUrl(self.ca)
    }
}

/// Six bytes as Intel writes them, in upper case.
pub(crate) struct Fmspc(pub(crate) [u8; 6]);

impl fmt::Display for Fmspc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

struct TcbInfoUrl([u8; 6]);

impl fmt::Display for TcbInfoUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BASE: &str = "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=";
        write!(f, "{BASE}{}", Fmspc(self.0))
    }
}

struct PckCrlUrl(PckCa);

impl fmt::Display for PckCrlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BASE: &str = "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=";
        write!(f, "{BASE}{}&encoding=der", self.0)
    }
}

/// Every address, with the FMSPC.
impl fmt::Display for CollateralUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Fetch the collateral of FMSPC {}: TCB info {}, QE identity {}, revocation lists {} and {}.",
            Fmspc(self.fmspc),
            self.tcb_info(),
            Self::QE_IDENTITY,
            self.pck_crl(),
            Self::ROOT_CRL
        )
    }
}
