//! Requests that are not sent or not answered: bounded in time, size and attempts.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use teeproof_kms::{
    DataKeyLength, Documents, EncryptionContext, KmsClient, KmsError, KmsRequest, KmsSettings,
};

use crate::kms::{Kms, Papers, Reply, SECRET, context, key, requests};

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn what_passes_is_repeated_and_refusals_are_not() {
    for (status, code, attempts) in [
        (400, "ThrottlingException", 3),
        (500, "KMSInternalException", 3),
        (400, "AccessDeniedException", 1),
        (400, "ValidationException", 1),
    ] {
        let kms = Kms::of(move |_| Reply::refusal(status, code));
        let mut settings = kms.settings();
        settings.retries = 2;
        let mut papers = Papers::default();
        let sent = KmsClient::new(settings).unwrap().send(&requests()[3], &mut papers);
        assert!(sent.is_err());
        assert_eq!((kms.received().len(), papers.made), (attempts, 1), "{code}");
    }
    let failures = std::sync::atomic::AtomicUsize::new(2);
    let kms = Kms::of(move |received| {
        let left = failures.fetch_update(
            std::sync::atomic::Ordering::SeqCst,
            std::sync::atomic::Ordering::SeqCst,
            |left| left.checked_sub(1),
        );
        match left {
            Ok(_) => Reply::refusal(503, "ThrottlingException"),
            Err(_) => Reply::ok(&received.answer(&SECRET)),
        }
    });
    let mut settings = kms.settings();
    settings.retries = 3;
    let answer = KmsClient::new(settings).unwrap().send(&requests()[3], &mut Papers::default());
    assert_eq!(answer.unwrap().secret().as_bytes(), SECRET);
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn another_service_is_named_as_such() {
    for reply in [
        || Reply(200, "", b"<html>a proxy</html>".to_vec()),
        || Reply(200, "", b"{\"CiphertextForRecipient\": 7}".to_vec()),
        || Reply(200, "", b"{\"CiphertextForRecipient\": \"not base64\"}".to_vec()),
    ] {
        let error = Kms::of(move |_| reply()).send(&requests()[3]).unwrap_err();
        assert!(matches!(error, KmsError::Response { .. }), "{error:?}");
    }
    // A redirect is not followed; no secret is in an empty answer.
    let error = Kms::of(|_| Reply(307, "Location: http://127.0.0.1:1/\r\n", Vec::new())).send(&requests()[3]);
    let is_named = |error: &KmsError| error.to_string().contains("malformed response: status 307");
    assert!(error.as_ref().is_err_and(is_named), "{error:?}");
    let error = Kms::of(|_| Reply(200, "", b"{}".to_vec())).send(&requests()[3]).unwrap_err();
    assert!(matches!(error, KmsError::Missing { .. }), "{error:?}");
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn size_and_time_are_bounded() {
    let large = Kms::of(|_| Reply(200, "", vec![b' '; 300 * 1024])).send(&requests()[3]);
    assert!(
        matches!(&large, Err(KmsError::Unreachable { reason, .. }) if reason.contains("limit")),
        "{large:?}"
    );
    // Nobody answers; nobody listens.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = |port: u16| {
        let mut settings = KmsSettings::default();
        settings.url = Some(format!("http://127.0.0.1:{port}"));
        settings.region = Some("eu-west-1".to_owned());
        settings.timeout = Duration::from_millis(300);
        settings.retries = 0;
        settings
    };
    let send = |settings| KmsClient::new(settings).unwrap().send(&requests()[3], &mut Papers::default());
    let begin = Instant::now();
    let late = send(settings(silent.local_addr().unwrap().port())).unwrap_err();
    assert!(matches!(&late, KmsError::Late { to } if to.starts_with("127.0.0.1:")), "{late:?}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    let port = silent.local_addr().unwrap().port();
    drop(silent);
    let nobody = send(settings(port)).unwrap_err();
    assert!(matches!(&nobody, KmsError::Unreachable { .. }), "{nobody:?}");
    assert!(nobody.hint().contains("vsock-proxy"));
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn plain_http_is_for_loopback() {
    let mut settings = KmsSettings::default();
    for url in ["http://kms.eu-west-1.amazonaws.com", "http://169.254.169.254", "http://192.0.2.1:8000"] {
        settings.url = Some(url.to_owned());
        let error = KmsClient::new(settings.clone()).unwrap_err();
        assert!(matches!(&error, KmsError::NotEncrypted { url: found } if found == url), "{error:?}");
    }
    settings.url = Some("kms".to_owned());
    assert!(matches!(KmsClient::new(settings), Err(KmsError::Url(_))));
}

#[test]
#[ignore = "a process of `requests_with_credentials`"]
fn what_kms_would_refuse_needs_no_document() {
    let kms = Kms::altered(|_| ());
    let waived = |reason: &str| EncryptionContext::Waived(reason.to_owned());
    let pairs = |pairs: &[(&str, &str)]| {
        EncryptionContext::Pairs(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    };
    let decrypt = |ciphertext: Vec<u8>, context| KmsRequest::Decrypt { key: key(), ciphertext, context };
    let asymmetric = |algorithm: &str| KmsRequest::DecryptAsymmetric {
        key: key(),
        ciphertext: vec![0; 10],
        algorithm: algorithm.to_owned(),
    };
    let long = "x".repeat(8_192);
    for request in [
        decrypt(Vec::new(), context()),
        decrypt(vec![0; 6_145], context()),
        decrypt(vec![0; 10], pairs(&[])),
        decrypt(vec![0; 10], pairs(&[("", "value")])),
        decrypt(vec![0; 10], pairs(&[("n", &long)])),
        decrypt(vec![0; 10], waived(" ")),
        // No way around the context.
        asymmetric("SYMMETRIC_DEFAULT"),
        asymmetric("symmetric_default"),
        KmsRequest::GenerateDataKey { key: key(), length: DataKeyLength::Bytes(0), context: context() },
        KmsRequest::GenerateDataKey { key: key(), length: DataKeyLength::Bytes(1_025), context: context() },
        KmsRequest::GenerateRandom { bytes: 0 },
        KmsRequest::GenerateRandom { bytes: 1_025 },
        KmsRequest::DeriveSharedSecret { key: key(), public_key: Vec::new() },
    ] {
        let mut papers = Papers::default();
        let error = KmsClient::new(kms.settings()).unwrap().send(&request, &mut papers).unwrap_err();
        assert!(matches!(error, KmsError::Size { .. } | KmsError::Context(_)), "{request:?}: {error:?}");
        assert_eq!(papers.made, 0);
    }
    assert!(kms.received().is_empty());
    // A document that cannot be made, or is none.
    struct Broken(Option<usize>);
    impl Documents for Broken {
        fn document(
            &mut self,
            _: &[u8],
            _: Option<&[u8]>,
        ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
            self.0.map(|bytes| vec![0; bytes]).ok_or_else(|| "no device".into())
        }
    }
    for (documents, text) in [
        (Broken(None), "no attestation document: no device"),
        (Broken(Some(0)), "the attestation document: expected 1 to 262144 bytes, got 0"),
        (Broken(Some(262_145)), "the attestation document: expected 1 to 262144 bytes, got 262145"),
    ] {
        let mut documents = documents;
        let error = KmsClient::new(kms.settings()).unwrap().send(&requests()[3], &mut documents).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    assert!(kms.received().is_empty());
}

#[test]
#[ignore = "a process of `without_credentials_nothing_is_sent`"]
fn no_credentials() {
    let kms = Kms::altered(|_| ());
    let sent = kms.send(&requests()[3]);
    if std::env::var_os("TEEPROOF_TEST_NO_CREDENTIALS").is_none() {
        assert!(sent.is_ok());
        return;
    }
    let error = sent.unwrap_err();
    assert!(matches!(&error, KmsError::Settings { .. }), "{error:?}");
    assert!(error.hint().contains("AWS_ACCESS_KEY_ID") && kms.received().is_empty());
}
