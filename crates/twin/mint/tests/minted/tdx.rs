//! TDX machines: quote, PCK chain and collateral, and that falsifying one field changes no other.

use serde_json::Value;
use teeproof_mint::azure::EventLog;
use teeproof_mint::tdx::{MintedQuote, TdxMachine};
use teeproof_mint::x509::Validity;
use teeproof_mint::{DEFAULT_TIME, Error, Key, Kind};
use teeproof_rustcrypto::TABLE;
use teeproof_wire::tdx::TdQuote;

use crate::{extension, parse, signed_by};

fn holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    TABLE.ecdsa_p256_sha256.verify(key, &[message], signature).is_ok()
}

fn key_of(certificate: &[u8]) -> Vec<u8> {
    let certificate = parse(certificate);
    certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Whether a document is signed by the TCB signing key, byte by byte.
fn document_holds(minted: &MintedQuote, response: &str, name: &str) -> bool {
    let start = format!("{{\"{name}\":");
    let (body, rest) = response.strip_prefix(&start).unwrap().rsplit_once(",\"signature\":\"").unwrap();
    assert!(serde_json::from_str::<Value>(response).unwrap()[name].is_object());
    holds(&key_of(&minted.tcb_signing), body.as_bytes(), &unhex(rest.strip_suffix("\"}").unwrap()))
}

/// Report, binding and quote signature.
fn quote_holds(minted: &MintedQuote) -> [bool; 3] {
    let quote = TdQuote::parse(&minted.quote).unwrap();
    let certification = quote.certification;
    let bound = TABLE.sha256.digest(&[&quote.attestation_key[..], certification.qe_authentication_data]);
    let point = [&[4][..], quote.attestation_key].concat();
    [
        holds(&key_of(&minted.pck), certification.qe_report, certification.qe_report_signature),
        certification.qe().report_data()[..32] == bound && certification.qe().report_data()[32..] == [0; 32],
        holds(&point, quote.signed(), quote.signature),
    ]
}

#[test]
fn untouched_machines_hold() {
    for (machine, version, size) in [
        (TdxMachine::new(), 4, 584),
        (TdxMachine::new().version_5(), 5, 584),
        (TdxMachine::new().tdx_1_5(), 5, 648),
        (TdxMachine::new().processor_ca(), 4, 584),
        (TdxMachine::new().with_own_authorities(), 4, 584),
        (TdxMachine::new().at(2_000_000_000), 4, 584),
    ] {
        let minted = machine.mint().unwrap();
        assert!(signed_by(&minted.root, &minted.root));
        assert!(signed_by(&minted.pck_ca, &minted.root));
        assert!(signed_by(&minted.pck, &minted.pck_ca));
        assert!(signed_by(&minted.tcb_signing, &minted.root));
        assert_eq!(quote_holds(&minted), [true; 3]);
        assert!(document_holds(&minted, &minted.tcb_info, "tcbInfo"));
        assert!(document_holds(&minted, &minted.qe_identity, "enclaveIdentity"));
        let quote = TdQuote::parse(&minted.quote).unwrap();
        assert_eq!((quote.version, quote.body.len(), quote.trailing_bytes()), (version, size, 70));
        assert_eq!(quote.certification.pck_chain().unwrap(), minted.pck_chain().as_bytes());
    }
}

#[test]
fn names_are_those_of_the_real_chains() {
    let subject = |der: &[u8]| parse(der).tbs_certificate().subject().to_string();
    let minted = TdxMachine::new().mint().unwrap();
    let intel = "C=US,ST=CA,L=Santa Clara,O=Intel Corporation";
    for (der, name) in [
        (&minted.root, "Intel SGX Root CA"),
        (&minted.pck_ca, "Intel SGX PCK Platform CA"),
        (&minted.pck, "Intel SGX PCK Certificate"),
        (&minted.tcb_signing, "Intel SGX TCB Signing"),
    ] {
        assert_eq!(subject(der), format!("{intel},CN={name}"));
    }
    let processor = TdxMachine::new().processor_ca().mint().unwrap();
    assert!(subject(&processor.pck_ca).contains("CN=Intel SGX PCK Processor CA"));
}

/// Every field of header and body lies where the table has it.
#[test]
fn fields_lie_at_their_offsets() {
    let machine = TdxMachine::new().tdx_1_5().with(|machine| {
        let header = &mut machine.header;
        (header.version, header.key_type, header.tee_type) = (0x0101, 0x0202, 0x0303_0303);
        (header.reserved, header.vendor, header.user_data) = ([4; 4], [5; 16], [6; 20]);
        (header.body_type, header.body_size) = (Some(0x0707), Some(0x0808_0808));
        let body = &mut machine.body;
        body.tee_tcb_svn = [9; 16];
        body.mr_seam = [10; 48];
        body.mr_signer_seam = [11; 48];
        body.seam_attributes = [12; 8];
        body.attributes = [13; 8];
        body.xfam = [14; 8];
        body.mr_td = [15; 48];
        body.mr_config_id = [16; 48];
        body.mr_owner = [17; 48];
        body.mr_owner_config = [18; 48];
        body.rtmrs = [[19; 48], [20; 48], [21; 48], [22; 48]];
        body.report_data = [23; 64];
        body.tee_tcb_svn2 = [24; 16];
        body.mr_service_td = [25; 48];
        let enclave = &mut machine.enclave;
        enclave.cpu_svn = [1; 16];
        enclave.misc_select = [2; 4];
        enclave.attributes = [3; 16];
        enclave.mr_enclave = [4; 32];
        enclave.mr_signer = [5; 32];
        (enclave.isv_prod_id, enclave.isv_svn) = (0x0606, 0x0707);
        enclave.report_data = Some([8; 64]);
    });
    let quote = machine.mint().unwrap().quote;
    let body = [0, 16, 64, 112, 120, 128, 136, 184, 232, 280, 328, 376, 424, 472, 520, 584, 600];
    let starts = [0, 2, 4, 8, 12, 28, 48, 50].into_iter().chain(body.map(|at| at + 54));
    for (at, value) in starts.zip(1..) {
        assert_eq!(quote[at], value, "{at}");
        assert_ne!(at.checked_sub(1).map(|at| quote[at]), Some(value), "{at}");
    }
    assert_eq!(quote[701], 25);
    // Signature data: size, signature, key, type and size.
    let report = &quote[702 + 4 + 128 + 6..][..384];
    for (at, value) in [0, 16, 48, 64, 128, 256, 258, 320].into_iter().zip(1..) {
        assert_eq!(report[at], value, "{at}");
        assert_ne!(at.checked_sub(1).map(|at| report[at]), Some(value), "{at}");
    }
}

/// A builder method keeps quote, certificate and collateral consistent.
#[test]
fn builders_keep_things_consistent() {
    let machine = TdxMachine::new().fmspc([1, 2, 3, 4, 5, 6], [7, 8]).nonce(b"nonce").debug();
    let minted = machine.mint().unwrap();
    let (_, sgx) = extension(&parse(&minted.pck), "1.2.840.113741.1.13.1").unwrap();
    assert!(sgx.windows(8).any(|bytes| bytes == [4, 6, 1, 2, 3, 4, 5, 6]));
    assert!(sgx.windows(4).any(|bytes| bytes == [4, 2, 7, 8]));
    let info = &serde_json::from_str::<Value>(&minted.tcb_info).unwrap()["tcbInfo"];
    assert_eq!((&info["fmspc"], &info["pceId"]), (&"010203040506".into(), &"0708".into()));
    assert_eq!(info["issueDate"], "2026-01-08T12:00:00Z");
    assert_eq!(info["tcbLevels"][0]["tcb"]["sgxtcbcomponents"].as_array().unwrap().len(), 16);
    let quote = TdQuote::parse(&minted.quote).unwrap();
    assert_eq!(quote.td().report_data()[..6], *b"nonce\0");
    assert_eq!(quote.td().td_attributes(), 0x1000_0001);
}

/// The RTMRs are what the log extends, from zeros on.
#[test]
fn a_log_makes_the_rtmrs() {
    let log = EventLog::ccel();
    let minted = TdxMachine::new().event_log(&log).mint().unwrap();
    let rtmr = TdQuote::parse(&minted.quote).unwrap().td().rtmr();
    for (register, found) in (1..).zip(rtmr) {
        let events = log.measurements().into_iter().filter(|event| event.register == register);
        let digests = events.flat_map(|event| event.digests).map(|(_, digest)| digest);
        let replayed =
            digests.fold([0; 48], |old, digest| TABLE.sha384.digest(&[old.as_slice(), digest.as_slice()]));
        assert_eq!(*found, replayed, "{register}");
    }
    assert_eq!((rtmr[0] == [0; 48], rtmr[3]), (false, [0; 48]));
}

#[test]
fn one_key_in_place_of_another() {
    let with = |change: &dyn Fn(&mut TdxMachine, Key)| {
        TdxMachine::new().with(|machine| change(machine, Key::fresh(Kind::P256))).mint().unwrap()
    };
    assert_eq!(quote_holds(&with(&|machine, key| machine.quote_signer = Some(key))), [true, true, false]);
    assert_eq!(quote_holds(&with(&|machine, key| machine.enclave_signer = Some(key))), [false, true, true]);
    let unbound = TdxMachine::new().with_enclave(|enclave| enclave.report_data = Some([1; 64]));
    assert_eq!(quote_holds(&unbound.mint().unwrap()), [true, false, true]);
    let minted = with(&|machine, key| machine.collateral_signer = Some(key));
    assert!(!document_holds(&minted, &minted.tcb_info, "tcbInfo"));
    assert_eq!(quote_holds(&minted), [true; 3]);
    let minted = with(&|machine, key| machine.pck.signer = Some(key));
    assert!(!signed_by(&minted.pck, &minted.pck_ca));
    let expired = TdxMachine::new()
        .with(|machine| machine.pck.certificate.validity = Validity::new(0, DEFAULT_TIME - 1));
    assert!(expired.mint().is_ok());
}

#[test]
fn sizes_types_and_bytes_can_be_wrong() {
    let genuine = TdxMachine::new();
    let end = genuine.mint().unwrap().quote.len();
    let quote = |machine: TdxMachine| machine.mint().unwrap().quote;
    let changed = quote(genuine.clone().with(|machine| {
        machine.certification.signature_data_size = Some(1);
        (machine.certification.kind, machine.certification.size) = (7, Some(2));
        machine.certification.authentication_size = Some(3);
        (machine.certification.inner_kind, machine.certification.inner_size) = (4, Some(5));
        machine.certification.trailing = vec![1];
    }));
    assert_eq!(changed.len(), end - 69);
    assert_eq!(changed[632..636], [1, 0, 0, 0]);
    assert_eq!(changed[764..770], [7, 0, 2, 0, 0, 0]);
    assert_eq!(changed[1218..1220], [3, 0]);
    assert_eq!(changed[1252..1258], [4, 0, 5, 0, 0, 0]);
    let patched = genuine.clone().patch(48, &[9]).mint().unwrap();
    assert_eq!((patched.quote[48], quote_holds(&patched)), (9, [true; 3]));
    let tampered = genuine.clone().tamper(48, &[9]).mint().unwrap();
    assert_eq!((tampered.quote[48], quote_holds(&tampered)), (9, [true, true, false]));
    let over = genuine.clone().patch(632, &[9]).mint();
    assert_eq!(over, Err(Error::OutOfRange { offset: 632, len: 1 }));
    let replaced = genuine
        .clone()
        .with_tcb_info(|info| info.signed.replace("\"TDX\"", "\"SGX\""))
        .with_qe_identity(|identity| identity.signed.text = Some("[]".to_owned()))
        .mint()
        .unwrap();
    assert!(replaced.tcb_info.starts_with("{\"tcbInfo\":{\"id\":\"SGX\""));
    assert!(replaced.qe_identity.starts_with("{\"enclaveIdentity\":[],"));
    let absent = genuine.with_tcb_info(|info| info.signed.replace("no such text", "")).mint();
    assert_eq!(absent, Err(Error::AbsentText));
}

#[test]
fn dcap_qvl_has_the_same_documents() {
    let minted = TdxMachine::new().mint().unwrap();
    let json: Value = serde_json::from_str(&minted.dcap_qvl_json().unwrap()).unwrap();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let response =
        format!("{{\"tcbInfo\":{},\"signature\":\"{}\"}}", text("tcb_info"), text("tcb_info_signature"));
    assert_eq!(response, minted.tcb_info);
    assert_eq!(unhex(&text("root_ca_crl")), minted.root_crl);
    assert_eq!(unhex(&text("pck_crl")), minted.pck_crl);
    assert_eq!(text("pck_crl_issuer_chain"), minted.pck_issuers());
    assert_eq!(text("tcb_info_issuer_chain"), text("qe_identity_issuer_chain"));
}
