//! Description of TDX evidence and collateral: every field of a quote, its certificates, TCB info and QE identity.

use std::path::Path;

use teeproof::{Inspected, inspect};
use teeproof_evidence::{InputKind, Sniffed, sniff};
use teeproof_mint::tdx::TdxMachine;
use teeproof_wire::{DescribedField, Visitor};

use crate::shared::{folder, need};
use crate::yaml::from_yaml;

/// Groups and fields in order: `group/group/name`, value and note.
#[derive(Default)]
struct Fields {
    groups: Vec<String>,
    fields: Vec<(String, String, String)>,
}

impl Visitor for Fields {
    fn open(&mut self, name: &str) {
        self.groups.push(name.to_owned());
    }

    fn field(&mut self, field: DescribedField<'_>) {
        let path = [self.groups.clone(), vec![field.name.to_owned()]].concat().join("/");
        let note = field.note.map(ToString::to_string).unwrap_or_default();
        self.fields.push((path, field.value.to_string(), note));
    }

    fn close(&mut self) {
        self.groups.pop().unwrap();
    }
}

impl Fields {
    fn of(sniffed: &Sniffed) -> (Self, Inspected) {
        let mut fields = Self::default();
        let inspected = inspect(sniffed, &mut fields).unwrap();
        assert!(fields.groups.is_empty());
        (fields, inspected)
    }

    fn of_bytes(bytes: &[u8]) -> (Self, Inspected) {
        Self::of(&sniff(bytes, None).unwrap())
    }

