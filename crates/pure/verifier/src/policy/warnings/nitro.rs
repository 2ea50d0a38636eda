//! Warnings of the rules for the documents of enclaves and of NitroTPMs.

use alloc::format;

use teeproof_core::{Expectation, PcrRule, Rule};
use teeproof_nitro::nitrotpm::{NitroTpmPolicy, PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT};
use teeproof_nitro::{ComputedPcr, ImageSigner, MaxAge, NitroPolicy};

use super::super::pcr_advice::{volatile_in_nitro, volatile_in_nitro_tpm};
use super::{NO_DEBUG, NO_SOFTWARE, RESET, WAIVE_PCR, Warnings, accepts, is_waived, names, pcrs};

impl Warnings {
    /// Warnings of the rules for an enclave's document.
    pub(super) fn enclave(&mut self, policy: &NitroPolicy<'_>) {
        self.if_accepted("debug", &policy.debug, &true, DEBUG_ENCLAVE, NO_DEBUG);
        let (rules, line) = pcrs(&policy.pcrs);
        for PcrRule { index, rule, .. } in rules {
            let key = format!("pcrs.{index}");
            if let Some(why) = volatile_in_nitro(*index).filter(|_| !is_waived(rule)) {
                self.add(&key, rule.line, format!("pinned although it varies: {why}"), WAIVE_PCR);
            }
            let (message, hint) = match index {
                0..=2 => (ZERO_PCR, PIN_IMAGE),
                8 => (RESET, SIGN_IMAGE),
                _ => (RESET, WAIVE_PCR),
            };
            self.if_accepted(&key, rule, &[0; 48], message, hint);
        }
        let pins = |index: u8| rules.iter().any(|pcr| pcr.index == index && names(&pcr.rule, &[0; 48]));
        let signer = pins(8) || names_a_signer(&policy.signer);
        let names_the_image = signer || pins(0) || (pins(1) && pins(2));
        if !names_the_image {
            self.add("pcrs", line, NO_SOFTWARE, PIN_IMAGE);
        }
        // An enclave in debug mode may be of an image that the signer signed.
        let measured = rules.iter().any(|pcr| pcr.index <= 2 && !is_waived(&pcr.rule));
        if is_waived(&policy.debug) && signer && !measured {
            self.add("debug", policy.debug.line, DEBUG_ENCLAVE, NO_DEBUG);
        }
        self.long_age(&policy.max_age);
    }

    /// Warnings of the rules for a NitroTPM document.
    pub(super) fn instance(&mut self, policy: &NitroTpmPolicy<'_>) {
        self.if_accepted("measured-boot", &policy.measured_boot, &false, NOT_MEASURED, MEASURED);
        let (rules, line) = pcrs(&policy.pcrs);
        for PcrRule { index, rule, .. } in rules {
            let key = format!("pcrs.{index}");
            if let Some(why) = volatile_in_nitro_tpm(*index).filter(|_| !is_waived(rule)) {
                self.add(&key, rule.line, format!("pinned although it varies: {why}"), WAIVE_PCR);
            }
            // Zero in PCR12 says that nothing was added to the command line.
            let resets = [[0; 48], [u8::MAX; 48], PCR_SEPARATOR_ONLY];
            if *index != 12 && resets.iter().any(|value| accepts(rule, value)) {
                self.add(&key, rule.line, RESET, WAIVE_PCR);
            }
            if *index == 7 {
                self.if_accepted(&key, rule, &PCR7_WITHOUT_SECURE_BOOT, NO_KEYS, PIN_BOOTED);
            }
        }
        let pins = |index: u8| rules.iter().any(|pcr| pcr.index == index && pins_a_measurement(pcr));
        let names_zero = |index: u8| rules.iter().any(|pcr| pcr.index == index && !is_waived(&pcr.rule));
        match (pins(4), pins(7), SOFTWARE.iter().any(|index| pins(*index))) {
            (true, ..) if !names_zero(12) => self.add("pcrs", line, NO_COMMAND_LINE, PIN_COMMAND_LINE),
            (true, ..) | (_, _, true) => {}
            (false, true, false) => self.add("pcrs", line, KEYS_ALONE, PIN_BOOTED),
            (false, false, false) => self.add("pcrs", line, NO_SOFTWARE, PIN_BOOTED),
        }
        // Software that found the PCRs at their reset values can have made the pinned ones.
        if is_waived(&policy.measured_boot) && (0..=7).any(pins) {
            self.add("measured-boot", policy.measured_boot.line, NOT_MEASURED, MEASURED);
        }
        self.long_age(&policy.max_age);
    }

