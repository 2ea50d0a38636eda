//! The bounds of all entries. Each is slightly above the cost of the worst known input, as a test checks.

use super::Entry;

macro_rules! entries {
    ($($constant:ident = $entry:expr;)*) => {
        $(
            #[allow(missing_docs)]
            pub static $constant: Entry = $entry;
        )*

        /// Every entry, in the order of the crates.
        pub const ALL: &[&Entry] = &[$(&$constant),*];
    };
}

const WIRE: &str = "teeproof-wire";
const CORE: &str = "teeproof-core";
const X509: &str = "teeproof-x509";
const SNP: &str = "teeproof-snp";
const TPM: &str = "teeproof-tpm";
const HCL: &str = "teeproof-hcl";
const TDX: &str = "teeproof-tdx";
const NITRO: &str = "teeproof-nitro";
const EIF: &str = "teeproof-eif";
const FRONT: &str = "teeproof";
const VTPM: &str = "teeproof-vtpm";
const NSM: &str = "teeproof-nsm";
const KMS: &str = "teeproof-kms";
const KIB: u64 = 1024;

entries! {
    DER = Entry::free(WIRE, "`der`: `element`, `tagged`, `nested`, every reader of `Element`; `SignatureAlgorithm::parse`");
    CERTIFICATE = Entry::free(WIRE, "`Certificate::parse` and its accessors");
    ECDSA = Entry::free(WIRE, "`ecdsa_fixed`");
    CRL = Entry::free(WIRE, "`RevocationList::parse`, `revokes` and its accessors");
    CBOR = Entry::free(WIRE, "`cbor`: every reader, `skip`");
    COSE = Entry::free(WIRE, "`Sign1::parse`, `signed`; `UnsignedSign1::parse`");
    SIGNERS = Entry::free(WIRE, "`Signers::find`");
    DOCUMENT = Entry::free(WIRE, "`Document::parse` and its accessors");
    SNP_REPORT = Entry::free(WIRE, "`snp::Report::parse`, `check_reserved` and its accessors");
    TPM_QUOTE = Entry::free(WIRE, "`attest_bytes`, `Attest::parse` and its accessors");
    TPM_SIGNATURE = Entry::free(WIRE, "`rsassa_sha256`");
    TPM_CERTIFICATION = Entry::free(WIRE, "`Certification::parse` and its accessors");
    TPM_PUBLIC = Entry::free(WIRE, "`public_bytes`, `RsaPublic::parse` and its accessors");
    EVENT_LOG = Entry::free(WIRE, "`EventLog::parse`, `Format::peek`, every event, and their accessors");
    TPM_DESCRIBED = Entry::free(WIRE, "`AnyAttestation::parse`, `TpmSignature::parse`, `CcelTable::parse` and all that they tell");
    EFI = Entry::free(WIRE, "`EfiVariable::parse`, `split`; `SignatureLists::parse`");
    HCL_REPORT = Entry::free(WIRE, "`HclReport::parse`, `check_supported` and its accessors");
    TD_REPORT = Entry::free(WIRE, "`TdReport::parse`, `check_reserved` and its accessors");
    TD_QUOTE = Entry::free(WIRE, "`TdQuote::parse`, `check_trailing` and its accessors");
    CERTIFICATE_TABLE = Entry::free(WIRE, "`CertificateTable::parse`, every entry");
    NITROTPM = Entry::free(WIRE, "`NitroTpmDocument::parse` and its accessors");
    SEALED = Entry::free(WIRE, "`SealedHead::parse` and its accessors");
    PUBLIC_KEY = Entry::free(WIRE, "`PublicKey::parse` and its accessors");
    WORDS = Entry::free(CORE, "`from_hex`, `Hex`, `Time`, `equal`");
    // At most eight certificates below the root, each signed once.
    PATH = Entry::free(X509, "`verify_path`, `valid_at`").signatures(8, 0).blocks(1, 32);
    LIST = Entry::free(X509, "`verify_list`, `revokes`").signatures(1, 0).blocks(1, 4);
    // `teeproof_snp::MAX_SIGNATURES`: every candidate is checked, and only this limit ends it; one for each
    // list. A VEK is hashed for each path, of which each costs two signatures.
    SNP_VERIFY = Entry::free(SNP, "`verify`").signatures(256, 1).blocks(130, 4096);
    // The lists alone: report and chain are known.
    SNP_AGAIN = Entry::free(SNP, "`verify_again`").signatures(0, 1).blocks(2, 16);
    SNP_APPRAISE = Entry::free(SNP, "`appraise`");
    // The attestation key's signature; two hashes for the signer's name, one for the registers.
    TPM_VERIFY = Entry::free(TPM, "`verify`, `verify_pcrs`").signatures(1, 0).blocks(1, 32);
    // Each event extends once, and what the variables of register 7 hold is hashed.
    TPM_REPLAY = Entry::free(TPM, "`replay`").blocks(4, 8);
    // The attestation key's signature; two hashes for the signer's name, one for the key's.
    TPM_CERTIFY = Entry::free(TPM, "`verify_certification`").signatures(1, 0).blocks(1, 16);
    // At most 24 registers, and the policy.
    TPM_POLICY = Entry::free(TPM, "`CertifiedKey::verify_policy`").blocks(0, 16);
    TPM_APPRAISE = Entry::free(TPM, "`appraise`");
    // The claims have less than 4 KiB, and are kept as values. The report's signatures, 256 for the
    // chains of the attestation key, the quote's; each list in both chains.
    HCL_SNP = Entry::free(HCL, "`verify_snp`")
        .heap((0, 128 * KIB), (0, 160 * KIB)).signatures(513, 2).blocks(390, 6144);
    // The quote and the lists; where a known chain no longer holds, what `verify_snp` costs besides, and the
    // endorsements once more with the certificates of the known chains.
    HCL_AGAIN = Entry::free(HCL, "`verify_snp_again`")
        .heap((4, 128 * KIB), (4, 160 * KIB)).signatures(513, 4).blocks(394, 6144);
    // What `verify_snp` keeps of the claims; views of the certificates and a path for each of 32 signers of
    // collateral. 64 signatures of PCK and TCB signing chains, 32 candidates for the PCK and one quote, 16 documents
    // of each kind under 32 signers, 256 for the chains of the attestation key, its quote's; each list in all three
    // chains.
    HCL_TDX = Entry::free(HCL, "`verify_tdx`")
        .heap((8, 512 * KIB), (16, 1024 * KIB)).signatures(1378, 3).blocks(390, 6144);
    HCL_APPRAISE = Entry::free(HCL, "`appraise_snp`").heap((0, 64), (0, 64));
    // The certificates of the PEM, decoded.
    TDX_PARSE = Entry::free(TDX, "`TdxEvidence::parse`").heap((2, KIB), (3, KIB));
    // A text with escapes, which `serde_json` decodes before it is refused.
    TDX_JSON = Entry::free(TDX, "`SignedJson::parse`, `from_parts`").heap((3, KIB), (4, KIB));
    // `teeproof_tdx::MAX_SIGNATURES`, the QE report under each of 32 PCK certificates, that report and the quote.
    TDX_SIGNATURES = Entry::free(TDX, "`verify_signatures`")
        .heap((1, 4 * KIB), (1, 8 * KIB)).signatures(98, 1).blocks(66, 1024);
    // And 16 documents of each kind under each of 32 signers. Documents are kept as values: an advisory without a name
    // takes three bytes of text and 24 of heap.
    TDX_VERIFY = Entry::free(TDX, "`verify`")
        .heap((28, 64 * KIB), (44, 64 * KIB)).signatures(1122, 1).blocks(66, 4096);
    // The names of all advisories, sorted.
    TDX_APPRAISE = Entry::free(TDX, "`appraise`").heap((6, KIB), (6, KIB));
    // Each event extends once.
    TDX_REPLAY = Entry::free(TDX, "`replay_rtmrs`").blocks(2, 8);
    // Eight certificates below the root, each hashed by itself and in the payload; the root's hash; a
    // list for each of its issuers.
    NITRO_VERIFY = Entry::free(NITRO, "`verify`").signatures(9, 1).blocks(9, 64);
    // PCR3, PCR4 and PCR8 of a role, an instance and a digest.
    NITRO_APPRAISE = Entry::free(NITRO, "`appraise`").blocks(0, 8);
    NITROTPM_VERIFY = Entry::free(NITRO, "`nitrotpm::verify`").signatures(9, 1).blocks(9, 64);
    NITROTPM_APPRAISE = Entry::free(NITRO, "`nitrotpm::appraise`");
    // The texts that are kept and the signature section, each of which grows; its certificate and COSE_Sign1. Each byte
    // is hashed for two PCRs and its section; the padding of 32 sections and three PCRs.
    EIF_MEASURER = Entry::free(EIF, "`Measurer::update`, `finish`, with digests and texts")
        .heap((8, 8 * KIB), (16, 16 * KIB)).blocks(3, 192);
    EIF_PARSE = Entry::free(EIF, "`Eif::parse`, `measure`").heap((4, 4 * KIB), (8, 8 * KIB)).blocks(2, 64);
    // The signature under two tables.
    EIF_SIGNATURE = Entry::free(EIF, "`MeasuredImage::verify_signature`, twice")
        .heap((0, 4 * KIB), (0, 16 * KIB)).signatures(2, 0).blocks(0, 64);
    EIF_NITRO_CLI = Entry::free(EIF, "`Measurements::from_nitro_cli`").heap((3, KIB), (5, 2 * KIB));
    BYTES = Entry::free(FRONT, "`bytes::hex`, `bytes::base64`").heap((2, KIB), (2, KIB));
    SNIFF = Entry::free(FRONT, "`input::sniff`").heap((6, 8 * KIB), (24, 16 * KIB));
    // Of the description only the claims are kept, at most 4 KiB.
    INSPECT = Entry::free(FRONT, "`inspect`").heap((0, 240 * KIB), (0, 512 * KIB));
    INPUTS = Entry::free(FRONT, "`Inputs::add`").heap((6, 8 * KIB), (12, 16 * KIB));
    EVIDENCE = Entry::free(FRONT, "`Inputs::evidence`, `certificates`, `revocation_lists`")
        .heap((1, 4 * KIB), (2, 4 * KIB));
    BUNDLE = Entry::free(FRONT, "`Bundle::parse`, `from_cbor`, `from_json`").heap((4, 4 * KIB), (6, 8 * KIB));
    BUNDLE_WRITE = Entry::free(FRONT, "`Bundle::to_cbor`, `to_json`").heap((7, 8 * KIB), (11, 16 * KIB));
    // The matcher of all spellings, which are bounded, and what finds and writes them.
    REDACT = Entry::free(FRONT, "`Bundle::redact`").heap((3, 2048 * KIB), (4, 4096 * KIB)).blocks(6, 64);
    POLICY = Entry::free(FRONT, "`Policy::from_toml`").heap((192, 32 * KIB), (240, 512 * KIB));
    // Names of certificates stand in findings, with what a terminal would obey escaped.
    VERIFY = Entry::free(FRONT, "`verify`")
        .heap((8, 192 * KIB), (16, 256 * KIB)).signatures(513, 2).blocks(390, 6144);
    // For each piece what `verify` costs, and once what the cache takes.
    VERIFY_MANY = Entry::free(FRONT, "`verify_all_with_cache`, each piece")
        .heap((16, 256 * KIB), (32, 384 * KIB)).signatures(513, 2).blocks(390, 6144);
    // It is read back as a policy, for its warnings.
    PROPOSAL = Entry::free(FRONT, "`Proposal::from_results`").heap((4, 112 * KIB), (8, 160 * KIB));
    // Room for a head, and its public area and wrapped key once more.
    ENVELOPE = Entry::free(VTPM, "`seal::read_head`, `seal::head_bytes`").heap((0, KIB), (0, KIB));
    // What the library of cryptography takes for itself is not in it.
    ENCRYPT = Entry::free(VTPM, "`seal::encrypt`").heap((0, KIB / 2), (0, KIB));
    // A value of at most 256 items, whose members are moved once; strings above 4 KiB grow as they are read.
    NSM_ANSWER = Entry::free(NSM, "`Response::from_cbor`").heap((3, 20 * KIB), (5, 32 * KIB));
    // The message, which grows as it arrives.
    NSM_FRAME = Entry::free(NSM, "`FrameReader`").heap((3, 64), (4, 64));
    ROAD_MESSAGE = Entry::free(NSM, "`RoadRequest::from_cbor`, `RoadAnswer::from_cbor`")
        .heap((3, 20 * KIB), (5, 32 * KIB));
    // The content of an envelope without the headers of its chunks.
    KMS_ENVELOPE = Entry::free(KMS, "`Envelope::parse`").heap((1, 0), (1, 0));
    // The content once more, in place of which the plaintext is put. What the library of cryptography takes for itself is
    // not in it.
    KMS_DECRYPT = Entry::free(KMS, "`RecipientKey::decrypt`").heap((1, KIB), (1, 4 * KIB));
    // The JSON as values, the statements, and a finding for each test of each.
    KEY_POLICY = Entry::free(KMS, "`lint_key_policy`").heap((64, 16 * KIB), (160, 64 * KIB));
}
