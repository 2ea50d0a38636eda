//! The identifiers of a TDX platform: in the quote, its PCK certificate, the list of the PCK authority, the CCEL, and
//! nowhere left after redaction.

use std::sync::LazyLock;

use proptest::prelude::*;
use teeproof_aws_lc::TABLE;
use teeproof_core::{Hex, Technology};
use teeproof_evidence::bundle::{Bundle, Redacted};
use teeproof_evidence::{InputKind, Part};
use teeproof_mint::x509::{Certificate, Crl, Link, Name, Validity, mint_chain};
use teeproof_mint::{DEFAULT_TIME, Key, Kind};
use teeproof_wire::tdx::TdQuote;

use crate::decoding::{Id, decoded, holds};
use crate::everywhere::{Random, assert_none_left, assert_sound, config, random, scattered};
use crate::quotes::{ids, pck, pem, with_data};
use crate::support::bundle;

const SALT: &[u8] = b"sixteen random bytes, say";
/// The serial number of the PCK certificate that `quotes` makes.
const SERIAL: [u8; 8] = [0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b];
const TCB_SERIAL: [u8; 8] = [0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48];

fn link(name: &str, serial: &[u8]) -> Link {
    let validity = Validity::new(DEFAULT_TIME - 86_400, DEFAULT_TIME + 86_400);
    let mut form = Certificate::new(Name::common(name), validity);
    form.serial = serial.to_vec();
    Link::new(form, Key::shared(name, Kind::P256))
}

/// A list that revokes the PCK certificate, and the certificate that signs collateral.
static SHARED: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let list = Crl::new(DEFAULT_TIME, DEFAULT_TIME + 86_400).revoke(&SERIAL).revoke(&[0x51; 8]);
    let signer = mint_chain(&[link("Intel SGX TCB Signing", &TCB_SERIAL)]).unwrap().remove(0);
    (list.sign(&link("Intel SGX PCK Platform CA", &[1])).unwrap(), signer)
});

struct Platform {
    qe: [u8; 16],
    ppid: [u8; 16],
    instance: [u8; 16],
}

impl Platform {
    fn of(random: &Random) -> Self {
        let part = |at: usize| random.chip[at..at + 16].try_into().unwrap();
        Self { qe: part(0), ppid: part(16), instance: part(32) }
    }

    fn ids(&self) -> Vec<Id> {
        [&self.qe[..], &self.ppid, &self.instance, &SERIAL].map(|id| Id::Bytes(id.to_vec())).to_vec()
    }

    fn quote(&self) -> Vec<u8> {
        let der = pck(&ids(&self.ppid, &self.instance));
        with_data(&self.qe, 5, format!("{}\0", pem(&der)).as_bytes())
    }
}

/// Everything that a relying party keeps of a platform, and a log that spells its identifiers in many ways.
fn bundle_of(platform: &Platform, random: &Random) -> Bundle {
    let (list, signer) = &*SHARED;
    let (log, _) = scattered(&platform.ids(), random, usize::MAX);
    let signature = "0a".repeat(64);
    let note = Hex(&platform.ppid);
    let tcb = format!(
        "{{\"tcbInfo\":{{\"fmspc\":\"90C06F000000\",\"note\":\"{note}\"}},\"signature\":\"{signature}\"}}"
    );
    let qe = format!("{{\"enclaveIdentity\":{{\"id\":\"TD_QE\"}},\"signature\":\"{signature}\"}}");
    bundle(&[
        (InputKind::TdQuote, &platform.quote()),
        (InputKind::CcEventLog, &log),
        (InputKind::Certificate, &pck(&ids(&platform.ppid, &platform.instance))),
        (InputKind::Certificate, signer),
        (InputKind::RevocationList, list),
        (InputKind::TcbInfo, tcb.as_bytes()),
        (InputKind::QeIdentity, qe.as_bytes()),
    ])
}

fn part(bundle: &Bundle, kind: InputKind) -> &Part {
    bundle.parts().iter().find(|part| part.kind() == kind).unwrap()
}

proptest! {
    #![proptest_config(config(32))]

    /// A platform's identifiers are found in no encoding, wherever and however they were spelled; the quote stays
    /// readable, and so does its collateral.
    #[test]
    fn no_identifier_of_a_platform_is_left(random in random()) {
        let platform = Platform::of(&random);
        let before = bundle_of(&platform, &random);
        let decoded: Vec<_> = before.parts().iter().flat_map(|part| decoded(part.bytes())).collect();
        prop_assert!(platform.ids().iter().all(|id| holds(&decoded, id)), "an identifier was never there");
        let after = before.redact(SALT, &TABLE).unwrap();
        assert_none_left(&after, &platform.ids());
        assert_sound(&before, &after);
        let quote = TdQuote::parse(part(&after, InputKind::TdQuote).bytes()).unwrap();
        prop_assert_eq!(&quote.user_data()[16..], &[0; 4]);
        // Nothing of the platform is in these, and the signer of collateral is everybody's.
        prop_assert_eq!(part(&before, InputKind::QeIdentity), part(&after, InputKind::QeIdentity));
        let signer = after.parts().iter().find(|part| part.bytes() == SHARED.1);
        prop_assert!(signer.is_some());
        let redacted = Redacted::new(Technology::Tdx, after.redactions());
        let lost: Vec<_> = redacted.lost().map(|(id, _)| id).collect();
        for id in ["tdx.signature", "tdx.chain", "tdx.revocation", "tdx.tcb-info"] {
            prop_assert!(lost.contains(&id), "{lost:?}");
        }
        prop_assert!(!lost.contains(&"tdx.qe-identity"));
    }
}

/// Without an identifier of their own, the documents of collateral cost no check.
#[test]
fn collateral_stays_authentic() {
    let platform = Platform { qe: [1; 16], ppid: *b"PPID of platform", instance: *b"instance of plat" };
    let text = "{\"tcbInfo\":{},\"signature\":\"".to_owned() + &"0a".repeat(64) + "\"}";
    let before = bundle(&[
        (InputKind::TdQuote, &platform.quote()),
        (InputKind::TcbInfo, text.as_bytes()),
        (InputKind::Certificate, &SHARED.1),
    ]);
    let after = before.redact(SALT, &TABLE).unwrap();
    assert!(after.redactions().iter().all(|place| place.part.kind == InputKind::TdQuote));
    assert_eq!(part(&before, InputKind::TcbInfo), part(&after, InputKind::TcbInfo));
    assert_eq!(part(&before, InputKind::Certificate), part(&after, InputKind::Certificate));
}
