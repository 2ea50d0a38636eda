//! Rules for parts that stand together: one piece of evidence, each of its parts once, and any number of
//! certificates and revocation lists.

use crate::{InputError, InputKind, Part};

/// Tells eight PCR values from a signature, both 256 bytes, where a TPMT_SIGNATURE came with them: that is
/// the signature. Whichever was told, the quote's signature decides.
pub(crate) fn tell_values_from_signature(others: &mut [Part], part: Part) -> Part {
    let is_bare = |part: &Part| part.kind() == InputKind::TpmSignature && part.bytes().len() == 256;
    let other = others.iter_mut().find(|other| other.kind() == InputKind::TpmSignature);
    match other {
        Some(other) if is_bare(&part) && !is_bare(other) => part.into_concatenation(),
        Some(other) if part.kind() == InputKind::TpmSignature && !is_bare(&part) && is_bare(other) => {
            // The two trade places, so that the values come first, as they did.
            let values = core::mem::replace(other, part).into_concatenation();
            core::mem::replace(other, values)
        }
        _ => part,
    }
}

/// Whether a part may come with the others: certificates and lists in any number, everything
/// else once, and one report or document.
pub(crate) fn check_together(others: &[Part], part: &Part) -> Result<(), InputError> {
    if let Some(second) = part.technology()
        && let Some(first) = others.iter().find_map(Part::technology)
    {
        return Err(InputError::TwoEvidences { first, second });
    }
    let many = matches!(part.kind(), InputKind::Certificate | InputKind::RevocationList);
    let same = |other: &Part| other.kind() == part.kind() || (is_pcrs(other) && is_pcrs(part));
    if !many && others.iter().any(same) {
        return Err(InputError::TwoOfAKind(part.kind()));
    }
    Ok(())
}

fn is_pcrs(part: &Part) -> bool {
    matches!(part.kind(), InputKind::PcrValues | InputKind::PcrConcatenation)
}
