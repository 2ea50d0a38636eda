//! Seeds of structures that are described and not verified, and of other attesters' JSON.

use teeproof_evidence::{InputKind, Inputs};
use teeproof_fuzz::wire::payload;
use teeproof_fuzz::{Part, join};
use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine, Product};
use teeproof_wire::certificate::{Certificate, PublicKey};

use crate::seeds::{base64, file, hex, pem, plain};

const VCEK: [u8; 16] = 0x63da758d_e664_4564_adc5_f4b93be8accd_u128.to_be_bytes();
const CRL: [u8; 16] = 0x92f81bc3_5811_4d3d_97ff_d19f88dc67ea_u128.to_be_bytes();

fn le(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_le_bytes()
}

/// A TD quote of this version around certification data.
pub(crate) fn a_td_quote(version: u16, pem: &[u8]) -> Vec<u8> {
    let inner = [&[7; 448][..], &[32, 0], &[9; 32], &[5, 0], &le(pem.len()), pem].concat();
    let data = [&[1; 128][..], &[6, 0], &le(inner.len()), &inner].concat();
    let body = if version == 5 { [&[3, 0][..], &le(648), &[3; 648]].concat() } else { vec![3; 584] };
    // No field of the head is like anything else, so that what identifies a platform stands there alone.
    let rest: Vec<u8> = (0xa0..0xc8).collect();
    let head = [&version.to_le_bytes()[..], &[2, 0, 0x81, 0, 0, 0], &rest].concat();
    [&head[..], &body, &le(data.len()), &data].concat()
}

/// A certificate of a platform with both of its ids.
pub(crate) fn pck() -> Vec<u8> {
    use teeproof_mint::x509::{Certificate, Extension, Name, Oid, Validity, der};
    let sgx = [1, 2, 840, 113_741, 1, 13, 1];
    let member = |last: u64, id: &[u8; 16]| {
        der::sequence(&[Oid::new(&[&sgx[..], &[last]].concat()).der(), der::octet_string(id)])
    };
    let ids = [member(1, b"PPID of platform"), member(6, b"instance of plat")];
    let name = Name::common("Intel SGX PCK Certificate");
    let mut certificate = Certificate::new(name.clone(), Validity::new(1_700_000_000, 1_800_000_000));
    certificate.extensions.push(Extension::new(Oid::new(&sgx), der::sequence(&ids)));
    let key = teeproof_mint::Key::shared("PCK", teeproof_mint::Kind::P256);
    certificate.sign(&key, &name, &key).unwrap()
}

pub(crate) fn td_quote() -> Vec<Vec<u8>> {
    let chain = pem("CERTIFICATE", &plain().vek);
    let quote = a_td_quote(4, chain.as_bytes());
    vec![[&quote[..], &[0; 70]].concat(), quote, a_td_quote(5, chain.as_bytes())]
}

const TCB_INFO: &str =
    r#"{"id":"TDX","version":3, "fmspc":"90C06F000000","tcbLevels":[{"tcb":{"pcesvn":13}}]}"#;
const QE_IDENTITY: &str = r#"{"id":"TD_QE","version":2,"isvprodid":2}"#;

/// TCB info and QE identity as Intel's PCS sends them, and both with their certificates in one object.
fn collateral() -> [String; 3] {
    let (chain, signature) = (pem("CERTIFICATE", &pck()), "a5".repeat(64));
    let list = hex(&Machine::vcek(Product::Milan).mint_crl(&[&[7]]).unwrap());
    let tcb_info = format!("{{\"tcbInfo\":{TCB_INFO},\"signature\":\"{signature}\"}}");
    let qe_identity = format!("{{\"enclaveIdentity\":{QE_IDENTITY},\"signature\":\"{signature}\"}}");
    let all = format!(
        "{{\"pck_crl_issuer_chain\":{chain:?},\"root_ca_crl\":{list:?},\"pck_crl\":{list:?},\"tcb_info_issuer_chain\":{chain:?},\"tcb_info\":{TCB_INFO:?},\"tcb_info_signature\":{signature:?},\"qe_identity_issuer_chain\":{chain:?},\"qe_identity\":{QE_IDENTITY:?},\"qe_identity_signature\":{signature:?}}}"
    );
    [tcb_info, qe_identity, all]
}

/// The parts of collateral that stands in JSON.
pub(crate) fn collateral_json() -> Vec<Vec<u8>> {
    let list = Machine::vcek(Product::Milan).mint_crl(&[&[7]]).unwrap();
    let (pck, vcek) = (pck(), &plain().vek);
    let rest = [Part::Certificate(&pck), Part::Signature(&[0xa5; 64]), Part::List(&list)];
    let documents = [Part::Evidence(TCB_INFO.as_bytes()), Part::Message(QE_IDENTITY.as_bytes())];
    let small = [Part::Evidence(b"{}"), Part::Message(b"{ }"), Part::Certificate(vcek)];
    [[&documents[..], &rest].concat(), [&small[..], &rest].concat()]
        .map(|parts| join(0, &parts)[1..].to_vec())
        .to_vec()
}

/// A TD quote with its CCEL and collateral, as files.
pub(crate) fn of_td_quote() -> Inputs {
    let mut inputs = Inputs::new();
    inputs.add(&a_td_quote(4, pem("CERTIFICATE", &pck()).as_bytes()), None).unwrap();
    inputs.add(&[&[1, 0, 0, 0, 3, 0, 0, 0][..], &[0; 24]].concat(), Some(InputKind::CcEventLog)).unwrap();
    let [_, _, all] = collateral();
    inputs.add(all.as_bytes(), None).unwrap();
    inputs
}

