//! What the TPM has, one thing after the other.

use teeproof_vtpm::{Error, Registers, Tpm, check_input, handles, hash_name};

use super::probe::Probe;
use super::{certificate, report};
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;

/// TPM_PT_MANUFACTURER, then the four parts of the vendor's string: four letters each.
const MANUFACTURER: u32 = 0x0105;
const VENDOR: std::ops::RangeInclusive<u32> = 0x0106..=0x0109;

/// Looks at everything that a TPM has; without a TPM, at nothing more.
pub(super) fn all(args: &TpmArgs) -> Result<Vec<Probe>, Fault> {
    const NAME: &str = "TPM";
    let address = args.address()?;
    let mut tpm = match teeproof_vtpm::open(&address) {
        Ok(tpm) => tpm,
        Err(error) => return Ok(vec![Probe::failed(NAME, &error)]),
    };
    let tpm = tpm.as_mut();
    match maker(tpm) {
        Ok(maker) => {
            let first = Probe::good(NAME, format!("{address}, {maker}"));
            let mut probes = vec![first, report::probe(tpm), input(tpm), key(tpm), banks(tpm)];
            probes.extend(certificate::probes(tpm));
            Ok(probes)
        }
        Err(error) => Ok(vec![Probe::failed(NAME, &error)]),
    }
}

/// What the TPM says of itself.
fn maker(tpm: &mut dyn Tpm) -> Result<String, Error> {
    let mut letters = Vec::new();
    for property in [MANUFACTURER].into_iter().chain(VENDOR) {
        let value = tpm.property(property)?.unwrap_or_default();
        if property == *VENDOR.start() {
            letters.push(b' ');
        }
        letters.extend(value.to_be_bytes().into_iter().filter(u8::is_ascii_graphic));
    }
    Ok(String::from_utf8_lossy(&letters).trim().to_owned())
}

/// The index for user data, which the collector defines where there is none.
fn input(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "user data";
    let public = match tpm.nv_public(handles::INPUT) {
        Ok(public) => public,
        Err(error) if error.is_absent() => {
            return Probe::good(NAME, "0x01400002 is not defined yet; collecting defines it");
        }
        Err(error) => return Probe::failed(NAME, &error),
    };
    match check_input(&public) {
        Ok(()) => Probe::good(NAME, "0x01400002, 64 bytes"),
        Err(error) => Probe::poor(NAME, error.to_string(), error.hint()),
    }
}

fn key(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "attestation key";
    match tpm.read_public(handles::AK) {
        Ok(_) => Probe::good(NAME, "0x81000003"),
        Err(error) if error.is_absent() => Probe::bad(
            NAME,
            "there is none at 0x81000003",
            "the paravisor of a confidential VM makes it; this TPM is another's, or somebody took it away: restart the machine",
        ),
        Err(error) => Probe::failed(NAME, &error),
    }
}

fn banks(tpm: &mut dyn Tpm) -> Probe {
    const NAME: &str = "registers";
    let banks = match tpm.banks() {
        Ok(banks) => banks,
        Err(error) => return Probe::failed(NAME, &error),
    };
    let named = |bank: u16| hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned);
    let used = banks.iter().filter(|bank| bank.bitmap != 0);
    let names: Vec<_> = used.map(|bank| named(bank.bank)).collect();
    if banks.contains(&Registers::ALL_SHA256.0) {
        Probe::good(NAME, format!("banks {}", names.join(", ")))
    } else {
        let found = format!("banks {}: no SHA-256 bank", names.join(", "));
        Probe::bad(NAME, found, "allocate it with tpm2_pcrallocate sha256:all and restart the machine")
    }
}
