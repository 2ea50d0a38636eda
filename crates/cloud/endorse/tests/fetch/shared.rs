//! The suite `shared`: Intel's collateral of a real Azure machine, in the folder that `TEEPROOF_SHARED_DATA` names.
//! Without the variable the test checks nothing; with it, the file must exist.

use std::io::Write as _;

use teeproof_endorse::{HttpUrl, PckCa, Question, Response};

/// The blocks of a YAML file of `name: |-` and indented lines.
fn block(text: &str, name: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != format!("{name}: |-")).skip(1);
    let lines: Vec<_> = lines.take_while(|line| line.is_empty() || line.starts_with("  ")).collect();
    assert!(!lines.is_empty(), "{name}");
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn collateral_of_azure_answers_its_questions() {
    let Ok(folder) = std::env::var("TEEPROOF_SHARED_DATA") else {
        // Not by a macro: those are kept back for tests that pass.
        let _ = std::io::stdout().write_all(b"suite shared: not run, TEEPROOF_SHARED_DATA is not set\n");
        return;
    };
    let path = std::path::Path::new(&folder).join("azure/fb-az-collateral-1764662251.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let signed = |member: &str, name: &str| {
        let signature = block(&text, &format!("{name}_signature"));
        format!(r#"{{"{member}":{},"signature":"{signature}"}}"#, block(&text, name)).into_bytes()
    };
    let bytes = |name: &str| -> Vec<u8> {
        let hex = block(&text, name);
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let url = HttpUrl::parse("https://api.trustedservices.intel.com/").unwrap();
    for (question, body, until) in [
        (
            Question::TdxTcbInfo { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0] },
            signed("tcbInfo", "tcb_info"),
            "2026-03-20T13:58:55Z",
        ),
        (Question::TdQeIdentity, signed("enclaveIdentity", "qe_identity"), "2026-03-20T13:42:19Z"),
        (Question::PckCrl(PckCa::Platform), bytes("pck_crl"), "2026-03-20T13:41:20Z"),
        (Question::IntelRootCrl, bytes("root_ca_crl"), "2026-04-03T11:21:57Z"),
        // A caching service writes the root's list as hex.
        (Question::IntelRootCrl, block(&text, "root_ca_crl").into_bytes(), "2026-04-03T11:21:57Z"),
    ] {
        let chain = |name| (name, crate::minted::issuers().to_owned());
        let headers = vec![chain("tcb-info-issuer-chain"), chain("sgx-enclave-identity-issuer-chain")];
        let answer = question.answer(&url, Response { status: 200, headers, body }).unwrap();
        assert_eq!(answer.validity().not_after.to_string(), until, "{question:?}");
    }
}
