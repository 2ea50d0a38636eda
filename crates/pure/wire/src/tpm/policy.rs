//! The input of the PolicyPCR digest.

use super::Selection;

/// The number of bytes that [`policy_pcr`] returns.
pub const POLICY_PCR_BYTES: usize = 78;

/// TPM_CC_PolicyPCR.
const COMMAND: [u8; 4] = 0x0000_017f_u32.to_be_bytes();

/// The bytes whose SHA-256 is the `authPolicy` of an object that can be used only while the selected
/// PCRs have these values.
///
/// `pcr_digest` is the SHA-256 of the values of the selected PCRs, ascending, concatenated. The
/// selection is encoded as TPMs of PC clients encode it, with three bytes of bitmap: PCRs from 24 on
/// do not exist and are left out.
///
/// Source: TCG TPM 2.0 Library, Part 3, section 23.7 (TPM2_PolicyPCR): the previous digest,
/// 32 zero bytes; the command code; the TPML_PCR_SELECTION; the digest of the PCRs.
#[must_use]
pub fn policy_pcr(selection: Selection, pcr_digest: &[u8; 32]) -> [u8; POLICY_PCR_BYTES] {
    let [bank_high, bank_low] = selection.bank.to_be_bytes();
    let [first, second, third, _] = selection.bitmap.to_le_bytes();
    let list = [0, 0, 0, 1, bank_high, bank_low, 3, first, second, third];
    let mut bytes = [0; POLICY_PCR_BYTES];
    let after = COMMAND.iter().chain(&list).chain(pcr_digest);
    bytes.iter_mut().skip(32).zip(after).for_each(|(to, from)| *to = *from);
    bytes
}
