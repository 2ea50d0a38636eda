//! URLs of questions, and which answers belong to them.

use proptest::prelude::*;
use teeproof_endorse::{
    AmdKey, Answer, Endpoints, Error, HttpUrl, Issuer, PckCa, Question, Response, Service, Vcek,
};
use teeproof_mint::Kind;
use teeproof_mint::snp::amd::{self, Spl};
use teeproof_mint::snp::{Hwid, Machine};
use teeproof_mint::x509::{Extension, Name, Oid, der, pem};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::snp::{Product, Report, Tcb};

use crate::minted::{
    NOW, PRODUCTS, authority, chain, chip_id, crl, crl_by, issuers, issuers_of, machine, named, tcb, vcek,
};

const MILAN_REPORT: &[u8] = include_bytes!("../../../../../testdata/snp/milan-report.bin");
const MILAN_VCEK: &[u8] = include_bytes!("../../../../../testdata/snp/milan-vcek.der");
const TURIN_VCEK: &[u8] = include_bytes!("../../../../../testdata/snp/turin-vcek.der");
const TURIN_CHIP: [u8; 8] = [0x1e, 0x55, 0x0a, 0x8e, 0xe5, 0xcf, 0x9f, 0x4d];
const PAGE: &[u8] = b"<!doctype html><html><head><title>404</title></head></html>";

fn answer(question: &Question, body: &[u8]) -> Result<Answer, Error> {
    answer_with(question, body, &[])
}

