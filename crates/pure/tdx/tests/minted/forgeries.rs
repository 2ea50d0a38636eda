//! The table of a complete DCAP verification, item by item: for each field one forgery, everything else genuine, and
//! the exact error. The other files have what needs more than one forgery.

mod documents;
mod tcb;

use teeproof_core::{Class, Freshness, Outcome};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::x509::{Extension, Name, Validity};
use teeproof_mint::{Key, Kind};
use teeproof_tdx::{Chain, Error};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{NameText, Problem};

use crate::support::{AT, Checked, Evidence, YEAR, genuine, time};

/// One forgery, and what it is refused with.
struct Forgery {
    /// What is forged.
    what: &'static str,
    evidence: Evidence,
    check: &'static str,
    class: Class,
    error: Error,
}

fn forgery(what: &'static str, evidence: Evidence, refused: (&'static str, Class, Error)) -> Forgery {
    let (check, class, error) = refused;
    Forgery { what, evidence, check, class, error }
}

/// Checks a list, each forgery by its name once, and prints their number.
#[track_caller]
fn refused(item: &str, forgeries: Vec<Forgery>) {
    let mut names: Vec<_> = forgeries.iter().map(|one| one.what).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), forgeries.len(), "{item}");
    for Forgery { what, evidence, check, class, error } in &forgeries {
        let found = evidence.verify(Freshness::Waived("a test"), |result, _| result.map(|_| ()).err());
        assert!(found.is_some(), "{item}: {what} is accepted");
        let found = evidence.refused(check, *class);
        assert_eq!(found, *error, "{item}: {what}");
    }
    println!("{item}: {} forgeries refused", forgeries.len());
}

fn with(change: impl FnOnce(&mut TdxMachine)) -> Evidence {
    genuine().with(change).evidence()
}

/// Evidence with both revocation lists.
fn with_lists(change: impl FnOnce(&mut TdxMachine)) -> Evidence {
    let mut evidence = with(change);
    evidence.crls = vec![evidence.minted.root_crl.clone(), evidence.minted.pck_crl.clone()];
    evidence
}

fn fresh() -> Key {
    Key::fresh(Kind::P256)
}

const fn pck_chain(link: usize, problem: Problem) -> Error {
    Error::Chain { chain: Chain::Pck, link, problem }
}

const fn signing_chain(link: usize, problem: Problem) -> Error {
    Error::Chain { chain: Chain::TcbSigning, link, problem }
}

const fn pck_list(issuer: usize, problem: Problem) -> Error {
    Error::RevocationList { chain: Chain::Pck, issuer, problem }
}

/// A validity that has ended, with its error.
fn expired() -> (Validity, Problem) {
    let problem = Problem::Expired { not_after: time(AT - 1), at: time(AT) };
    (Validity::new(AT - YEAR, AT - 1), problem)
}

/// A validity that has not begun, with its error.
fn early() -> (Validity, Problem) {
    let problem = Problem::NotYetValid { not_before: time(AT + 1), at: time(AT) };
    (Validity::new(AT + 1, AT + YEAR), problem)
}

/// The validity of one certificate.
type Dates = fn(&mut TdxMachine) -> &mut Validity;

