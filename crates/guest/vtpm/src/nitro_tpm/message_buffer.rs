//! The message buffer of the vendor command: an NV index of the owner with a random password.
//!
//! Source: TCG TPM 2.0 Library, Part 2, section 13 (NV indexes), Part 3, section 31; TCG Registry of Reserved TPM 2.0
//! Handles, section 2.2 (the owner's indexes).

use zeroize::Zeroizing;

use super::NitroTpmError;
use super::command::{self, Authorized, sized};
use super::session::{ParameterEncryption, Session, random, sha512};
use crate::{Error, NvAttributes, NvPublic, ResponseCode, Tpm, handles, response_checks};

/// The first and the last index of the owner.
const FIRST_INDEX: u32 = 0x0180_0000;
const LAST_INDEX: u32 = 0x01bf_ffff;
/// The most attempts with other indexes, where other programs define those that were free.
const TRIES: u32 = 8;
/// TPM2_NV_DefineSpace.
const DEFINE: (&str, u32) = ("TPM2_NV_DefineSpace", 0x0000_012a);
/// TPM2_NV_Write.
const WRITE: (&str, u32) = ("TPM2_NV_Write", 0x0000_0137);
/// TPM2_NV_Read.
const READ: (&str, u32) = ("TPM2_NV_Read", 0x0000_014e);
/// TPM_ALG_SHA512, the hash of the Name.
const NAME_ALGORITHM: u16 = 0x000d;
/// TPMA_NV of the index: read and written with its own password.
const ATTRIBUTES: NvAttributes = NvAttributes::AUTHREAD.union(NvAttributes::AUTHWRITE);
/// The size of the password in bytes.
const AUTH_BYTES: usize = 64;
/// The same as the size of a TPM2B_AUTH.
const AUTH_SIZE: [u8; 2] = [0, 64];

/// A defined index. [`MessageBuffer::undefine_after`] undefines it.
pub(super) struct MessageBuffer {
    index: u32,
    size: u16,
    auth: Zeroizing<[u8; AUTH_BYTES]>,
}

impl MessageBuffer {
    /// Defines a free index of this size.
    pub(super) fn define(tpm: &mut dyn Tpm, session: &mut Session, size: u16) -> Result<Self, NitroTpmError> {
        let mut auth = random::<AUTH_BYTES>()?;
        // Zeros at the end of a password do not count.
        if let Some(last) = auth.last_mut() {
            *last |= 1;
        }
        let mut buffer = Self { index: FIRST_INDEX, size, auth };
        let mut first = FIRST_INDEX;
        for _ in 0..TRIES {
            buffer.index = free_index(tpm, first)?.ok_or(NitroTpmError::NoFreeIndex)?;
            match buffer.define_index(tpm, session) {
                Err(NitroTpmError::Tpm(Error::Refused { code, .. }))
                    if code.base() == ResponseCode::NV_DEFINED =>
                {
                    first = buffer.index.saturating_add(1);
                }
                Ok(()) => return Ok(buffer),
                Err(error) => return Err(buffer.not_defined(tpm, error)),
            }
        }
        Err(NitroTpmError::NoFreeIndex)
    }

    fn define_index(&self, tpm: &mut dyn Tpm, session: &mut Session) -> Result<(), NitroTpmError> {
        // Of the whole size at once: growing would leave the password in memory.
        let public = sized(&self.public(ATTRIBUTES));
        let size = public.len().saturating_add(AUTH_BYTES).saturating_add(2);
        let mut parameters = Zeroizing::new(Vec::with_capacity(size));
        parameters.extend_from_slice(&AUTH_SIZE);
        parameters.extend_from_slice(&*self.auth);
        parameters.extend_from_slice(&public);
        let owner = handles::OWNER.to_be_bytes();
        let command = Authorized {
            name: DEFINE.0,
            code: DEFINE.1,
            handles: &[(handles::OWNER, owner.as_slice())],
            // The owner's password is empty, as the instance starts.
            auth: &[],
            parameters: &parameters,
            encryption: ParameterEncryption::Command,
        };
        let response = session.run(tpm, &command)?;
        command::expect_no_parameters(DEFINE.0, &response)
    }

    /// The error of a definition. Without a refusal the index may be there; it is undefined if it is as requested.
    fn not_defined(&self, tpm: &mut dyn Tpm, error: NitroTpmError) -> NitroTpmError {
        if matches!(error, NitroTpmError::Tpm(Error::Refused { .. } | Error::NoRawCommands { .. })) {
            return error;
        }
        let expected = NvPublic {
            index: self.index,
            name_algorithm: NAME_ALGORITHM,
            attributes: ATTRIBUTES,
            policy: Vec::new(),
            data_size: self.size,
        };
        match tpm.nv_public(self.index) {
            Ok(public) if public == expected => match tpm.nv_undefine(self.index) {
                Ok(()) => error,
                Err(source) => self.left(source, Some(error)),
            },
            _ => error,
        }
    }

