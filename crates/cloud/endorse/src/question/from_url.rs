//! Questions from URLs: the reverse of [`Question::url`], for mirrors, exported caches and lists of URLs.

use teeproof_core::from_hex;
use teeproof_wire::snp::{Product, Tcb};

use super::{AmdKey, Issuer, PckCa, Question, Vcek};
use crate::endpoints::{Service, issuer_urls};
use crate::{Endpoints, HttpUrl};

impl Question {
    /// The question that is answered at this URL; `None` for every other URL. Parameters may be in any order.
    ///
    /// The URL of an issuer's certificate does not say the issuer's name: any CA certificate answers that question.
    /// Behind an override of [`Service::Issuers`] it does not say the pinned host either, which makes no difference.
    #[must_use]
    pub fn of_url(url: &HttpUrl, endpoints: &Endpoints) -> Option<Self> {
        if endpoints.url(Service::IntelRootCrl).is_ok_and(|list| list == *url) {
            return Some(Self::IntelRootCrl);
        }
        let below = |service| {
            let base = endpoints.url(service).ok()?;
            url.as_str().strip_prefix(base.as_str().trim_end_matches('/'))
        };
        let found = below(Service::Kds).and_then(Self::at_kds);
        let found = found.or_else(|| below(Service::Pcs).and_then(Self::at_pcs));
        found.or_else(|| {
            let moved = below(Service::Issuers).map(issuer_urls).and_then(|urls| urls.into_iter().next());
            let named = moved.as_ref().unwrap_or(url);
            let issuer = Self::Issuer(Issuer::at(named));
            issuer.url(endpoints).is_ok_and(|own| own == *url).then_some(issuer)
        })
    }

    /// The question of a path and query of KDS (AMD document 57230, sections 4.1 to 4.5).
    pub(crate) fn at_kds(target: &str) -> Option<Self> {
        let (path, query) = split(target);
        let mut segments = path.strip_prefix('/')?.split('/');
        let key = match segments.next()? {
            "vcek" => AmdKey::Vcek,
            "vlek" => AmdKey::Vlek,
            _ => return None,
        };
        if segments.next()? != "v1" {
            return None;
        }
        let name = segments.next()?;
        let product = Product::ALL.iter().copied().find(|product| product.as_str() == name)?;
        let last = segments.next()?;
        match (segments.next(), last, query, key) {
            (Some(_), ..) => None,
            (None, "cert_chain", None, _) => Some(Self::AmdChain { product, key }),
            (None, "crl", None, _) => Some(Self::AmdCrl { product, key }),
            (None, chip_id, Some(query), AmdKey::Vcek) => vcek(product, chip_id, query).map(Self::Vcek),
            _ => None,
        }
    }

    /// The question of a path and query of PCS, version 4. `update=standard` is the default of the service.
    pub(crate) fn at_pcs(target: &str) -> Option<Self> {
        let (path, query) = split(target);
        let query = query.unwrap_or_default();
        match path {
            "/tdx/certification/v4/tcb" => {
                let [fmspc, update] = parameters(query, ["fmspc", "update"])?;
                let standard = update.is_none_or(|update| update == "standard");
                let fmspc = bytes(fmspc?)?.try_into().ok()?;
                standard.then_some(Self::TdxTcbInfo { fmspc })
            }
            "/tdx/certification/v4/qe/identity" => {
                let [update] = parameters(query, ["update"])?;
                update.is_none_or(|update| update == "standard").then_some(Self::TdQeIdentity)
            }
            "/sgx/certification/v4/pckcrl" => {
                let [ca, encoding] = parameters(query, ["ca", "encoding"])?;
                if encoding != Some("der") {
                    return None;
                }
                PckCa::ALL.iter().copied().find(|own| Some(own.id()) == ca).map(Self::PckCrl)
            }
            _ => None,
        }
    }
}

/// Path and query.
pub(crate) fn split(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)))
}

fn vcek(product: Product, chip_id: &str, query: &str) -> Option<Vcek> {
    let names = ["fmcSPL", "blSPL", "teeSPL", "snpSPL", "ucodeSPL"];
    let [fmc, bootloader, tee, snp, microcode] = parameters(query, names)?;
    let fmc = match fmc {
        Some(text) => Some(level(text)?),
        None => None,
    };
    let tcb = Tcb {
        fmc,
        bootloader: level(bootloader?)?,
        tee: level(tee?)?,
        snp: level(snp?)?,
        microcode: level(microcode?)?,
    };
    Vcek::new(product, &bytes(chip_id)?, tcb).ok()
}

/// A security patch level in decimal, with leading zeros or without.
pub(crate) fn level(text: &str) -> Option<u8> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The bytes of hexadecimal digits of either case, at most 64 of them.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() > 64 {
        return None;
    }
    pairs.iter().map(|pair| from_hex(*pair)).collect()
}

/// The values of these parameters of a query, each at most once; `None` if there is another parameter. Values are not
/// decoded: those of these services need no escapes.
pub(crate) fn parameters<'a, const N: usize>(
    query: &'a str,
    names: [&str; N],
) -> Option<[Option<&'a str>; N]> {
    let mut values = [None; N];
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        let (_, place) = names.iter().zip(&mut values).find(|(own, _)| **own == name)?;
        if place.replace(value).is_some() {
            return None;
        }
    }
    Some(values)
}
