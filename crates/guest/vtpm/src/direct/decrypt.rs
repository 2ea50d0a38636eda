//! Decryption under a policy: a session that shows the registers, used once and flushed.

use teeproof_wire::tpm::Selection;
use tpm2_protocol::basic::TpmHandle;
use tpm2_protocol::data::{Tpm2bData, Tpm2bDigest, Tpm2bEncryptedSecret, TpmAlgId, TpmSe, TpmtSymDefObject};
use tpm2_protocol::frame::{TpmPolicyPcrCommand, TpmRsaDecryptCommand, TpmStartAuthSessionCommand};
use zeroize::Zeroizing;

use super::Direct;
use super::convert;
use super::exchange::Sessions;
use crate::{Error, Padding, Tpm, handles};

/// The kind of handles of policy sessions: TPM_HT_POLICY_SESSION.
const POLICY_SESSION: u32 = 0x03;
/// The session has no key, so that nothing is made from its nonce; it has to be there, with 16 bytes
/// or more.
const NONCE: [u8; 16] = [0; 16];

impl Direct {
    pub(super) fn decrypt_under_policy(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let name = "TPM2_RSA_Decrypt";
        // Made first: a request that cannot be made must not leave a session behind.
        let policy = policy(registers)?;
        let command = TpmRsaDecryptCommand {
            handles: [TpmHandle::new(key)],
            cipher_text: convert::buffer(name, "the ciphertext", ciphertext)?,
            in_scheme: convert::padding(name, padding)?,
            label: Tpm2bData::default(),
        };
        let session = self.start_policy_session()?;
        let message = self.show_registers(session, policy).and_then(|()| {
            let answer = self.run(name, &command, Sessions::Policy(session))?;
            answer.read(|fields| fields.sized("the message").map(|message| Zeroizing::new(message.to_vec())))
        });
        let flushed = self.flush(session);
        // Why it was not decrypted says more than why the session stays.
        message.and_then(|message| flushed.map(|()| message))
    }

    /// A session without salt and without binding: its authorization is the policy alone.
    fn start_policy_session(&mut self) -> Result<u32, Error> {
        let name = "TPM2_StartAuthSession";
        let command = TpmStartAuthSessionCommand {
            handles: [handles::NULL, handles::NULL].map(TpmHandle::new),
            nonce_caller: convert::buffer(name, "the nonce", &NONCE)?,
            encrypted_salt: Tpm2bEncryptedSecret::default(),
            session_type: TpmSe::Policy,
            symmetric: TpmtSymDefObject::default(),
            auth_hash: TpmAlgId::Sha256,
        };
        let answer = self.run(name, &command, Sessions::None)?;
        let session = answer.handle()?;
        let read = answer.read_after_handle(|fields| {
            fields.sized("the nonce")?;
            if session >> 24 == POLICY_SESSION {
                return Ok(session);
            }
            Err(fields.malformed(format!("{session:#010x} is no policy session")))
        });
        read.inspect_err(|_| {
            // There may be a session all the same. That it cannot be used is what matters.
            let _ = self.flush(session);
        })
    }

    fn show_registers(&mut self, session: u32, policy: TpmPolicyPcrCommand) -> Result<(), Error> {
        let command = TpmPolicyPcrCommand { handles: [TpmHandle::new(session)], ..policy };
        self.run("TPM2_PolicyPCR", &command, Sessions::None)?.done()
    }
}

/// The registers with the values that they have: an empty digest stands for those.
fn policy(registers: Selection) -> Result<TpmPolicyPcrCommand, Error> {
    Ok(TpmPolicyPcrCommand {
        handles: [TpmHandle::new(0)],
        pcr_digest: Tpm2bDigest::default(),
        pcrs: convert::selections("TPM2_PolicyPCR", &[registers])?,
    })
}
