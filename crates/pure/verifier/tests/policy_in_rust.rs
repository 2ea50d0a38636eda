//! Policies written in Rust equal those read from TOML, field by field: each key of each section has a row here.
#![cfg(feature = "policy-file")]
#![allow(clippy::panic, clippy::unwrap_used)]

use teeproof::Policy;
use teeproof_core::{Bits, List, PcrRule, Rule, Technology, Text, Time, Waiver};
use teeproof_hcl::{Ground, Origin, VmId};
use teeproof_nitro::MaxAge;
use teeproof_snp::{ProductLine, TcbFloor, VekKind, Vmpl};
use teeproof_tdx::{AllowedAdvisories, DaysBehind, TcbDate, TcbException, TcbExceptions, TcbStatus};
use teeproof_wire::snp::{Product, Tcb};

/// The line of the field in each policy file.
const LINE: u32 = 3;
const TCB: Tcb = Tcb { fmc: None, bootloader: 4, tee: 0, snp: 24, microcode: 219 };

type Row<P> = (&'static str, &'static str, fn(P) -> P);
type SnpRow = Row<teeproof_snp::SnpPolicy<'static>>;
type TdxRow = Row<teeproof_tdx::TdxPolicy<'static>>;
type HclRow = Row<teeproof_hcl::HclPolicy<'static>>;
type NitroRow = Row<teeproof_nitro::NitroPolicy<'static>>;
type NitroTpmRow = Row<teeproof_nitro::nitrotpm::NitroTpmPolicy<'static>>;