    /// That an age is longer than any document is valid.
    fn long_age(&mut self, max_age: &MaxAge<'_>) {
        if let MaxAge::AtMost { secs, line } = *max_age
            && secs > CERTIFICATE_SECS
        {
            let hint = "max-age = { at-most = 300 }, or as long as your documents travel";
            self.add("max-age", line, OLD, hint);
        }
    }
}

/// Whether a rule names signers, and none of them by zeros.
fn names_a_signer(rule: &Rule<'_, ComputedPcr<ImageSigner<'_>>>) -> bool {
    let is_zero = |signer: &ComputedPcr<ImageSigner<'_>>| {
        let (ComputedPcr::Value(value) | ComputedPcr::Of(ImageSigner::Sha384(value))) = signer else {
            return false;
        };
        *value == [0; 48]
    };
    match &rule.expectation {
        Expectation::Exactly(signer) => !is_zero(signer),
        Expectation::OneOf(signers) => !signers.iter().any(is_zero),
        _ => false,
    }
}

/// Whether a PCR of a NitroTPM is pinned to what was measured into it.
fn pins_a_measurement(pcr: &PcrRule<'_, 48>) -> bool {
    let reset = [[0; 48], [u8::MAX; 48], PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT];
    let demands = matches!(pcr.rule.expectation, Expectation::Exactly(_) | Expectation::OneOf(_));
    demands && !reset.iter().any(|value| accepts(&pcr.rule, value))
}

/// The PCRs of a NitroTPM, besides PCR4, that an ordinary boot loader measures the software into.
const SOFTWARE: [u8; 3] = [8, 9, 11];

/// How long the certificate of a Nitro document is valid.
const CERTIFICATE_SECS: u32 = 3 * 60 * 60;
const DEBUG_ENCLAVE: &str =
    "an enclave in debug mode is accepted: it runs any software, and its PCR0 to PCR2 are zero";
const ZERO_PCR: &str = "a zero PCR is accepted: PCR0 to PCR2 are zero in debug mode, whatever software runs";
const OLD: &str =
    "documents are not valid for longer than their certificate (3 hours), so this demands nothing";
const PIN_IMAGE: &str =
    "pin PCR0, or PCR1 and PCR2, of your image; teeproof eif measure and nitro-cli describe-eif print them";
const SIGN_IMAGE: &str = "sign the image and pin PCR8 or the signer, or waive PCR8 with its reason";
const NOT_MEASURED: &str = "an instance whose firmware did not measure the boot is accepted: any software can extend its PCRs to the values of another boot";
const MEASURED: &str = "measured-boot = { exactly = true }";
const NO_KEYS: &str =
    "the value of PCR7 without secure boot is accepted: every such instance has it, whatever it runs";
const PIN_BOOTED: &str =
    "pin PCR4 and PCR12, with secure boot PCR7, of your image; nitro-tpm-pcr-compute prints them";
const NO_COMMAND_LINE: &str = "PCR12 is not pinned: what was added to the kernel's command line is accepted";
const PIN_COMMAND_LINE: &str =
    "pin PCR12 to zero, its value where nothing was added to an attestable AMI's command line";
const KEYS_ALONE: &str =
    "PCR7 alone is pinned: any software that the keys of secure boot allow is accepted, in any version";
