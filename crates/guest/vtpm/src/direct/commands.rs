//! TPM commands over the direct transport: parameters in, responses out as received.

use teeproof_wire::tpm::Selection;
use tpm2_protocol::TpmUnmarshal;
use tpm2_protocol::basic::TpmHandle;
use tpm2_protocol::data::{
    Tpm2bAuth, Tpm2bNvPublic, Tpm2bPublic, TpmCap, TpmSt, TpmiYesNo, TpmsAttest, TpmsNvPublic, TpmtPublic,
    TpmtSigScheme, TpmtSignature, TpmtTkCreation,
};
use tpm2_protocol::frame::{
    TpmCertifyCommand, TpmCreatePrimaryCommand, TpmFlushContextCommand, TpmGetCapabilityCommand,
    TpmNvDefineSpaceCommand, TpmNvReadCommand, TpmNvReadPublicCommand, TpmNvUndefineSpaceCommand,
    TpmNvWriteCommand, TpmPcrExtendCommand, TpmPcrReadCommand, TpmQuoteCommand, TpmReadPublicCommand,
};
use zeroize::Zeroizing;

use super::Direct;
use super::answer::{Answer, Fields};
use super::convert;
use super::exchange::Sessions;
use crate::{
    Authority, Created, Error, NvPublic, Padding, PcrValues, PublicObject, Signed, Tpm, handles,
    response_checks,
};

/// More handles than an answer has room for.
const ALL_HANDLES: u32 = 254;
/// More banks than a TPM has.
const ALL_BANKS: u32 = 16;

impl Tpm for Direct {
    fn property(&mut self, property: u32) -> Result<Option<u32>, Error> {
        self.capability(TpmCap::TpmProperties, property, 1, |fields| {
            let count = fields.u32("the number of properties")?;
            let mut found = None;
            // However large the number is, each of them takes bytes of the answer.
            for _ in 0..count {
                let (name, value) = (fields.u32("a property")?, fields.u32("a property's value")?);
                // A TPM that does not have it names the next one that it has.
                found = found.or((name == property).then_some(value));
            }
            Ok(found)
        })
    }

    fn handles(&mut self, first: u32) -> Result<Vec<u32>, Error> {
        self.capability(TpmCap::Handles, first, ALL_HANDLES, |fields| {
            let count = fields.u32("the number of handles")?;
            let mut list = Vec::new();
            for _ in 0..count {
                list.push(fields.u32("a handle")?);
            }
            response_checks::handles(first, list)
        })
    }

    fn banks(&mut self) -> Result<Vec<Selection>, Error> {
        self.capability(TpmCap::Pcrs, 0, ALL_BANKS, convert::read_selections)
    }

    fn nv_public(&mut self, index: u32) -> Result<NvPublic, Error> {
        let command = TpmNvReadPublicCommand { handles: [TpmHandle::new(index)] };
        self.run("TPM2_NV_ReadPublic", &command, Sessions::None)?.read(|fields| {
            let (public, _) = fields.structure::<TpmsNvPublic>("the public area")?;
            fields.sized("the name")?;
            response_checks::nv_index(index, public.nv_index.value())?;
            Ok(convert::from_nv_public(&public))
        })
    }

    fn nv_read(&mut self, index: u32, by: Authority, offset: u16, size: u16) -> Result<Vec<u8>, Error> {
        let handles = nv_handles(index, by);
        let command = TpmNvReadCommand { handles, size: size.into(), offset: offset.into() };
        let answer = self.run("TPM2_NV_Read", &command, Sessions::Passwords(1))?;
        answer.read(|fields| {
            let data = fields.sized("the data")?;
            response_checks::nv_data(data, size)?;
            Ok(data.to_vec())
        })
    }

    fn nv_write(&mut self, index: u32, by: Authority, offset: u16, data: &[u8]) -> Result<(), Error> {
        let name = "TPM2_NV_Write";
        let data = convert::buffer(name, "the data", data)?;
        let command = TpmNvWriteCommand { handles: nv_handles(index, by), data, offset: offset.into() };
        self.run(name, &command, Sessions::Passwords(1))?.done()
    }

    fn nv_define(&mut self, public: &NvPublic) -> Result<(), Error> {
        let name = "TPM2_NV_DefineSpace";
        let command = TpmNvDefineSpaceCommand {
            handles: [TpmHandle::new(handles::OWNER)],
            auth: Tpm2bAuth::default(),
            public_info: Tpm2bNvPublic { inner: convert::nv_public(name, public)? },
        };
        self.run(name, &command, Sessions::Passwords(1))?.done()
    }

    fn nv_undefine(&mut self, index: u32) -> Result<(), Error> {
        let handles = [handles::OWNER, index].map(TpmHandle::new);
        let command = TpmNvUndefineSpaceCommand { handles };
        self.run("TPM2_NV_UndefineSpace", &command, Sessions::Passwords(1))?.done()
    }

    fn read_public(&mut self, object: u32) -> Result<PublicObject, Error> {
        let command = TpmReadPublicCommand { handles: [TpmHandle::new(object)] };
        self.run("TPM2_ReadPublic", &command, Sessions::None)?.read(|fields| {
            let (_, public) = fields.structure::<TpmtPublic>("the public area")?;
            Ok(PublicObject {
                public: public.to_vec(),
                name: fields.sized("the name")?.to_vec(),
                qualified_name: fields.sized("the qualified name")?.to_vec(),
            })
        })
    }