#[test]
fn item_1_chain() {
    let chain = |link, problem| ("tdx.chain", Class::NotAuthentic, pck_chain(link, problem));
    let dates = |link, problem| ("tdx.validity", Class::Incomplete, pck_chain(link, problem));
    let foreign = with(|machine| *machine = machine.clone().with_own_authorities());
    let mut foreign_anchor = foreign.clone();
    foreign_anchor.minted.root = genuine().evidence().minted.root;
    let untrusted = Error::Untrusted { chain: Chain::Pck, root: name_text(&foreign.minted.root) };
    let mut forgeries = vec![
        // An attacker's Intel of the same names.
        forgery("root", foreign_anchor, ("tdx.chain", Class::NotAuthentic, untrusted)),
        forgery("PCK CA, signer", with(|m| m.pck_ca.signer = Some(fresh())), chain(1, Problem::Signature)),
        forgery("PCK, signer", with(|m| m.pck.signer = Some(fresh())), chain(2, Problem::Signature)),
        forgery(
            "PCK, issuer",
            with(|m| m.pck.certificate.issuer = Some(Name::intel("Intel SGX PCK Processor CA"))),
            (
                "tdx.chain",
                Class::Incomplete,
                Error::MissingIssuer {
                    chain: Chain::Pck,
                    issuer: name_text(&genuine().processor_ca().evidence().minted.pck_ca),
                },
            ),
        ),
        forgery(
            "PCK CA, basicConstraints",
            with(|m| m.pck_ca.certificate.set_extension(Extension::basic_constraints(false, None))),
            chain(1, Problem::NotAnAuthority),
        ),
        forgery(
            "PCK CA, keyUsage",
            with(|m| m.pck_ca.certificate.set_extension(Extension::key_usage(0x80))),
            chain(1, Problem::KeyUsage),
        ),
        forgery(
            "PCK, basicConstraints",
            with(|m| m.pck.certificate.set_extension(Extension::basic_constraints(true, None))),
            chain(2, Problem::LeafIsAuthority),
        ),
        forgery(
            "PCK, unknown critical extension",
            with(|m| m.pck.certificate.extensions.push(Extension::unknown_critical())),
            ("tdx.chain", Class::Unsupported, pck_chain(2, Problem::CriticalExtension)),
        ),
        forgery(
            "PCK CA, name",
            with(|m| m.pck_ca.certificate.subject = Name::intel("Intel SGX PCK Cloud CA")),
            ("tdx.chain", Class::NotAuthentic, Error::Authority(Chain::Pck)),
        ),
        forgery(
            "PCK CA left out",
            with(|m| {
                // A PCK certificate right below the root.
                m.pck.signer = Some(m.root.key.clone());
                m.pck.certificate.issuer = Some(m.root.certificate.subject.clone());
            }),
            ("tdx.chain", Class::NotAuthentic, Error::Authority(Chain::Pck)),
        ),
    ];
    let links: [(Dates, usize, [&str; 2]); 3] = [
        (|m| &mut m.root.certificate.validity, 0, ["root, notAfter", "root, notBefore"]),
        (|m| &mut m.pck_ca.certificate.validity, 1, ["PCK CA, notAfter", "PCK CA, notBefore"]),
        (|m| &mut m.pck.certificate.validity, 2, ["PCK, notAfter", "PCK, notBefore"]),
    ];
    for (of, link, names) in links {
        for (what, (validity, problem)) in names.into_iter().zip([expired(), early()]) {
            forgeries.push(forgery(what, with(|m| *of(m) = validity), dates(link, problem)));
        }
    }
    refused("1, PCK chain", forgeries);
}

/// The subject of a certificate as errors have it.
fn name_text(der: &[u8]) -> NameText {
    Certificate::parse(der).unwrap().subject().into()
}

#[test]
fn item_1_revocation() {
    let revoked = |link| ("tdx.revocation", Class::Incomplete, pck_chain(link, Problem::Revoked));
    let list = |issuer, class, problem| ("tdx.revocation", class, pck_list(issuer, problem));
    let stale = Problem::Expired { not_after: time(AT - 1), at: time(AT) };
    let future = Problem::NotYetValid { not_before: time(AT + 1), at: time(AT) };
    // An entry removed from a signed list.
    let altered = |at: usize| {
        let mut evidence = with_lists(|m| {
            m.root_crl = m.root_crl.clone().revoke(&[0x11; 20]);
            m.pck_crl = m.pck_crl.clone().revoke(&[0x21; 20]);
        });
        let list = &mut evidence.crls[at];
        let serial = list.windows(20).position(|bytes| bytes == [[0x11, 0x21][at]; 20]).unwrap();
        list[serial] ^= 1;
        evidence.crls = vec![evidence.crls.swap_remove(at)];
        evidence
    };
    refused(
        "1, revocation",
        vec![
            forgery(
                "PCK CA revoked",
                with_lists(|m| m.root_crl = m.root_crl.clone().revoke(&[0x11; 20])),
                revoked(1),
            ),
            forgery(
                "PCK revoked",
                with_lists(|m| m.pck_crl = m.pck_crl.clone().revoke(&[0x21; 20])),
                revoked(2),
            ),
            forgery(
                "TCB signing revoked",
                with_lists(|m| m.root_crl = m.root_crl.clone().revoke(&[0x23; 20])),
                ("tdx.collateral.signer", Class::Incomplete, signing_chain(1, Problem::Revoked)),
            ),
            forgery("root list, signature", altered(0), list(0, Class::NotAuthentic, Problem::Signature)),
            forgery("PCK list, signature", altered(1), list(1, Class::NotAuthentic, Problem::Signature)),
            forgery(
                "root list, nextUpdate",
                with_lists(|m| m.root_crl.next_update = Some((AT - 1).into())),
                list(0, Class::Incomplete, stale),
            ),
            forgery(
                "PCK list, nextUpdate",
                with_lists(|m| m.pck_crl.next_update = Some((AT - 1).into())),
                list(1, Class::Incomplete, stale),
            ),
            forgery(
                "root list, thisUpdate",
                with_lists(|m| m.root_crl.this_update = (AT + 1).into()),
                list(0, Class::Incomplete, future),
            ),
            forgery(
                "PCK list, thisUpdate",
                with_lists(|m| m.pck_crl.this_update = (AT + 1).into()),
                list(1, Class::Incomplete, future),
            ),
        ],
    );
    // A list of another key of the same name, and the Processor CA's, cover nothing that the Platform CA issued.
    for change in [|m: TdxMachine| m, TdxMachine::processor_ca] {
        let mut other = with_lists(|_| {});
        let foreign = change(genuine()).with(|m| {
            m.pck_ca.key = fresh();
            m.pck_crl = m.pck_crl.clone().revoke(&[0x21; 20]);
        });
        other.crls[1] = foreign.evidence().minted.pck_crl.clone();
        assert_eq!(other.accepted().of("tdx.revocation").1, Outcome::Warn);
    }
}

