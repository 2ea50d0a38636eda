//! A TPM behind the TPM software stack: its C libraries, through tss-esapi.
//!
//! The bindings of tss-esapi-sys 0.6, which tss-esapi 7.7 brings, describe the structures of the
//! stack's version 3.2 to the byte; that is the one of Debian 12.
//!
//! Three things are the stack's and cannot be changed from here. It waits for an answer for as long
//! as it takes. It opens an object with a command of its own before each use. And its libraries
//! write to the standard error output whatever a TPM refuses, unless `TSS2_LOG=all+NONE` stands in
//! the environment when the program starts.

mod convert;
mod failure;
mod objects;
mod secret;
mod tcti;

use teeproof_wire::tpm::Selection;
use tss_esapi::Context;
use tss_esapi::constants::CapabilityType;
use tss_esapi::handles::{NvIndexHandle, PcrHandle};
use tss_esapi::interface_types::resource_handles::Provision;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::interface_types::structure_tags::AttestationType;
use tss_esapi::structures::{CapabilityData, Data, MaxNvBuffer, SignatureScheme};
use zeroize::Zeroizing;

use objects::Made;

use crate::character_device::check_device;
use crate::{
    Address, Authority, Created, Error, NvPublic, Padding, PcrValues, PublicObject, Signed, Tpm,
    response_checks,
};

/// The empty password, for commands that one handle authorizes.
const PASSWORD: Sessions = (Some(AuthSession::Password), None, None);
/// The empty password, for commands that two handles authorize.
const TWO_PASSWORDS: Sessions = (Some(AuthSession::Password), Some(AuthSession::Password), None);
/// No authorization.
const NOBODY: Sessions = (None, None, None);

/// Who authorizes a command.
type Sessions = (Option<AuthSession>, Option<AuthSession>, Option<AuthSession>);

/// A TPM behind the stack.
#[derive(Debug)]
pub(crate) struct Stack {
    context: Context,
    made: Made,
}

impl Stack {
    /// Opens the TPM of a TCTI string, as `TPM2TOOLS_TCTI` has it: `device:/dev/tpmrm0`,
    /// `swtpm:host=127.0.0.1,port=2321`, `mssim:…` or `tabrmd:…`. These are the kinds that
    /// tss-esapi hands on to the stack.
    ///
    /// # Errors
    /// Another kind of string, no such device or nobody at the socket, the stack's module for that
    /// kind is not installed.
    pub(crate) fn open(tcti: &str) -> Result<Self, Error> {
        let name = tcti::parse(tcti)?;
        // The stack writes commands to whatever it can open.
        if let Ok(Address::Device(path)) = tcti.parse() {
            check_device(&path).map_err(|source| Error::Open { address: tcti.to_owned(), source })?;
        }
        let context = Context::new(name).map_err(|error| tcti::not_opened(tcti, error))?;
        Ok(Self { context, made: Made::default() })
    }

    /// Runs one command under these sessions and no others.
    fn run<T>(
        &mut self,
        command: &'static str,
        sessions: Sessions,
        run: impl FnOnce(&mut Context) -> tss_esapi::Result<T>,
    ) -> Result<T, Error> {
        self.context.execute_with_sessions(sessions, run).map_err(|error| failure::of(command, error))
    }

    fn capability(&mut self, which: CapabilityType, from: u32, count: u32) -> Result<CapabilityData, Error> {
        let ask = |context: &mut Context| context.get_capability(which, from, count);
        self.run("TPM2_GetCapability", NOBODY, ask).map(|(data, _)| data)
    }
}

impl Tpm for Stack {
    fn property(&mut self, property: u32) -> Result<Option<u32>, Error> {
        match self.capability(CapabilityType::TpmProperties, property, 1)? {
            // The TPM goes on with the next one if it does not have this one.
            CapabilityData::TpmProperties(list) => Ok(list
                .iter()
                .find(|tagged| u32::from(tagged.property()) == property)
                .map(|tagged| tagged.value())),
            _ => Err(failure::other_kind()),
        }
    }

