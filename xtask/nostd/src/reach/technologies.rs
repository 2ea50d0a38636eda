//! Verification and appraisal of SNP, Nitro and TPM evidence, and of certificates.

use core::hint::black_box;

use teeproof_core::{FieldRule, Freshness, Pcrs, RsaKey, Time};
use teeproof_nitro::{Moment, nitrotpm};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{
    Anchor, AnchorKind, Anchors, CachedSignatures, Revocation, SignatureBudget, SignatureChecks,
};

use super::opaque::{ANYTHING, Sink, seen};

pub(super) fn snp(bytes: &[u8], sink: &mut Sink) {
    let Some((report, endorsements)) = bytes.split_at_checked(black_box(1184)) else { return };
    let Some((certificates, list)) = read(endorsements) else { return };
    let lists = [list];
    let verification =
        teeproof_snp::SnpVerification::new(black_box(freshness(bytes)), black_box(Time(0)), &ANYTHING)
            .anchors(Anchors::and(black_box(&[&[]])))
            .revocation(black_box(Revocation::Lists(&lists)));
    let endorsements = teeproof_snp::Endorsements::new(&certificates);
    match teeproof_snp::verify(report, &endorsements, &verification, sink) {
        Ok(verified) => {
            let policy = black_box(teeproof_snp::SnpPolicy::genuine());
            black_box(teeproof_snp::appraise(&verified, &policy, sink));
            sink.debug(&(&verified, &policy, verified.chip(), verified.provider(), verified.vek().as_str()));
            sink.debug(&(verified.reported_tcb(), verified.committed_tcb(), verified.launch_tcb()));
            sink.debug(&(verified.current_tcb(), verified.product(), verified.is_production()));
            sink.debug(&(verified.guest_policy(), verified.bound_chip_id(), verified.author_key_digest()));
            sink.debug(&(verified.is_host_requested(), verified.has_masked_chip_key()));
            sink.debug(&verified.is_revocation_checked());
            let floors = black_box(teeproof_snp::FloorsByProduct::NONE);
            sink.debug(&floors.with(verified.product(), verified.reported_tcb()));
            policy.field_rules(&mut |demand| describe_demand(&demand, sink));
            sink.debug(verified.path());
        }
        Err(error) => {
            sink.both(&error);
            black_box((error.check(), error.class()));
        }
    }
}

pub(super) fn nitro(bytes: &[u8], sink: &mut Sink) {
    let Some((_, list)) = read(bytes) else { return };
    let lists = [list];
    let verification = teeproof_nitro::NitroVerification::new(
        black_box(freshness(bytes)),
        black_box(Moment::OfDocument),
        &ANYTHING,
    )
    .anchors(Anchors::and(black_box(&[&[]])))
    .revocation(black_box(Revocation::Lists(&lists)))
    .options(
        teeproof_nitro::NitroOptions::USUAL
            .skew_secs(black_box(0))
            .limits(black_box(teeproof_nitro::Limits::USUAL)),
    );
    match teeproof_nitro::verify(bytes, &verification, sink) {
        Ok(verified) => {
            let policy = black_box(teeproof_nitro::NitroPolicy::genuine());
            let appraisal = teeproof_nitro::appraise(&verified, &policy, &ANYTHING, sink);
            sink.debug(&appraisal);
            policy.field_rules(&mut |demand| describe_demand(&demand, sink));
            sink.debug(&(&verified, &policy, verified.age_secs(), verified.is_debug()));
            sink.debug(&(verified.document(), verified.path(), verified.is_production()));
        }
        Err(error) => {
            sink.both(&error);
            black_box((error.check(), error.class()));
        }
    }
    match nitrotpm::verify(bytes, &verification, sink) {
        Ok(verified) => {
            let policy = black_box(nitrotpm::NitroTpmPolicy::genuine());
            let appraisal = nitrotpm::appraise(&verified, &policy, sink);
            sink.debug(&appraisal);
            policy.field_rules(&mut |demand| describe_demand(&demand, sink));
            sink.debug(&(&verified, &policy, verified.age_secs(), verified.instance_id()));
            sink.debug(&(verified.is_boot_measured(), verified.is_without_secure_boot()));
            sink.debug(&(verified.document(), verified.path(), verified.is_production()));
        }
        Err(error) => {
            sink.both(&error);
            black_box((error.check(), error.class(), error.advice()));
        }
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        let of = [teeproof_nitro::pcr3_of_role, teeproof_nitro::pcr4_of_instance];
        of.iter().for_each(|of| seen(of(text, &ANYTHING)));
        black_box(teeproof_nitro::pcr8_of_signer(black_box(&[0; 48]), &ANYTHING));
    }
}

pub(super) fn tpm(bytes: &[u8], sink: &mut Sink) {
    if let Err(error) = attested(bytes, sink) {
        sink.both(&error);
        black_box((error.check(), error.class()));
    }
    if let Err(error) = certified(bytes, sink) {
        sink.both(&error);
        black_box((error.check(), error.class()));
    }
    if let Some(modulus) = bytes.first_chunk() {
        black_box(teeproof_tpm::ak_name(modulus, &ANYTHING));
        black_box(teeproof_tpm::qualified_signer(modulus, &ANYTHING));
    }
}

