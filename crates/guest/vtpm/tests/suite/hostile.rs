//! Answers that no honest TPM gives: the host plays the TPM, and nobody trusts the host. Each of
//! them is an error, whatever command it answers.

mod frames;
mod mutations;
mod sockets;

use teeproof_vtpm::{Authority, Error, NvAttributes, NvPublic, Padding, Tpm, handles};
use teeproof_wire::tpm::Selection;

use crate::support::{SHA256, attestation_template};

/// A command by its name, with arguments that are no matter.
pub(crate) type Command = (&'static str, fn(&mut dyn Tpm) -> Result<(), Error>);

const SOME: Selection = Selection { bank: SHA256, bitmap: 0x81 };
const INDEX: u32 = 0x0140_0002;

/// Every command.
pub(crate) const COMMANDS: &[Command] = &[
    ("property", |tpm| tpm.property(0x100).map(drop)),
    ("handles", |tpm| tpm.handles(0x0100_0000).map(drop)),
    ("banks", |tpm| tpm.banks().map(drop)),
    ("nv_define", |tpm| tpm.nv_define(&index())),
    ("nv_public", |tpm| tpm.nv_public(INDEX).map(drop)),
    ("nv_write", |tpm| tpm.nv_write(INDEX, Authority::Owner, 0, &[7; 8])),
    ("nv_read", |tpm| tpm.nv_read(INDEX, Authority::Index, 0, 8).map(drop)),
    ("nv_undefine", |tpm| tpm.nv_undefine(INDEX)),
    ("pcr_read", |tpm| tpm.pcr_read(SOME).map(drop)),
    ("pcr_extend", |tpm| tpm.pcr_extend(1, SHA256, &[1; 32])),
    ("create_primary", |tpm| tpm.create_primary(handles::NULL, &attestation_template()).map(drop)),
    ("read_public", |tpm| tpm.read_public(0x8000_0000).map(drop)),
    ("quote", |tpm| tpm.quote(0x8000_0000, b"nonce", &[SOME]).map(drop)),
    ("certify", |tpm| tpm.certify(0x8000_0000, 0x8000_0000, b"nonce").map(drop)),
    ("rsa_decrypt", |tpm| tpm.rsa_decrypt(0x8000_0000, SOME, Padding::Oaep(SHA256), &[1; 256]).map(drop)),
    ("flush", |tpm| tpm.flush(0x8000_0000)),
];

fn index() -> NvPublic {
    let attributes =
        NvAttributes::OWNERREAD | NvAttributes::OWNERWRITE | NvAttributes::AUTHREAD | NvAttributes::AUTHWRITE;
    NvPublic { index: INDEX, name_algorithm: SHA256, attributes, policy: vec![], data_size: 8 }
}

fn assert_malformed(name: &str, error: &Error) {
    assert!(matches!(error, Error::Malformed { .. }), "{name}: {error:?}");
}
