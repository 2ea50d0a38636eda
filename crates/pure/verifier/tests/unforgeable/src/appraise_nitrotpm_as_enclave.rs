//! expect: E0308 — the policy of an enclave takes an enclave's document alone

use teeproof_core::Crypto;
use teeproof_nitro::nitrotpm::VerifiedNitroTpm;
use teeproof_nitro::{NitroPolicy, appraise};

fn forge(document: &VerifiedNitroTpm<'_>, crypto: &Crypto<'_>) {
    appraise(document, &NitroPolicy::genuine(), crypto, &mut ());
}

fn main() {
    let _ = forge;
}
