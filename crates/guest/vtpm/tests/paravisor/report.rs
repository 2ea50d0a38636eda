//! The paravisor's report, as it lies in the TPM.

use std::time::Duration;

use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Hash, Model, Settings};
use teeproof_vtpm::{Error, Report, handles, read_index};
use teeproof_wire::hcl::{HclReport, ReportType};

use crate::machine::{Machine, Transport, bare};

/// Long enough for no report to be renewed.
const NEVER: Duration = Duration::from_secs(100_000);

/// What one machine hands out: how many bytes, and whether the guest can put something in.
fn read(transport: Transport, settings: &Settings) -> (usize, ReportType, bool) {
    let machine = Machine::start(transport, &Settings { refresh: NEVER, ..settings.clone() });
    let mut tpm = machine.tpm();
    let report = Report::read(tpm.as_mut()).unwrap();
    // The same twice, and what a reader that knows nothing of reports finds.
    assert_eq!(Report::read(tpm.as_mut()).unwrap(), report);
    assert_eq!(read_index(tpm.as_mut(), handles::REPORT).unwrap(), report.bytes());
    assert_eq!(report.clone().into_bytes(), report.bytes());
    let user_data = report.user_data();
    assert!(user_data.is_none_or(|data| *data == [0; 64]));
    let envelope = HclReport::parse(report.bytes()).unwrap();
    (report.bytes().len(), envelope.report_type, user_data.is_some())
}

pub(crate) fn every_generation_is_read(transport: Transport) {
    use {Generation as G, Model as M};
    for (model, generation, hash, expected) in [
        (M::Milan, Some(G::Legacy2022), Hash::Sha256, (2048, ReportType::SNP, false)),
        (M::Milan, Some(G::LegacyMilan), Hash::Sha256, (2600, ReportType::SNP, true)),
        (M::Genoa, Some(G::LegacyGenoa), Hash::Sha384, (2600, ReportType::SNP, true)),
        (M::Genoa, Some(G::OpenHcl2025), Hash::Sha256, (2600, ReportType::SNP, true)),
        (M::Turin, Some(G::OpenHcl2026), Hash::Sha512, (2600, ReportType::SNP, true)),
        (M::Turin, Some(G::OpenVmm), Hash::Sha256, (2900, ReportType::SNP, true)),
        (M::Tdx, None, Hash::Sha256, (2600, ReportType::TDX, true)),
        (M::Tdx, Some(G::OpenVmm), Hash::Sha512, (2900, ReportType::TDX, true)),
    ] {
        let settings = Settings { model, generation, hash, ..Settings::default() };
        assert_eq!(read(transport, &settings), expected, "{model:?} {generation:?} {hash:?}");
    }
}

pub(crate) fn every_size_up_to_the_largest_is_read(transport: Transport) {
    for size in [2601, 3072, 4095, 4096] {
        let settings = Settings { nv_bytes: Some(size), ..Settings::default() };
        assert_eq!(read(transport, &settings).0, usize::from(size));
    }
    let settings = Settings { nv_bytes: Some(4097), ..Settings::default() };
    let machine = Machine::start(transport, &settings);
    let error = Report::read(machine.tpm().as_mut()).unwrap_err();
    assert!(matches!(error, Error::ReportSize { size: 4097, limit: 4096 }), "{error:?}");
}

pub(crate) fn a_tpm_without_a_paravisor_has_none(transport: Transport) {
    let (_swtpm, mut tpm) = bare(transport);
    let error = Report::read(tpm.as_mut()).unwrap_err();
    assert!(matches!(error, Error::NoReport), "{error:?}");
}
