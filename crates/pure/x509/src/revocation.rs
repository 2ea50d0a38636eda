//! Revocation lists, given by the caller: nothing is fetched.

use teeproof_core::{Crypto, Time, Validity};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::held::{Issued, verify_issued};
use crate::verify::within;
use crate::{Held, Known, Problem};

/// Whether revocation is checked. There is no silent third way.
#[derive(Clone, Copy, Debug)]
pub enum Revocation<'a> {
    /// Checked against these lists. One of the right issuer must be among them; each of them that
    /// is must hold and be current, also beside a better one.
    Lists(&'a [RevocationList<'a>]),
    /// Not checked, for the reason given, which shows in the result.
    Unchecked(&'a str),
}

/// A revocation list that its issuer signed and that is current.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedRevocationList<'a> {
    list: RevocationList<'a>,
    issuer: Certificate<'a>,
}

/// Verifies a list of `issuer` at a time.
///
/// # Errors
/// The issuer's name, key usage or signature does not fit; the list is not current at that time;
/// a critical extension narrows its scope.
pub fn verify_list<'a>(
    list: &RevocationList<'a>,
    issuer: &Certificate<'a>,
    at: Time,
    known: Known<'_>,
    crypto: &Crypto,
) -> Result<VerifiedRevocationList<'a>, Problem> {
    if list.issuer().der() != issuer.subject().der() {
        return Err(Problem::Issuer);
    }
    if !issuer.extensions().key_usage().is_some_and(|usage| usage.crl_sign()) {
        return Err(Problem::KeyUsage);
    }
    verify_issued(issuer, Issued::from(list), known, crypto)?;
    if list.has_critical_extension() {
        return Err(Problem::RevocationScope);
    }
    let span = Validity { not_before: Time(list.this_update()), not_after: Time(list.next_update()) };
    within(span, at, 0)?;
    Ok(VerifiedRevocationList { list: *list, issuer: *issuer })
}

impl<'a> VerifiedRevocationList<'a> {
    /// The list's signature.
    #[must_use]
    pub const fn held(&self) -> Held<'a> {
        Held::issued(&self.issuer, self.list.tbs(), self.list.signature())
    }

    /// Whether the list names this certificate's serial number.
    #[must_use]
    pub fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.list.revokes(certificate.serial())
    }
}
