//! The header with the certificates above a signer: certificates, and nothing else.

use teeproof_endorse::{Answer, Error, HttpUrl, PckCa, Question, Response};

use crate::minted::{crl, issuers, issuers_of, url_encoded};
use crate::questions::IDENTITY;

const REPORT: &[u8] = include_bytes!("../../../../../testdata/azure/hcl-report-tdx.bin");

fn answer(question: &Question, header: &str) -> Result<Answer, Error> {
    let (name, body) = match question {
        Question::TdQeIdentity => {
            let text = IDENTITY.replace("SIGNATURE", &"0a".repeat(64));
            ("sgx-enclave-identity-issuer-chain", text.into_bytes())
        }
        _ => ("sgx-pck-crl-issuer-chain", crl("Intel SGX PCK Platform CA")),
    };
    let url = HttpUrl::parse("http://127.0.0.1/").unwrap();
    let headers = vec![(name, header.to_owned())];
    question.answer(&url, Response { status: 200, headers, body })
}

#[test]
fn a_header_is_certificates_alone() {
    let hex: String = REPORT.iter().map(|byte| format!("{byte:02x}")).collect();
    let end = "-----END%20CERTIFICATE-----";
    let key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    for (question, text) in [
        (Question::TdQeIdentity, issuers()),
        (Question::PckCrl(PckCa::Platform), issuers_of("Intel SGX PCK Platform CA")),
    ] {
        for header in
            [text.to_owned(), text.trim_end_matches("%0A").to_owned(), text.replace("%0A", "%0D%0a")]
        {
            let fits = answer(&question, &header).unwrap();
            assert_eq!((fits.issuers().len(), fits.issuer_chain()), (2, Some(header.as_str())));
            assert_eq!(fits.issuers_pem().unwrap().matches("BEGIN CERTIFICATE").count(), 2);
        }
        for wrong in [
            String::new(),
            "%0A%20".to_owned(),
            "garbage".to_owned(),
            hex.clone(),
            url_encoded(&String::from_utf8_lossy(REPORT)),
            text.replace("%20", "+"),
            text.replacen("%2", "%G", 1),
            [text, "%"].concat(),
            [text, "%4"].concat(),
            [text, "x"].concat(),
            ["hello%20", text].concat(),
            text.replacen(end, &["x", end].concat(), 1),
            text.replacen("MII", "MIJ", 1),
            text.replace("CERTIFICATE", "X509%20CRL"),
            text.replacen(end, "", 1),
            [text, &url_encoded(key)].concat(),
            text.repeat(5),
        ] {
            let answered = answer(&question, &wrong);
            let Err(Error::Malformed { what, .. }) = &answered else { panic!("{wrong}: {answered:?}") };
            assert!(what.contains("-issuer-chain"), "{what}");
        }
        assert_eq!(answer(&question, &text.repeat(4)).unwrap().issuers().len(), 8);
    }
}