fn answer_with(question: &Question, body: &[u8], headers: &[(&'static str, &str)]) -> Result<Answer, Error> {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let url = HttpUrl::parse("http://127.0.0.1/").unwrap();
    question.answer(&url, Response { status: 200, headers, body: body.to_vec() })
}

#[track_caller]
fn mismatch(answered: Result<Answer, Error>, part: &str) {
    match answered {
        Err(Error::Mismatch { what, .. }) => assert!(what.contains(part), "{what}"),
        other => panic!("{part}: {other:?}"),
    }
}

#[track_caller]
fn malformed(answered: Result<Answer, Error>, part: &str) {
    match answered {
        Err(Error::Malformed { what, .. }) => assert!(what.contains(part), "{what}"),
        other => panic!("{part}: {other:?}"),
    }
}

#[test]
fn every_question_has_its_url() {
    let endpoints = Endpoints::vendors();
    let (product, key) = (Product::Genoa, AmdKey::Vlek);
    for (question, url) in [
        (
            Question::AmdChain { product: Product::Milan, key: AmdKey::Vcek },
            "https://kdsintf.amd.com/vcek/v1/Milan/cert_chain",
        ),
        (Question::AmdChain { product, key }, "https://kdsintf.amd.com/vlek/v1/Genoa/cert_chain"),
        (
            Question::AmdCrl { product: Product::Turin, key: AmdKey::Vcek },
            "https://kdsintf.amd.com/vcek/v1/Turin/crl",
        ),
        (Question::AmdCrl { product, key }, "https://kdsintf.amd.com/vlek/v1/Genoa/crl"),
        (
            Question::TdxTcbInfo { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0] },
            "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=90C06F000000",
        ),
        (Question::TdQeIdentity, "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity"),
        (
            Question::PckCrl(PckCa::Platform),
            "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
        ),
        (
            Question::PckCrl(PckCa::Processor),
            "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
        ),
        (Question::IntelRootCrl, "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"),
    ] {
        let own = question.url(&endpoints).unwrap();
        assert_eq!(own.as_str(), url);
        assert!(endpoints.allowed_hosts().unwrap().contains(&own), "{url}");
        assert!(!question.title().is_empty());
    }
    let mut endpoints = endpoints;
    endpoints.set(Service::Pcs, "https://pccs.example:8081/").unwrap();
    let own = Question::TdQeIdentity.url(&endpoints).unwrap();
    assert_eq!(own.as_str(), "https://pccs.example:8081/tdx/certification/v4/qe/identity");
}

#[test]
fn a_vcek_has_the_url_of_its_report() {
    let report = Report::parse(MILAN_REPORT).unwrap();
    let reported = Tcb::parse(*report.reported_tcb(), Product::Milan.tcb_layout()).unwrap();
    let wanted = Question::Vcek(Vcek::new(Product::Milan, report.chip_id(), reported).unwrap());
    let theirs = teeproof_snp::VcekUrl::of_report(report, Some(Product::Milan)).unwrap().to_string();
    assert_eq!(wanted.url(&Endpoints::vendors()).unwrap().as_str(), theirs);
    let turin = Tcb { fmc: Some(1), bootloader: 0, tee: 0x12, snp: 3, microcode: 0xff };
    for id in [TURIN_CHIP.to_vec(), [TURIN_CHIP.as_slice(), &[0; 56]].concat()] {
        let wanted = Question::Vcek(Vcek::new(Product::Turin, &id, turin).unwrap());
        assert_eq!(
            wanted.url(&Endpoints::vendors()).unwrap().as_str(),
            "https://kdsintf.amd.com/vcek/v1/Turin/1e550a8ee5cf9f4d\
             ?fmcSPL=01&blSPL=00&teeSPL=18&snpSPL=03&ucodeSPL=255"
        );
    }
}

#[test]
fn chips_that_cannot_be_requested_are_refused() {
    let (milan, turin) = (tcb(Product::Milan), tcb(Product::Turin));
    let id = chip_id(Product::Milan);
    let refused: [(Product, &[u8], Tcb); 9] = [
        (Product::Milan, &[0; 64], milan),
        (Product::Milan, &id[..8], milan),
        (Product::Milan, &id[..63], milan),
        (Product::Milan, &[], milan),
        (Product::Milan, &id, turin),
        (Product::Turin, &id, turin),
        (Product::Turin, &id[..8], milan),
        (Product::Turin, &[0; 8], turin),
        (Product::Turin, &[7; 9], turin),
    ];
    for (product, id, tcb) in refused {
        let refused = Vcek::new(product, id, tcb);
        assert!(matches!(refused, Err(Error::Question { .. })), "{product} {id:?}: {refused:?}");
    }
}

#[test]
fn real_vceks_answer_their_questions() {
    let report = Report::parse(MILAN_REPORT).unwrap();
    let reported = Tcb::parse(*report.reported_tcb(), Product::Milan.tcb_layout()).unwrap();
    let milan = Question::Vcek(Vcek::new(Product::Milan, report.chip_id(), reported).unwrap());
    let fits = answer(&milan, MILAN_VCEK).unwrap();
    let certificate = Certificate::parse(MILAN_VCEK).unwrap();
    assert_eq!(fits.body(), MILAN_VCEK);
    assert_eq!(fits.certificates(), [MILAN_VCEK]);
    assert_eq!(fits.validity().not_after.0, certificate.not_after());
    let zero = Tcb { fmc: Some(0), bootloader: 0, tee: 0, snp: 0, microcode: 9 };
    let turin = Question::Vcek(Vcek::new(Product::Turin, &TURIN_CHIP, zero).unwrap());
    answer(&turin, TURIN_VCEK).unwrap();
    mismatch(answer(&milan, TURIN_VCEK), "issuer");
    mismatch(answer(&turin, MILAN_VCEK), "issuer");
}

#[test]
fn minted_vceks_answer_their_questions() {
    for (product, mint) in PRODUCTS {
        answer(&vcek(product), &machine(mint).mint().unwrap().vek).unwrap();
    }
    let siena = machine(PRODUCTS[1].1)
        .with_vek(|link| link.certificate.set_extension(amd::product_name("Siena")))
        .mint()
        .unwrap();
    answer(&vcek(Product::Genoa), &siena.vek).unwrap();
    let wrapped = machine(PRODUCTS[0].1).hwid(Hwid::Wrapped).mint().unwrap();
    answer(&vcek(Product::Milan), &wrapped.vek).unwrap();
}

#[test]
fn a_vcek_of_another_chip_tcb_or_line_is_refused() {
    for (product, mint) in PRODUCTS {
        let question = vcek(product);
        let with = |change: &dyn Fn(Machine) -> Machine| {
            answer(&question, &change(machine(mint)).mint().unwrap().vek)
        };
        let mut other = chip_id(product);
        other[7] ^= 1;
        mismatch(with(&|machine| machine.chip_id(other)), "hwID");
        let levels = [
            ("blSPL", Spl::Bootloader),
            ("teeSPL", Spl::Tee),
            ("snpSPL", Spl::Snp),
            ("ucodeSPL", Spl::Microcode),
            ("fmcSPL", Spl::Fmc),
        ];
        for (name, level) in levels {
            let set = |machine: Machine| {
                machine.with_vek(|link| link.certificate.set_extension(level.extension(0x99)))
            };
            mismatch(with(&set), name);
            if product == Product::Turin || name != "fmcSPL" {
                let removed = |machine: Machine| {
                    machine.with_vek(|link| link.certificate.remove_extension(&level.oid()))
                };
                mismatch(with(&removed), name);
            }
        }
        let named = |name: &'static str| {
            move |machine: Machine| {
                machine.with_vek(|link| link.certificate.set_extension(amd::product_name(name)))
            }
        };
        mismatch(with(&named("Naples")), "product name");
        mismatch(with(&named("MilanX")), "product name");
        let long = machine(mint)
            .with_vek(|link| link.certificate.set_extension(amd::product_name(&"x".repeat(10_000))));
        match answer(&question, &long.mint().unwrap().vek) {
            Err(Error::Mismatch { what, .. }) => assert!(what.len() <= 400, "{}", what.len()),
            other => panic!("{other:?}"),
        }
        malformed(
            with(&|machine| machine.with_vek(|link| link.certificate.remove_extension(&amd::oid(&[4])))),
            "missing",
        );
        let subject =
            |machine: Machine| machine.with_vek(|link| link.certificate.subject.set_common_name("SEV-VLEK"));
        mismatch(with(&subject), "subject");
        let issuer = |machine: Machine| {
            machine.with_intermediate(|link| link.certificate.subject.set_common_name("SEV-Naples"))
        };
        mismatch(with(&issuer), "issuer");
        let vlek = Machine::vlek(mint).authority_keys(Kind::Rsa2048).mint().unwrap().vek;
        mismatch(answer(&question, &vlek), "subject");
    }
}

