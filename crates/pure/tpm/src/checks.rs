//! The checks of this crate, in the order in which they are made.

use teeproof_core::{Check, Class, checks};

checks! { VERIFY:
    SIGNATURE [Malformed Unsupported NotAuthentic] = "quote.signature", "the quote's signature",
        "The attestation key signed the quote's bytes as received.",
        "The quote was altered, or signed with another key: compare the key with the one given to TPM2_Quote.",
        "TCG TPM 2.0 Library, Part 3, TPM2_Quote; RFC 8017, section 8.2";
    FORMAT [Malformed Unsupported] = "quote.format", "the quote's form",
        "The signed bytes are the TPMS_ATTEST of a quote, to the last byte.",
        "Give TPMS_ATTEST as TPM2_Quote returned it, not the attestation of another command.",
        "TCG TPM 2.0 Library, Part 2, TPMS_ATTEST";
    SIGNER [NotAuthentic] = "quote.signer", "the signing key's name",
        "The quote names the attestation key as a restricted primary key of the endorsement hierarchy. This is the key's own statement: that the key is in a TPM has to be established for the key itself.",
        "Quote with the platform's attestation key, not with a key of the guest.",
        "TCG TPM 2.0 Library, Part 1, section 16";
    NONCE [NotBound] = "quote.nonce", "the nonce in the quote",
        "The quote was made for this nonce: extraData is the nonce.",
        "Give the complete nonce passed to TPM2_Quote; a TPM accepts at most 50 bytes, so hash a longer one first.",
        "TCG TPM 2.0 Library, Part 2, extraData";
    SELECTION [Unsupported] = "quote.selection", "the quote's PCR selection",
        "The quote selects PCRs of the SHA-256 bank, and of no other bank.",
        "Quote one selection of the SHA-256 bank.",
        "TCG TPM 2.0 Library, Part 2, TPMS_QUOTE_INFO";
    PCRS [Malformed NotBound Incomplete] = "quote.pcrs", "the PCR values",
        "The values hash to the quote's pcrDigest, each under its own PCR index.",
        "Read the PCRs together with the quote: they must not change in between. Give values of the SHA-256 bank: the output of tpm2_pcrread sha256, or the file that tpm2_quote writes with -o.",
        "TCG TPM 2.0 Library, Part 2, TPMS_QUOTE_INFO";
    LOG_FORMAT [Malformed Unsupported] = "log.format", "the event log's form",
        "The log is a TCG event log, parsed to its last byte.",
        "Give binary_bios_measurements of the machine that was quoted, as the firmware or the kernel provides it; the decoded log shows the malformed event.",
        "TCG PC Client Platform Firmware Profile, section 10";
    LOG_REPLAY [Unsupported] = "log.replay", "the event log replayed",
        "Every quoted PCR with events in the log has the value that their replay gives.",
        "Where PCRs 9 to 11 alone differ: IMA extends PCR 10, systemd PCR 11 and from version 255 on PCR 9, outside of the firmware's log. Where others differ, give the log of the same machine and boot as the quote: events are missing, were added or altered.",
        "TCG PC Client Platform Firmware Profile, section 10.4";
}

// Not among the checks of `teeproof::verify`, which verifies evidence and no certified keys. A list of all
// checks adds these to `all_checks`.
checks! { CERTIFY:
    KEY_SIGNATURE [Malformed Unsupported NotAuthentic] = "key.signature", "the certification's signature",
        "The attestation key signed the certification's bytes as received.",
        "The certification was altered, or signed with another key: certify with the attestation key of the evidence.",
        "TCG TPM 2.0 Library, Part 3, TPM2_Certify; RFC 8017, section 8.2";
    KEY_FORMAT [Malformed Unsupported] = "key.format", "the certification's form",
        "The signed bytes are the TPMS_ATTEST of a certification, to the last byte.",
        "Give TPMS_ATTEST as TPM2_Certify returned it, not the attestation of another command.",
        "TCG TPM 2.0 Library, Part 2, TPMS_ATTEST";
    KEY_SIGNER [NotAuthentic] = "key.signer", "the signing key's name",
        "The certification names the attestation key as a restricted primary key of the endorsement hierarchy. This is the key's own statement: that the key is in a TPM has to be established for the key itself.",
        "Certify with the platform's attestation key, not with a key of the guest.",
        "TCG TPM 2.0 Library, Part 1, section 16";
    KEY_NONCE [NotBound] = "key.nonce", "the nonce in the certification",
        "The key was certified for this nonce: extraData is the nonce.",
        "Give the complete nonce passed to TPM2_Certify; a TPM accepts at most 50 bytes, so hash a longer one first.",
        "TCG TPM 2.0 Library, Part 2, extraData";
    KEY_NAME [Unsupported NotBound] = "key.name", "the certified key",
        "The certified Name is that of the public area.",
        "Give the public area that the TPM returned for the key, and the certification of the same key.",
        "TCG TPM 2.0 Library, Part 1, section 16; Part 2, TPMS_CERTIFY_INFO";
    KEY_PUBLIC [Malformed Unsupported] = "key.public", "the certified key's public area",
        "The public area is a supported TPMT_PUBLIC of an RSA key.",
        "Create an RSA key of 2048 bits with the default exponent.",
        "TCG TPM 2.0 Library, Part 2, TPMT_PUBLIC";
    KEY_ATTRIBUTES [Unsupported NotBound] = "key.attributes", "the certified key's attributes",
        "The TPM created the key, the key cannot leave the TPM and only decrypts, and its use needs its policy: no password suffices.",
        "Create the key with fixedTPM, fixedParent, sensitiveDataOrigin and decrypt, without restricted, sign and userWithAuth, and with a policy.",
        "TCG TPM 2.0 Library, Part 2, TPMA_OBJECT";
    KEY_POLICY [Unsupported NotBound Incomplete] = "key.policy", "the PCRs that the certified key is bound to",
        "The key is usable only while the PCRs have the verified values.",
        "Create the key for the quoted PCRs, and quote before another event is measured.",
        "TCG TPM 2.0 Library, Part 3, section 23.7 (TPM2_PolicyPCR)";
}

crate::tpm_policy_fields! { teeproof_core::policy_checks }

macro_rules! pcr_checks {
    ($($index:literal)*) => {
        /// One check for each PCR, `quote.pcr0` to `quote.pcr23`.
        pub const PCR: [&Check; 24] = [$(
            &Check {
                id: concat!("quote.pcr", $index),
                title: concat!("PCR ", $index),
                proves: "The PCR has the expected value; a PCR that the quote does not select fails.",
                hint: "Quote the PCR, and compare its value with that of a known good machine.",
                source: "TCG PC Client Platform Firmware Profile, section 3.3.4",
                classes: &[Class::Refused],
            }
        ),*];
    };
}

pcr_checks!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