    /// Writes the request.
    pub(super) fn write(
        &self,
        tpm: &mut dyn Tpm,
        session: &mut Session,
        request: &[u8],
        piece: u16,
    ) -> Result<(), NitroTpmError> {
        let mut offset = 0_u16;
        for part in request.chunks(usize::from(piece).max(1)) {
            let parameters = Zeroizing::new([&sized(part)[..], &offset.to_be_bytes()].concat());
            // The first write sets WRITTEN, and with it another Name.
            let name = if offset == 0 { self.name_with(ATTRIBUTES) } else { self.name() };
            let response = self.run(tpm, session, WRITE, &name, &parameters, ParameterEncryption::Command)?;
            command::expect_no_parameters(WRITE.0, &response)?;
            offset = offset.saturating_add(u16::try_from(part.len()).unwrap_or(u16::MAX));
        }
        Ok(())
    }

    /// Reads so many bytes.
    pub(super) fn read(
        &self,
        tpm: &mut dyn Tpm,
        session: &mut Session,
        offset: u16,
        size: u16,
    ) -> Result<Zeroizing<Vec<u8>>, NitroTpmError> {
        let parameters = [size.to_be_bytes(), offset.to_be_bytes()].concat();
        let response =
            self.run(tpm, session, READ, &self.name(), &parameters, ParameterEncryption::Response)?;
        let data = command::one_sized(READ.0, &response)?;
        response_checks::nv_data(&data, size)?;
        Ok(data)
    }

    /// Runs a command on the index under its own password.
    fn run(
        &self,
        tpm: &mut dyn Tpm,
        session: &mut Session,
        (name, code): (&'static str, u32),
        index_name: &[u8],
        parameters: &[u8],
        encryption: ParameterEncryption,
    ) -> Result<Zeroizing<Vec<u8>>, NitroTpmError> {
        let handles = &[(self.index, index_name); 2];
        session.run(tpm, &Authorized { name, code, handles, auth: &*self.auth, parameters, encryption })
    }

    /// Undefines the index, and returns what was done with it; that it could not be undefined is an error.
    pub(super) fn undefine_after<T>(
        &self,
        tpm: &mut dyn Tpm,
        done: Result<T, NitroTpmError>,
    ) -> Result<T, NitroTpmError> {
        match tpm.nv_undefine(self.index) {
            Ok(()) => done,
            // Others may undefine it as well.
            Err(source) if source.is_absent() => done,
            Err(source) => Err(self.left(source, done.err())),
        }
    }

    fn left(&self, source: Error, after: Option<NitroTpmError>) -> NitroTpmError {
        NitroTpmError::IndexLeft { index: self.index, source, after: after.map(Box::new) }
    }

    /// The handle.
    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// The size in bytes.
    pub(super) const fn size(&self) -> u16 {
        self.size
    }

    /// The password.
    pub(super) fn auth(&self) -> &[u8] {
        &*self.auth
    }

    /// The Name once something was written. It is computed, not read: nothing that the TPM returns in the clear gets
    /// into an HMAC.
    pub(super) fn name(&self) -> Vec<u8> {
        self.name_with(ATTRIBUTES.union(NvAttributes::WRITTEN))
    }

    fn name_with(&self, attributes: NvAttributes) -> Vec<u8> {
        [&NAME_ALGORITHM.to_be_bytes()[..], sha512(&[&self.public(attributes)]).as_ref()].concat()
    }

    /// TPMS_NV_PUBLIC without a policy.
    fn public(&self, attributes: NvAttributes) -> Vec<u8> {
        [
            &self.index.to_be_bytes()[..],
            &NAME_ALGORITHM.to_be_bytes(),
            &attributes.bits().to_be_bytes(),
            &[0, 0],
            &self.size.to_be_bytes(),
        ]
        .concat()
    }
}

/// The first index of the owner from this one up that is not defined.
fn free_index(tpm: &mut dyn Tpm, first: u32) -> Result<Option<u32>, Error> {
    let defined = handles::all_handles(tpm, first)?;
    let mut free = first;
    for index in defined {
        if index != free {
            break;
        }
        free = free.saturating_add(1);
    }
    Ok(Some(free).filter(|free| *free <= LAST_INDEX))
}