#[test]
fn a_page_never_is_an_endorsement() {
    let (product, key) = (Product::Milan, AmdKey::Vcek);
    for question in [
        vcek(product),
        Question::AmdChain { product, key },
        Question::AmdCrl { product, key },
        Question::TdxTcbInfo { fmspc: [0; 6] },
        Question::TdQeIdentity,
        Question::PckCrl(PckCa::Platform),
        Question::IntelRootCrl,
        issuer(&authority_access(&["http://www.microsoft.com/x"])).remove(0),
    ] {
        let random: Vec<u8> = (0..500_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for body in [
            PAGE,
            b"",
            b"{}",
            b"[]",
            b"\x30\x00",
            b"\x30\x82\xff\xff",
            b"null",
            random.as_slice(),
            MILAN_REPORT,
        ] {
            let answered = answer_with(&question, body, &[("tcb-info-issuer-chain", issuers())]);
            assert!(matches!(answered, Err(Error::Malformed { .. })), "{question:?}: {answered:?}");
        }
        let url = HttpUrl::parse("http://127.0.0.1/").unwrap();
        let missing = Response { status: 404, headers: Vec::new(), body: MILAN_VCEK.to_vec() };
        assert!(matches!(question.answer(&url, missing), Err(Error::Status { status: 404, .. })));
    }
}

#[test]
fn cut_and_altered_answers_do_not_panic() {
    let vek = machine(PRODUCTS[0].1).mint().unwrap().vek;
    let question = vcek(Product::Milan);
    for end in 0..vek.len() {
        assert!(matches!(answer(&question, &vek[..end]), Err(Error::Malformed { .. })), "{end}");
    }
    assert!(answer(&question, &[vek.as_slice(), b"\0"].concat()).is_err());
    for at in 0..vek.len() {
        let mut altered = vek.clone();
        altered[at] ^= 0x41;
        // Signature, key and dates may be anything; no identifier may.
        if let Ok(answered) = answer(&question, &altered) {
            assert_eq!(answered.body(), altered);
        }
    }
}

#[test]
fn chains_are_compared_by_name() {
    for (product, mint) in PRODUCTS {
        for (key, machine) in
            [(AmdKey::Vcek, machine(mint)), (AmdKey::Vlek, Machine::vlek(mint).authority_keys(Kind::Rsa2048))]
        {
            let question = Question::AmdChain { product, key };
            // Signatures differ from one minting to the next.
            let minted = machine.mint().unwrap();
            let fits = answer(&question, chain(&minted).as_bytes()).unwrap();
            assert_eq!(fits.certificates(), [minted.intermediate.clone(), minted.ark.clone()]);
            assert!(fits.validity().not_before < NOW && NOW < fits.validity().not_after);
            let other = match key {
                AmdKey::Vcek => AmdKey::Vlek,
                AmdKey::Vlek => AmdKey::Vcek,
            };
            mismatch(answer(&Question::AmdChain { product, key: other }, chain(&minted).as_bytes()), "first");
            let (ask, ark) = (pem(&minted.intermediate), pem(&minted.ark));
            mismatch(answer(&question, [ark.as_str(), &ask].concat().as_bytes()), "first");
            mismatch(answer(&question, [ask.as_str(), &ask].concat().as_bytes()), "second");
            malformed(answer(&question, ask.as_bytes()), "got 1");
            malformed(answer(&question, [ask.as_str(), &ark, &ark].concat().as_bytes()), "got 3");
            malformed(answer(&question, ark.repeat(20).as_bytes()), "got 8 or more");
            malformed(answer(&question, [ask.as_str(), &ark.replace('M', "*")].concat().as_bytes()), "");
        }
    }
    let turin = chain(&machine(PRODUCTS[2].1).mint().unwrap());
    let question = Question::AmdChain { product: Product::Milan, key: AmdKey::Vcek };
    mismatch(answer(&question, turin.as_bytes()), "first");
}

#[test]
fn revocation_lists_are_compared_by_issuer() {
    for (question, name) in [
        (Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek }, "ARK-Milan"),
        (Question::AmdCrl { product: Product::Turin, key: AmdKey::Vlek }, "ARK-Turin"),
        (Question::PckCrl(PckCa::Platform), "Intel SGX PCK Platform CA"),
        (Question::PckCrl(PckCa::Processor), "Intel SGX PCK Processor CA"),
        (Question::IntelRootCrl, "Intel SGX Root CA"),
    ] {
        let list = crl(name);
        let signer = if name.contains("PCK") { name } else { "Intel SGX TCB Signing" };
        let headers = [("sgx-pck-crl-issuer-chain", issuers_of(signer))];
        let fits = answer_with(&question, &list, &headers).unwrap();
        assert_eq!(fits.validity().not_after, NOW.plus(30 * 86_400));
        assert_eq!(fits.issuer_chain().is_some(), matches!(question, Question::PckCrl(_)));
        mismatch(answer(&question, &crl("Another CA")), "issuer");
        // The common name alone, another organisation, and one attribute more.
        for other in [
            Name::common(name),
            Name::amd(name).with(Oid::ORGANIZATION, "Another"),
            Name::intel(name).with(Oid::ORGANIZATIONAL_UNIT, "Another"),
            if name.starts_with("Intel") { Name::amd(name) } else { Name::intel(name) },
        ] {
            let list = crl_by(&named(other), -1000, 30 * 86_400);
            mismatch(answer_with(&question, &list, &headers), "issuer");
        }
        assert!(answer(&question, &authority_certificate(name)).is_err());
    }
    let list = crl("Intel SGX Root CA");
    let hex: String = list.iter().map(|byte| format!("{byte:02x}")).collect();
    for text in [hex.clone(), hex.to_uppercase(), [hex.as_str(), "\n"].concat()] {
        assert_eq!(answer(&Question::IntelRootCrl, text.as_bytes()).unwrap().body(), list);
    }
    // Hex is a form of the root's list alone.
    let hex: String = crl("ARK-Milan").iter().map(|byte| format!("{byte:02x}")).collect();
    let milan = Question::AmdCrl { product: Product::Milan, key: AmdKey::Vcek };
    malformed(answer(&milan, hex.as_bytes()), "CRL");
}

