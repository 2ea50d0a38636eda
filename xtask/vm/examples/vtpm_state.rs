//! State of a virtual TPM as Azure's paravisor provisions it, minted for an attestation key of another TPM: `vtpm_state AK.der SECONDS DIR`. It is a program of its own because the tasks
//! import no crate that they test; `cargo xtask vm` runs it.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use teeproof_mint::Key;
use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;

/// The largest NV index of a software TPM, and the size that the paravisor of 2022 used.
const NV_BYTES: usize = 2048;
/// What follows the modulus in a SubjectPublicKeyInfo: the exponent 65537.
const EXPONENT: &[u8] = &[0x02, 0x03, 0x01, 0x00, 0x01];
/// The guest's input in the report: these letters, padded with zeros.
const USER_DATA: &[u8] = b"before-boot";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [key, seconds, folder] = words.as_slice() else {
        return Err("usage: vtpm_state AK.der SECONDS DIR".into());
    };
    let info = fs::read(key)?;
    let modulus = info.strip_suffix(EXPONENT).and_then(|info| info.last_chunk::<256>());
    let ak = Key::public_only(modulus.ok_or("this is no RSA key of 2048 bits")?)?;
    // The claims name no endorsement key: with two keys they are larger than the index.
    let vm = Vm::snp(Product::Milan)
        .attestation_key(ak)
        .one_root()
        .at(seconds.parse()?)
        .user_data(USER_DATA)
        .with_claims(|claims| claims.keys.truncate(1))
        .with_envelope(|envelope| envelope.nv_bytes = NV_BYTES);
    let certificates = vm.certificates()?;
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("report.bin"), vm.hcl_report()?)?;
    fs::write(folder.join("ak-certificate.der"), &certificates.ak)?;
    // Azure's index is larger than the certificate as well, and what is never written is not zero.
    let mut index = certificates.ak;
    index.resize(NV_BYTES, 0);
    fs::write(folder.join("ak-certificate.nv"), index)?;
    fs::write(folder.join("vcek.der"), certificates.vek)?;
    fs::write(folder.join("ask.der"), certificates.intermediate)?;
    fs::write(folder.join("root.der"), certificates.ark)?;
    Ok(())
}