    fn handles(&mut self, first: u32) -> Result<Vec<u32>, Error> {
        match self.capability(CapabilityType::Handles, first, convert::MAX_HANDLES)? {
            CapabilityData::Handles(list) => {
                response_checks::handles(first, list.iter().map(|handle| u32::from(*handle)).collect())
            }
            _ => Err(failure::other_kind()),
        }
    }

    fn banks(&mut self) -> Result<Vec<Selection>, Error> {
        match self.capability(CapabilityType::AssignedPcr, 0, 1)? {
            CapabilityData::AssignedPcr(list) => Ok(convert::selections(list)),
            _ => Err(failure::other_kind()),
        }
    }

    fn nv_public(&mut self, index: u32) -> Result<NvPublic, Error> {
        const COMMAND: &str = "TPM2_NV_ReadPublic";
        self.with_object(COMMAND, index, |this, object| {
            let index = NvIndexHandle::from(object);
            let (public, _) = this.run(COMMAND, NOBODY, |context| context.nv_read_public(index))?;
            convert::nv_public(&public).map_err(|error| failure::of(COMMAND, error))
        })
        .and_then(|public| response_checks::nv_index(index, public.index).map(|()| public))
    }

    fn nv_read(&mut self, index: u32, by: Authority, offset: u16, size: u16) -> Result<Vec<u8>, Error> {
        const COMMAND: &str = "TPM2_NV_Read";
        self.with_object(COMMAND, index, |this, object| {
            let index = NvIndexHandle::from(object);
            let by = convert::authority(by, index);
            let read = |context: &mut Context| context.nv_read(by, index, size, offset);
            let data = this.run(COMMAND, PASSWORD, read)?;
            response_checks::nv_data(data.value(), size)?;
            Ok(data.value().to_vec())
        })
    }

    fn nv_write(&mut self, index: u32, by: Authority, offset: u16, data: &[u8]) -> Result<(), Error> {
        const COMMAND: &str = "TPM2_NV_Write";
        let data: MaxNvBuffer = convert::buffer(COMMAND, "the data", data)?;
        self.with_object(COMMAND, index, |this, object| {
            let index = NvIndexHandle::from(object);
            let by = convert::authority(by, index);
            this.run(COMMAND, PASSWORD, |context| context.nv_write(by, index, data, offset))
        })
    }

    fn nv_define(&mut self, public: &NvPublic) -> Result<(), Error> {
        const COMMAND: &str = "TPM2_NV_DefineSpace";
        let public = convert::nv_definition(COMMAND, public)?;
        let define = |context: &mut Context| context.nv_define_space(Provision::Owner, None, public);
        let index = self.run(COMMAND, PASSWORD, define)?;
        self.close(index.into());
        Ok(())
    }

    fn nv_undefine(&mut self, index: u32) -> Result<(), Error> {
        const COMMAND: &str = "TPM2_NV_UndefineSpace";
        let object = self.open_object(COMMAND, index)?;
        let undefine = |context: &mut Context| context.nv_undefine_space(Provision::Owner, object.into());
        // Success closes the object as well.
        self.run(COMMAND, PASSWORD, undefine).inspect_err(|_| self.close(object))
    }

    fn read_public(&mut self, object: u32) -> Result<PublicObject, Error> {
        const COMMAND: &str = "TPM2_ReadPublic";
        self.with_object(COMMAND, object, |this, object| {
            let (public, name, qualified_name) =
                this.run(COMMAND, NOBODY, |context| context.read_public(object.into()))?;
            Ok(PublicObject {
                public: convert::bytes(&public).map_err(|error| failure::of(COMMAND, error))?,
                name: name.value().to_vec(),
                qualified_name: qualified_name.value().to_vec(),
            })
        })
    }

