//! Our own client, over the addresses that the twin gives.

use teeproof_twin::paravisor::Settings;
use teeproof_vtpm::{Address, Authority, NvAttributes, NvPublic, open};

use crate::machine::Report;
use crate::raw::{AK_CERTIFICATE, INPUT, REPORT, start};

#[test]
fn our_client_reads_a_report_with_its_own_input() {
    let running = start(Settings::default());
    let address: Address = running.address().parse().unwrap();
    let mut tpm = open(&address).unwrap();
    let public = tpm.nv_public(REPORT).unwrap();
    assert_eq!(public.data_size, 2600);
    assert!(public.attributes.contains(NvAttributes::PLATFORMCREATE | NvAttributes::OWNERREAD));
    assert_eq!(tpm.nv_public(AK_CERTIFICATE).unwrap().data_size, 4096);

    let input = NvPublic {
        index: INPUT,
        name_algorithm: 0x000b,
        attributes: NvAttributes::OWNERREAD | NvAttributes::OWNERWRITE,
        policy: Vec::new(),
        data_size: 64,
    };
    tpm.nv_define(&input).unwrap();
    tpm.nv_write(INPUT, Authority::Owner, 0, &[0xc3; 64]).unwrap();
    let mut report = Vec::new();
    for (offset, size) in [(0, 1024), (1024, 1024), (2048, 552)] {
        report.extend(tpm.nv_read(REPORT, Authority::Owner, offset, size).unwrap());
    }
    let report = Report::parse(report);
    assert_eq!(report.user_data().to_ascii_lowercase(), "c3".repeat(64));
    assert!(report.is_bound());
    assert!(tpm.nv_read(REPORT, Authority::Index, 0, 1).is_err(), "its password is random");
}