    fn pcr_read(&mut self, selection: Selection) -> Result<PcrValues, Error> {
        let name = "TPM2_PCR_Read";
        let command =
            TpmPcrReadCommand { handles: [], pcr_selection_in: convert::selections(name, &[selection])? };
        let answer = self.run(name, &command, Sessions::None)?;
        answer.read(|fields| convert::read_values(fields, selection))
    }

    fn pcr_extend(&mut self, register: u8, bank: u16, digest: &[u8]) -> Result<(), Error> {
        let name = "TPM2_PCR_Extend";
        let digests = convert::digests(name, bank, digest)?;
        let command = TpmPcrExtendCommand { handles: [TpmHandle::new(register.into())], digests };
        self.run(name, &command, Sessions::Passwords(1))?.done()
    }

    fn quote(&mut self, key: u32, nonce: &[u8], selections: &[Selection]) -> Result<Signed, Error> {
        let name = "TPM2_Quote";
        let command = TpmQuoteCommand {
            handles: [TpmHandle::new(key)],
            qualifying_data: convert::buffer(name, "the nonce", nonce)?,
            in_scheme: TpmtSigScheme::default(),
            pcr_select: convert::selections(name, selections)?,
        };
        let answer = self.run(name, &command, Sessions::Passwords(1))?;
        answer.read(|fields| read_signed(fields, TpmSt::AttestQuote))
    }

    fn create_primary(&mut self, hierarchy: u32, template: &[u8]) -> Result<Created, Error> {
        let name = "TPM2_CreatePrimary";
        let (public, rest) = TpmtPublic::unmarshal(template).map_err(convert::unfit(name))?;
        if !rest.is_empty() {
            let what = format!("{} bytes after the template", rest.len());
            return Err(Error::Unfit { command: name, what });
        }
        let command = TpmCreatePrimaryCommand {
            handles: [TpmHandle::new(hierarchy)],
            in_sensitive: Default::default(),
            in_public: Tpm2bPublic { inner: public },
            outside_info: Default::default(),
            creation_pcr: Default::default(),
        };
        let answer = self.run(name, &command, Sessions::Passwords(1))?;
        read_created(&answer).inspect_err(|_| {
            // There may be a key all the same. That it cannot be used is what matters.
            let _ = answer.handle().and_then(|handle| self.flush(handle));
        })
    }

    fn certify(&mut self, object: u32, signer: u32, nonce: &[u8]) -> Result<Signed, Error> {
        let name = "TPM2_Certify";
        let command = TpmCertifyCommand {
            handles: [object, signer].map(TpmHandle::new),
            qualifying_data: convert::buffer(name, "the nonce", nonce)?,
            in_scheme: TpmtSigScheme::default(),
        };
        let answer = self.run(name, &command, Sessions::Passwords(2))?;
        answer.read(|fields| read_signed(fields, TpmSt::AttestCertify))
    }

    fn rsa_decrypt(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.decrypt_under_policy(key, registers, padding, ciphertext)
    }

    fn send_raw(&mut self, name: &'static str, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.send(name, command)
    }

    fn flush(&mut self, object: u32) -> Result<(), Error> {
        let command = TpmFlushContextCommand { handles: [], flush_handle: TpmHandle::new(object) };
        self.run("TPM2_FlushContext", &command, Sessions::None)?.done()
    }
}

impl Direct {
    /// TPM2_GetCapability: after whether there is more and which capability it is, the list.
    fn capability<T>(
        &mut self,
        cap: TpmCap,
        property: u32,
        count: u32,
        read: impl FnOnce(&mut Fields<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let command = TpmGetCapabilityCommand {
            handles: [],
            cap,
            property: property.into(),
            property_count: count.into(),
        };
        self.run("TPM2_GetCapability", &command, Sessions::None)?.read(|fields| {
            fields.value::<TpmiYesNo>("whether there is more")?;
            let found = fields.u32("the capability")?;
            if found != cap.value() {
                return Err(fields.malformed(format!("another capability ({found:#x})")));
            }
            read(fields)
        })
    }
}

/// Who authorizes, and the index.
fn nv_handles(index: u32, by: Authority) -> [TpmHandle; 2] {
    let authority = match by {
        Authority::Owner => handles::OWNER,
        Authority::Index => index,
    };
    [authority, index].map(TpmHandle::new)
}

/// The signed bytes as received, and the signature.
fn read_signed(fields: &mut Fields<'_>, kind: TpmSt) -> Result<Signed, Error> {
    let (attest, message) = fields.structure::<TpmsAttest>("what is attested")?;
    if attest.attest_type != kind {
        return Err(fields.malformed(format!("another kind of attestation ({})", attest.attest_type)));
    }
    let signature = fields.last::<TpmtSignature>("the signature")?;
    Ok(Signed { message: message.to_vec(), signature: signature.to_vec() })
}

fn read_created(answer: &Answer) -> Result<Created, Error> {
    let handle = answer.handle()?;
    answer.read_after_handle(|fields| {
        let (_, public) = fields.structure::<TpmtPublic>("the public area")?;
        fields.sized("the creation data")?;
        fields.sized("the creation hash")?;
        fields.value::<TpmtTkCreation>("the creation ticket")?;
        let name = fields.sized("the name")?;
        Ok(Created { handle, public: public.to_vec(), name: name.to_vec() })
    })
}
