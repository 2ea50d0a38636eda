//! Paths that a mirror answers: those of KDS, PCS and PCCS, of Azure's THIM, and of pinned CA certificates.

use teeproof_wire::snp::{Product, Tcb};

use crate::endpoints::issuer_urls;
use crate::question::from_url::{bytes, parameters, split};
use crate::{AmdKey, Issuer, PckCa, Question, Vcek};

/// What is requested.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// An object of a service.
    Object(Question, Form),
    /// Azure's answer for one chip: its VCEK, the CA chain, and the TCB as 16 hexadecimal digits.
    Certification(Certification),
    /// A CA certificate at one of these URLs.
    Issuer(Vec<Question>),
    /// A path that a mirror cannot answer, and why.
    NotMirrored(&'static str),
    /// Any other path.
    Unknown,
}

/// The chip of a request to THIM.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certification {
    pub(super) vcek: Question,
    pub(super) chain: Question,
    pub(super) tcbm: String,
}

/// How the object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the service writes it.
    AsReceived,
    /// A revocation list in PEM.
    PemList,
    /// Hexadecimal digits, as a PCCS writes the list of the root.
    Hex,
}

/// Below this path are CA certificates. Their URLs have a host of their own, which is left out.
pub(super) const ISSUERS: &str = "/aia";
const CERTIFICATION: &str = "/metadata/THIM/amd/certification";

impl Route {
    /// The route of a path and query.
    pub(super) fn parse(target: &str) -> Self {
        if let Some(question) = Question::at_kds(target).or_else(|| Question::at_pcs(target)) {
            return Self::Object(question, Form::AsReceived);
        }
        let (path, query) = split(target);
        match path {
            "/IntelSGXRootCA.der" if query.is_none() => {
                Self::Object(Question::IntelRootCrl, Form::AsReceived)
            }
            "/sgx/certification/v4/rootcacrl" if query.is_none() => {
                Self::Object(Question::IntelRootCrl, Form::Hex)
            }
            "/sgx/certification/v4/pckcrl" => pck_list(query.unwrap_or_default()),
            CERTIFICATION => certification(query.unwrap_or_default()),
            _ => match path.strip_prefix(ISSUERS) {
                Some(path) if query.is_none() => {
                    let urls = issuer_urls(path);
                    let question = |url| Question::Issuer(Issuer::at(&url));
                    if urls.is_empty() {
                        Self::Unknown
                    } else {
                        Self::Issuer(urls.into_iter().map(question).collect())
                    }
                }
                _ => Self::not_mirrored(path),
            },
        }
    }

    /// Paths of the services whose answer belongs to one machine or to another technology.
    fn not_mirrored(path: &str) -> Self {
        if path == "/acc/tdquote" {
            return Self::NotMirrored(
                "a TD quote is made by the host of the machine: request its own metadata service",
            );
        }
        if path.starts_with("/vlek/v1/") {
            return Self::NotMirrored(
                "AMD issues VLEKs to cloud providers only: cert_chain and crl are mirrored",
            );
        }
        let of_machine = ["/pckcert", "/pckcerts", "/platforms", "/appraisalpolicy"];
        if path.starts_with("/sgx/certification/") || path.starts_with("/tdx/certification/") {
            return Self::NotMirrored(if of_machine.iter().any(|end| path.ends_with(end)) {
                "PCK certificates of a platform are not mirrored: a quote has its own"
            } else {
                "of version 4, tdx/tcb, tdx/qe/identity, sgx/pckcrl and sgx/rootcacrl are mirrored"
            });
        }
        Self::Unknown
    }
}

/// A PCK revocation list in PEM, which is the default of the service; DER is in [`Question::at_pcs`].
fn pck_list(query: &str) -> Route {
    let list = || {
        let [ca, encoding] = parameters(query, ["ca", "encoding"])?;
        let is_pem = encoding.is_none_or(|encoding| encoding == "pem");
        let ca = PckCa::ALL.iter().find(|own| Some(own.id()) == ca).filter(|_| is_pem)?;
        Some(Route::Object(Question::PckCrl(*ca), Form::PemList))
    };
    list().unwrap_or(Route::NotMirrored("expected ca=platform or ca=processor, and encoding=der or pem"))
}

