//! Documents: the form of real ones, and accepted by our verifier under the module's root alone.

use std::time::{SystemTime, UNIX_EPOCH};

use ciborium::Value;
use teeproof::{
    AnchorKind, Anchors, Evidence, Freshness, Request, Technology, Time, Verdict, Verified, verify,
};
use teeproof_aws_lc::TABLE;
use teeproof_twin::nsm::{Identity, Nsm, Running, Settings, resign};

use crate::client::{Client, entry, start};

pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// The checks that fail before our verifier, at this moment: none for an authentic document.
pub(crate) fn failures(document: &[u8], root: &[u8], freshness: Freshness<'_>) -> Vec<&'static str> {
    let added = [root];
    let request =
        Request::new(Technology::Nitro, freshness, Time(now()), &TABLE).anchors(Anchors::and(&added));
    let result = verify(&Evidence::Nitro(document), &request).unwrap();
    let failures: Vec<_> = result.failures().map(|failure| failure.check.id).collect();
    assert_eq!(failures.is_empty(), result.verdict() == Verdict::Unappraised);
    failures
}

fn with_nonce(document: &[u8], running: &Running, nonce: &[u8]) -> Vec<&'static str> {
    failures(document, running.root_der(), Freshness::nonce(nonce).unwrap())
}

const NONCE: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

#[test]
fn documents_are_authentic_under_the_root_of_the_module() {
    let running = start(Settings::default());
    let document = Client::of(&running).attest(Some(b"data"), Some(NONCE), Some(b"key"));
    assert_eq!(with_nonce(&document, &running, NONCE), [""; 0]);
    let other = *b"0123456789abcdef0123456789abcdeX";
    assert_eq!(with_nonce(&document, &running, &other), ["nitro.nonce"]);
    // Not under the roots of AWS.
    let request = Request::new(Technology::Nitro, Freshness::nonce(NONCE).unwrap(), Time(now()), &TABLE);
    let result = verify(&Evidence::Nitro(&document), &request).unwrap();
    assert_eq!(result.failures().map(|failure| failure.check.id).collect::<Vec<_>>(), ["nitro.chain"]);

    let root = [running.root_der()];
    let request = request.anchors(Anchors::and(&root));
    let result = verify(&Evidence::Nitro(&document), &request).unwrap();
    assert!(result.authentic().is_some_and(|verified| verified.anchor() == AnchorKind::Added));
    let Some(Verified::Nitro(verified)) = result.authentic() else { panic!() };
    let fields = verified.document();
    assert_eq!(fields.module_id, running.module_id());
    assert_eq!((fields.user_data, fields.nonce), (Some(&b"data"[..]), Some(&NONCE[..])));
    assert_eq!(fields.public_key, Some(&b"key"[..]));
    assert!(!verified.is_debug());
    assert!((0..5).contains(&verified.age_secs().unwrap()));
}

#[test]
fn the_form_is_that_of_real_documents() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let document = client.attest(None, None, None);
    // COSE_Sign1 without a tag, ES384, an empty unprotected header, and a payload of indefinite length.
    assert_eq!(document[..8], *b"\x84\x44\xa1\x01\x38\x22\xa0\x59");
    assert_eq!(document[10..22], *b"\xbf\x69module_id\x78");
    assert_eq!(document[document.len() - 99..document.len() - 96], [0xff, 0x58, 0x60]);
    let frame: Value = ciborium::from_reader(document.as_slice()).unwrap();
    let payload = frame.into_array().unwrap().swap_remove(2).into_bytes().unwrap();
    let payload: Value = ciborium::from_reader(payload.as_slice()).unwrap();
    let keys: Vec<_> =
        payload.as_map().unwrap().iter().map(|(key, _)| key.as_text().unwrap().to_owned()).collect();
    let expected = [
        "module_id",
        "digest",
        "timestamp",
        "pcrs",
        "certificate",
        "cabundle",
        "public_key",
        "user_data",
        "nonce",
    ];
    assert_eq!(keys, expected);
    assert_eq!(entry(&document, "digest"), "SHA384".into());
    for absent in ["public_key", "user_data", "nonce"] {
        assert_eq!(entry(&document, absent), Value::Null);
    }
    // Empty is not null.
    assert_eq!(entry(&client.attest(None, Some(b""), None), "nonce"), Value::Bytes(Vec::new()));
    let millis =
        |document: &[u8]| -> u64 { entry(document, "timestamp").as_integer().unwrap().try_into().unwrap() };
    let times: Vec<_> = (0..20).map(|_| millis(&client.attest(None, None, None))).collect();
    assert!(times.is_sorted() && times.iter().any(|time| time % 1000 != 0), "{times:?}");
    // The module does not enforce the lengths of its documentation.
    assert_eq!(entry(&client.attest(None, Some(&[7; 1024]), None), "nonce"), Value::Bytes(vec![7; 1024]));
}

