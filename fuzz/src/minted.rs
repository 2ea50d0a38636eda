//! Evidence minted around an input with matching hashes, so that a fuzzer gets past them. Signatures are accepted
//! unchecked.

mod tdx;

pub use tdx::{ccel, pck, qe_identity, tcb_info};

use std::sync::LazyLock;

use teeproof_mint::Kind;
use teeproof_mint::azure::{Evidence, Vm};
use teeproof_mint::snp::Product;
use teeproof_rustcrypto::TABLE;
use teeproof_wire::eventlog::EventLog;
use teeproof_wire::tpm::public_bytes;

use crate::parts::{Part, join};
use crate::{attest, text, verify};

/// A machine whose evidence is bent.
struct Template {
    evidence: Evidence,
    modulus: Vec<u8>,
}

static TEMPLATE: LazyLock<Option<Template>> = LazyLock::new(|| {
    let vm = Vm::snp(Product::Milan);
    let vm = vm.with_machine(|machine| *machine = machine.clone().authority_keys(Kind::Rsa2048));
    Some(Template { evidence: vm.evidence().ok()?, modulus: vm.ak.modulus().ok()? })
});

/// Where the sizes and the claims stand in an envelope.
const REPORT_SIZE: usize = 0x08;
const SLOT: usize = 0x20;
const REPORT_DATA: usize = SLOT + 0x50;
const REQUEST_DATA: usize = 0x4c0;

/// An envelope around claims, whose hash the report holds.
fn envelope(template: &[u8], claims: &[u8]) -> Vec<u8> {
    let mut envelope = template[..REQUEST_DATA].to_vec();
    let size = |more: usize| u32::try_from(claims.len() + more).unwrap_or(u32::MAX).to_le_bytes();
    envelope[REPORT_SIZE..REPORT_SIZE + 4].copy_from_slice(&size(REQUEST_DATA + 20));
    envelope[REPORT_DATA..REPORT_DATA + 64].fill(0);
    envelope[REPORT_DATA..REPORT_DATA + 32].copy_from_slice(&TABLE.sha256.digest(&[claims]));
    // Version 1, SNP, SHA-256.
    for field in [size(20), [1, 0, 0, 0], [2, 0, 0, 0], [1, 0, 0, 0], size(0)] {
        envelope.extend(field);
    }
    envelope.extend(claims);
    envelope
}

/// An Azure machine with the claims of the input. The first byte is what it is for `verify::azure_snp`;
/// its highest bit leaves the quote out, which only the template's own key can have signed.
pub fn claims(input: &[u8]) -> bool {
    let (Some(template), Some((switches, claims))) = (&*TEMPLATE, input.split_first()) else { return false };
    let evidence = &template.evidence;
    let report = envelope(&evidence.hcl_report, claims);
    let mut parts = vec![Part::Evidence(&report), Part::Certificate(&evidence.vek)];
    parts.extend([Part::Certificate(&evidence.intermediate), Part::Anchor(&evidence.ark)]);
    if switches & 0x80 == 0 {
        parts.extend([Part::Message(&evidence.quote_message), Part::Signature(&evidence.quote_signature)]);
    }
    text::sniff_as(&report, None);
    verify::azure_snp(&join(switches & 0x7f, &parts))
}

/// A quote of the registers that the log of the input makes. The first byte is what it is for
/// `verify::tpm`; its highest two bits say from where register 0 was started.
pub fn log(input: &[u8]) -> bool {
    let (Some(template), Some((switches, log))) = (&*TEMPLATE, input.split_first()) else { return false };
    let locality = [0, 3, 4, 0][usize::from(switches >> 6)];
    let values = registers(log, locality);
    let mut message = template.evidence.quote_message.clone();
    let digest = TABLE.sha256.digest(&[values.as_flattened()]);
    let end = message.len() - digest.len();
    message[end..].copy_from_slice(&digest);
    let parts = [
        Part::Key(&template.modulus),
        Part::Message(&message),
        Part::Signature(&template.evidence.quote_signature),
        Part::Values(values.as_flattened()),
        Part::Log(log),
    ];
    verify::tpm(&join(switches & 0x3f, &parts))
}

/// The registers after everything that a log says.
fn registers(log: &[u8], locality: u8) -> [[u8; 32]; 24] {
    let mut registers = [[0; 32]; 24];
    registers[0][31] = locality;
    let Ok(log) = EventLog::parse(log) else { return registers };
    for event in log.events().filter(teeproof_wire::eventlog::Event::extends) {
        let index = usize::try_from(event.index).unwrap_or(usize::MAX);
        if let (Some(register), Some(digest)) = (registers.get_mut(index), event.sha256()) {
            *register = TABLE.sha256.digest(&[&*register, digest]);
        }
    }
    registers
}

/// The modulus of an attestation key that never signs.
const AK: [u8; 256] = [0xc1; 256];

/// A certification of the key whose public area the input is, without a nonce; registers 7 and 16 are
/// quoted, and hold 7 and 16 in each byte. The first byte is what it is for `verify::certification`.
pub fn key(input: &[u8]) -> bool {
    let Some((switches, public)) = input.split_first() else { return false };
    let message = [
        &attest::head(attest::CERTIFY, &AK)[..],
        &[0, 34, 0x00, 0x0b],
        &TABLE.sha256.digest(&[public_bytes(public)]),
        // The qualified Name is not checked.
        &[0; 2],
    ]
    .concat();
    let registers = [[7; 33], [16; 33]].concat();
    let parts = [
        Part::Key(&AK),
        Part::Message(&message),
        Part::Signature(&[0; 256]),
        Part::Evidence(public),
        Part::Registers(&registers),
    ];
    verify::certification(&join(*switches, &parts))
}

/// A Nitro document with the payload of the input, whose lengths always agree. The first byte is what
/// it is for `verify::nitro`.
pub fn document(input: &[u8]) -> bool {
    let Some((switches, payload)) = input.split_first() else { return false };
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    // An array of four: the header of ES384, nothing unprotected, the payload, a signature.
    let head = [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0];
    let payload_head: &[u8] = match length {
        [0, short @ ..=0x17] => &[0x40 | short],
        [0, short] => &[0x58, short],
        [high, low] => &[0x59, high, low],
    };
    let document = [&head, payload_head, payload, &[0x58, 96], &[2; 96]].concat();
    verify::nitro(&join(*switches, &[Part::Evidence(&document)]))
}
