//! tpm2-tools as a client: an independent stack, which authorizes with HMAC sessions.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Running, Settings};

use crate::machine::Report;
use crate::raw::{AK_CERTIFICATE, Client, REPORT, start};

/// A folder for the files of one test, and the TPM of its programs.
pub(crate) struct Tools {
    folder: PathBuf,
    tcti: String,
}

impl Tools {
    pub(crate) fn of(running: &Running) -> Self {
        let name = format!("twin-tools-{}-{}", std::process::id(), running.listens_on().port());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder, tcti: running.tcti() }
    }

    /// Runs a program of tpm2-tools in the folder: standard output, or standard error of a failure.
    pub(crate) fn run(&self, line: &str) -> Result<String, String> {
        let mut words = line.split_whitespace();
        let program = words.next().unwrap();
        let done = Command::new(program)
            .args(words)
            .current_dir(&self.folder)
            .env("TPM2TOOLS_TCTI", &self.tcti)
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; on Debian: apt-get install tpm2-tools"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
    }

    pub(crate) fn ok(&self, line: &str) -> String {
        self.run(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.join(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap()
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn both_indexes_at_every_size() {
    for (generation, size) in [(Generation::LegacyGenoa, 2600), (Generation::OpenVmm, 2900)] {
        let settings = Settings { generation: Some(generation), ..Settings::default() };
        let running = start(settings);
        let tools = Tools::of(&running);
        let public = tools.ok("tpm2_nvreadpublic 0x01400001");
        assert!(public.contains(&format!("size: {size}")), "{public}");
        assert!(public.contains("authwrite|ownerread|authread|no_da|written|platformcreate"), "{public}");
        tools.ok("tpm2_nvread -C o 0x01400001 -o report");
        let report = Report::parse(tools.read("report"));
        assert!(report.is_bound());
        assert_eq!(report.bytes.len(), size);

        tools.ok("tpm2_nvread -C o 0x01C101D0 -o certificate");
        let expected = Client::of(&running).nv_read_all(AK_CERTIFICATE);
        assert_eq!(tools.read("certificate"), expected);
        tools.ok("tpm2_nvread -C o -s 700 --offset 1900 0x01C101D0 -o part");
        assert_eq!(tools.read("part"), expected[1900..2600]);
    }
}

#[test]
fn input_is_defined_written_and_reported() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.write("input", &[0xd4; 64]);
    tools.ok("tpm2_nvdefine 0x01400002 -C o -s 64 -a ownerread|ownerwrite");
    tools.ok("tpm2_nvwrite 0x01400002 -C o -i input");
    tools.ok("tpm2_nvread -C o 0x01400001 -o report");
    let report = Report::parse(tools.read("report"));
    assert_eq!(report.user_data().to_ascii_lowercase(), "d4".repeat(64));
    assert!(report.is_bound());
    assert_eq!(Client::of(&running).nv_read(REPORT, 0, 4), Ok(b"HCLA".to_vec()));
}

#[test]
fn a_quote_is_made_and_checked() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    let registers = tools.ok("tpm2_pcrread sha256:0,7,23");
    let separator = "23: 0x0000000000000000000000000000000000000000000000000000000000000000";
    assert!(registers.contains(separator), "{registers}");
    tools.ok("tpm2_readpublic -c 0x81000003 -f pem -o ak.pem");
    tools.ok(
        "tpm2_quote -c 0x81000003 -l sha256:0,1,2,3,4,5,6,7 -q 7ee7 -m message -s signature -o pcrs -g sha256",
    );
    let check = "tpm2_checkquote -u ak.pem -m message -s signature -f pcrs -g sha256 -q";
    tools.ok(&format!("{check} 7ee7"));
    assert!(tools.run(&format!("{check} 7ee8")).is_err());
}

#[test]
fn what_a_guest_may_not_do() {
    let running = start(Settings::default());
    let tools = Tools::of(&running);
    tools.write("forged", b"HCLA");
    assert!(tools.run("tpm2_nvwrite 0x01400001 -C o -i forged").is_err());
    assert!(tools.run("tpm2_nvundefine 0x01400001 -C o").is_err());
    assert!(tools.run("tpm2_nvread -C p 0x01400001").is_err());
    assert!(tools.run("tpm2_nvread -C o -s 1024 --offset 2000 0x01400001").is_err());
}
