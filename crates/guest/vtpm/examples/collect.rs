//! From the address of a TPM to a bundle in a file:
//! `cargo run --example collect -- device:/dev/tpmrm0 NONCE vm.bundle`.
//!
//! A relying party that fetches the VCEK's chain itself needs no more; otherwise fetch it here, with
//! teeproof-endorse for one, and add it by `Collected::add_certificates`.

use std::error::Error;
use std::time::SystemTime;

use teeproof_vtpm::{CollectRequest, Missing, collect, open};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, nonce, file] = arguments.as_slice() else {
        return Err("expected the TPM's address, the verifier's nonce and a file".into());
    };
    for missing in collect_to_file(address, nonce.as_bytes(), file)? {
        eprintln!("{file}: {missing}");
    }
    Ok(())
}

/// Collects evidence for a nonce into a file, and returns what it lacks.
pub(crate) fn collect_to_file(
    address: &str,
    nonce: &[u8],
    file: &str,
) -> Result<Vec<Missing>, Box<dyn Error>> {
    let mut tpm = open(&address.parse()?)?;
    let mut collected = collect(tpm.as_mut(), &CollectRequest::new(nonce), &mut |_| ())?;
    let missing = collected.take_missing();
    let bundle = collected.into_bundle(SystemTime::now())?;
    std::fs::write(file, bundle.to_cbor())?;
    Ok(missing)
}