fn authority_certificate(name: &str) -> Vec<u8> {
    let link = authority(name);
    link.certificate.sign(&link.key, &link.certificate.subject, &link.key).unwrap()
}

pub(crate) const TCB_INFO: &str = r#"{"tcbInfo":{"id":"TDX","version":3,"issueDate":"2026-01-10T00:00:00Z",
"nextUpdate":"2026-02-09T00:00:00Z","fmspc":"90C06F000000","pceId":"0000","tcbLevels":[]},
"signature":"SIGNATURE"}"#;
pub(crate) const IDENTITY: &str = r#"{"enclaveIdentity":{"id":"TD_QE","version":2,"issueDate":"2026-01-10T00:00:00Z",
"nextUpdate":"2026-02-09T00:00:00Z","tcbLevels":[]},"signature":"SIGNATURE"}"#;

#[test]
fn intels_json_is_compared_with_the_platform() {
    let tcb_info = Question::TdxTcbInfo { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0] };
    let chains = [("tcb-info-issuer-chain", issuers()), ("sgx-enclave-identity-issuer-chain", issuers())];
    for (question, text) in [(tcb_info, TCB_INFO), (Question::TdQeIdentity, IDENTITY)] {
        let text = text.replace("SIGNATURE", &"0a".repeat(64));
        let fits = answer_with(&question, text.as_bytes(), &chains).unwrap();
        // The signature is over these bytes.
        assert_eq!(fits.body(), text.as_bytes());
        assert_eq!(fits.issuer_chain(), Some(issuers()));
        assert_eq!(fits.issuers().len(), 2);
        let validity = fits.validity();
        assert_eq!(
            (validity.not_before.to_string(), validity.not_after.to_string()),
            ("2026-01-10T00:00:00Z".to_owned(), "2026-02-09T00:00:00Z".to_owned())
        );
        malformed(answer(&question, text.as_bytes()), "issuer-chain");
        for (from, to, what) in [
            ("\"TDX\"", "\"SGX\"", "id"),
            ("\"TD_QE\"", "\"QE\"", "id"),
            ("\"version\":3", "\"version\":2", "version"),
            ("\"version\":2", "\"version\":3", "version"),
            ("90C06F000000", "00806F050000", "fmspc"),
        ] {
            if text.contains(from) && !(from == "\"version\":2" && question != Question::TdQeIdentity) {
                mismatch(answer_with(&question, text.replace(from, to).as_bytes(), &chains), what);
            }
        }
        for (from, to, what) in [
            ("nextUpdate", "next", "nextUpdate"),
            ("2026-02-09T00:00:00Z", "soon", "nextUpdate"),
            ("\"0a0a", "\"0a", "signature"),
            ("\"0a0a", "\"\\u0030a0a", "borrowed"),
            ("\"0a0a", "\"xa0a", "signature"),
            ("\"signature\"", "\"signed\"", "signature"),
        ] {
            malformed(answer_with(&question, text.replacen(from, to, 1).as_bytes(), &chains), what);
        }
        let twice =
            text.replacen("\"issueDate\"", "\"nextUpdate\":\"2030-01-01T00:00:00Z\",\"issueDate\"", 1);
        malformed(answer_with(&question, twice.as_bytes(), &chains), "duplicate");
    }
    let older = TCB_INFO.replace("SIGNATURE", &"0a".repeat(64));
    let lower = Question::TdxTcbInfo { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0] };
    let fits = answer_with(&lower, older.to_lowercase().replace("tcbinfo", "tcbInfo").as_bytes(), &chains);
    // Member names are case-sensitive.
    assert!(fits.is_err());
    answer_with(
        &lower,
        older.replace("90C06F", "90c06f").as_bytes(),
        &[("sgx-tcb-info-issuer-chain", issuers())],
    )
    .unwrap();
}