#[test]
fn item_2_signatures_and_binding() {
    let refusal = |check, error| (check, Class::NotAuthentic, error);
    let bound_to_other = |m: &mut TdxMachine| {
        let other = TdxMachine::new().mint().unwrap().quote;
        let at = 632 + 4 + 134 + 320;
        m.enclave.report_data = other[at..at + 64].try_into().ok();
    };
    let swapped = {
        // The quoting enclave's report and its signature of another platform, whole.
        let other = genuine().evidence();
        let mut evidence = genuine().evidence();
        let range = 632 + 4 + 134..632 + 4 + 582;
        evidence.minted.quote[range.clone()].copy_from_slice(&other.minted.quote[range]);
        evidence
    };
    refused(
        "2, signatures and binding",
        vec![
            forgery(
                "QE report, signer",
                with(|m| m.enclave_signer = Some(fresh())),
                refusal("tdx.qe.signature", Error::QeSignature),
            ),
            forgery(
                "QE report of another platform",
                swapped,
                refusal("tdx.qe.signature", Error::QeSignature),
            ),
            forgery(
                "QE report signed by the PCK CA",
                with(|m| m.enclave_signer = Some(m.pck_ca.key.clone())),
                refusal("tdx.qe.signature", Error::QeSignature),
            ),
            forgery(
                "QE report, REPORTDATA",
                with(bound_to_other),
                refusal("tdx.qe.binding", Error::QeBinding),
            ),
            forgery(
                "QE report, REPORTDATA zero",
                with(|m| m.enclave.report_data = Some([0; 64])),
                refusal("tdx.qe.binding", Error::QeBinding),
            ),
            forgery(
                "QE report, second half of REPORTDATA",
                with(|m| m.enclave.patch(352, &[1])),
                refusal("tdx.qe.binding", Error::QeBinding),
            ),
            forgery(
                "authentication data",
                genuine().tamper(632 + 4 + 584, &[0]).evidence(),
                refusal("tdx.qe.binding", Error::QeBinding),
            ),
            forgery(
                "quote, signer",
                with(|m| m.quote_signer = Some(fresh())),
                refusal("tdx.signature", Error::Signature),
            ),
            forgery(
                "quote signed by the PCK",
                with(|m| m.quote_signer = Some(m.pck.key.clone())),
                refusal("tdx.signature", Error::Signature),
            ),
            forgery(
                "header",
                genuine().tamper(28, &[0]).evidence(),
                refusal("tdx.signature", Error::Signature),
            ),
            forgery(
                "body",
                genuine().tamper(48 + 136, &[0]).evidence(),
                refusal("tdx.signature", Error::Signature),
            ),
        ],
    );
}