/// THIM inside of a machine knows the machine's chip; a mirror needs the parameters that name it.
fn certification(query: &str) -> Route {
    let named = || {
        let [platform, tcbm, name] = parameters(query, ["platformId", "tcbVersion", "productName"])?;
        let product = Product::ALL.iter().copied().find(|own| Some(own.as_str()) == name)?;
        // Most significant byte first: the bytes of the report in reverse.
        let mut tcb: [u8; 8] = bytes(tcbm?)?.try_into().ok()?;
        tcb.reverse();
        let tcb = Tcb::parse(tcb, product.tcb_layout())?;
        let vcek = Question::Vcek(Vcek::new(product, &bytes(platform?)?, tcb).ok()?);
        let chain = Question::AmdChain { product, key: AmdKey::Vcek };
        Some(Certification { vcek, chain, tcbm: tcbm?.to_ascii_lowercase() })
    };
    named().map_or(
        Route::NotMirrored(
            "outside of the machine its chip is unknown: give platformId=CHIP_ID, tcbVersion=TCBM and productName=Milan, \
             Genoa or Turin",
        ),
        Route::Certification,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_path_of_the_services_has_its_route() {
        for (target, form) in [
            ("/vcek/v1/Milan/cert_chain", Form::AsReceived),
            ("/vlek/v1/Genoa/cert_chain", Form::AsReceived),
            ("/vcek/v1/Turin/crl", Form::AsReceived),
            ("/tdx/certification/v4/tcb?fmspc=90C06F000000", Form::AsReceived),
            ("/tdx/certification/v4/tcb?update=standard&fmspc=90c06f000000", Form::AsReceived),
            ("/tdx/certification/v4/qe/identity", Form::AsReceived),
            ("/tdx/certification/v4/qe/identity?update=standard", Form::AsReceived),
            ("/sgx/certification/v4/pckcrl?ca=platform&encoding=der", Form::AsReceived),
            ("/sgx/certification/v4/pckcrl?ca=processor&encoding=pem", Form::PemList),
            ("/sgx/certification/v4/pckcrl?ca=processor", Form::PemList),
            ("/IntelSGXRootCA.der", Form::AsReceived),
            ("/sgx/certification/v4/rootcacrl", Form::Hex),
        ] {
            match Route::parse(target) {
                Route::Object(_, found) => assert_eq!(found, form, "{target}"),
                other => assert!(matches!(other, Route::Object(..)), "{target}: {other:?}"),
            }
        }
        let chip = "40".repeat(64);
        let query = format!("platformId={chip}&tcbVersion=7308000000000003&productName=Milan");
        let Route::Certification(found) = Route::parse(&format!("{CERTIFICATION}?{query}")) else {
            unreachable!("{query}");
        };
        let url = found.vcek.url(&crate::Endpoints::vendors()).unwrap();
        assert!(url.as_str().ends_with("?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115"), "{url}");
        let Route::Issuer(questions) = Route::parse("/aia/pki/ca%201.cer") else { unreachable!() };
        assert_eq!(questions.len(), 3);
    }

    #[test]
    fn other_paths_are_refused() {
        for target in [
            "",
            "/",
            "/vcek/v1/Milan",
            "/vcek/v1/Milan/cert_chain?x=y",
            "/vcek/v1/Milan/crl/",
            "/vcek/v1/milan/crl",
            "/vcek/v2/Milan/crl",
            "//vcek/v1/Milan/crl",
            "/vcek/v1/../v1/Milan/crl",
            "/vcek/v1/Milan/%63rl",
            "/vcek/v1/Milan/00?blSPL=0&teeSPL=0&snpSPL=0&ucodeSPL=0",
            "/metadata/instance",
            "/metadata/versions",
            "/aia/",
            "/aia/x",
            "/aia/../x.cer",
            "/aia/%2e%2e/x.cer",
            "/aia/%2E./x.cer",
            "/aia/a/.%2e%2fx.cer",
            "/aia//x.cer",
            "/aia/x.cer?y",
            "/aia@evil.example/x.cer",
            "/aia//evil.example/x.cer\r\n",
            "http://evil.example/vcek/v1/Milan/crl",
            "/evil.example:80/x.cer",
        ] {
            assert_eq!(Route::parse(target), Route::Unknown, "{target}");
        }
        for target in [
            "/acc/tdquote",
            CERTIFICATION,
            "/metadata/THIM/amd/certification?platformId=00",
            "/vlek/v1/Milan/cert?blSPL=1",
            "/sgx/certification/v4/pckcert?encrypted_ppid=0",
            "/sgx/certification/v4/pckcrl?ca=other",
            "/sgx/certification/v4/pckcrl?ca=platform&encoding=x",
            "/sgx/certification/v4/tcb?fmspc=90C06F000000",
            "/sgx/certification/v4/crl?uri=http://evil.example/",
            "/tdx/certification/v4/tcb?fmspc=90C06F",
            "/tdx/certification/v4/tcb?fmspc=90C06F000000&update=early",
        ] {
            let route = Route::parse(target);
            assert!(matches!(route, Route::NotMirrored(_)), "{target}: {route:?}");
        }
    }
}
