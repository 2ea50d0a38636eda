//! expect: none — the same imports and calls, used rightly, compile

use teeproof::{AttestationResult, OwnedAttestationResult, VerifiedTd};
use teeproof_hcl::{BoundKey, Claims, VerifiedTdVm, VerifiedVm, VerifiedVtpm};
use teeproof_nitro::VerifiedDocument;
use teeproof_nitro::nitrotpm::VerifiedNitroTpm;
use teeproof_snp::VerifiedReport;
use teeproof_tdx::{RtmrLog, TcbEvaluation, TdxPolicy, appraise};
use teeproof_tpm::{CertifiedKey, VerifiedLog, VerifiedPcrs, VerifiedQuote};
use teeproof_x509::{AnchoredPath, VerifiedPath, VerifiedRevocationList};

fn main() {
    fn used<T: Clone>() {}
    used::<VerifiedReport<'static>>();
    used::<VerifiedVm<'static>>();
    used::<VerifiedTdVm<'static>>();
    used::<VerifiedVtpm<'static>>();
    used::<teeproof_tdx::VerifiedQuote<'static>>();
    used::<teeproof_tdx::SignedQuote<'static>>();
    used::<VerifiedTd<'static>>();
    used::<TcbEvaluation>();
    used::<RtmrLog<'static>>();
    used::<BoundKey<'static>>();
    used::<Claims>();
    used::<VerifiedQuote<'static>>();
    used::<CertifiedKey<'static>>();
    used::<VerifiedPcrs>();
    used::<VerifiedLog<'static>>();
    used::<VerifiedDocument<'static>>();
    used::<VerifiedNitroTpm<'static>>();
    used::<AnchoredPath<'static>>();
    used::<VerifiedPath<'static>>();
    used::<VerifiedRevocationList<'static>>();
    used::<AttestationResult<'static>>();
    used::<OwnedAttestationResult>();
    let _ = |quote: &teeproof_tdx::VerifiedQuote<'_>| appraise(quote, &TdxPolicy::genuine(), &mut ());
    let _ = |document: &VerifiedDocument<'_>, crypto: &teeproof_core::Crypto<'_>| {
        teeproof_nitro::appraise(document, &teeproof_nitro::NitroPolicy::genuine(), crypto, &mut ())
    };
    let _ = serde_json::from_str::<u8>("1");
}
