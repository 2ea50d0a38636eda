//! Secrets for one machine, in one state.

use teeproof_twin::paravisor::{Settings, TpmProfile};

use super::machine::{Machine, NONCE};
use super::support::{Run, teeproof};

pub(super) struct Sealed {
    pub(super) machine: Machine,
}

impl Sealed {
    /// A machine with evidence, a key, and a secret of so many bytes.
    pub(super) fn start(test: &str, bytes: usize) -> Self {
        Self::on(Machine::start(test), bytes)
    }

    fn on(machine: Machine, bytes: usize) -> Self {
        let secret: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 253).unwrap()).collect();
        std::fs::write(machine.path("secret"), secret).unwrap();
        let this = Self { machine };
        this.key("key.json", &["--nonce", NONCE]);
        this.machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
        this
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.machine.name(name)
    }

    fn key(&self, name: &str, more: &[&str]) {
        self.machine.run(&["seal", "key"]).args(more).args(["-o", &self.path(name)]).exits(0);
    }

    /// `seal encrypt`, elsewhere.
    pub(super) fn encrypt(&self, key: &str, more: &[&str]) -> Run {
        let (evidence, secret, root) = (self.path("ev.bundle"), self.path("secret"), self.path("root.der"));
        let verified = ["--nonce", NONCE, "--policy", "builtin:genuine", "--anchor", &root];
        teeproof(["seal", "encrypt", &evidence, "--secret", &secret, "--key", &self.path(key)])
            .args(verified)
            .args(more)
            .args(["-o", &self.path("sealed")])
    }

    pub(super) fn decrypt(&self) -> Run {
        self.machine.run(&["seal", "decrypt", &self.path("sealed"), "-o", &self.path("opened")])
    }

    #[track_caller]
    fn comes_back(&self) {
        self.decrypt().exits(0);
        assert_eq!(std::fs::read(self.path("opened")).unwrap(), std::fs::read(self.path("secret")).unwrap());
    }
}

#[test]
fn a_secret_comes_back_under_every_padding() {
    let sealed = Sealed::start("seal-paddings", 1000);
    for padding in ["rsaes", "oaep-sha1", "oaep-sha256", "oaep-sha384"] {
        sealed.encrypt("key.json", &["--padding", padding]).exits(0);
        sealed.comes_back();
    }
}

/// Other TPMs have it, the paravisor's does not.
#[test]
fn a_secret_under_sha512_comes_back_where_the_tpm_has_it() {
    let sealed = |settings: &Settings| {
        let sealed = Sealed::on(Machine::with("seal-sha512", settings), 1000);
        sealed.encrypt("key.json", &["--padding", "oaep-sha512"]).exits(0);
        sealed
    };
    sealed(&Settings { tpm: TpmProfile::Swtpm, ..Settings::default() }).comes_back();
    sealed(&Settings::default()).decrypt().fails(9, &["TPM_RC_HASH", "use SHA-256"]);
}

/// A key and a sealed file are named and described, and no evidence.
#[test]
fn a_key_and_a_sealed_file_are_described() {
    let sealed = Sealed::start("seal-described", 1000);
    for (padding, shown) in [("rsaes", "RSAES"), ("oaep-sha256", "OAEP, SHA-256")] {
        sealed.encrypt("key.json", &["--padding", padding]).exits(0);
        let ran = teeproof(["inspect", &sealed.path("sealed")]).exits(0);
        ran.shows(&[
            "sealed-file (raw), not checked",
            "TPSEALED",
            shown,
            "0 1 2 3 4 7 8 9",
            "wrapped key",
            "nameAlg",
        ]);
    }
    teeproof(["inspect", &sealed.path("key.json")]).exits(0).shows(&[
        "sealing-key (JSON), not checked",
        "TPMT_PUBLIC",
        "TPM_ST_ATTEST_CERTIFY",
        "TPMT_SIGNATURE",
    ]);
    for (file, kind) in [("sealed", "a sealed file"), ("key.json", "the public area of a TPM key")] {
        let file = sealed.path(file);
        teeproof(["verify", "--no-nonce", &file]).fails(2, &[&format!("{kind} is not evidence")]);
    }
}

#[test]
fn a_secret_of_any_length_comes_back() {
    for (test, bytes) in [("seal-0", 0), ("seal-65536", 65_536), ("seal-large", 20_000_000)] {
        let sealed = Sealed::start(test, bytes);
        sealed.encrypt("key.json", &[]).exits(0);
        sealed.comes_back();
    }
}