    fn pcr_read(&mut self, selection: Selection) -> Result<PcrValues, Error> {
        const COMMAND: &str = "TPM2_PCR_Read";
        let list = convert::selection_list(COMMAND, &[selection])?;
        let (_, read, digests) = self.run(COMMAND, NOBODY, |context| context.pcr_read(list))?;
        convert::pcr_values(selection, read, &digests)
    }

    fn pcr_extend(&mut self, register: u8, bank: u16, digest: &[u8]) -> Result<(), Error> {
        const COMMAND: &str = "TPM2_PCR_Extend";
        let unfit = |_| failure::unfit(COMMAND, format!("{register} is not a PCR"));
        let place = PcrHandle::try_from(u32::from(register)).map_err(unfit)?;
        let values = convert::digests(COMMAND, bank, digest)?;
        self.run(COMMAND, PASSWORD, |context| context.pcr_extend(place, values))
    }

    fn quote(&mut self, key: u32, nonce: &[u8], selections: &[Selection]) -> Result<Signed, Error> {
        const COMMAND: &str = "TPM2_Quote";
        let nonce: Data = convert::buffer(COMMAND, "the nonce", nonce)?;
        let list = convert::selection_list(COMMAND, selections)?;
        self.with_object(COMMAND, key, |this, key| {
            let quote = |context: &mut Context| context.quote(key.into(), nonce, SignatureScheme::Null, list);
            let answer = this.run(COMMAND, PASSWORD, quote)?;
            convert::signed(COMMAND, AttestationType::Quote, &answer)
        })
    }

    fn create_primary(&mut self, hierarchy: u32, template: &[u8]) -> Result<Created, Error> {
        self.make(hierarchy, template)
    }

    fn certify(&mut self, object: u32, signer: u32, nonce: &[u8]) -> Result<Signed, Error> {
        const COMMAND: &str = "TPM2_Certify";
        let nonce: Data = convert::buffer(COMMAND, "the nonce", nonce)?;
        self.with_object(COMMAND, object, |this, object| {
            this.with_object(COMMAND, signer, |this, signer| {
                let certify = |context: &mut Context| {
                    context.certify(object, signer.into(), nonce, SignatureScheme::Null)
                };
                let answer = this.run(COMMAND, TWO_PASSWORDS, certify)?;
                convert::signed(COMMAND, AttestationType::Certify, &answer)
            })
        })
    }

    fn rsa_decrypt(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.decrypt(key, registers, padding, ciphertext)
    }

