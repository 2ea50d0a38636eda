//! Identity of an enclave: the names in document, chain and PCR4.

/// The instance and the enclave on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The parent instance: `i-` and 17 hexadecimal digits.
    pub instance: String,
    /// The enclave's number; zero in the module ids of instances themselves.
    pub enclave: u64,
    /// The region.
    pub region: String,
    /// Whether it is an instance with NitroTPM, not an enclave.
    pub tpm: bool,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            instance: "i-0123456789abcdef0".to_owned(),
            enclave: 0x0123_4567_89ab_cdef,
            region: "eu-central-1".to_owned(),
            tpm: false,
        }
    }
}

impl Identity {
    /// The module id: `<instance>-enc<16 hex>`, or `<instance>-tpm<16 hex>`.
    #[must_use]
    pub fn module_id(&self) -> String {
        let kind = if self.tpm { "tpm" } else { "enc" };
        format!("{}-{kind}{:016x}", self.instance, self.enclave)
    }
}
