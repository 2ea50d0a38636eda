//! AMD's certificates, compared with the chip, TCB and product line that were requested.
//!
//! Source: AMD document 57230, table 4; the arc is 1.3.6.1.4.1.3704.1.

use teeproof_core::Hex;
use teeproof_wire::Reader;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::der::{self, tag};
use teeproof_wire::snp::{AmdAuthority, Product};

use super::names::{AMD, named};
use super::{Answer, MAX_CERTIFICATES, Unfit, pem, validity};
use crate::question::{AmdKey, Vcek};

/// The arc: 1.3.6.1.4.1.3704.1.
const ARC: [u8; 8] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01];
const WHAT: &str = "VCEK certificate: AMD extensions";

/// A VCEK certificate of this chip at this TCB.
pub(crate) fn vcek(wanted: &Vcek, body: Vec<u8>) -> Result<Answer, Unfit> {
    let certificate = Certificate::parse(&body)?;
    let Vcek { product, chip_id, tcb } = wanted;
    named("subject", certificate.subject(), AMD, "SEV-VCEK")?;
    named("issuer", certificate.issuer(), AMD, &AmdAuthority::Ask(*product).to_string())?;
    let name = text(&certificate, &[2])?;
    if Product::from_product_name(name) != Some(*product) {
        return Err(Unfit::Mismatch(format!("product name: expected {product}, got {name}")));
    }
    let found = hwid(value(&certificate, &[4])?)?;
    if found != chip_id {
        return Err(Unfit::Mismatch(format!("hwID: expected {}, got {}", Hex(chip_id), Hex(found))));
    }
    let levels = [
        ("fmcSPL", tcb.fmc, 9),
        ("blSPL", Some(tcb.bootloader), 1),
        ("teeSPL", Some(tcb.tee), 2),
        ("snpSPL", Some(tcb.snp), 3),
        ("ucodeSPL", Some(tcb.microcode), 8),
    ];
    for (field, expected, place) in levels {
        let found = match extension(&certificate, &[3, place]) {
            Some(value) => Some(level(value)?),
            None => None,
        };
        if found != expected {
            let show = |level: Option<u8>| level.map_or("none".to_owned(), |level| level.to_string());
            let (expected, found) = (show(expected), show(found));
            return Err(Unfit::Mismatch(format!("{field}: expected {expected}, got {found}")));
        }
    }
    let validity = validity(&certificate);
    Ok(Answer::new(body, validity))
}

/// ASK or ASVK, then ARK, of this product line.
pub(crate) fn chain(product: Product, key: AmdKey, body: Vec<u8>) -> Result<Answer, Unfit> {
    let certificates =
        pem(&body).ok_or_else(|| Unfit::Malformed("a certificate that is not valid PEM".to_owned()))?;
    let [intermediate, root] = certificates.as_slice() else {
        let most = if certificates.len() == MAX_CERTIFICATES { " or more" } else { "" };
        let found = certificates.len();
        return Err(Unfit::Malformed(format!("expected 2 certificates in PEM, got {found}{most}")));
    };
    let (intermediate, root) = (Certificate::parse(intermediate)?, Certificate::parse(root)?);
    let ark = AmdAuthority::Ark(product).to_string();
    named(
        "subject of the first certificate",
        intermediate.subject(),
        AMD,
        &key.authority(product).to_string(),
    )?;
    named("subject of the second certificate", root.subject(), AMD, &ark)?;
    named("issuer of the second certificate", root.issuer(), AMD, &ark)?;
    if intermediate.issuer().der() != root.subject().der() {
        let found = intermediate.issuer().to_string();
        return Err(Unfit::Mismatch(format!(
            "issuer of the first certificate: expected CN={ark}, got {found}"
        )));
    }
    let validity = validity(&intermediate).and(validity(&root));
    Ok(Answer::new(body, validity))
}

fn extension<'a>(certificate: &Certificate<'a>, place: &[u8]) -> Option<&'a [u8]> {
    let of = |oid: &[u8]| oid.strip_prefix(&ARC).is_some_and(|rest| rest == place);
    certificate.extensions().iter().find(|extension| of(extension.oid)).map(|extension| extension.value)
}

fn value<'a>(certificate: &Certificate<'a>, place: &[u8]) -> Result<&'a [u8], Unfit> {
    extension(certificate, place)
        .ok_or_else(|| Unfit::Malformed(format!("{WHAT}: 1.3.6.1.4.1.3704.1.{place:?}: missing")))
}

fn text<'a>(certificate: &Certificate<'a>, place: &[u8]) -> Result<&'a str, Unfit> {
    let value = value(certificate, place)?;
    let string = Reader::all(value, 0, WHAT, |reader| der::tagged(reader, tag::IA5_STRING, WHAT))?;
    core::str::from_utf8(string.contents)
        .map_err(|_| Unfit::Malformed(format!("{WHAT}: product name: expected an IA5String")))
}

/// A patch level: an INTEGER from 0 to 255.
fn level(value: &[u8]) -> Result<u8, Unfit> {
    Ok(Reader::all(value, 0, WHAT, |reader| der::tagged(reader, tag::INTEGER, WHAT)?.small(WHAT))?)
}

/// The chip id by its length: bare bytes of a product line's size, or 64 in an OCTET STRING.
fn hwid(value: &[u8]) -> Result<&[u8], Unfit> {
    match value {
        bare if Product::any_has_hwid_of(bare.len()) => Ok(bare),
        [0x04, 0x40, wrapped @ ..] if wrapped.len() == 64 => Ok(wrapped),
        other => {
            let found = other.len();
            Err(Unfit::Malformed(format!("{WHAT}: hwID: expected 8, 64 or 66 bytes, got {found}")))
        }
    }
}
