//! Parameter types of the commands whose parameters the paravisor's TPM may not implement.
//!
//! Source: TCG TPM 2.0 Library, Part 3, revision 1.38.

use super::profile::{
    BUFFER_BYTES, DATA_BYTES, DIGEST_BYTES, ECC_BYTES, ID_OBJECT_BYTES, IV_BYTES, NAME_BYTES, RSA_BYTES,
    SENSITIVE_DATA_BYTES, TIMEOUT_BYTES,
};

/// The type of a parameter, by the name of its structure in Part 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// This many bytes, whatever they are.
    Fixed(usize),
    /// A TPM2B of at most this many bytes.
    Sized(u16),
    /// TPM_CAP.
    Capability,
    /// TPMI_ALG_HASH.
    Hash,
    /// TPMI_ECC_CURVE.
    Curve,
    /// TPMI_ECC_KEY_EXCHANGE.
    KeyExchange,
    /// TPMT_SYM_DEF.
    Symmetric,
    /// TPMT_SYM_DEF_OBJECT.
    SymmetricObject,
    /// TPMT_SIG_SCHEME.
    SignatureScheme,
    /// TPMT_RSA_DECRYPT.
    RsaDecrypt,
    /// TPMT_SIGNATURE.
    Signature,
    /// TPMT_TK_*.
    Ticket,
    /// TPML_PCR_SELECTION.
    PcrSelection,
    /// TPML_DIGEST_VALUES.
    DigestValues,
    /// TPML_DIGEST.
    Digests,
    /// TPM2B_PUBLIC, and TPM2B_TEMPLATE with the same contents.
    Public,
    /// TPMT_PUBLIC_PARMS.
    PublicParameters,
    /// TPM2B_NV_PUBLIC.
    NvPublic,
    /// TPM2B_SENSITIVE_CREATE.
    SensitiveCreate,
    /// TPM2B_SENSITIVE.
    Sensitive,
    /// TPM2B_ECC_POINT.
    Point,
    /// A TPM2B whose size depends on structures that grow with the implementation.
    Unlimited,
}

use Kind::{
    Capability, Curve, DigestValues, Digests, Fixed, Hash, KeyExchange, NvPublic, PcrSelection, Point,
    Public, PublicParameters, RsaDecrypt, Sensitive, SensitiveCreate, Signature, SignatureScheme, Sized,
    Symmetric, SymmetricObject, Ticket, Unlimited,
};

const DATA: Kind = Sized(DATA_BYTES);
/// TPM2B_DIGEST, TPM2B_NONCE, TPM2B_AUTH and TPM2B_OPERAND.
const DIGEST: Kind = Sized(DIGEST_BYTES);
const NAME: Kind = Sized(NAME_BYTES);
/// TPM2B_PUBLIC_KEY_RSA and TPM2B_ENCRYPTED_SECRET.
const RSA: Kind = Sized(RSA_BYTES);
/// TPM2B_MAX_BUFFER, TPM2B_MAX_NV_BUFFER and TPM2B_EVENT.
const BUFFER: Kind = Sized(BUFFER_BYTES);
const IV: Kind = Sized(IV_BYTES);
const SENSITIVE_DATA: Kind = Sized(SENSITIVE_DATA_BYTES);

/// The parameter types of a command, up to the last one to check; empty for all other commands.
pub(super) const fn of_command(code: u32) -> &'static [Kind] {
    match objects(code) {
        [] => match attestation_and_ciphers(code) {
            [] => match policies(code) {
                [] => hierarchies_pcrs_and_nv(code),
                found => found,
            },
            found => found,
        },
        found => found,
    }
}

/// Part 3, sections 11 to 13: sessions, objects, duplication.
const fn objects(code: u32) -> &'static [Kind] {
    match code {
        // StartAuthSession
        0x176 => &[DIGEST, RSA, Fixed(1), Symmetric, Hash],
        // Create, CreatePrimary
        0x153 | 0x131 => &[SensitiveCreate, Public, DATA, PcrSelection],
        // CreateLoaded
        0x191 => &[SensitiveCreate, Public],
        // Load
        0x157 => &[Unlimited, Public],
        // LoadExternal
        0x167 => &[Sensitive, Public],
        // ActivateCredential
        0x147 => &[Sized(ID_OBJECT_BYTES), RSA],
        // MakeCredential
        0x168 => &[DIGEST, NAME],
        // ObjectChangeAuth
        0x150 => &[DIGEST],
        // Duplicate
        0x14b => &[DATA, SymmetricObject],
        // Rewrap
        0x152 => &[Unlimited, NAME, RSA],
        // Import
        0x156 => &[DATA, Public, Unlimited, RSA, SymmetricObject],
        // TestParms
        0x18a => &[PublicParameters],
        _ => &[],
    }
}

