//! SNP machines: report, chain, and that falsifying one field changes no other.

use teeproof_mint::snp::{Evidence, Hwid, Machine, Product, SIGNED_BYTES, Tcb, amd};
use teeproof_mint::x509::{Algorithm, Extension};
use teeproof_mint::{DEFAULT_TIME, Error, Key, Kind, Scheme, SignatureHalf};
use teeproof_rustcrypto::TABLE;
use teeproof_wire::snp::Report;

use crate::{extension, parse, signed_by};

const PRODUCTS: [Product; 3] = [Product::Milan, Product::Genoa, Product::Turin];
const HWID: &str = "1.3.6.1.4.1.3704.1.4";

/// The report's signature in the order of bytes that verifiers want.
fn signature(report: &[u8]) -> Vec<u8> {
    let scalar = |at: usize| report[at..at + 48].iter().rev().copied().collect::<Vec<_>>();
    [scalar(0x2a0), scalar(0x2e8)].concat()
}

fn report_holds(evidence: &Evidence) -> bool {
    let vek = parse(&evidence.vek);
    let key = vek.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    let message = &evidence.report[..SIGNED_BYTES];
    TABLE.ecdsa_p384_sha384.verify(key, &[message], &signature(&evidence.report)).is_ok()
}

fn chain_holds(evidence: &Evidence) -> bool {
    signed_by(&evidence.ark, &evidence.ark)
        && signed_by(&evidence.intermediate, &evidence.ark)
        && signed_by(&evidence.vek, &evidence.intermediate)
}

#[test]
fn untouched_machines_of_every_line_hold() {
    for product in PRODUCTS {
        for machine in [Machine::vcek(product), Machine::vlek(product)] {
            let evidence = machine.mint().unwrap();
            assert!(chain_holds(&evidence), "{product:?}");
            assert!(report_holds(&evidence), "{product:?}");
            let report = Report::parse(&evidence.report).unwrap();
            report.check_reserved().unwrap();
            assert_eq!(evidence.report[0x330..], [0; 368]);
        }
    }
}

#[test]
fn names_and_serials_are_those_of_the_real_chains() {
    let subject = |der: &[u8]| parse(der).tbs_certificate().subject().to_string();
    let serial = |der: &[u8]| parse(der).tbs_certificate().serial_number().as_bytes().to_vec();
    let evidence = Machine::vcek(Product::Milan).mint().unwrap();
    let amd = "O=Advanced Micro Devices,STREET=CA,L=Santa Clara,C=US,OU=Engineering";
    let amd = amd.replace("STREET", "ST");
    assert_eq!(subject(&evidence.ark), format!("CN=ARK-Milan,{amd}"));
    assert_eq!(subject(&evidence.intermediate), format!("CN=SEV-Milan,{amd}"));
    assert_eq!(subject(&evidence.vek), format!("CN=SEV-VCEK,{amd}"));
    assert_eq!(serial(&evidence.ark), [1, 0, 0]);
    assert_eq!(serial(&evidence.intermediate), [1, 0, 1]);
    assert_eq!(serial(&evidence.vek), [0]);
    let vlek = Machine::vlek(Product::Turin).mint().unwrap();
    assert_eq!(subject(&vlek.intermediate), format!("CN=SEV-VLEK-Turin,{amd}"));
    assert_eq!(subject(&vlek.vek), format!("CN=SEV-VLEK,{amd}"));
    assert_eq!(serial(&vlek.intermediate), [3, 1, 1]);
}

#[test]
fn the_leaf_says_what_the_report_says() {
    let tcb = Tcb { fmc: 9, bootloader: 1, tee: 2, snp: 3, microcode: 0xdb };
    let spl = |evidence: &Evidence, number: u8| {
        extension(&parse(&evidence.vek), &format!("1.3.6.1.4.1.3704.1.3.{number}"))
    };
    let milan = Machine::vcek(Product::Milan).tcb(tcb).mint().unwrap();
    assert_eq!(milan.report[0x180..0x188], [1, 2, 0, 0, 0, 0, 3, 0xdb]);
    assert_eq!(spl(&milan, 1), Some((false, vec![2, 1, 1])));
    assert_eq!(spl(&milan, 3), Some((false, vec![2, 1, 3])));
    assert_eq!(spl(&milan, 4), Some((false, vec![2, 1, 0])));
    assert_eq!(spl(&milan, 8), Some((false, vec![2, 2, 0, 0xdb])));
    assert_eq!(spl(&milan, 9), None);
    let turin = Machine::vcek(Product::Turin).tcb(tcb).mint().unwrap();
    assert_eq!(turin.report[0x180..0x188], [9, 1, 2, 3, 0, 0, 0, 0xdb]);
    assert_eq!(spl(&turin, 9), Some((false, vec![2, 1, 9])));
    assert_eq!(spl(&turin, 4), None);
    for range in [0x38..0x40, 0x1e0..0x1e8, 0x1f0..0x1f8] {
        assert_eq!(turin.report[range], turin.report[0x180..0x188]);
    }
}

