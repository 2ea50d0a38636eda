//! The checks of this crate, in the order in which they are made.

use teeproof_core::{Check, Class, checks};

checks! { VERIFY:
    SIGNATURE [Malformed Unsupported NotAuthentic] = "quote.signature", "the quote's signature",
        "The attestation key signed these very bytes.",
        "The quote was altered, or another key signed it: compare the key with the one the TPM quoted with.",
        "TCG TPM 2.0 Library, Part 3, TPM2_Quote; RFC 8017, section 8.2";
    FORMAT [Malformed Unsupported] = "quote.format", "the quote's form",
        "The signed bytes are a TPM's attestation of its registers, to the last byte.",
        "Give TPMS_ATTEST as TPM2_Quote returned it, and not what another command attested.",
        "TCG TPM 2.0 Library, Part 2, TPMS_ATTEST";
    SIGNER [NotAuthentic] = "quote.signer", "the signing key's name",
        "The quote names the attestation key as a restricted primary key of the endorsement hierarchy. The key itself says so: that it is in a TPM is shown by what vouches for the key.",
        "Quote with the key that the platform made for attestation, and not with one of the guest's own.",
        "TCG TPM 2.0 Library, Part 1, section 16";
    NONCE [NotBound] = "quote.nonce", "the nonce in the quote",
        "The quote was made for this question.",
        "Give the nonce that TPM2_Quote was called with, whole; a TPM takes 50 bytes at most, so hash a longer one first.",
        "TCG TPM 2.0 Library, Part 2, extraData";
    SELECTION [Unsupported] = "quote.selection", "the quoted registers",
        "The quote says of which registers its digest is: some of the SHA-256 bank, and of no other.",
        "Quote one selection of the SHA-256 bank.",
        "TCG TPM 2.0 Library, Part 2, TPMS_QUOTE_INFO";
    PCRS [Malformed NotBound Incomplete] = "quote.pcrs", "the registers' values",
        "The values are those whose digest the quote signed, each of the register it stands for.",
        "Read the PCRs together with the quote: they must not change in between. Values of another bank than the quote's are of no use: give what tpm2_pcrread sha256 prints, or tpm2_quote writes with -o.",
        "TCG TPM 2.0 Library, Part 2, TPMS_QUOTE_INFO";
    LOG_FORMAT [Malformed Unsupported] = "log.format", "the event log's form",
        "The log is a TCG event log, read whole.",
        "Give binary_bios_measurements of the machine that was quoted, as the firmware or the kernel gives it; the decoded log shows where it breaks.",
        "TCG PC Client Platform Firmware Profile, section 10";
    LOG_REPLAY [Unsupported] = "log.replay", "the event log replayed",
        "Every quoted register that the log tells of has exactly the value that the log's events make.",
        "Where PCRs 9 to 11 alone differ: IMA extends PCR 10, systemd PCR 11 and from version 255 on PCR 9, outside of the firmware's log. Where others differ, give the log of the same machine and boot as the quote: events are missing, were added or altered.",
        "TCG PC Client Platform Firmware Profile, section 10.4";
}

// Not among the checks of the front door: it is asked about evidence, and never about a key that a
// secret is meant for. Whoever explains checks adds these to `all_checks`.
checks! { CERTIFY:
    KEY_SIGNATURE [Malformed Unsupported NotAuthentic] = "key.signature", "the certification's signature",
        "The attestation key signed these very bytes.",
        "The certification was altered, or another key signed it: certify with the key that the evidence binds.",
        "TCG TPM 2.0 Library, Part 3, TPM2_Certify; RFC 8017, section 8.2";
    KEY_FORMAT [Malformed Unsupported] = "key.format", "the certification's form",
        "The signed bytes are a TPM's attestation of a key, to the last byte.",
        "Give TPMS_ATTEST as TPM2_Certify returned it, and not what another command attested.",
        "TCG TPM 2.0 Library, Part 2, TPMS_ATTEST";
    KEY_SIGNER [NotAuthentic] = "key.signer", "the signing key's name",
        "The certification names the attestation key as a restricted primary key of the endorsement hierarchy. The key itself says so: that it is in a TPM is shown by what vouches for the key.",
        "Certify with the key that the platform made for attestation, and not with one of the guest's own.",
        "TCG TPM 2.0 Library, Part 1, section 16";
    KEY_NONCE [NotBound] = "key.nonce", "the nonce in the certification",
        "The key was certified for this question.",
        "Give the nonce that TPM2_Certify was called with, whole; a TPM takes 50 bytes at most, so hash a longer one first.",
        "TCG TPM 2.0 Library, Part 2, extraData";
    KEY_NAME [Unsupported NotBound] = "key.name", "the certified key",
        "The public area is that of the key that was certified, to its last bit.",
        "Give the public area as the TPM returned it when the key was made, and the certification of that key.",
        "TCG TPM 2.0 Library, Part 1, section 16; Part 2, TPMS_CERTIFY_INFO";
    KEY_PUBLIC [Malformed Unsupported] = "key.public", "the certified key's public area",
        "The certified key is an RSA key, and everything that its public area says is known.",
        "Make an RSA key of 2048 bits with the default exponent.",
        "TCG TPM 2.0 Library, Part 2, TPMT_PUBLIC";
    KEY_ATTRIBUTES [Unsupported NotBound] = "key.attributes", "what guards the certified key",
        "The key was made in the TPM and can never leave it, decrypts and does nothing else, and is used by its policy alone: no password opens it.",
        "Make the key with fixedTPM, fixedParent, sensitiveDataOrigin and decrypt, without restricted, sign and userWithAuth, and with a policy.",
        "TCG TPM 2.0 Library, Part 2, TPMA_OBJECT";
    KEY_POLICY [Unsupported NotBound Incomplete] = "key.policy", "the registers that the certified key is bound to",
        "The key works only while the registers have the values that were verified.",
        "Make the key for the registers that are quoted, and quote them before anything else is measured.",
        "TCG TPM 2.0 Library, Part 3, section 23.7 (TPM2_PolicyPCR)";
}

crate::tpm_policy_fields! { teeproof_core::policy_checks }

macro_rules! pcr_checks {
    ($($index:literal)*) => {
        /// One check for each register, `quote.pcr0` to `quote.pcr23`.
        pub const PCR: [&Check; 24] = [$(
            &Check {
                id: concat!("quote.pcr", $index),
                title: concat!("register ", $index),
                proves: "The register holds the expected value; one that the quote did not sign fails.",
                hint: "Quote the register, and compare with the value of a machine that you know to be good.",
                source: "TCG PC Client Platform Firmware Profile, section 3.3.4",
                classes: &[Class::Refused],
            }
        ),*];
    };
}

pcr_checks!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