/// A certificate under `Issuing CA` that names these URLs of its issuer.
pub(crate) fn authority_access(urls: &[&str]) -> Vec<u8> {
    authority_access_under("Issuing CA", urls)
}

/// The same under an issuer of this name.
fn authority_access_under(issuer: &str, urls: &[&str]) -> Vec<u8> {
    let method = |last: u64| Oid::new(&[1, 3, 6, 1, 5, 5, 7, 48, last]).der();
    let mut entries = vec![der::sequence(&[method(1), der::context_primitive(6, b"http://ocsp.example/")])];
    entries.extend(
        urls.iter().map(|url| der::sequence(&[method(2), der::context_primitive(6, url.as_bytes())])),
    );
    let access = Extension::new(Oid::new(&[1, 3, 6, 1, 5, 5, 7, 1, 1]), der::sequence(&entries));
    let (leaf, issuer) = (authority("leaf"), authority(issuer));
    let mut certificate = leaf.certificate.clone();
    certificate.extensions.push(access);
    certificate.sign(&leaf.key, &issuer.certificate.subject, &issuer.key).unwrap()
}

pub(crate) fn issuer(leaf: &[u8]) -> Vec<Question> {
    Issuer::of(&Certificate::parse(leaf).unwrap()).into_iter().map(Question::Issuer).collect()
}

