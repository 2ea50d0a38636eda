//! The Nitro security module that is meant, and servers of its documents; nonces of documents.

use std::time::Duration;

use clap::Args;
use teeproof_nsm::road::{RoadAddress, RoadError};
use teeproof_nsm::{DocumentError, Nsm, NsmAddress, NsmError, NsmErrorClass};

use crate::input::bytes::{self, NonceRule};
use crate::input::source::Source;
use crate::output::fault::Fault;
use crate::output::hints;

/// The module that is used.
#[derive(Clone, Debug, Args)]
pub(crate) struct ModuleArgs {
    /// The Nitro security module: device:PATH, unix:PATH or tcp:HOST:PORT [default: device:/dev/nsm]
    ///
    /// A device must be that of the kernel's driver nsm. Sockets are those of teeproof-twin nsm.
    #[arg(long, value_name = "ADDRESS", env = "TEEPROOF_NSM", hide_env_values = true)]
    nsm: Option<String>,
}

impl ModuleArgs {
    /// Whether an address is given.
    pub(crate) fn is_given(&self) -> bool {
        self.text().is_some()
    }

    /// The address as it is given. A variable that is empty counts as one that is not set.
    fn text(&self) -> Option<&str> {
        self.nsm.as_deref().filter(|text| !text.is_empty())
    }

    /// The address of the module.
    pub(crate) fn address(&self) -> Result<NsmAddress, Fault> {
        let Some(text) = self.text() else { return Ok(NsmAddress::default()) };
        text.parse().map_err(|error| nsm_fault(&error).in_file("--nsm"))
    }

    /// Opens the module.
    pub(crate) fn open(&self, timeout: Option<Duration>) -> Result<Box<dyn Nsm>, Fault> {
        self.address()?.open(timeout.unwrap_or(PATIENCE)).map_err(|error| nsm_fault(&error))
    }
}

/// The time limit for an exchange over a socket; a device has that of the driver, two minutes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The fault of an error of the module, with its exit code.
pub(crate) fn nsm_fault(error: &NsmError) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_nsm(error));
    match error.class() {
        NsmErrorClass::Usage => Fault::usage(message, hint),
        NsmErrorClass::Malformed => Fault::malformed(message, hint),
        _ => Fault::device(message, hint),
    }
}

/// The fault of a document that is no answer: a document with another nonce is not fresh.
pub(crate) fn document_fault(error: &DocumentError) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_document(error));
    match error {
        DocumentError::Nonce { .. } => Fault::not_fresh(message, hint),
        _ => Fault::malformed(message, hint),
    }
}

/// The fault of an error of a server of documents or of its client.
pub(crate) fn road_fault(error: &RoadError) -> Fault {
    let (message, hint) = (error.to_string(), hints::of_road(error));
    if error.is_usage() { Fault::usage(message, hint) } else { Fault::network(message, hint) }
}

/// The address of a server of documents; `flag` is named in errors.
pub(crate) fn road_address(text: &str, flag: &str) -> Result<RoadAddress, Fault> {
    text.parse().map_err(|error| road_fault(&error).in_file(flag))
}

/// Whether this is a debug enclave: PCR0, PCR1 or PCR2 is zero, as in the verifier's rule. In debug mode all three
/// are, and no image has any of them.
pub(crate) fn is_debug(nsm: &mut dyn Nsm) -> Result<bool, NsmError> {
    for index in 0..=2 {
        if nsm.describe_pcr(index)?.value.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The nonce of a document, and the other fields that the requester chooses.
#[derive(Debug, Args)]
pub(crate) struct FieldArgs {
    /// The verifier's nonce, at most 1024 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    nonce: Option<String>,

    /// Use no nonce: nothing shows when the document was made
    #[arg(long)]
    no_nonce: bool,

    /// The user data of the document, in the forms of --nonce: for instance a hash of what is sent along
    #[arg(long, value_name = "BYTES")]
    pub(crate) user_data: Option<String>,

    /// The public key of the document, in the forms of --nonce; for KMS, an RSA key as DER SubjectPublicKeyInfo
    #[arg(long, value_name = "BYTES")]
    pub(crate) public_key: Option<String>,
}

/// The bytes of [`FieldArgs`].
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) nonce: Option<Vec<u8>>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) public_key: Option<Vec<u8>>,
}

impl FieldArgs {
    /// Reads the bytes that the arguments name.
    pub(crate) fn read(&self, rule: NonceRule, source: &Source) -> Result<Fields, Fault> {
        let nonce = match &self.nonce {
            Some(text) => Some(rule.read(text, source)?),
            None if self.no_nonce => None,
            None => return Err(rule.missing()),
        };
        Ok(Fields {
            nonce,
            user_data: optional(self.user_data.as_deref(), "--user-data", source)?,
            public_key: optional(self.public_key.as_deref(), "--public-key", source)?,
        })
    }
}

/// The bytes of an argument that may be missing.
pub(crate) fn optional(text: Option<&str>, flag: &str, source: &Source) -> Result<Option<Vec<u8>>, Fault> {
    text.map(|text| bytes::resolve_bytes(text, flag, source)).transpose()
}

impl Fields {
    /// The same as fields of a request.
    pub(crate) fn as_request(&self) -> teeproof_nsm::AttestationFields<'_> {
        teeproof_nsm::AttestationFields {
            nonce: self.nonce.as_deref(),
            user_data: self.user_data.as_deref(),
            public_key: self.public_key.as_deref(),
        }
    }
}

/// Ascending numbers as ranges: `0-15, 20`.
pub(crate) fn ranges(numbers: &[u16]) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let shown = |(first, last): &(u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    match ranges.is_empty() {
        true => "none".to_owned(),
        false => ranges.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    /// A module in which these PCRs are zero.
    #[derive(Debug)]
    struct Zero(&'static [u8]);

    impl Nsm for Zero {
        fn exchange_bytes(
            &mut self,
            _: &'static str,
            request: &[u8],
        ) -> Result<Zeroizing<Vec<u8>>, NsmError> {
            // A request ends with the number of its PCR.
            let is_zero = request.last().is_some_and(|index| self.0.contains(index));
            let value = [u8::from(!is_zero); 48];
            let answer = [&b"\xa1\x6bDescribePCR\xa2\x64lock\xf5\x64data\x58\x30"[..], &value].concat();
            Ok(Zeroizing::new(answer))
        }
    }

    #[test]
    fn one_zero_pcr_of_the_image_is_debug_mode() {
        for zero in [&[0][..], &[1], &[2], &[0, 1, 2]] {
            assert!(is_debug(&mut Zero(zero)).is_ok_and(|debug| debug), "{zero:?}");
        }
        for zero in [&[][..], &[3], &[8]] {
            assert!(is_debug(&mut Zero(zero)).is_ok_and(|debug| !debug), "{zero:?}");
        }
    }

    #[test]
    fn an_empty_variable_is_one_that_is_not_set() {
        let given = |text: &str| ModuleArgs { nsm: Some(text.to_owned()) };
        assert!(!given("").is_given());
        assert!(given("").address().is_ok_and(|address| address == NsmAddress::default()));
        assert!(given("unix:/run/nsm").is_given() && given("x").address().is_err());
    }

    #[test]
    fn numbers_in_a_row_are_a_range() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8, 65535]), "0-2, 5, 7-8, 65535");
        assert_eq!(ranges(&[]), "none");
    }
}