#[test]
fn the_chip_is_named_in_three_forms() {
    let mut chip_id = [0x5a; 64];
    let name = |machine: Machine| extension(&parse(&machine.mint().unwrap().vek), HWID).unwrap().1;
    let milan = Machine::vcek(Product::Milan).chip_id(chip_id);
    assert_eq!(milan.mint().unwrap().report[0x1a0..0x1e0], chip_id);
    assert_eq!(name(milan.clone()), chip_id);
    let wrapped = name(milan.hwid(Hwid::Wrapped));
    assert_eq!((wrapped.len(), &wrapped[..2], &wrapped[2..]), (66, &[4, 64][..], &chip_id[..]));
    chip_id[8..].fill(0);
    let turin = Machine::vcek(Product::Turin).chip_id(chip_id);
    assert_eq!(turin.mint().unwrap().report[0x1a0..0x1e0], chip_id);
    assert_eq!(name(turin), [0x5a; 8]);
}

#[test]
fn a_vlek_names_a_cloud_and_no_chip() {
    let evidence = Machine::vlek(Product::Milan).mint().unwrap();
    let vek = parse(&evidence.vek);
    assert_eq!(extension(&vek, HWID), None);
    assert!(extension(&vek, "1.3.6.1.4.1.3704.1.5").is_some());
    assert_eq!(extension(&vek, "1.3.6.1.4.1.3704.1.2").unwrap().1, b"\x16\x05Milan");
    assert_eq!(evidence.report[0x1a0..0x1e0], [0; 64]);
    assert_eq!(evidence.report[0x48..0x4c], [4, 0, 0, 0]);
}

#[test]
fn versions_bring_their_fields() {
    let machine = Machine::vcek(Product::Genoa);
    for version in 2..=5 {
        let report = machine.clone().version(version).mint().unwrap().report;
        assert_eq!(u32::from(report[0]), version);
        let cpuid = if version >= 3 { [0x19, 0x11, 0x01] } else { [0; 3] };
        assert_eq!(report[0x188..0x18b], cpuid);
        assert_eq!(report[0x1f8..0x208] != [0; 16], version >= 5);
        Report::parse(&report).unwrap().check_reserved().unwrap();
    }
    let future = machine.version(0x1234_5678).mint().unwrap();
    assert_eq!(future.report[..4], [0x78, 0x56, 0x34, 0x12]);
    assert!(report_holds(&future));
}

/// Every field lies where AMD's table has it.
#[test]
fn fields_lie_at_their_offsets() {
    let report = Machine::vcek(Product::Milan)
        .with_report(|report| {
            report.guest_svn = 1;
            report.policy = 0x3_001f;
            report.family_id = [3; 16];
            report.image_id = [4; 16];
            report.vmpl = 5;
            report.signature_algo = 6;
            report.current_tcb = [7; 8];
            report.platform_info = 8;
            report.key_info = 9;
            report.report_data = [10; 64];
            report.measurement = [11; 48];
            report.host_data = [12; 32];
            report.id_key_digest = [13; 48];
            report.author_key_digest = [14; 48];
            report.report_id = [15; 32];
            report.report_id_ma = [16; 32];
            report.reported_tcb = [17; 8];
            report.cpuid = [18; 3];
            report.chip_id = [19; 64];
            report.committed_tcb = [20; 8];
            report.current_version = [21; 3];
            report.committed_version = [22; 3];
            report.launch_tcb = [23; 8];
            report.launch_mit_vector = 24;
            report.current_mit_vector = 25;
        })
        .mint()
        .unwrap()
        .report;
    let starts = [
        (0x004, 1),
        (0x008, 0x1f),
        (0x010, 3),
        (0x020, 4),
        (0x030, 5),
        (0x034, 6),
        (0x038, 7),
        (0x040, 8),
        (0x048, 9),
        (0x050, 10),
        (0x090, 11),
        (0x0c0, 12),
        (0x0e0, 13),
        (0x110, 14),
        (0x140, 15),
        (0x160, 16),
        (0x180, 17),
        (0x188, 18),
        (0x1a0, 19),
        (0x1e0, 20),
        (0x1e8, 21),
        (0x1ec, 22),
        (0x1f0, 23),
        (0x1f8, 24),
        (0x200, 25),
    ];
    for (offset, value) in starts {
        assert_eq!(report[offset], value, "{offset:#x}");
    }
}