#[test]
fn after_a_register_was_extended_it_does_not_open_and_says_why() {
    let sealed = Sealed::start("seal-extended", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    // A register that does not guard the key changes nothing.
    let digest = format!("hex:{}", "22".repeat(32));
    sealed.machine.run(&["vtpm", "pcr", "extend", "sha256:14", &digest]).exits(0);
    sealed.comes_back();
    std::fs::remove_file(sealed.path("opened")).unwrap();
    sealed.machine.run(&["vtpm", "pcr", "extend", "sha256:4", &digest]).exits(0);
    sealed.decrypt().fails(5, &["the PCRs have changed since the key was made"]);
    assert_eq!(std::fs::read(sealed.path("opened")).unwrap_or_default(), b"");
}

#[test]
fn another_machine_does_not_open_it() {
    let sealed = Sealed::start("seal-other", 10);
    sealed.encrypt("key.json", &[]).exits(0);
    let other = Machine::start("seal-other-machine");
    let run = other.run(&["seal", "decrypt", &sealed.path("sealed"), "-o", &sealed.path("opened")]);
    run.fails(5, &["does not make the key"]);
}

#[test]
fn a_key_that_is_not_this_machines_gets_no_secret() {
    let sealed = Sealed::start("seal-forged", 10);
    // Of another machine, certified by that one's attestation key.
    let other = Sealed::start("seal-forged-other", 10);
    std::fs::copy(other.path("key.json"), sealed.path("other.json")).unwrap();
    sealed.encrypt("other.json", &[]).fails(4, &["key.signature: "]);
    // For another question.
    sealed.key("old.json", &["--nonce", "utf8:an older nonce"]);
    sealed.encrypt("old.json", &[]).fails(5, &["key.nonce: "]);
    sealed.encrypt("old.json", &["--key-nonce", "utf8:an older nonce"]).exits(0);
    sealed.comes_back();
    // Another public area than the certified one.
    let key = std::fs::read_to_string(sealed.path("key.json")).unwrap();
    let swapped = std::fs::read_to_string(other.path("key.json")).unwrap();
    let member = |text: &str| text.lines().find(|line| line.contains("\"public\"")).unwrap().to_owned();
    std::fs::write(sealed.path("swapped.json"), key.replace(&member(&key), &member(&swapped))).unwrap();
    sealed
        .encrypt("swapped.json", &[])
        .fails(5, &["key.name: ", "the certified Name is not that of the public area"]);
    assert!(!std::path::Path::new(&sealed.path("sealed.part")).exists());
}

#[test]
fn a_key_for_registers_that_were_changed_since_gets_no_secret() {
    let sealed = Sealed::start("seal-moved", 10);
    let digest = format!("hex:{}", "33".repeat(32));
    sealed.machine.run(&["vtpm", "pcr", "extend", "sha256:7", &digest]).exits(0);
    sealed.machine.collect("ev.bundle", &["--nonce", NONCE]).exits(0);
    sealed.encrypt("key.json", &[]).fails(5, &["key.policy: "]);
}

#[test]
fn a_key_that_other_registers_guard_gets_no_secret_unless_they_were_named() {
    let sealed = Sealed::start("seal-registers", 10);
    sealed.key("one.json", &["--nonce", NONCE, "--pcrs", "sha256:16"]);
    sealed.encrypt("one.json", &[]).fails(6, &["got sha256:16"]);
    sealed.encrypt("one.json", &["--pcrs", "sha256:16"]).exits(0);
    sealed.comes_back();
}

#[test]
fn evidence_that_is_not_accepted_gets_no_secret() {
    let sealed = Sealed::start("seal-refused", 10);
    let (evidence, secret) = (sealed.path("ev.bundle"), sealed.path("secret"));
    let encrypt = |more: &[&str]| {
        teeproof(["seal", "encrypt", &evidence, "--secret", &secret, "--key", &sealed.path("key.json")])
            .args(more)
            .args(["-o", &sealed.path("sealed")])
    };
    encrypt(&["--nonce", NONCE, "--policy", "builtin:genuine"]).exits(4);
    let root = sealed.path("root.der");
    encrypt(&["--nonce", NONCE, "--anchor", &root]).exits(10);
    encrypt(&["--nonce", "utf8:another", "--policy", "builtin:genuine", "--anchor", &root]).exits(5);
    assert!(!std::path::Path::new(&sealed.path("sealed")).exists());
}

#[test]
fn unverified_says_so() {
    let sealed = Sealed::start("seal-unverified", 10);
    let run = teeproof(["seal", "encrypt-unverified", "--secret", &sealed.path("secret")]);
    let ran = run.args(["--key", &sealed.path("key.json"), "-o", &sealed.path("sealed")]).exits(0);
    assert!(ran.stderr.contains("nothing is verified"), "{ran:#?}");
    sealed.comes_back();
}

#[test]
fn an_envelope_that_was_changed_is_refused() {
    let sealed = Sealed::start("seal-changed", 100_000);
    sealed.encrypt("key.json", &[]).exits(0);
    let whole = std::fs::read(sealed.path("sealed")).unwrap();
    let mut last = whole.clone();
    *last.last_mut().unwrap() ^= 1;
    let cut = whole[..whole.len() - 40_000].to_vec();
    for (what, forged, exit) in
        [("a bit of the end", last, 4), ("cut off", cut, 4), ("no envelope", b"TPSEALEX".to_vec(), 3)]
    {
        std::fs::write(sealed.path("sealed"), forged).unwrap();
        let ran = sealed.decrypt().exits(exit);
        assert!(ran.stderr.contains("hint: "), "{what}: {ran:#?}");
        assert_eq!(std::fs::read(sealed.path("opened")).unwrap_or_default(), b"", "{what}");
    }
}
