//! The suite `shared`: a real NitroTPM document, from the folder of `TEEPROOF_SHARED_DATA`. Without the variable
//! nothing is run, and the test says so; with it, a missing file is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, reason = "bits are counted")]
#![allow(clippy::disallowed_methods, reason = "the data are files")]

use std::io::Write;
use std::path::Path;

use teeproof_core::{Class, Freshness, Time};
use teeproof_nitro::nitrotpm::{self, NitroTpmPolicy};
use teeproof_nitro::{Appraisal, Error, Moment, NitroVerification, verify};
use teeproof_wire::ErrorKind;
use teeproof_x509::{CachedSignatures, SignatureCache};

const CRYPTO: &teeproof_core::Crypto<'static> = &teeproof_aws_lc::TABLE;

fn document() -> Option<Vec<u8>> {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return None;
    };
    let path = Path::new(&folder).join("real/nitro-tpm/020ed8bb353d9d9a.cose");
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn archived() -> NitroVerification<'static> {
    under(CRYPTO)
}

fn under(crypto: &'static teeproof_core::Crypto<'static>) -> NitroVerification<'static> {
    NitroVerification::new(Freshness::Waived("a recorded document"), Moment::OfDocument, crypto)
}

#[test]
fn shared_document_is_genuine_at_its_own_time() {
    let Some(document) = document() else { return };
    for crypto in [&teeproof_aws_lc::TABLE, &teeproof_rustcrypto::TABLE] {
        let verified = nitrotpm::verify(&document, &under(crypto), &mut ()).unwrap();
        assert!(verified.is_production() && verified.is_boot_measured() && verified.is_without_secure_boot());
        assert_eq!(nitrotpm::appraise(&verified, &NitroTpmPolicy::genuine(), &mut ()), Appraisal::Accepted);
        assert_eq!(verified.instance_id(), Some("i-05473b8eb5f575457"));
        assert_eq!(verified.document().pcrs().get(12), Some(&[0; 48]));
    }
    let nonce = nitrotpm::verify(&document, &archived(), &mut ()).unwrap().document().nonce().unwrap();
    let fresh = NitroVerification::new(Freshness::nonce(nonce).unwrap(), Moment::OfDocument, CRYPTO);
    nitrotpm::verify(&document, &fresh, &mut ()).unwrap();
    let later = NitroVerification::new(Freshness::Waived("a test"), Time(1_790_000_000), CRYPTO);
    assert_eq!(nitrotpm::verify(&document, &later, &mut ()).unwrap_err().class(), Class::Incomplete);
}

#[test]
fn shared_document_is_no_enclaves() {
    let Some(document) = document() else { return };
    let Err(Error::Fields(error)) = verify(&document, &archived(), &mut ()) else { panic!("accepted") };
    assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
}

/// The chain's signatures are cached, so that a bit outside of the certificates costs one signature.
#[test]
fn shared_document_with_any_bit_flipped_is_refused() {
    let Some(document) = document() else { return };
    let verified = nitrotpm::verify(&document, &archived(), &mut ()).unwrap();
    let mut cache = SignatureCache::new(64);
    cache.insert(cache.new_signatures(verified.path().path().signatures()));
    let verification = archived().cache(CachedSignatures::from_cache(&cache));
    let mut altered = document.clone();
    for bit in 0..document.len() * 8 {
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(nitrotpm::verify(&altered, &verification, &mut ()).is_err(), "bit {bit}");
        altered[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(altered, document);
}