fn at<T: teeproof_core::PolicyValue>(rule: Rule<'static, T>) -> Rule<'static, T> {
    rule.at_line(LINE)
}

const SNP: &[SnpRow] = &[
    ("debug", "{ exactly = false }", |p| p.debug(at(Rule::exactly(false)))),
    ("migration", "{ exactly = true }", |p| p.migration(at(Rule::exactly(true)))),
    ("policy", "{ mask = { care = \"0xe0000\", value = \"0x20000\" } }", |p| {
        p.policy(at(Rule::mask(Bits { care: 0xe_0000, value: 0x2_0000 })))
    }),
    ("vmpl", "{ one-of = [0, \"host\"] }", |p| p.vmpl(at(Rule::one_of(vec![Vmpl::new(0), Vmpl::HOST])))),
    ("host-requested", "{ exactly = false }", |p| p.host_requested(at(Rule::exactly(false)))),
    ("product", "{ exactly = \"milan\" }", |p| {
        p.product(at(Rule::exactly(ProductLine::new(Product::Milan))))
    }),
    ("signing-key", "{ exactly = \"vlek\" }", |p| p.signing_key(at(Rule::exactly(VekKind::Vlek)))),
    ("vlek-provider", "{ absent = true }", |p| p.vlek_provider(at(Rule::absent()))),
    ("masked-chip-key", "{ exactly = false }", |p| p.masked_chip_key(at(Rule::exactly(false)))),
    ("masked-chip-id", "{ waived = \"why\" }", |p| p.masked_chip_id(at(Rule::waived("why")))),
    ("chip-id", "{ exactly = \"HEX64\" }", |p| p.chip_id(at(Rule::exactly([0xab; 64])))),
    ("measurement", "{ exactly = \"HEX48\" }", |p| p.measurement(at(Rule::exactly([0xab; 48])))),
    ("id-key-digest", "{ one-of = [\"HEX48\"] }", |p| p.id_key_digest(at(Rule::one_of(vec![[0xab; 48]])))),
    ("author-key-digest", "{ exactly = \"HEX48\" }", |p| p.author_key_digest(at(Rule::exactly([0xab; 48])))),
    ("family-id", "{ exactly = \"HEX16\" }", |p| p.family_id(at(Rule::exactly([0xab; 16])))),
    ("image-id", "{ exactly = \"HEX16\" }", |p| p.image_id(at(Rule::exactly([0xab; 16])))),
    ("guest-svn", "{ at-least = 10 }", |p| p.guest_svn(at(Rule::at_least(10)))),
    ("reported-tcb", "{ exactly = TCB }", |p| p.reported_tcb(at(Rule::exactly(TCB.into())))),
    ("committed-tcb", "{ at-least = TCB }", |p| p.committed_tcb(at(Rule::at_least(TCB.into())))),
    ("current-tcb", "{ at-least = TCB }", |p| p.current_tcb(at(Rule::at_least(TcbFloor::One(TCB))))),
    ("launch-tcb", "{ one-of = [TCB] }", |p| p.launch_tcb(at(Rule::one_of(vec![TCB.into()])))),
    ("revocation-list", "{ exactly = true }", |p| p.revocation_list(at(Rule::exactly(true)))),
    ("platform-info", "{ exactly = \"0x3\" }", |p| p.platform_info(at(Rule::exactly(3)))),
    ("host-data", "{ exactly = \"HEX32\" }", |p| p.host_data(at(Rule::exactly([0xab; 32])))),
    ("report-data", "{ exactly = \"HEX64\" }", |p| p.report_data(at(Rule::exactly([0xab; 64])))),
];

const HCL: &[HclRow] = &[
    ("origin", "{ one-of = [\"reference-value\"] }", |p| {
        p.origin(Origin::AnyOf { grounds: vec![Ground::ReferenceValue].into(), line: Some(LINE) })
    }),
    ("ak-certificate", "{ exactly = true }", |p| p.ak_certificate(at(Rule::exactly(true)))),
    ("ak-revocation-list", "{ exactly = true }", |p| p.ak_revocation_list(at(Rule::exactly(true)))),
    ("quote", "{ exactly = true }", |p| p.quote(at(Rule::exactly(true)))),
    ("vm-id", "{ exactly = \"abababab-abab-abab-abab-abababababab\" }", |p| {
        p.vm_id(at(Rule::exactly(VmId([0xab; 16]))))
    }),
    ("user-data", "{ exactly = \"HEX64\" }", |p| p.user_data(at(Rule::exactly([0xab; 64])))),
    ("fresh-report", "{ exactly = true }", |p| p.fresh_report(at(Rule::exactly(true)))),
    ("secure-boot-configured", "{ exactly = true }", |p| p.secure_boot_configured(at(Rule::exactly(true)))),
    ("tpm-enabled", "{ exactly = true }", |p| p.tpm_enabled(at(Rule::exactly(true)))),
    ("tpm-persisted", "{ exactly = false }", |p| p.tpm_persisted(at(Rule::exactly(false)))),
    ("console", "{ exactly = false }", |p| p.console(at(Rule::exactly(false)))),
    ("interactive-console", "{ exactly = false }", |p| p.interactive_console(at(Rule::exactly(false)))),
    ("pcrs", "{ 4 = { exactly = \"HEX32\" }, 7 = { exactly = \"HEX32\" } }", |p| {
        let rule = |index| PcrRule::new(index, at(Rule::exactly([0xab; 32])));
        p.tpm(|p| p.pcrs(vec![rule(4), rule(7)]))
    }),
    ("secure-boot", "{ exactly = true }", |p| p.tpm(|p| p.secure_boot(at(Rule::exactly(true))))),
    ("event-log", "{ exactly = true }", |p| p.tpm(|p| p.event_log(at(Rule::exactly(true))))),
];

const TDX: &[TdxRow] = &[
    ("debug", "{ exactly = false }", |p| p.debug(at(Rule::exactly(false)))),
    ("migration", "{ exactly = true }", |p| p.migration(at(Rule::exactly(true)))),
    ("attributes", "{ mask = { care = \"0x1\", value = \"0x0\" } }", |p| {
        p.attributes(at(Rule::mask(Bits { care: 1, value: 0 })))
    }),
    ("xfam", "{ exactly = \"0x61ae7\" }", |p| p.xfam(at(Rule::exactly(0x61ae7)))),
    ("tcb-status", "{ one-of = [\"UpToDate\", \"SWHardeningNeeded\"] }", |p| {
        p.tcb_status(at(Rule::one_of(vec![TcbStatus::UpToDate, TcbStatus::SwHardeningNeeded])))
    }),
    ("days-behind", "{ at-most = 30 }", |p| p.days_behind(DaysBehind::AtMost { days: 30, line: Some(LINE) })),
    ("tcb-date", "{ at-least = \"2025-03-12\" }", |p| {
        p.tcb_date(at(Rule::at_least(TcbDate(Time(1_741_737_600)))))
    }),
    ("evaluation-data-number", "{ at-least = 18 }", |p| p.evaluation_number(at(Rule::at_least(18)))),
    ("advisories", "{ one-of = [\"INTEL-SA-01036\"] }", |p| {
        let advisories = vec![Text::from("INTEL-SA-01036")].into();
        p.advisories(AllowedAdvisories::Only { advisories, line: Some(LINE) })
    }),
    ("exceptions", "{ one-of = [{ fmspc = \"90c06f000000\", until = 2026-06-30 }] }", |p| {
        let exception =
            TcbException { fmspc: [0x90, 0xc0, 0x6f, 0, 0, 0], until: Time(1_782_777_600 + 86_399) };
        p.exceptions(TcbExceptions::List { exceptions: vec![exception].into(), line: Some(LINE) })
    }),
    ("revocation-list", "{ exactly = true }", |p| p.revocation_list(at(Rule::exactly(true)))),
    ("fmspc", "{ exactly = \"abababababab\" }", |p| p.fmspc(at(Rule::exactly([0xab; 6])))),
    ("mrseam", "{ exactly = \"HEX48\" }", |p| p.mrseam(at(Rule::exactly([0xab; 48])))),
    ("mrtd", "{ exactly = \"HEX48\" }", |p| p.mrtd(at(Rule::exactly([0xab; 48])))),
    ("mrconfigid", "{ exactly = \"HEX48\" }", |p| p.mrconfigid(at(Rule::exactly([0xab; 48])))),
    ("mrowner", "{ exactly = \"HEX48\" }", |p| p.mrowner(at(Rule::exactly([0xab; 48])))),
    ("mrownerconfig", "{ exactly = \"HEX48\" }", |p| p.mrownerconfig(at(Rule::exactly([0xab; 48])))),
    ("mrservicetd", "{ exactly = \"HEX48\" }", |p| p.mrservicetd(at(Rule::exactly([0xab; 48])))),
    ("rtmr0", "{ exactly = \"HEX48\" }", |p| p.rtmr0(at(Rule::exactly([0xab; 48])))),
    ("rtmr1", "{ exactly = \"HEX48\" }", |p| p.rtmr1(at(Rule::exactly([0xab; 48])))),
    ("rtmr2", "{ exactly = \"HEX48\" }", |p| p.rtmr2(at(Rule::exactly([0xab; 48])))),
    ("rtmr3", "{ exactly = \"HEX48\" }", |p| p.rtmr3(at(Rule::exactly([0xab; 48])))),
    ("report-data", "{ exactly = \"HEX64\" }", |p| p.report_data(at(Rule::exactly([0xab; 64])))),
];

const NITRO: &[NitroRow] = &[
    ("debug", "{ exactly = false }", |p| p.debug(at(Rule::exactly(false)))),
    ("pcrs", "{ 0 = { exactly = \"HEX48\" } }", |p| {
        p.pcrs(vec![PcrRule::new(0, at(Rule::exactly([0xab; 48])))])
    }),
    ("role", "{ exactly = \"arn:aws:iam::123456789012:role/r\" }", |p| {
        p.role(at(Rule::exactly("arn:aws:iam::123456789012:role/r".into())))
    }),
    ("signer", "{ exactly = \"HEX48\" }", |p| p.signer(at(Rule::exactly([0xab; 48].into())))),
    ("module-id", "{ exactly = \"i-1-enc2\" }", |p| p.module_id(at(Rule::exactly(Text::from("i-1-enc2"))))),
    ("instance", "{ exactly = \"i-0123456789abcdef0\" }", |p| {
        p.instance(at(Rule::exactly("i-0123456789abcdef0".into())))
    }),
    ("user-data", "{ exactly = \"utf8:hello\" }", |p| {
        p.user_data(at(Rule::exactly(List::from(b"hello".to_vec()))))
    }),
    ("public-key", "{ absent = true }", |p| p.public_key(at(Rule::absent()))),
    ("max-age", "{ at-most = 300 }", |p| p.max_age(MaxAge::AtMost { secs: 300, line: Some(LINE) })),
];

const NITRO_TPM: &[NitroTpmRow] = &[
    ("measured-boot", "{ exactly = true }", |p| p.measured_boot(at(Rule::exactly(true)))),
    ("pcrs", "{ 4 = { exactly = \"HEX48\" } }", |p| {
        p.pcrs(vec![PcrRule::new(4, at(Rule::exactly([0xab; 48])))])
    }),
    ("module-id", "{ exactly = \"i-1-tpm2\" }", |p| p.module_id(at(Rule::exactly(Text::from("i-1-tpm2"))))),
    ("instance", "{ exactly = \"i-01234567\" }", |p| p.instance(at(Rule::exactly(Text::from("i-01234567"))))),
    ("user-data", "{ exactly = \"utf8:hello\" }", |p| {
        p.user_data(at(Rule::exactly(List::from(b"hello".to_vec()))))
    }),
    ("public-key", "{ absent = true }", |p| p.public_key(at(Rule::absent()))),
    ("max-age", "{ at-most = 300 }", |p| p.max_age(MaxAge::AtMost { secs: 300, line: Some(LINE) })),
];

/// A policy of one section, with this field on the third line; without the field, what `unlisted` makes of it.
fn toml(section: &str, field: Option<(&str, &str)>) -> Policy {
    let mut value = field.map_or_else(String::new, |(key, value)| format!("{key} = {value}"));
    for bytes in [16, 32, 48, 64] {
        value = value.replace(&format!("HEX{bytes}"), &"ab".repeat(bytes));
    }
    value = value.replace("= TCB", "= { bootloader = 4, tee = 0, snp = 24, microcode = 219 }");
    value = value.replace("[TCB]", "[{ bootloader = 4, tee = 0, snp = 24, microcode = 219 }]");
    let text = format!("version = 1\n[{section}]\n{value}\nunlisted = {{ waived = \"a test\" }}\n");
    Policy::from_toml("test", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Compares each row with the same policy in TOML.
fn compare<P>(technology: Technology, rows: &[Row<P>], write: fn(Policy, fn(P) -> P) -> Policy) {
    let section = technology.as_str();
    let plain = toml(section, None);
    for (key, value, change) in rows {
        let read = toml(section, Some((key, value)));
        assert_ne!(read, plain, "{section}.{key}");
        assert_eq!(write(plain.clone(), *change), read, "{section}.{key}");
    }
}

#[test]
fn each_field_is_written_as_it_is_read() {
    compare(Technology::Snp, SNP, Policy::snp);
    compare(Technology::AzureSnp, SNP, |policy, change| policy.azure_snp(|azure| azure.snp(change)));
    compare(Technology::AzureSnp, HCL, |policy, change| policy.azure_snp(|azure| azure.vm(change)));
    compare(Technology::Tdx, TDX, Policy::tdx);
    compare(Technology::AzureTdx, TDX, |policy, change| policy.azure_tdx(|azure| azure.tdx(change)));
    compare(Technology::AzureTdx, HCL, |policy, change| policy.azure_tdx(|azure| azure.vm(change)));
    compare(Technology::Nitro, NITRO, Policy::nitro);
    compare(Technology::NitroTpm, NITRO_TPM, Policy::nitro_tpm);
}

#[test]
fn each_key_has_a_row() {
    let snp = || SNP.iter().map(|(key, ..)| *key);
    let hcl = || HCL.iter().map(|(key, ..)| *key);
    let tdx = || TDX.iter().map(|(key, ..)| *key);
    let rows: [(_, Vec<_>); 6] = [
        (Technology::Snp, snp().collect()),
        (Technology::Tdx, tdx().collect()),
        (Technology::AzureSnp, snp().chain(hcl()).collect()),
        (Technology::AzureTdx, tdx().chain(hcl()).collect()),
        (Technology::Nitro, NITRO.iter().map(|(key, ..)| *key).collect()),
        (Technology::NitroTpm, NITRO_TPM.iter().map(|(key, ..)| *key).collect()),
    ];
    for (technology, rows) in rows {
        let keys = Policy::keys();
        let keys = keys.iter().filter(|key| key.technology == technology).map(|key| key.key);
        assert!(keys.eq(rows), "{technology}");
    }
}

#[test]
fn sections_are_added_and_names_given() {
    let empty = Policy::empty("nothing");
    assert!(Technology::ALL.iter().all(|technology| !empty.accepts_technology(*technology)));
    let one = empty.nitro(|nitro| nitro);
    let genuine = Policy::genuine();
    assert!(one.accepts_technology(Technology::Nitro) && !one.accepts_technology(Technology::Snp));
    assert_eq!((one.name.as_str(), &one.nitro), ("nothing", &genuine.nitro));
    assert_eq!(Policy::genuine().named("ours").name, "ours");
    assert_eq!(genuine.clone().snp(|_| teeproof_snp::SnpPolicy::genuine()).azure_snp(|azure| azure), genuine);
    let waived = teeproof_tpm::TpmPolicy::waived("why");
    assert_eq!(
        waived,
        teeproof_tpm::TpmPolicy::genuine()
            .pcrs(teeproof_core::Pcrs::Waived(Waiver::new("why")))
            .secure_boot(Rule::waived("why"),)
            .event_log(Rule::waived("why"))
    );
}