    /// The values of the fields at this path.
    fn values(&self, path: &str) -> Vec<&str> {
        self.fields.iter().filter(|(found, ..)| found == path).map(|(_, value, _)| value.as_str()).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_quote_is_described_with_its_certificates() {
    let machine = TdxMachine::new().fmspc([0x90, 0xc0, 0x6f, 0, 0, 0], [0, 0]);
    let minted = machine.mint().unwrap();
    let (fields, inspected) = Fields::of_bytes(&minted.quote);
    assert_eq!(inspected.flaw, None);
    assert_eq!(fields.values("TD quote/Quote Header/TEE_TYPE"), ["0x81"]);
    let qe = "TD quote/Quote Signature Data/QE Certification Data/QE Report/MRSIGNER";
    assert_eq!(fields.values(qe), [hex(&machine.enclave.mr_signer)]);
    let subjects = fields.values("Certificate/subject");
    assert_eq!(subjects.len(), 3);
    assert!(subjects[0].contains("Intel SGX PCK Certificate") && subjects[2].contains("Intel SGX Root CA"));
    let sgx = |name: &str| fields.values(&format!("Certificate/extensions/SGX Extensions/{name}"));
    assert_eq!(sgx("FMSPC"), ["90c06f000000"]);
    assert_eq!(sgx("PCE-ID"), ["0000"]);
    assert_eq!(sgx("extnID"), ["1.2.840.113741.1.13.1"]);
    assert_eq!((sgx("PPID").len(), sgx("TCB/PCESVN").len(), sgx("TCB/SGX TCB Comp16 SVN").len()), (1, 1, 1));
    // The same of the certificate alone.
    let (alone, _) = Fields::of_bytes(&minted.pck);
    assert_eq!(alone.values("Certificate/extensions/SGX Extensions/FMSPC"), ["90c06f000000"]);
}

#[test]
fn collateral_is_described_by_its_members() {
    let minted = TdxMachine::new().mint().unwrap();
    let (fields, inspected) = Fields::of_bytes(minted.tcb_info.as_bytes());
    assert_eq!(inspected.flaw, None);
    let value = |name: &str| fields.values(&format!("TCB info/tcbInfo/{name}")).join("|");
    assert_eq!((value("id"), value("version")), ("TDX".to_owned(), "3".to_owned()));
    for name in
        ["issueDate", "nextUpdate", "tcbLevels[0]/tcbDate", "tdxModuleIdentities[0]/tcbLevels[0]/tcbDate"]
    {
        assert!(value(name).ends_with('Z'), "{name}: {}", value(name));
    }
    assert_eq!(value("tcbEvaluationDataNumber"), "18");
    assert_eq!(value("tcbLevels[0]/tcbStatus"), "UpToDate");
    for components in ["sgxtcbcomponents", "tdxtcbcomponents"] {
        let levels = value(&format!("tcbLevels[0]/tcb/{components}"));
        let begins = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
        assert_eq!(levels.split(", ").filter(begins).count(), 16, "{levels}");
    }
    assert!(
        fields
            .fields
            .iter()
            .any(|(path, value, _)| { path.ends_with("/advisoryIDs") && value.starts_with("INTEL-SA-") })
    );
    assert_eq!(fields.values("TCB info/signature").first().map(|signature| signature.len()), Some(128));

    let (fields, inspected) = Fields::of_bytes(minted.qe_identity.as_bytes());
    assert_eq!(inspected.flaw, None);
    let value = |name: &str| fields.values(&format!("QE identity/enclaveIdentity/{name}")).join("|");
    assert_eq!((value("id"), value("version")), ("TD_QE".to_owned(), "2".to_owned()));
    assert_eq!(value("isvprodid"), "2");
    assert!(!value("tcbLevels[0]/tcb/isvsvn").is_empty() && !value("tcbLevels[0]/tcbStatus").is_empty());
}

#[test]
fn odd_collateral_hides_nothing() {
    let signature = "00".repeat(64);
    let response = |body: &str| format!("{{\"tcbInfo\":{body},\"signature\":\"{signature}\"}}");
    let with_type = r#"{"svn":3,"category":"BIOS","type":"Early Microcode Update"}"#;
    let body = format!(
        r#"{{"id":"TDX","id":"SGX","later":{{"a":[1,2]}},"tcb":{{"sgxtcbcomponents":[{{"svn":2}},{with_type}],
            "tdxtcbcomponents":[{{"svn":2}},{{"svn":2,"other":1}}]}}}}"#
    );
    let (fields, inspected) = Fields::of_bytes(response(&body).as_bytes());
    let flaw = inspected.flaw.unwrap();
    assert_eq!(flaw.what, "TCB info: member");
    let value = |name: &str| fields.values(&format!("TCB info/tcbInfo/{name}")).join("|");
    assert_eq!(value("id"), "TDX|SGX");
    assert_eq!(value("later/a"), "1, 2");
    assert_eq!(value("tcb/sgxtcbcomponents"), "2, 3 (BIOS, Early Microcode Update)");
    assert_eq!(value("tcb/tdxtcbcomponents[1]/other"), "1");
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let (fields, _) = Fields::of_bytes(response(&format!(r#"{{"deep":{deep}}}"#)).as_bytes());
    assert_eq!(fields.values("TCB info/tcbInfo/text").len(), 1);
}

#[test]
fn shared_quotes_are_described_field_by_field() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("real/tdq");
    let mut count = 0;
    for file in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = file.unwrap().path();
        let (fields, inspected) = Fields::of_bytes(&std::fs::read(&path).unwrap());
        count += 1;
        // Random bytes of a library's tests.
        let random = path.ends_with("tdq-aa2cafadb32b.bin");
        let name = Path::new(path.file_name().unwrap()).display();
        assert_eq!(fields.values("TD quote/TD Quote Body/MRTD").len(), 1, "{name}");
        assert_eq!(fields.values("Certificate/subject").len(), if random { 0 } else { 3 }, "{name}");
        let flaw = inspected.flaw.map(|flaw| flaw.what);
        match flaw {
            None => {}
            Some("TD quote: PCK certificate chain") => assert!(random, "{name}"),
            // One buffer of Intel's has other bytes behind the quote.
            Some(what) => assert_eq!(what, "TD quote: rest of the buffer", "{name}"),
        }
        for value in
            ["FMSPC", "PPID", "PCE-ID", "TCB/PCESVN", "TCB/CPUSVN", "TCB/SGX TCB Comp01 SVN", "SGX Type"]
        {
            let found = fields.values(&format!("Certificate/extensions/SGX Extensions/{value}"));
            assert_eq!(found.len(), usize::from(!random), "{name}: {value}");
        }
    }
    assert_eq!(count, 17);
}

#[test]
fn shared_collateral_is_described_by_its_members() {
    let Some(yaml) = need("azure/fb-az-collateral-1764662251.yaml") else { return };
    let json = from_yaml(std::str::from_utf8(&yaml).unwrap()).to_string();
    let sniffed = sniff(json.as_bytes(), None).unwrap();
    assert_eq!(sniffed.parts.iter().filter(|part| part.kind() == InputKind::TcbInfo).count(), 1);
    let (fields, inspected) = Fields::of(&sniffed);
    assert_eq!(inspected.flaw, None);
    assert_eq!(fields.values("TCB info/tcbInfo/fmspc"), ["90C06F000000"]);
    assert_eq!(fields.values("TCB info/tcbInfo/nextUpdate").len(), 1);
    let statuses = (0..4).map(|at| fields.values(&format!("TCB info/tcbInfo/tcbLevels[{at}]/tcbStatus")));
    assert_eq!(statuses.collect::<Vec<_>>().concat(), ["UpToDate", "OutOfDate", "OutOfDate"]);
    let first = fields.values("TCB info/tcbInfo/tcbLevels[0]/tcb/tdxtcbcomponents").concat();
    assert!(first.starts_with("5 (OS/VMM, TDX Module), 0 (OS/VMM, TDX Module), 3 (OS/VMM"), "{first}");
    assert_eq!(fields.values("QE identity/enclaveIdentity/id"), ["TD_QE"]);
}