#[test]
fn the_title_names_the_issuer_in_escaped_text() {
    for (name, title) in [
        ("Issuing CA", "certificate of Issuing CA".to_owned()),
        ("CA\n\u{1b}[2J\u{202e}", "certificate of CA\\n\\u{1b}[2J\\u{202e}".to_owned()),
        (&"x".repeat(1000), format!("certificate of {}", "x".repeat(64))),
    ] {
        let question = issuer(&authority_access_under(name, &["http://www.microsoft.com/b.cer"])).remove(0);
        assert_eq!(question.title(), title);
    }
}

#[test]
fn issuers_are_fetched_from_pinned_hosts_alone() {
    let named = ["http://primary-cdn.pki.core.windows.net/a.cer", "http://www.microsoft.com/b.cer"];
    let questions = issuer(&authority_access(&named));
    let endpoints = Endpoints::vendors();
    let urls: Vec<_> =
        questions.iter().map(|question| question.url(&endpoints).unwrap().to_string()).collect();
    assert_eq!(urls, named);
    for elsewhere in
        ["http://127.0.0.1/x", "http://attacker.example/x", "ldap://ca/x", "file:///etc/passwd", ""]
    {
        let question = issuer(&authority_access(&[elsewhere])).remove(0);
        let refused = question.url(&endpoints);
        assert!(matches!(refused, Err(Error::HostNotAllowed { .. } | Error::Address(_))), "{refused:?}");
    }
    assert_eq!(issuer(&authority_access(&["http://www.microsoft.com/x"; 20])).len(), 8);
    assert!(issuer(&authority_certificate("no access")).is_empty());

    let right = authority_certificate("Issuing CA");
    let padded = [right.as_slice(), &[0xff; 100]].concat();
    for body in [right.clone(), padded, pem(&right).into_bytes()] {
        let fits = answer(&questions[0], &body).unwrap();
        assert_eq!(fits.certificates(), std::slice::from_ref(&right));
        assert_eq!(fits.validity().not_after, NOW.plus(1_000_000));
    }
    mismatch(answer(&questions[0], &authority_certificate("Issuing CA 2")), "subject");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bodies_are_no_answers(body in prop::collection::vec(any::<u8>(), 0..2000)) {
        let (product, key) = (Product::Milan, AmdKey::Vcek);
        for question in [
            vcek(product),
            Question::AmdChain { product, key },
            Question::AmdCrl { product, key },
            Question::TdxTcbInfo { fmspc: [0; 6] },
            Question::TdQeIdentity,
            Question::IntelRootCrl,
        ] {
            prop_assert!(answer(&question, &body).is_err());
        }
    }
}
