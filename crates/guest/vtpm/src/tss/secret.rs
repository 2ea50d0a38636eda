//! Decrypting with a key that a policy over registers guards.

use teeproof_wire::tpm::Selection;
use tss_esapi::Context;
use tss_esapi::attributes::SessionAttributesBuilder;
use tss_esapi::constants::SessionType;
use tss_esapi::handles::{KeyHandle, SessionHandle};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::session_handles::{AuthSession, PolicySession};
use tss_esapi::structures::{Data, Digest, PcrSelectionList, PublicKeyRsa, SymmetricDefinition};
use zeroize::Zeroizing;

use super::{NOBODY, Stack, convert};
use crate::{Error, Padding};

const START: &str = "TPM2_StartAuthSession";
const POLICY: &str = "TPM2_PolicyPCR";
const DECRYPT: &str = "TPM2_RSA_Decrypt";

impl Stack {
    /// Decrypts under a key whose policy is that these registers have their present values.
    ///
    /// The plaintext is wiped where this program keeps it; the stack's own buffers are not.
    pub(super) fn decrypt(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Made first: a request that cannot be made must not leave a session behind.
        let padding = convert::padding(DECRYPT, padding)?;
        let ciphertext: PublicKeyRsa = convert::buffer(DECRYPT, "the ciphertext", ciphertext)?;
        let registers = convert::selection_list(POLICY, &[registers])?;
        self.with_object(DECRYPT, key, |this, key| {
            let key = KeyHandle::from(key);
            let session = this.policy_session()?;
            let decrypt =
                |context: &mut Context| context.rsa_decrypt(key, ciphertext, padding, Data::default());
            let done = this
                .satisfy(session, registers)
                .and_then(|()| this.run(DECRYPT, (Some(session.into()), None, None), decrypt));
            // The session is flushed in any case; the first error counts.
            let gone = this.run("TPM2_FlushContext", NOBODY, |context| {
                context.flush_context(SessionHandle::from(session).into())
            });
            let plaintext = done?;
            gone?;
            Ok(Zeroizing::new(plaintext.value().to_vec()))
        })
    }

    /// A policy session of SHA-256, as the key's policy is a digest of that hash.
    fn policy_session(&mut self) -> Result<PolicySession, Error> {
        let start = |context: &mut Context| {
            let (symmetric, kind) = (SymmetricDefinition::AES_128_CFB, SessionType::Policy);
            context.start_auth_session(None, None, None, kind, symmetric, HashingAlgorithm::Sha256)
        };
        match self.run(START, NOBODY, start)? {
            Some(AuthSession::PolicySession(session)) => Ok(session),
            _ => Err(Error::Malformed { command: START, what: "no policy session".to_owned() }),
        }
    }

    /// Shows the TPM that the registers have the values that they have.
    fn satisfy(&mut self, session: PolicySession, registers: PcrSelectionList) -> Result<(), Error> {
        // Otherwise the TPM ends the session itself if it can decrypt, and only then.
        let (attributes, mask) = SessionAttributesBuilder::new().with_continue_session(true).build();
        self.run(POLICY, NOBODY, |context| {
            context.tr_sess_set_attributes(session.into(), attributes, mask)?;
            context.policy_pcr(session, Digest::default(), registers)
        })
    }
}