#[test]
fn patches_are_signed_and_tampering_is_not() {
    let machine = Machine::vcek(Product::Milan);
    let patched = machine.clone().patch(0x4c, &[1, 2, 3, 4]).mint().unwrap();
    assert_eq!(patched.report[0x4c..0x50], [1, 2, 3, 4]);
    assert!(report_holds(&patched));
    let tampered = machine.clone().tamper(0x4c, &[1]).mint().unwrap();
    assert!(!report_holds(&tampered));
    let padding = machine.clone().tamper(0x49f, &[1]).mint().unwrap();
    assert!(report_holds(&padding));
    let over = machine.tamper(0x49f, &[1, 2]).mint();
    assert_eq!(over, Err(Error::OutOfRange { offset: 0x49f, len: 2 }));
}

#[test]
fn either_half_of_s_can_be_asked_for() {
    let machine = Machine::vcek(Product::Milan);
    for (half, high) in [(SignatureHalf::High, true), (SignatureHalf::Low, false)] {
        let mut machine = machine.clone();
        machine.signature_half = half;
        let evidence = machine.mint().unwrap();
        assert!(report_holds(&evidence));
        assert_eq!(signature(&evidence.report)[48] >= 0x80, high);
    }
}

#[test]
fn both_encodings_of_pss_are_written() {
    let length = |algorithm: &Algorithm| {
        let machine = Machine::vcek(Product::Milan).algorithm(algorithm);
        let evidence = machine.mint().unwrap();
        assert!(chain_holds(&evidence));
        algorithm.0[1]
    };
    assert_eq!(length(&Algorithm::pss_sha384()), 0x46);
    assert_eq!(length(&Algorithm::pss_sha384_without_trailer()), 0x41);
}

#[test]
fn forgeries_do_not_hold() {
    let genuine = Machine::vcek(Product::Milan).mint().unwrap();
    let impostor = Machine::vcek(Product::Milan).with_own_authorities();
    let impostor = impostor.authority_keys(Kind::Rsa2048).with_own_authorities().mint().unwrap();
    assert!(chain_holds(&impostor));
    assert!(!signed_by(&impostor.intermediate, &genuine.ark));
    let mut machine = Machine::vcek(Product::Milan);
    machine.report_signer = Some(Key::fresh(Kind::P384));
    assert!(!report_holds(&machine.mint().unwrap()));
    let salted = Machine::vcek(Product::Milan)
        .with_vek(|vek| vek.certificate.seal.scheme = Some(Scheme::PssSha384Salt32));
    assert!(!chain_holds(&salted.mint().unwrap()));
    let skipped = Machine::vcek(Product::Milan);
    let ark = skipped.ark.key.clone();
    let skipped = skipped.with_vek(|vek| vek.signer = Some(ark)).mint().unwrap();
    assert!(signed_by(&skipped.vek, &skipped.ark));
    assert!(!signed_by(&skipped.vek, &skipped.intermediate));
}

#[test]
fn extensions_can_be_wrong_in_every_way() {
    let evidence = Machine::vcek(Product::Milan)
        .with_vek(|vek| {
            vek.certificate.set_extension(amd::product_name("Rome"));
            vek.certificate.extensions.push(amd::product_name("Milan-B0"));
            vek.certificate.extensions.push(Extension::unknown_critical());
            vek.certificate.remove_extension(&amd::Spl::Tee.oid());
        })
        .mint()
        .unwrap();
    assert!(chain_holds(&evidence));
    let vek = parse(&evidence.vek);
    let name = "1.3.6.1.4.1.3704.1.2";
    assert_eq!(extension(&vek, name), Some((false, b"\x16\x04Rome".to_vec())));
    let extensions = vek.tbs_certificate().extensions().unwrap();
    let named = extensions.iter().filter(|extension| extension.extn_id.to_string() == name);
    assert_eq!(named.count(), 2);
    assert_eq!(extension(&vek, "1.3.6.1.4.1.32473.1"), Some((true, vec![5, 0])));
    assert_eq!(extension(&vek, "1.3.6.1.4.1.3704.1.3.2"), None);
}

#[test]
fn a_machine_moves_in_time() {
    let year_2040 = 2_208_988_800;
    let evidence = Machine::vcek(Product::Milan).at(year_2040).mint().unwrap();
    for der in [&evidence.ark, &evidence.intermediate, &evidence.vek] {
        let parsed = parse(der);
        let validity = parsed.tbs_certificate().validity();
        assert!(validity.not_before.to_unix_duration().as_secs() > DEFAULT_TIME);
        assert!(validity.not_before.to_unix_duration().as_secs() < year_2040);
        assert!(validity.not_after.to_unix_duration().as_secs() > year_2040);
    }
    assert!(chain_holds(&evidence));
}

#[test]
fn machines_share_authorities_and_nothing_else() {
    let (one, other) = (Machine::vcek(Product::Milan), Machine::vcek(Product::Milan));
    let (one, other) = (one.mint().unwrap(), other.mint().unwrap());
    assert!(signed_by(&one.vek, &other.intermediate));
    assert_ne!(
        parse(&one.vek).tbs_certificate().subject_public_key_info(),
        parse(&other.vek).tbs_certificate().subject_public_key_info()
    );
}
