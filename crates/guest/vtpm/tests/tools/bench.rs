//! A TPM at which our code and other people's programs sit by turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use teeproof_twin::swtpm::Swtpm;
use teeproof_vtpm::{Address, Tpm, handles};

use crate::program::Programs;

/// A software TPM, the way to it, and a folder for files.
pub(crate) struct Bench {
    swtpm: Swtpm,
    transport: &'static str,
    tcti: String,
    folder: PathBuf,
}

impl Bench {
    /// `transport` goes before the TPM's address: `tss:` or nothing.
    pub(crate) fn set_up(transport: &'static str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let swtpm = Swtpm::start_tcp().unwrap();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let tcti = swtpm.tcti();
        Self { swtpm, transport, tcti, folder }
    }

    /// Our code's turn. Whatever it leaves open is closed afterwards.
    pub(crate) fn ours<T>(&self, turn: impl FnOnce(&mut dyn Tpm) -> T) -> T {
        let address = format!("{}{}", self.transport, self.swtpm.address());
        let mut tpm = teeproof_vtpm::open(&address.parse::<Address>().unwrap()).unwrap();
        turn(tpm.as_mut())
    }

    /// The turn of a program that has to succeed.
    pub(crate) fn theirs(&self, line: &str) -> String {
        let (name, arguments) = words(line);
        self.programs().run(name, &arguments)
    }

    /// The turn of a program that has to fail.
    pub(crate) fn theirs_fails(&self, line: &str) -> String {
        let (name, arguments) = words(line);
        self.programs().refuse(name, &arguments)
    }

    fn programs(&self) -> Programs<'_> {
        Programs { tcti: &self.tcti, folder: &self.folder }
    }

    pub(crate) fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.folder.join(file), bytes).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.folder.join(file)).unwrap()
    }

    /// An attestation key as Azure's paravisor makes it, made by tpm2-tools, with its public half in
    /// `ak.pem`.
    pub(crate) fn attestation_key(&self) {
        self.theirs(
            "tpm2_createprimary -C e -G rsa2048:rsassa-sha256:null -g sha256 -c ak.ctx \
             -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda",
        );
        self.theirs(&format!("tpm2_evictcontrol -C o -c ak.ctx {:#x}", handles::AK));
        self.theirs("tpm2_flushcontext -t");
        self.theirs(&format!("tpm2_readpublic -c {:#x} -f pem -o ak.pem", handles::AK));
    }

    /// Writes the public half of a key that our code got from the TPM into a PEM file.
    pub(crate) fn pem(&self, public: &[u8], file: &str) {
        // TPM2B_PUBLIC: a size before it.
        let size = u16::try_from(public.len()).unwrap().to_be_bytes();
        self.write("public.tss", &[&size[..], public].concat());
        let printed = self.theirs("tpm2_print -t TPM2B_PUBLIC -f pem public.tss");
        let begin = printed.find("-----BEGIN").expect("a key in PEM");
        self.write(file, &printed.as_bytes()[begin..]);
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A line as a person types it; no argument here has a space.
fn words(line: &str) -> (&str, Vec<&str>) {
    let mut words = line.split_whitespace();
    (words.next().unwrap(), words.collect())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value after `key` in what a program printed.
pub(crate) fn after<'a>(printed: &'a str, key: &str) -> &'a str {
    let rest = &printed[printed.find(key).unwrap_or_else(|| panic!("no {key} in {printed}")) + key.len()..];
    rest.split_whitespace().next().unwrap()
}

/// A number as tpm2-tools print it.
pub(crate) fn number(text: &str) -> u32 {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}
