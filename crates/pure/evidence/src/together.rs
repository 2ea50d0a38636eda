//! Rules for parts that stand together: one piece of evidence, each of its parts once, and any number of
//! certificates and revocation lists.

use teeproof_core::Technology;
use teeproof_wire::hcl::ReportType;

use crate::{InputError, Kind, Part};

/// Tells eight PCR values from a signature, both 256 bytes, where a TPMT_SIGNATURE came beside them: that is
/// the signature. Whichever was told, the quote's signature decides.
pub(crate) fn tell_values_from_signature(others: &mut [Part], part: Part) -> Part {
    let is_bare = |part: &Part| part.kind == Kind::TpmSignature && part.bytes.len() == 256;
    let other = others.iter_mut().find(|other| other.kind == Kind::TpmSignature);
    match other {
        Some(other) if is_bare(&part) && !is_bare(other) => Part { kind: Kind::PcrConcatenation, ..part },
        Some(other) if part.kind == Kind::TpmSignature && !is_bare(&part) && is_bare(other) => {
            other.kind = Kind::PcrConcatenation;
            part
        }
        _ => part,
    }
}

/// Whether a part may come beside the others: certificates and lists in any number, everything
/// else once, and one report or document.
pub(crate) fn check_beside(others: &[Part], part: &Part) -> Result<(), InputError> {
    if let Some(second) = technology(part)
        && let Some(first) = others.iter().find_map(technology)
    {
        return Err(InputError::TwoEvidences { first, second });
    }
    let many = matches!(part.kind, Kind::Certificate | Kind::RevocationList);
    let same = |other: &Part| other.kind == part.kind || (is_registers(other) && is_registers(part));
    if !many && others.iter().any(same) {
        return Err(InputError::TwoOfAKind(part.kind));
    }
    Ok(())
}

fn is_registers(part: &Part) -> bool {
    matches!(part.kind, Kind::PcrValues | Kind::PcrConcatenation)
}

/// The technology of a report or document; `None` for every other part.
pub(crate) fn technology(part: &Part) -> Option<Technology> {
    match part.kind {
        Kind::SnpReport => Some(Technology::Snp),
        Kind::NitroDocument => Some(Technology::Nitro),
        Kind::HclReport if ReportType::peek(&part.bytes) == Some(ReportType::TDX) => {
            Some(Technology::AzureTdx)
        }
        // Reports of other types too: their verifier says what they are.
        Kind::HclReport => Some(Technology::AzureSnp),
        _ => None,
    }
}
