//! Software TPMs over each transport, and the keys that the cases use.

#[cfg(feature = "direct")]
pub(crate) mod simulator;

use teeproof_twin::swtpm::Swtpm;
use teeproof_vtpm::{Created, Tpm, handles, open};

/// What a case does with a fresh TPM.
pub(crate) type Case = fn(&mut dyn Tpm);

pub(crate) const SHA1: u16 = 0x0004;
pub(crate) const SHA256: u16 = 0x000b;
pub(crate) const SHA384: u16 = 0x000c;
pub(crate) const SHA512: u16 = 0x000d;

#[cfg(feature = "direct")]
pub(crate) fn over_socket_file(case: Case) {
    let swtpm = Swtpm::start().unwrap();
    run(&swtpm.address(), case);
}

#[cfg(feature = "direct")]
pub(crate) fn over_tcp(case: Case) {
    let swtpm = Swtpm::start_tcp().unwrap();
    run(&swtpm.address(), case);
}

#[cfg(feature = "direct")]
pub(crate) fn over_frames(case: Case) {
    let swtpm = Swtpm::start().unwrap();
    let port = simulator::in_front_of(&swtpm.address());
    run(&format!("mssim:host=127.0.0.1,port={port}"), case);
}

#[cfg(feature = "tss")]
pub(crate) fn over_stack(case: Case) {
    let swtpm = Swtpm::start_tcp().unwrap();
    run(&format!("tss:{}", swtpm.tcti()), case);
}

fn run(address: &str, case: Case) {
    case(open(&address.parse().unwrap()).unwrap().as_mut());
}

/// A template as Azure's attestation key has it: restricted, RSASSA with SHA-256.
pub(crate) fn attestation_template() -> Vec<u8> {
    template(0x0005_0472, &[], &[0x00, 0x14, 0x00, 0x0b])
}

/// A template for decryption alone, whose use a policy guards.
pub(crate) fn guarded_template(policy: &[u8]) -> Vec<u8> {
    template(0x0002_0432, policy, &[0x00, 0x10])
}

/// TPMT_PUBLIC of an RSA-2048 key with SHA-256 as the hash of its name.
fn template(attributes: u32, policy: &[u8], scheme: &[u8]) -> Vec<u8> {
    let policy_size = u16::try_from(policy.len()).unwrap().to_be_bytes();
    [
        &[0x00, 0x01, 0x00, 0x0b][..],
        &attributes.to_be_bytes(),
        &policy_size,
        policy,
        &[0x00, 0x10],
        scheme,
        &[0x08, 0x00, 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

/// An attestation key, made where Azure's paravisor makes it.
pub(crate) fn attestation_key(tpm: &mut dyn Tpm) -> Created {
    tpm.create_primary(handles::ENDORSEMENT, &attestation_template()).unwrap()
}

/// The modulus at the end of an RSA-2048 key's TPMT_PUBLIC.
pub(crate) fn modulus(public: &[u8]) -> &[u8] {
    &public[public.len() - 256..]
}
