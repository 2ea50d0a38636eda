//! The commands of a TPM, one method each, and the types that they take and return.
//!
//! Two transports implement the trait; everything else in the crate is written against it.

use teeproof_wire::tpm::Selection;
use zeroize::Zeroizing;

use crate::{Error, NvPublic, PcrValues};

/// A TPM. Authorizations are empty passwords, as Azure leaves them.
///
/// Every method is one command (or a session and its commands); chunks, retries and loops are
/// their callers' business.
///
/// Source: TCG TPM 2.0 Library, Part 3.
pub trait Tpm {
    /// One fixed or variable property, if the TPM has it: TPM2_GetCapability(TPM_CAP_TPM_PROPERTIES).
    ///
    /// # Errors
    /// Those that every command has: the device fails, the TPM refuses, its answer is malformed.
    fn property(&mut self, property: u32) -> Result<Option<u32>, Error>;

    /// The handles of one kind that are in use, from this one up: TPM2_GetCapability(TPM_CAP_HANDLES).
    ///
    /// # Errors
    /// Those that every command has.
    fn handles(&mut self, first: u32) -> Result<Vec<u32>, Error>;

    /// The allocated banks and their registers: TPM2_GetCapability(TPM_CAP_PCRS).
    ///
    /// # Errors
    /// Those that every command has.
    fn banks(&mut self) -> Result<Vec<Selection>, Error>;

    /// What an NV index is: TPM2_NV_ReadPublic.
    ///
    /// # Errors
    /// Those that every command has; [`Error::is_absent`] tells an index that is not defined.
    fn nv_public(&mut self, index: u32) -> Result<NvPublic, Error>;

    /// Reads `size` bytes of an NV index: TPM2_NV_Read.
    ///
    /// # Errors
    /// Those that every command has.
    fn nv_read(&mut self, index: u32, by: Authority, offset: u16, size: u16) -> Result<Vec<u8>, Error>;

    /// Writes an NV index: TPM2_NV_Write.
    ///
    /// # Errors
    /// Those that every command has.
    fn nv_write(&mut self, index: u32, by: Authority, offset: u16, data: &[u8]) -> Result<(), Error>;

    /// Defines an NV index of the owner with an empty password: TPM2_NV_DefineSpace.
    ///
    /// # Errors
    /// Those that every command has.
    fn nv_define(&mut self, public: &NvPublic) -> Result<(), Error>;

    /// Takes an NV index of the owner away: TPM2_NV_UndefineSpace.
    ///
    /// # Errors
    /// Those that every command has.
    fn nv_undefine(&mut self, index: u32) -> Result<(), Error>;

    /// The public area of an object, and its names: TPM2_ReadPublic.
    ///
    /// # Errors
    /// Those that every command has; [`Error::is_absent`] tells a handle without an object.
    fn read_public(&mut self, object: u32) -> Result<PublicObject, Error>;

    /// The values of as many of these registers as fit an answer: TPM2_PCR_Read.
    ///
    /// # Errors
    /// Those that every command has.
    fn pcr_read(&mut self, selection: Selection) -> Result<PcrValues, Error>;

    /// Extends one register of one bank: TPM2_PCR_Extend.
    ///
    /// # Errors
    /// Those that every command has.
    fn pcr_extend(&mut self, register: u8, bank: u16, digest: &[u8]) -> Result<(), Error>;

    /// A quote over registers, in the key's own scheme: TPM2_Quote.
    ///
    /// # Errors
    /// Those that every command has.
    fn quote(&mut self, key: u32, nonce: &[u8], selections: &[Selection]) -> Result<Signed, Error>;

    /// Makes the primary key of a template (TPMT_PUBLIC, in bytes): TPM2_CreatePrimary.
    ///
    /// # Errors
    /// Those that every command has.
    fn create_primary(&mut self, hierarchy: u32, template: &[u8]) -> Result<Created, Error>;

    /// A statement of one key that another is in the same TPM: TPM2_Certify. Both keys are used with
    /// an empty password; the object's may be one that a policy guards, for certifying it asks for
    /// no more than that.
    ///
    /// # Errors
    /// Those that every command has.
    fn certify(&mut self, object: u32, signer: u32, nonce: &[u8]) -> Result<Signed, Error>;

    /// Decrypts under a key whose policy is that these registers have their present values:
    /// TPM2_StartAuthSession, TPM2_PolicyPCR, TPM2_RSA_Decrypt. The session is gone afterwards,
    /// with or without an error. It is one of SHA-256: the key's name and its policy must be of that hash.
    ///
    /// # Errors
    /// Those that every command has; TPM_RC_POLICY_FAIL if the PCRs have changed.
    fn rsa_decrypt(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error>;

    /// Sends a command as it is and returns the response as it is, a refusal too; `name` is the command in errors. For
    /// commands that no method here covers.
    ///
    /// # Errors
    /// Those of the transport; a transport that makes its commands itself, as the TPM software stack does, has
    /// [`Error::NoRawCommands`].
    fn send_raw(&mut self, name: &'static str, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let _ = command;
        Err(Error::NoRawCommands { command: name })
    }

    /// Takes a transient object or a session out of the TPM: TPM2_FlushContext.
    ///
    /// # Errors
    /// Those that every command has.
    fn flush(&mut self, object: u32) -> Result<(), Error>;
}

/// The public part of an object: TPM2_ReadPublic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicObject {
    /// TPMT_PUBLIC, in bytes.
    pub public: Vec<u8>,
    /// Algorithm and digest of the public area.
    pub name: Vec<u8>,
    /// The name of the object under its hierarchy.
    pub qualified_name: Vec<u8>,
}

/// A primary key that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Where it is until it is flushed.
    pub handle: u32,
    /// TPMT_PUBLIC, in bytes.
    pub public: Vec<u8>,
    /// Algorithm and digest of the public area.
    pub name: Vec<u8>,
}

/// An attestation and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// TPMS_ATTEST, exactly the bytes that were signed.
    pub message: Vec<u8>,
    /// TPMT_SIGNATURE, in bytes.
    pub signature: Vec<u8>,
}

/// Who authorizes the use of an NV index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The owner of the TPM.
    Owner,
    /// Whoever knows the index's own password, which is empty.
    Index,
}

/// How RSA pads what it encrypts: TPMT_RSA_DECRYPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// RSAES-PKCS1-v1_5.
    Rsaes,
    /// RSAES-OAEP with this hash (a TPM_ALG_ID) and an empty label; MGF1 with the same hash.
    Oaep(u16),
}

impl Padding {
    /// OAEP with this hash (a TPM_ALG_ID); RSAES for `None`.
    #[must_use]
    pub fn of(oaep: Option<u16>) -> Self {
        oaep.map_or(Self::Rsaes, Self::Oaep)
    }

    /// The hash of OAEP (a TPM_ALG_ID); `None` for RSAES.
    #[must_use]
    pub const fn oaep(self) -> Option<u16> {
        match self {
            Self::Rsaes => None,
            Self::Oaep(hash) => Some(hash),
        }
    }
}