/// A nonce of these bytes, or a waiver.
fn freshness(bytes: &[u8]) -> Freshness<'_> {
    Freshness::nonce(bytes).unwrap_or(Freshness::Waived("opaque"))
}

/// Verification of a TPM's evidence under an arbitrary key.
fn tpm_verification(bytes: &[u8]) -> teeproof_tpm::TpmVerification<'_> {
    teeproof_tpm::TpmVerification::new(
        RsaKey { modulus: black_box(bytes), exponent: black_box(bytes) },
        black_box(freshness(bytes)),
        &ANYTHING,
    )
}

fn certified(bytes: &[u8], sink: &mut Sink) -> Result<(), teeproof_tpm::CertificationError> {
    let verification = tpm_verification(bytes);
    let quote = teeproof_tpm::Quote::new(bytes, black_box(bytes));
    let values = black_box(teeproof_tpm::PcrValues::InSelectionOrder(bytes));
    let pcrs = teeproof_tpm::verify(&quote, &verification, sink)
        .and_then(|quote| teeproof_tpm::verify_pcrs(&quote, values, &ANYTHING, sink));
    let public = black_box(bytes);
    let evidence = teeproof_tpm::CertificationEvidence::new(bytes, black_box(bytes), public);
    let key = teeproof_tpm::verify_certification(&evidence, &verification, sink)?;
    sink.debug(&(&key, key.key(), key.name(), key.public(), key.certification()));
    if let Ok(pcrs) = pcrs {
        let selection = teeproof_tpm::Selection { bank: black_box(0), bitmap: black_box(0) };
        key.verify_policy(&pcrs, selection, &ANYTHING, sink)?;
    }
    Ok(())
}

fn attested(bytes: &[u8], sink: &mut Sink) -> Result<(), teeproof_tpm::Error> {
    let verification = tpm_verification(bytes);
    let quote = teeproof_tpm::Quote::new(bytes, black_box(bytes));
    let quote = teeproof_tpm::verify(&quote, &verification, sink)?;
    sink.debug(&quote);
    let values = black_box(teeproof_tpm::PcrValues::InSelectionOrder(bytes));
    let pcrs = teeproof_tpm::verify_pcrs(&quote, values, &ANYTHING, sink)?;
    sink.debug(&pcrs);
    pcrs.iter().for_each(seen);
    let log = teeproof_tpm::replay(black_box(bytes), &pcrs, &ANYTHING, sink)?;
    sink.debug(&log);
    match log.secure_boot() {
        Ok(boot) => sink.debug(boot),
        Err(reason) => sink.both(&reason),
    }
    log.events().for_each(|event| sink.debug(&event));
    log.pcrs().for_each(|(_, explanation)| sink.debug(&(explanation, explanation.as_str())));
    log.boot_applications().into_iter().flatten().for_each(|application| sink.debug(&application));
    let mut policy = black_box(teeproof_tpm::TpmPolicy::waived("opaque"));
    policy.pcrs = black_box(Pcrs::waived("opaque"));
    black_box(teeproof_tpm::appraise(Some(&pcrs), black_box(Some(&log)), &policy, sink));
    sink.debug(&policy);
    policy.field_rules(&mut |demand| describe_demand(&demand, sink));
    sink.debug(&teeproof_tpm::Booted::new(Some(&pcrs), Some(&log)).secure_boot());
    Ok(())
}

fn describe_demand(demand: &FieldRule<'_>, sink: &mut Sink) {
    sink.debug(&(demand.key, demand.check.id, demand.line));
    sink.side(demand.expected);
    demand.waived.iter().for_each(|text| sink.shown(text));
}

pub(super) fn x509(bytes: &[u8], sink: &mut Sink) {
    let Some((certificates, list)) = read(bytes) else { return };
    let [root, below @ ..] = &certificates;
    let budget = SignatureBudget::new(black_box(8));
    let checks = SignatureChecks { crypto: &ANYTHING, cache: CachedSignatures::NONE, budget: &budget };
    let kind = black_box(AnchorKind::Added);
    let path = teeproof_x509::verify_path(*root, kind, below, black_box(&[]), &checks);
    let path = path.and_then(|path| {
        sink.debug(&(path.validity(), path.root(), path.below(), path.leaf()));
        path.valid_at(black_box(Time(0)), black_box(0))
    });
    match path {
        Ok(path) => sink.debug(&(&path, path.at(), path.path())),
        Err(error) => {
            sink.both(&error);
            sink.both(&error.problem);
        }
    }
    let at = black_box(Time(0));
    match teeproof_x509::verify_list(&list, root, at, &checks) {
        Ok(verified) => sink.debug(&(verified, verified.revokes(root), verified.signature())),
        Err(problem) => sink.both(&problem),
    }
    black_box(black_box(Anchor::Sha256([0; 32])).is(root, &ANYTHING));
}

/// Certificates and a list, wherever they begin; four certificates are as good as any number.
fn read(bytes: &[u8]) -> Option<([Certificate<'_>; 4], RevocationList<'_>)> {
    let at = |at| bytes.get(black_box(at)..).unwrap_or_default();
    let certificate = |from| Certificate::parse(at(from)).ok();
    let certificates = [certificate(0)?, certificate(1)?, certificate(2)?, certificate(3)?];
    Some((certificates, RevocationList::parse(at(4)).ok()?))
}