/// Part 3, sections 14 to 21: keys at work, hashes, attestation, signatures, audit.
const fn attestation_and_ciphers(code: u32) -> &'static [Kind] {
    match code {
        // RSA_Encrypt, RSA_Decrypt
        0x174 | 0x159 => &[RSA, RsaDecrypt, DATA],
        // ECDH_ZGen
        0x154 => &[Point],
        // ECC_Parameters, EC_Ephemeral
        0x178 | 0x18e => &[Curve],
        // ZGen_2Phase
        0x18d => &[Point, Point, KeyExchange],
        // EncryptDecrypt
        0x164 => &[Fixed(3), IV, BUFFER],
        // EncryptDecrypt2
        0x193 => &[BUFFER, Fixed(1), Fixed(2), IV],
        // Hash, HMAC
        0x17d | 0x155 => &[BUFFER, Hash],
        // HMAC_Start, HashSequenceStart
        0x15b | 0x186 => &[DIGEST, Hash],
        // SequenceUpdate, SequenceComplete, EventSequenceComplete
        0x15c | 0x13e | 0x185 => &[BUFFER],
        // StirRandom
        0x146 => &[SENSITIVE_DATA],
        // Certify, GetSessionAuditDigest, GetCommandAuditDigest, GetTime
        0x148 | 0x14d | 0x133 | 0x14c => &[DATA, SignatureScheme],
        // CertifyCreation
        0x14a => &[DATA, DIGEST, SignatureScheme, Ticket],
        // Quote
        0x158 => &[DATA, SignatureScheme, PcrSelection],
        // Commit
        0x18b => &[Point, SENSITIVE_DATA, Sized(ECC_BYTES)],
        // VerifySignature
        0x177 => &[DIGEST, Signature],
        // Sign
        0x15d => &[DIGEST, SignatureScheme, Ticket],
        // SetCommandCodeAuditStatus
        0x140 => &[Hash],
        _ => &[],
    }
}

/// Part 3, section 23: enhanced authorization.
const fn policies(code: u32) -> &'static [Kind] {
    match code {
        // PolicySigned
        0x160 => &[DIGEST, DIGEST, DIGEST, Fixed(4), Signature],
        // PolicySecret
        0x151 => &[DIGEST, DIGEST, DIGEST, Fixed(4)],
        // PolicyTicket
        0x172 => &[Sized(TIMEOUT_BYTES), DIGEST, DIGEST, NAME, Ticket],
        // PolicyOR
        0x171 => &[Digests],
        // PolicyPCR
        0x17f => &[DIGEST, PcrSelection],
        // PolicyNV, PolicyCounterTimer
        0x149 | 0x16d => &[DIGEST],
        // PolicyCpHash, PolicyNameHash, PolicyTemplate
        0x16e | 0x170 | 0x190 => &[DIGEST],
        // PolicyDuplicationSelect
        0x188 => &[NAME, NAME],
        // PolicyAuthorize
        0x16a => &[DIGEST, DIGEST, NAME, Ticket],
        _ => &[],
    }
}

/// Part 3, sections 22, 24, 25, 30 and 31.
const fn hierarchies_pcrs_and_nv(code: u32) -> &'static [Kind] {
    match code {
        // PCR_Extend
        0x182 => &[DigestValues],
        // PCR_Event
        0x13c => &[BUFFER],
        // PCR_Read, PCR_Allocate
        0x17e | 0x12b => &[PcrSelection],
        // GetCapability
        0x17a => &[Capability],
        // PCR_SetAuthPolicy, SetPrimaryPolicy
        0x12c | 0x12e => &[DIGEST, Hash],
        // PCR_SetAuthValue, HierarchyChangeAuth, NV_ChangeAuth
        0x183 | 0x129 | 0x13b => &[DIGEST],
        // NV_DefineSpace
        0x12a => &[DIGEST, NvPublic],
        // NV_Write, NV_Extend
        0x137 | 0x136 => &[BUFFER],
        // NV_Certify
        0x184 => &[DATA, SignatureScheme],
        _ => &[],
    }
}
