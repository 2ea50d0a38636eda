//! The technologies whose evidence can be verified.

use core::fmt;

/// A confidential-computing technology. The relying party names the ones it accepts; evidence
/// never chooses its own verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Technology {
    /// AMD SEV-SNP: an attestation report under a VCEK or VLEK.
    Snp,
    /// Intel TDX: a TD quote under a PCK.
    Tdx,
    /// An Azure confidential VM on AMD SEV-SNP: the paravisor's report with its vTPM.
    AzureSnp,
    /// An Azure confidential VM on Intel TDX: the paravisor's report with its vTPM.
    AzureTdx,
    /// AWS Nitro Enclaves: an attestation document of the Nitro security module.
    Nitro,
    /// An EC2 instance with NitroTPM: an attestation document with the PCRs of its TPM.
    NitroTpm,
}

impl Technology {
    /// Every technology, in the order of the documentation.
    pub const ALL: &'static [Self] =
        &[Self::Snp, Self::Tdx, Self::AzureSnp, Self::AzureTdx, Self::Nitro, Self::NitroTpm];

    /// The technology alone, as a slice.
    #[must_use]
    pub const fn as_slice(self) -> &'static [Self] {
        match self {
            Self::Snp => &[Self::Snp],
            Self::Tdx => &[Self::Tdx],
            Self::AzureSnp => &[Self::AzureSnp],
            Self::AzureTdx => &[Self::AzureTdx],
            Self::Nitro => &[Self::Nitro],
            Self::NitroTpm => &[Self::NitroTpm],
        }
    }

    /// The name in commands and results: `snp`, `tdx`, `azure-snp`, `azure-tdx`, `nitro`, `nitro-tpm`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snp => "snp",
            Self::Tdx => "tdx",
            Self::AzureSnp => "azure-snp",
            Self::AzureTdx => "azure-tdx",
            Self::Nitro => "nitro",
            Self::NitroTpm => "nitro-tpm",
        }
    }
}

impl fmt::Display for Technology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