#[test]
fn only_locked_pcrs_are_in_a_document() {
    let running = start(Settings::default());
    let mut client = Client::of(&running);
    let indices = |client: &mut Client| -> Vec<u64> {
        let document = client.attest(None, Some(NONCE), None);
        assert_eq!(with_nonce(&document, &running, NONCE), [""; 0]);
        let pcrs = entry(&document, "pcrs").into_map().unwrap();
        pcrs.iter().map(|(index, _)| index.as_integer().unwrap().try_into().unwrap()).collect()
    };
    client.call("ExtendPCR", [("index", 16.into()), ("data", Value::Bytes(vec![1]))]);
    assert_eq!(indices(&mut client), (0..16).collect::<Vec<_>>());
    client.call("LockPCR", [("index", 16.into())]);
    client.call("LockPCR", [("index", 22.into())]);
    assert_eq!(indices(&mut client), (0..17).chain([22]).collect::<Vec<_>>());
    client.call("LockPCRs", [("range", 32.into())]);
    assert_eq!(indices(&mut client), (0..32).collect::<Vec<_>>());
}

#[test]
fn a_debug_enclave_is_one_to_the_verifier() {
    let running = start(Settings { debug: true, ..Settings::default() });
    let document = Client::of(&running).attest(None, Some(NONCE), None);
    let root = [running.root_der()];
    let request = Request::new(Technology::Nitro, Freshness::nonce(NONCE).unwrap(), Time(now()), &TABLE)
        .anchors(Anchors::and(&root));
    let result = verify(&Evidence::Nitro(&document), &request).unwrap();
    let Some(Verified::Nitro(verified)) = result.authentic() else { panic!() };
    assert!(verified.is_debug());
    let (role, instance) = (verified.document().pcrs.get(3), verified.document().pcrs.get(4));
    assert_eq!(role, Some(&[0; 48]));
    assert_ne!(instance, Some(&[0; 48]));
}

#[test]
fn a_leaf_signs_many_documents_and_two_modules_have_two() {
    let other = Identity { enclave: 7, ..Identity::default() };
    let modules = [start(Settings::default()), start(Settings { identity: other, ..Settings::default() })];
    let leaf = |running: &Running| entry(&Client::of(running).attest(None, None, None), "certificate");
    assert_eq!(leaf(&modules[0]), leaf(&modules[0]));
    assert_ne!(leaf(&modules[0]), leaf(&modules[1]));
    assert_eq!(modules[1].module_id(), "i-0123456789abcdef0-enc0000000000000007");
}

#[test]
fn a_process_has_one_root_however_many_modules_start_at_once() {
    let roots: Vec<_> = std::thread::scope(|scope| {
        let start = || start(Settings::default()).root_der().to_vec();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_document_of_qemu_is_authentic_once_its_payload_is_signed() {
    let unsigned = Settings { fault: Some(teeproof_twin::nsm::Fault::Unsigned), ..Settings::default() };
    let running = start(unsigned);
    let document = Client::of(&running).attest(Some(b"user"), Some(NONCE), None);
    let signed = resign(&document, "us-west-2").unwrap();
    assert_eq!(failures(&signed.document, &signed.root, Freshness::nonce(NONCE).unwrap()), [""; 0]);
    for key in ["module_id", "digest", "timestamp", "pcrs", "public_key", "user_data", "nonce"] {
        assert_eq!(entry(&signed.document, key), entry(&document, key), "{key}");
    }
    assert_eq!(entry(&signed.document, "cabundle").as_array().unwrap().len(), 4);
    // The map stays definite, as QEMU writes it.
    assert_eq!(signed.document[10], 0xa9);

    // A module id of any other text.
    let text = b"\x69module_id\x78\x27";
    let at = document.windows(12).position(|window| window == text).unwrap();
    let mut named = document.clone();
    named[at + 12..at + 51].fill(b'a');
    let signed = resign(&named, "us-west-2").unwrap();
    assert_eq!(entry(&signed.document, "module_id").as_text().unwrap(), "a".repeat(39));

    for broken in [&document[..document.len() - 1], b"", b"\x80", b"\x84\x01\x02\x03\x04"] {
        assert!(resign(broken, "us-west-2").is_err());
    }
    let mut longer = document;
    longer.push(0);
    assert!(resign(&longer, "us-west-2").is_err());
}

#[test]
fn a_unix_socket_is_removed_at_the_end_and_an_abandoned_one_replaced() {
    let path = std::env::temp_dir().join(format!("twin-nsm-{}.sock", std::process::id()));
    let listen = teeproof_twin::nsm::Address::Unix(path.clone());
    let settings = Settings { listen, ..Settings::default() };
    // As a killed process leaves it.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let running = Nsm::start(&settings).unwrap();
    assert_eq!(running.address(), format!("unix:{}", path.display()));
    assert_eq!(running.environment(), [("TEEPROOF_NSM", running.address())]);
    let document = Client::of_path(path.to_str().unwrap()).attest(None, Some(NONCE), None);
    assert_eq!(with_nonce(&document, &running, NONCE), [""; 0]);
    // In use: not replaced.
    assert!(Nsm::start(&settings).unwrap_err().to_string().starts_with("listening on "));
    drop(running);
    assert!(!path.exists());
    // Another kind of file stays.
    std::fs::write(&path, b"mine").unwrap();
    assert!(Nsm::start(&settings).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_file(path).unwrap();
}
