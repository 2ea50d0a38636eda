//! Azure SEV-SNP: the HCL report with its certificates, and the vTPM's quote.

mod hcl;
mod quote;

use teeproof_core::{Freshness, RsaKey, Time};
use teeproof_hcl::{HclEvidence, HclVerification};
use teeproof_mint::azure::{self, Vm};
use teeproof_mint::snp::Product;
use teeproof_mint::{DEFAULT_TIME, Kind};
use teeproof_peers::az_cvm_vtpm::{self, AttestationKey, Prepared};
use teeproof_peers::az_snp_vtpm::{self, Binding, Certificates};
use teeproof_peers::{Outcome, clock};
use teeproof_tpm::{PcrValues, Quote};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Revocation};

use crate::verdict::{Tally, Verdict};

const NONCE: &[u8] = b"a nonce of 13";

/// Asks everything. The clock must follow.
pub(crate) fn ask() -> Tally {
    let mut tally = Tally::default();
    clock::set(DEFAULT_TIME).expect("the clock");
    hcl::ask(&mut tally);
    quote::ask(&mut tally);
    tally
}

/// A VM whose authorities have small keys, and an answer to the question.
fn vm(product: Product) -> Vm {
    let vm = Vm::snp(product).nonce(NONCE);
    vm.with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048))
}

/// Puts whole evidence to everyone: is this report believed, and its attestation key, and the quote?
fn ask_all(tally: &mut Tally, case: &str, vm: &Vm) {
    ask_about(tally, case, &vm.evidence().expect("a VM"));
}

fn ask_about(tally: &mut Tally, case: &str, evidence: &azure::Evidence) {
    let hcl = &evidence.hcl_report;
    let report = Verdict::of(|| ours(evidence, false));
    let theirs = Verdict::of(|| their_report(evidence));
    tally.compare(az_snp_vtpm::NAME, &format!("report? {case}"), &report, &theirs);
    // The quote depends on the report: a verifier that refuses the report is not run on the quote.
    if report == Verdict::Accepts && theirs == Verdict::Accepts {
        let ours = Verdict::of(|| ours(evidence, true));
        let theirs = Verdict::of(|| {
            let key = AttestationKey::of_hcl(hcl)?;
            quoted(&evidence.quote_signature, &evidence.quote_message, &evidence.pcrs, &key)
        });
        tally.compare(az_cvm_vtpm::NAME, &format!("quote? {case}"), &ours, &theirs);
    }
}

fn their_report(evidence: &azure::Evidence) -> Outcome {
    let certificates = Certificates::of_der(&evidence.vek, &evidence.intermediate, &evidence.ark)?;
    az_snp_vtpm::cold(&evidence.hcl_report, &certificates, Binding::Compared)?;
    // Ours reads the claims too.
    AttestationKey::of_hcl(&evidence.hcl_report).map(drop)
}

fn quoted(signature: &[u8], message: &[u8], pcrs: &[[u8; 32]], key: &AttestationKey) -> Outcome {
    Prepared::new(signature, message, pcrs)?.verify(key, NONCE)
}

fn ours(evidence: &azure::Evidence, with_quote: bool) -> Outcome {
    let certificate = |der| Certificate::parse(der).map_err(|error| format!("snp.chain: {error}"));
    let endorsements = [certificate(&evidence.vek)?, certificate(&evidence.intermediate)?];
    let values = evidence.pcr_concatenation();
    let quote = Quote::new(&evidence.quote_message, &evidence.quote_signature);
    let parts = HclEvidence::new(&evidence.hcl_report)
        .quote(with_quote.then_some(quote))
        .pcrs(with_quote.then_some(PcrValues::InSelectionOrder(&values)));
    let freshness =
        if with_quote { Freshness::nonce(NONCE).unwrap() } else { Freshness::Waived("no nonce was sent") };
    let added = [evidence.ark.as_slice()];
    let verification =
        HclVerification::new(freshness, Time(DEFAULT_TIME.cast_signed()), &teeproof_aws_lc::TABLE)
            .anchors(Anchors::and(&added))
            .revocation(Revocation::Unchecked("no peer looks at revocation lists"));
    let outcome = teeproof_hcl::verify_snp(&parts, &endorsements, &verification, &mut ());
    outcome.map(drop).map_err(|error| format!("{}: {error}", error.check().id))
}

/// A quote alone, under a key given to both.
fn our_quote(signature: &[u8], message: &[u8], pcrs: &[[u8; 32]], modulus: &[u8], nonce: &[u8]) -> Outcome {
    let freshness = Freshness::nonce(nonce).map_err(|error| error.to_string())?;
    let verification = teeproof_tpm::TpmVerification::new(
        RsaKey { modulus, exponent: &[1, 0, 1] },
        freshness,
        &teeproof_aws_lc::TABLE,
    );
    let refusal = |error: teeproof_tpm::Error| format!("{}: {error}", error.check().id);
    let quote =
        teeproof_tpm::verify(&Quote::new(message, signature), &verification, &mut ()).map_err(refusal)?;
    let values = pcrs.concat();
    let values = PcrValues::InSelectionOrder(&values);
    teeproof_tpm::verify_pcrs(&quote, values, &teeproof_aws_lc::TABLE, &mut ()).map(drop).map_err(refusal)
}