fn table(entries: &[([u8; 16], &[u8])]) -> Vec<u8> {
    let mut offset = (entries.len() + 1) * 24;
    let (mut head, mut body) = (Vec::new(), Vec::new());
    for (guid, bytes) in entries {
        head.extend([&guid[..], &le(offset), &le(bytes.len())].concat());
        body.extend_from_slice(bytes);
        offset += bytes.len();
    }
    [head, vec![0; 24], body].concat()
}

pub(crate) fn certificate_table() -> Vec<Vec<u8>> {
    let list = Machine::vcek(Product::Milan).mint_crl(&[&[7]]).unwrap();
    let one = table(&[(VCEK, &plain().vek)]);
    vec![[&one[..], &[0; 300]].concat(), one, table(&[(VCEK, &plain().vek), (CRL, &list), ([9; 16], b"x")])]
}

pub(crate) fn nitrotpm_document() -> Vec<Vec<u8>> {
    vec![payload(&Enclave::nitrotpm().mint().unwrap().document)]
}

pub(crate) fn sealed_head() -> Vec<Vec<u8>> {
    let public = file("testdata/tpm/certified-key.pub");
    let public = teeproof_wire::tpm::public_bytes(&public);
    let size = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let sealed = |how: &[u8]| {
        let parts: [&[u8]; 7] =
            [b"TPSEALED", &[0, 1], how, &size(public.len()), public, &size(256), &[7; 256]];
        [&parts.concat()[..], &[9; 100]].concat()
    };
    let pcrs = [0x00, 0x0b, 0x9f, 0x03, 0x00];
    vec![
        sealed(&[&[0x00, 0x15, 0x00, 0x10][..], &pcrs].concat()),
        sealed(&[&[0x00, 0x17, 0x00, 0x0b][..], &pcrs].concat()),
    ]
}

pub(crate) fn public_key() -> Vec<Vec<u8>> {
    let PublicKey::P384(point) = Certificate::parse(&plain().vek).unwrap().public_key() else { panic!() };
    let head = [
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
        0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
    ];
    vec![[&head[..], point].concat()]
}

/// One file of each kind, and a document in each spelling.
pub(crate) fn files_of_forms() -> Vec<Vec<u8>> {
    let document = Enclave::new().mint().unwrap().document;
    let text = base64(&document);
    let mut files = whole_files_of_forms();
    files.extend([td_quote(), certificate_table(), sealed_head(), public_key()].concat());
    files.extend(
        [
            base64(text.as_bytes()),
            format!("0x{}", hex(&document)),
            format!("{text:?}"),
            format!("{document:?}"),
            pem("ATTESTATION", &document),
            format!("{{\"result\":{{\"attestation_doc\":{text:?}}}}}"),
            format!("{{\"type\":\"Buffer\",\"data\":{document:?}}}"),
        ]
        .map(String::into_bytes),
    );
    files.push(Enclave::nitrotpm().mint().unwrap().document);
    files.extend(collateral().map(String::into_bytes));
    files
}

/// Files that are evidence by themselves: an extended report, and requests to Azure Attestation.
pub(crate) fn whole_files_of_forms() -> Vec<Vec<u8>> {
    let (vm, report) = (plain(), file("testdata/snp/milan-report.bin"));
    let extended = [&report[..], &table(&[(VCEK, &vm.vek)])].concat();
    let proof = format!(
        "{{\"SnpReport\":\"{}\",\"VcekCertChain\":\"{}\"}}",
        base64(&vm.hcl_report[0x20..0x4c0]),
        base64(pem("CERTIFICATE", &vm.vek).as_bytes())
    );
    let pcrs: Vec<_> = (0..8)
        .map(|index| format!("{{\"Index\":{index},\"Digest\":\"{}\"}}", base64(&vm.pcrs[index])))
        .collect();
    let guest = format!(
        "{{\"AttestationProtocolVersion\":\"2.0\",\"TcgLogs\":\"{}\",\"TpmInfo\":{{\"AikCert\":\"{}\",\"PcrQuote\":\"{}\",\"PcrSignature\":\"{}\",\"PCRs\":[{}]}},\"IsolationInfo\":{{\"Type\":\"SevSnp\",\"Evidence\":{{\"Proof\":\"{}\",\"RunTimeData\":\"{}\"}}}}}}",
        base64(vm.event_log.as_deref().unwrap()),
        base64(&vm.ak_certificate),
        base64(&vm.quote_message),
        base64(&vm.quote_signature),
        pcrs.join(","),
        base64(proof.as_bytes()),
        base64(&vm.claims()),
    );
    let bare = format!("{{\"attestation_report\":\"{}\",\"cert_chain\":null}}", base64(&report));
    let request = format!(
        "{{\"report\":\"{}\",\"runtimeData\":{{\"data\":\"{}\",\"dataType\":\"JSON\"}}}}",
        base64(proof.as_bytes()),
        base64(&vm.claims())
    );
    let outer = format!("{{\"AttestationInfo\":\"{}\"}}", base64(guest.as_bytes()));
    let texts = [guest, outer, bare, request].map(String::into_bytes);
    [&texts[..], &[extended]].concat()
}
