//! Verifier of certified encryption keys: an accepted key cannot leave its TPM, has the Name of the received bytes,
//! and its binding to verified PCRs is known.

use teeproof_core::{Freshness, RsaKey};
use teeproof_rustcrypto::TABLE;
use teeproof_tpm::{
    CertificationError, CertificationEvidence, CertifiedKey, PcrValues, Quote, Selection, TpmVerification,
    VerifiedPcrs, checks, verify, verify_certification, verify_pcrs,
};
use teeproof_wire::tpm::{SHA256, public_bytes};

use super::azure::registers;
use super::{Switches, evidence, given, nonce};
use crate::believe::Belief;
use crate::cost::bounded;
use crate::parts::{Part, split};
use crate::quiet::{Tally, says_something};
use crate::{attest, bounds};

/// `teeproof_tpm::verify_certification` under a key that is given, with the public area as evidence;
/// then `verify_policy` for registers of which a quote is made here.
pub fn certification(input: &[u8]) -> bool {
    let Some((switches, rest)) = input.split_first() else {
        return false;
    };
    let (switches, parts) = (Switches(*switches), split(rest));
    let part = |wanted: fn(&Part<'_>) -> bool| {
        parts.iter().find(|part| wanted(part)).map_or(&[][..], |part| part.bytes())
    };
    let received = CertificationEvidence::new(
        part(|part| matches!(part, Part::Message(_))),
        part(|part| matches!(part, Part::Signature(_))),
        evidence(&parts),
    );
    let modulus = part(|part| matches!(part, Part::Key(_)));
    let crypto = switches.belief().table();
    let key = RsaKey { modulus, exponent: &[1, 0, 1] };
    let verification = TpmVerification::new(key, nonce(&parts), &crypto);
    let mut tally = Tally::default();
    let verified = bounded(&bounds::TPM_CERTIFY, given(&parts), || {
        verify_certification(&received, &verification, &mut tally)
    });
    assert!(tally.holds());
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return refused(&error),
    };
    assert_ne!(switches.belief(), Belief::None);
    guarded(&verified, received.public);
    let registers = registers(part(|part| matches!(part, Part::Registers(_))));
    if let Some(pcrs) = quoted(&registers, modulus) {
        policies(&verified, &pcrs, &registers);
    }
    true
}

/// Checks the invariants of a verified key.
fn guarded(key: &CertifiedKey<'_>, received: &[u8]) {
    let (area, public) = (public_bytes(received), key.public());
    assert_eq!(key.name(), [&SHA256.to_be_bytes()[..], &TABLE.sha256.digest(&[area])].concat());
    assert_eq!(key.certification().name, key.name());
    // fixedTPM, fixedParent, sensitiveDataOrigin, decrypt; none of restricted, sign, userWithAuth.
    assert_eq!(public.attributes.bits() & 0x0007_0072, 0x0002_0032);
    assert_eq!((public.auth_policy.len(), public.name_alg), (32, SHA256));
    assert_eq!((key.key().modulus.len(), key.key().exponent), (256, &[1, 0, 1][..]));
    assert!(area.ends_with(key.key().modulus));
}

/// The key is bound to registers exactly where its policy says so, and they were verified.
fn policies(key: &CertifiedKey<'_>, pcrs: &VerifiedPcrs, registers: &[Option<[u8; 32]>; 24]) {
    let all = bitmap(registers);
    for bitmap in [0, all, all & 0xff, all & all.wrapping_neg(), !all, 1 << 24 | all] {
        for bank in [SHA256, 0x000c] {
            let crypto = Belief::All.table();
            let bound = bounded(&bounds::TPM_POLICY, 0, || {
                key.verify_policy(pcrs, Selection { bank, bitmap }, &crypto, &mut Tally::default())
            });
            let is_verified = bank == SHA256 && bitmap != 0 && bitmap & !all == 0;
            let is_bound = is_verified && key.public().auth_policy == policy(bitmap, registers);
            assert_eq!(bound.is_ok(), is_bound, "{bank:04x}, {bitmap:08x}: {bound:?}");
            if let Err(error) = &bound {
                refused(error);
            }
        }
    }
}

/// Which registers are there.
fn bitmap(registers: &[Option<[u8; 32]>; 24]) -> u32 {
    (0..24).filter(|index| registers[*index].is_some()).fold(0, |bitmap, index| bitmap | 1 << index)
}

/// The digest of TPM2_PolicyPCR, once more.
fn policy(bitmap: u32, registers: &[Option<[u8; 32]>; 24]) -> [u8; 32] {
    let selected = (0..24).filter(|index| bitmap >> index & 1 == 1).filter_map(|index| registers[index]);
    let values = selected.collect::<Vec<_>>();
    let [first, second, third, _] = bitmap.to_le_bytes();
    TABLE.sha256.digest(&[
        &[0; 32],
        &[0, 0, 0x01, 0x7f, 0, 0, 0, 1, 0, 0x0b, 3, first, second, third],
        &TABLE.sha256.digest(&[values.as_flattened()]),
    ])
}

/// The registers as verified ones: a quote of them is made and believed.
fn quoted(registers: &[Option<[u8; 32]>; 24], modulus: &[u8]) -> Option<VerifiedPcrs> {
    let values: Vec<[u8; 32]> = registers.iter().flatten().copied().collect();
    let message = [
        &attest::head(attest::QUOTE, modulus.try_into().ok()?)[..],
        &[0, 0, 0, 1, 0, 0x0b, 3],
        &bitmap(registers).to_le_bytes()[..3],
        &[0, 32],
        &TABLE.sha256.digest(&[values.as_flattened()]),
    ]
    .concat();
    let crypto = Belief::All.table();
    let verification = TpmVerification::new(
        RsaKey { modulus, exponent: &[1, 0, 1] },
        Freshness::Waived("a fuzzer"),
        &crypto,
    );
    let quote = Quote::new(&message, &[0; 256]);
    let quote = verify(&quote, &verification, &mut ()).ok()?;
    verify_pcrs(&quote, PcrValues::Indexed(registers), &crypto, &mut ()).ok()
}

/// Checks the invariants of a refusal: words, a class with an exit code, a check that says so.
fn refused(error: &CertificationError) -> bool {
    assert!(says_something(error));
    assert!(error.check().classes.contains(&error.class()));
    assert!(checks::CERTIFY.contains(&error.check()));
    false
}