    fn flush(&mut self, object: u32) -> Result<(), Error> {
        self.flush_object(object)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use teeproof_twin::swtpm::Swtpm;
    use tss_esapi::interface_types::dynamic_handles::Persistent;

    use super::*;
    use crate::{NvAttributes, handles};

    /// TPMT_PUBLIC of an attestation key: RSA-2048, restricted, RSASSA with SHA-256.
    const TEMPLATE: [u8; 24] =
        [0, 1, 0, 0x0b, 0, 5, 4, 0x72, 0, 0, 0, 0x10, 0, 0x14, 0, 0x0b, 8, 0, 0, 0, 0, 0, 0, 0];
    const INDEX: u32 = 0x0140_0002;

    /// A TPM with an attestation key at a persistent handle, and an NV index.
    fn furnished() -> (Swtpm, Stack) {
        let swtpm = Swtpm::start_tcp().unwrap();
        let mut stack = Stack::open(&swtpm.tcti()).unwrap();
        let key = stack.create_primary(handles::ENDORSEMENT, &TEMPLATE).unwrap().handle;
        let (made, place) = (stack.made.find(key).unwrap(), handles::AK.try_into().unwrap());
        let mut kept = stack
            .context
            .execute_with_session(PASSWORD.0, |context| {
                context.evict_control(Provision::Owner, made, Persistent::Persistent(place))
            })
            .unwrap();
        stack.context.tr_close(&mut kept).unwrap();
        stack.flush(key).unwrap();
        let attributes = NvAttributes::OWNERWRITE | NvAttributes::OWNERREAD;
        let (name_algorithm, policy) = (teeproof_wire::tpm::SHA256, Vec::new());
        stack
            .nv_define(&NvPublic { index: INDEX, name_algorithm, attributes, policy, data_size: 4 })
            .unwrap();
        (swtpm, stack)
    }

    /// Version 3.2.1 of the stack ends the whole program if a handle is opened while a password
    /// session is set. The sessions are set here as an operation would leave them behind; everything
    /// that opens a handle has to go on.
    #[test]
    fn a_session_that_is_set_does_not_reach_the_opening_of_a_handle() {
        let (_swtpm, mut stack) = furnished();
        for sessions in [PASSWORD, TWO_PASSWORDS] {
            stack.context.set_sessions(sessions);
            let key = stack.read_public(handles::AK).unwrap();
            assert!(key.name.starts_with(&[0, 0x0b]), "{:?}", key.name);
            stack.nv_write(INDEX, Authority::Owner, 0, b"word").unwrap();
            assert_eq!(stack.nv_read(INDEX, Authority::Owner, 0, 4).unwrap(), b"word");
            assert_eq!(stack.nv_public(INDEX).unwrap().data_size, 4);
            let quoted = stack.quote(handles::AK, b"nonce", &[Selection { bank: 0x0b, bitmap: 1 }]).unwrap();
            assert!(quoted.message.starts_with(&teeproof_wire::tpm::MAGIC.to_be_bytes()));
            assert_eq!(stack.context.sessions(), sessions);
        }
        stack.nv_undefine(INDEX).unwrap();
    }

    /// A key that was made stays until it is flushed, and its handle means nothing afterwards.
    #[test]
    fn made_keys_have_handles_of_their_own() {
        let (_swtpm, mut stack) = furnished();
        let first = stack.create_primary(handles::NULL, &TEMPLATE).unwrap();
        let second = stack.create_primary(handles::OWNER, &TEMPLATE).unwrap();
        assert_ne!(first.handle, second.handle);
        assert_ne!(first.name, second.name);
        stack.flush(first.handle).unwrap();
        assert!(stack.read_public(first.handle).unwrap_err().is_absent());
        assert!(stack.flush(first.handle).unwrap_err().is_absent());
        let third = stack.create_primary(handles::NULL, &TEMPLATE).unwrap();
        assert!(![first.handle, second.handle].contains(&third.handle));
        stack.flush(third.handle).unwrap();
        assert_eq!(stack.read_public(second.handle).unwrap().name, second.name);
        stack.flush(second.handle).unwrap();
        assert_eq!(stack.handles(0x8000_0000).unwrap(), [0_u32; 0]);
    }

    /// The stack connects anew for each command, so it notices at once.
    #[test]
    fn a_tpm_that_goes_away_is_told() {
        let (swtpm, mut stack) = furnished();
        drop(swtpm);
        let gone = stack.property(0x100).unwrap_err();
        assert!(matches!(gone, Error::Io { command: "TPM2_GetCapability", .. }), "{gone:?}");
    }

    /// A build without a transport of its own leaves all addresses to the stack.
    #[cfg(not(feature = "direct"))]
    #[test]
    fn other_addresses_are_the_stacks_too() {
        let swtpm = Swtpm::start_tcp().unwrap();
        let mut tpm = crate::open(&swtpm.address().parse().unwrap()).unwrap();
        // TPM_PT_FAMILY_INDICATOR: "2.0".
        assert_eq!(tpm.property(0x100).unwrap(), Some(0x322e_3000));
        let missing = crate::open(&"device:/nowhere/tpm".parse().unwrap()).map(drop).unwrap_err();
        assert!(matches!(missing, Error::Open { .. }), "{missing:?}");
    }
}
