//! Sets of PCRs that conditions name, and whether they fix an image.

use super::condition::Key;
use super::rule::{self, KeyPolicyRule, Severity};

/// PCRs of documents: bit i is PCR i of an enclave, bit 32 + i PCR i of a NitroTPM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PcrSet(u64);

impl PcrSet {
    const ENCLAVE: Self = Self(0xffff_ffff);

    /// The PCR of a key; none of an unknown key.
    pub(super) fn of_key(key: &Key) -> Self {
        let bit = match *key {
            Key::Enclave(pcr @ 0..=31) => u32::from(pcr),
            Key::NitroTpm(pcr @ 0..=31) => u32::from(pcr) | 32,
            _ => return Self::default(),
        };
        Self(1 << bit)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is one PCR.
    pub(super) const fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }

    /// The PCRs of enclaves.
    pub(super) const fn of_enclaves(self) -> Self {
        Self(self.0 & Self::ENCLAVE.0)
    }

    /// The PCRs of NitroTPMs.
    pub(super) const fn of_nitro_tpms(self) -> Self {
        Self(self.0 & !Self::ENCLAVE.0)
    }

    /// Whether PCR i of an enclave is in it.
    pub(super) fn has_enclaves(self, pcr: u8) -> bool {
        !Self(self.0 & Self::of_key(&Key::Enclave(pcr)).0).is_empty()
    }

    /// Whether PCR i of a NitroTPM is in it.
    pub(super) fn has_nitro_tpms(self, pcr: u8) -> bool {
        !Self(self.0 & Self::of_key(&Key::NitroTpm(pcr)).0).is_empty()
    }

    /// Each PCR by itself.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        (0..u64::BITS).map(|bit| Self(1 << bit)).filter(move |one| self.0 & one.0 != 0)
    }

    /// Whether they are of both kinds of documents, so that no document has them all.
    pub(super) const fn is_mixed(self) -> bool {
        !self.of_enclaves().is_empty() && !self.of_nitro_tpms().is_empty()
    }

    /// Whether measured values of these PCRs keep out enclaves in debug mode, of which PCR 0, 1 and 2 are zero.
    pub(super) fn keeps_out_debug(self) -> bool {
        (0..=2).any(|pcr| self.has_enclaves(pcr))
    }

    /// Whether documents with known values of these PCRs are of known images: PCR 0, or PCR 1 and PCR 2, of an enclave;
    /// PCR 4 or PCR 7 of a NitroTPM. There are none with PCRs of both.
    pub(super) fn fixes_an_image(self) -> bool {
        let enclave = self.has_enclaves(0) || (self.has_enclaves(1) && self.has_enclaves(2));
        let instance = self.has_nitro_tpms(4) || self.has_nitro_tpms(7);
        enclave || instance || self.is_mixed()
    }
}

/// What is left open to documents with values of a policy in some PCRs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) rule: &'static KeyPolicyRule,
    pub(super) severity: Severity,
    pub(super) who: &'static str,
}

/// What documents with known values of all these PCRs leave open; none where they fix the image or what is booted, and
/// for no PCR. The PCR that leaves least is named, so that its severity counts.
pub(super) fn gap(pcrs: PcrSet) -> Option<Gap> {
    let has = |pcr: u8| pcrs.has_enclaves(pcr);
    let boots = |pcr: u8| pcrs.has_nitro_tpms(pcr);
    let (is_enclave, is_instance) = (!pcrs.of_enclaves().is_empty(), !pcrs.of_nitro_tpms().is_empty());
    let (severity, who) = match () {
        () if is_enclave == is_instance => return None,
        () if has(0) || (has(1) && has(2)) || boots(7) || (boots(4) && boots(12)) => return None,
        () if has(8) => (Severity::Medium, "every image that was ever signed with the certificate of PCR 8"),
        () if has(1) => (Severity::Medium, "any application on the kernel of PCR 1"),
        () if has(2) => (Severity::Medium, "the application of PCR 2 on any kernel"),
        () if has(4) => (Severity::High, "any image on the instance of PCR 4"),
        () if has(3) => (Severity::High, "any image on an instance with the role of PCR 3"),
        () if is_enclave => (Severity::High, "any image that gives its own PCRs these values"),
        () if boots(4) => {
            (Severity::Low, "the boot chain of PCR 4 with any kernel command line that it accepts")
        }
        () => (Severity::Medium, "any boot chain with these values in other PCRs"),
    };
    let rule = if is_enclave { rule::NO_IMAGE_PCR } else { rule::NO_BOOT_PCR };
    Some(Gap { rule, severity, who })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: &[Key]) -> PcrSet {
        keys.iter().fold(PcrSet::default(), |set, key| set.or(PcrSet::of_key(key)))
    }

    #[test]
    fn both_kinds_are_told_apart() {
        let all = (0..32).map(Key::Enclave).chain((0..24).map(Key::NitroTpm)).collect::<Vec<_>>();
        assert_eq!(set(&all).each().count(), 56);
        for key in &all {
            let one = set(core::slice::from_ref(key));
            assert!(one.is_one() && one.of_enclaves().is_empty() != one.of_nitro_tpms().is_empty());
        }
        assert!(set(&[Key::Bare, Key::Unknown, Key::Other]).is_empty());
        let (enclave, tpm) = (set(&[Key::Enclave(4)]), set(&[Key::NitroTpm(4)]));
        assert!(enclave.has_enclaves(4) && !enclave.has_nitro_tpms(4) && !enclave.has_enclaves(5));
        assert!(tpm.has_nitro_tpms(4) && !tpm.has_enclaves(4) && !enclave.or(tpm).is_one());
    }

    #[test]
    fn what_fixes_an_image() {
        for (keys, fixes) in [
            (&[][..], false),
            (&[Key::Enclave(0)], true),
            (&[Key::Enclave(1)], false),
            (&[Key::Enclave(1), Key::Enclave(2)], true),
            (&[Key::Enclave(3), Key::Enclave(4), Key::Enclave(8)], false),
            (&[Key::NitroTpm(0), Key::NitroTpm(12)], false),
            (&[Key::NitroTpm(4)], true),
            (&[Key::NitroTpm(7)], true),
            (&[Key::Enclave(3), Key::NitroTpm(12)], true),
        ] {
            assert_eq!(set(keys).fixes_an_image(), fixes, "{keys:?}");
        }
    }
}
