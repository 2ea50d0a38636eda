//! Errors of requests through a NitroTPM, with a hint for each.

use core::fmt;

use crate::{Class, Error};

/// An error of a request through a NitroTPM.
#[derive(Debug)]
#[non_exhaustive]
pub enum NitroTpmError {
    /// The TPM refused or failed.
    Tpm(Error),
    /// A request has 1 to 4096 bytes; this has another number.
    RequestLength(usize),
    /// There is no endorsement key at 0x81010001.
    NoEndorsementKey,
    /// The endorsement key is not RSA-2048 of the TCG's EK Credential Profile.
    EndorsementKey(teeproof_wire::Error),
    /// The TPM does not have the vendor command.
    NoVendorCommand {
        /// Whether a resource manager refused the command, so that the TPM has not seen it.
        by_resource_manager: bool,
    },
    /// No index of the owner is free, or others take each free one first.
    NoFreeIndex,
    /// The HMAC of a response is not that of the session.
    ResponseHmac {
        /// The command.
        command: &'static str,
    },
    /// The TPM reported success, and the message buffer still has the request.
    NoAnswer,
    /// The answer is not a CBOR item of the Nitro security module.
    Answer(teeproof_wire::Error),
    /// The answer does not fit the message buffer: the TPM has cut it, or states a wrong length.
    AnswerTooLong {
        /// The least number of bytes that the answer says it has.
        bytes: usize,
        /// The size of the buffer in bytes.
        limit: u16,
    },
    /// The message buffer could not be undefined.
    IndexLeft {
        /// The NV index.
        index: u32,
        /// Why not.
        source: Error,
        /// The error before, if there was one.
        after: Option<Box<NitroTpmError>>,
    },
    /// The cryptographic library failed, in this operation.
    Crypto(&'static str),
}

impl NitroTpmError {
    /// The class of the error.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Tpm(error) => error.class(),
            Self::RequestLength(_) => Class::Usage,
            Self::NoEndorsementKey
            | Self::NoVendorCommand { .. }
            | Self::NoFreeIndex
            | Self::IndexLeft { .. }
            | Self::Crypto(_) => Class::Device,
            Self::EndorsementKey(_)
            | Self::ResponseHmac { .. }
            | Self::NoAnswer
            | Self::Answer(_)
            | Self::AnswerTooLong { .. } => Class::Malformed,
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Tpm(error) => return error.hint(),
            Self::IndexLeft { index, .. } => {
                return format!("undefine it: tpm2_nvundefine -C o {index:#010x}");
            }
            Self::RequestLength(_) => "shorten the user data: a hash of it serves as well",
            Self::NoEndorsementKey => {
                "this is not a NitroTPM, which has the key when the instance starts; or it was evicted: restart the instance"
            }
            Self::EndorsementKey(_) => {
                "this is not a NitroTPM: give the address of one, device:/dev/tpm0 on EC2"
            }
            Self::NoVendorCommand { by_resource_manager: true } => {
                "give the device without the resource manager: device:/dev/tpm0"
            }
            Self::NoVendorCommand { by_resource_manager: false } => {
                "run this on an EC2 instance of an AMI with TPM support v2.0; instances of another cloud, or launched without it, have no NitroTPM"
            }
            Self::NoFreeIndex => {
                "tpm2_getcap handles-nv-index lists the indexes; undefine those that ended programs have left from 0x01800000 on"
            }
            Self::ResponseHmac { .. } => {
                "try again; if it stays, something between this program and the TPM changes its responses"
            }
            Self::NoAnswer | Self::Answer(_) => "try again; if it stays, this is not a NitroTPM",
            Self::AnswerTooLong { .. } => "shorten user data and public key: a hash of them serves as well",
            Self::Crypto(_) => "try again",
        };
        hint.to_owned()
    }
}

impl fmt::Display for NitroTpmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpm(error) => write!(f, "{error}"),
            Self::RequestLength(bytes) => {
                write!(f, "NSM request: expected 1 to 4096 bytes, got {bytes}")
            }
            Self::NoEndorsementKey => f.write_str("this TPM has no endorsement key at handle 0x81010001"),
            Self::EndorsementKey(error) => write!(f, "not the endorsement key of a NitroTPM: {error}"),
            Self::NoVendorCommand { by_resource_manager: true } => f.write_str(
                "the resource manager refuses the vendor command 0x20000001 (TPM_RC_COMMAND_CODE)",
            ),
            Self::NoVendorCommand { by_resource_manager: false } => f.write_str(
                "this TPM has no vendor command 0x20000001 (TPM_RC_COMMAND_CODE): it is not a NitroTPM",
            ),
            Self::NoFreeIndex => f.write_str("no NV index from 0x01800000 to 0x01bfffff is free"),
            Self::ResponseHmac { command } => {
                write!(f, "{command}: the HMAC of the response is not that of the session")
            }
            Self::NoAnswer => f.write_str("the message buffer still has the request, not an answer"),
            Self::Answer(error) => write!(f, "malformed answer in the message buffer: {error}"),
            Self::AnswerTooLong { bytes, limit } => {
                write!(f, "the answer has {bytes} bytes or more, and the message buffer {limit}")
            }
            Self::IndexLeft { index, source, after } => {
                if let Some(after) = after {
                    write!(f, "{after}; then ")?;
                }
                write!(f, "NV index {index:#010x} stays defined: {source}")
            }
            Self::Crypto(what) => write!(f, "the cryptographic library failed: {what}"),
        }
    }
}

impl core::error::Error for NitroTpmError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Tpm(error) | Self::IndexLeft { source: error, .. } => Some(error),
            Self::EndorsementKey(error) | Self::Answer(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for NitroTpmError {
    fn from(error: Error) -> Self {
        Self::Tpm(error)
    }
}
