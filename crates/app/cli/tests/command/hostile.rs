//! Foreign text that would steer a terminal, in everything that can hold text: no verb lets it out raw, in a
//! pipe or on a terminal, to people or to programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use teeproof_mint::azure::{Event, EventLog, Vm};
use teeproof_mint::nitro::{Enclave, Identity};
use teeproof_mint::snp::{Machine as Host, Product};

use crate::clean::{HOSTILE, clean, without_colours};
use crate::machine::{AT, CHALLENGE, Machine, genoa, nonce, put};
use crate::support::*;

const JSON: [&str; 2] = ["--format", "json"];

/// A command line and its environment, to be run more than once.
#[derive(Clone, Default)]
pub(crate) struct Call {
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, String)>,
}

impl Call {
    fn of<S: Into<OsString>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self { arguments: arguments.into_iter().map(Into::into).collect(), environment: Vec::new() }
    }

    pub(crate) fn and<S: Into<OsString>>(mut self, more: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(more.into_iter().map(Into::into));
        self
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_string()));
        self
    }

    fn run(&self, more: &[&str]) -> Run {
        let run = teeproof(&self.arguments).args(more);
        self.environment.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    /// Runs it in a pipe and on a terminal, for people and for programs; nothing comes out raw.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        for more in [&[][..], &["-v"], &["-q"], &JSON] {
            let ran = self.run(more).run();
            clean(&ran.stdout);
            clean(&ran.stderr);
            assert!(ran.exit != 1 && ran.exit < 12, "{ran:#?}");
            if more == JSON && ran.stdout.starts_with('{') {
                Members::check(&ran.stdout);
            }
            let (exit, received) = self.run(more).on_terminal();
            let received = String::from_utf8(received).unwrap().replace("\r\n", "\n");
            clean(&without_colours(&received));
            assert!(
                exit == Some(ran.exit) || received.contains("standard output is a terminal"),
                "{received}"
            );
        }
        // A person who pipes colours into a pager gets ours alone.
        let ran = self.run(&["--color", "always"]).run();
        clean(&without_colours(&ran.stdout));
        clean(&without_colours(&ran.stderr));
    }
}

/// JSON read for its names: no object has one twice.
struct Members;

impl Members {
    #[track_caller]
    fn check(text: &str) {
        let mut reader = serde_json::Deserializer::from_str(text);
        let once = serde::de::DeserializeSeed::deserialize(Self, &mut reader);
        once.unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Members {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = std::collections::BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("{name:?} twice")));
            }
            members.next_value_seed(Self)?;
        }
        Ok(())
    }
}

/// A file whose name is hostile too.
pub(crate) fn hostile(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    put(folder, &format!("{HOSTILE}{name}"), content)
}

/// A machine in whose claims, certificates and log every text is hostile; its evidence is accepted.
fn machine() -> Vm {
    let log = EventLog::booted_securely()
        .with(Event::ipl(8, HOSTILE, HOSTILE.as_bytes()))
        .with(Event::action(4, HOSTILE))
        .with(Event::driver_config(HOSTILE, HOSTILE.as_bytes()))
        .with(Event::boot_application(HOSTILE, HOSTILE.as_bytes()));
    genoa()
        .log(log)
        .with_claims(|claims| {
            claims.others.push(HOSTILE, HOSTILE);
            claims.others.push("guest-svn", HOSTILE);
            claims.configuration.push(HOSTILE, HOSTILE);
            claims.configuration.push("guest-svn", HOSTILE);
            claims.configuration.push("hardware-sealing-policy", HOSTILE);
            claims.keys[0].push(HOSTILE, HOSTILE);
            let mut other = claims.keys[0].clone();
            other.set("kid", HOSTILE);
            claims.keys.push(other);
        })
        .with_ak_chain(|chain| {
            let name = format!("{HOSTILE}.ConfidentialVM.Azure.windows.net");
            chain.leaf.certificate.subject.set_common_name(&name);
            for (at, link) in chain.intermediates.iter_mut().enumerate() {
                link.certificate.subject.set_common_name(&format!("{HOSTILE}{at}"));
            }
        })
}

/// The machine's files under hostile names, and the arguments for its anchors and its nonce.
struct Files {
    folder: PathBuf,
    all: Vec<PathBuf>,
    more: Vec<OsString>,
    machine: Machine,
}

impl Files {
    fn new(test: &str) -> Self {
        let machine = Machine::new(test, &machine());
        let folder = machine.folder.clone();
        let rename = |path: PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let to = folder.join(format!("{HOSTILE}{name}"));
            std::fs::rename(&path, &to).unwrap();
            to
        };
        let all = machine.files().into_iter().map(rename).collect();
        let mut more: Vec<OsString> = AT.map(Into::into).into();
        for anchor in machine.anchors() {
            more.push(if anchor == "--anchor" { anchor } else { rename(anchor.into()).into() });
        }
        Self { folder, all, more, machine }
    }

    fn bundle(&self) -> PathBuf {
        let path = self.folder.join(format!("{HOSTILE}machine.bundle"));
        teeproof(["bundle", "create"]).args(&self.all).args(["-o"]).args([&path]).exits(0);
        path
    }
}

pub(crate) fn call<P: AsRef<Path>>(verb: &[&str], files: &[P], more: &[OsString]) -> Call {
    Call::of(verb).and(files.iter().map(|file| file.as_ref())).and(more)
}

#[test]
fn evidence_of_azure_comes_out_of_no_verb_raw() {
    let files = Files::new("hostile-azure");
    let policy = hostile(
        &files.folder,
        "policy.toml",
        "version = 1\nname = \"\\u001B[2J\\u000AFORGED\\u202E\\u061C\"\n[azure-snp]\nvmpl = { waived = \"\\u001B[45m\\u000AFORGED\\u2028\" }\nunlisted = { waived = \"\\u009B2J\" }\n",
    );
    let given = nonce(&CHALLENGE).map(OsString::from);
    let genuine = GENUINE.map(OsString::from);
    let mine = ["--policy".into(), policy.clone().into_os_string()];
    let with = |more: &[&[OsString]]| [&[&files.more[..]], more].concat().concat();
    for policy in [&genuine[..], &mine, &[]] {
        call(&["verify"], &files.all, &with(&[&given, policy])).is_clean();
    }
    let accepted = call(&["verify", "-v"], &files.all, &with(&[&given, &genuine])).run(&[]).exits(0);
    accepted.shows(&["\\u{1b}[2J\\u{1b}[45m\\u{a}FORGED", "Members that this version does not interpret"]);
    let json = call(&["verify"], &files.all, &with(&[&given, &genuine])).run(&JSON).exits(0);
    assert_eq!(json.json()["unknown_claims"]["claims"][HOSTILE], serde_json::to_string(HOSTILE).unwrap());
    assert_eq!(json.json()["claims"]["guest_svn"], 10);
    for file in &files.all {
        call(&["inspect"], &[&file], &[]).is_clean();
    }
    let bundle = [files.bundle()];
    call(&["inspect"], &bundle, &[]).is_clean();
    call(&["bundle", "show"], &bundle, &[]).is_clean();
    call(&["bundle", "export", "--json"], &bundle, &[]).is_clean();
    call(&["bundle", "redact", "--json"], &bundle, &[]).is_clean();
    call(&["bundle", "create", "--json"], &files.all, &[]).is_clean();
    let parts = |name: &str| {
        let folder = files.folder.join(format!("{HOSTILE}{name}"));
        call(&["bundle", "export", "--dir"], &[folder], &[]).and(&bundle).run(&[])
    };
    clean(&parts("piped").exits(0).stdout);
    let (exit, received) = parts("terminal").on_terminal();
    assert_eq!(exit, Some(0));
    clean(&String::from_utf8(received).unwrap().replace("\r\n", "\n"));
    call(&["verify", "--each"], &bundle, &with(&[&given, &genuine])).is_clean();
    call(&["verify", "--each"], &bundle, &with(&[&given, &mine]))
        .and([hostile(&files.folder, "none", "")])
        .is_clean();
    call(&["policy", "test"], &[policy.clone(), bundle[0].clone()], &with(&[])).is_clean();
    call(&["policy", "test"], &[policy.clone(), bundle[0].clone(), files.folder.join(HOSTILE)], &with(&[]))
        .is_clean();
    call(&["policy", "suggest", "--name", HOSTILE], &bundle, &with(&[])).is_clean();
    // What is written is TOML that says the same.
    let proposed =
        call(&["policy", "suggest", "--name", HOSTILE], &bundle, &with(&[])).run(&[]).exits(0).stdout;
    let proposed = put(&files.folder, "proposed.toml", proposed);
    let json =
        call(&["policy", "test"], &[proposed, bundle[0].clone()], &with(&[])).run(&JSON).exits(0).json();
    assert_eq!(json["policy"], HOSTILE);
    call(&["policy", "suggest"], &[bundle[0].clone(), files.folder.join(HOSTILE)], &with(&[])).is_clean();
    call(&["policy", "check"], &[policy], &[]).is_clean();
    // What the machine signed, spoilt: every error that quotes it.
    let mut report = files.machine.minted.hcl_report.clone();
    let at = position(&report, b"FORGED");
    report[at] ^= 1;
    let spoilt = hostile(&files.folder, "spoilt.bin", report);
    call(&["verify"], &[&spoilt], &with(&[&given, &genuine])).and(&files.all[1..]).is_clean();
    call(&["inspect"], &[spoilt], &[]).is_clean();
    let evidence = files.machine.minted.coco_json(1).unwrap();
    let name = serde_json::to_string(HOSTILE).unwrap();
    let unknown = evidence.replacen('{', &format!("{{{name}:{name},"), 1);
    for (at, text) in
        [evidence, unknown, format!("{{{name}:{name}}}"), HOSTILE.to_string()].iter().enumerate()
    {
        let file = hostile(&files.folder, &format!("{at}.json"), text);
        call(&["verify"], &[&file], &with(&[&given, &genuine])).is_clean();
        call(&["inspect"], &[file], &[]).is_clean();
    }
}

#[test]
fn evidence_of_other_technologies_comes_out_raw_of_no_verb() {
    let folder = folder("hostile-others");
    let identity =
        Identity { instance: HOSTILE.to_string(), region: HOSTILE.to_string(), ..Identity::default() };
    let enclaves = [
        Enclave::new().user_data(HOSTILE.as_bytes()).public_key(HOSTILE.as_bytes()),
        Enclave::with_identity(&identity, teeproof_mint::DEFAULT_TIME),
        Enclave::new().with_entry("module_id", HOSTILE),
        Enclave::new().with_entry("digest", HOSTILE),
        Enclave::new().with_entry(HOSTILE, HOSTILE),
        Enclave::new().with_chain(|chain| {
            chain.iter_mut().for_each(|link| link.certificate.subject.set_common_name(HOSTILE))
        }),
    ];
    let more: Vec<OsString> =
        [&AT[..], &GENUINE, &["--no-nonce"]].concat().into_iter().map(Into::into).collect();
    for (at, enclave) in enclaves.iter().enumerate() {
        let minted = enclave.mint().unwrap();
        let document = hostile(&folder, &format!("{at}.cose"), &minted.document);
        let root = hostile(&folder, &format!("{at}.der"), minted.root());
        for verb in [&["verify"][..], &["verify", "--each"]] {
            call(verb, &[&document], &more).and(["--anchor"]).and([&root]).is_clean();
        }
        call(&["inspect"], &[&document], &[]).is_clean();
        call(&["inspect"], &[&root], &[]).is_clean();
        let suggest = call(&["policy", "suggest"], &[document], &AT.map(Into::into));
        suggest.and(["--anchor"]).and([&root]).is_clean();
    }
    let minted = Host::vcek(Product::Genoa)
        .with_intermediate(|link| link.certificate.subject.set_common_name(HOSTILE))
        .mint()
        .unwrap();
    let [report, vek, intermediate, ark] = [
        ("report.bin", &minted.report),
        ("vek.der", &minted.vek),
        ("intermediate.der", &minted.intermediate),
        ("ark.der", &minted.ark),
    ]
    .map(|(name, bytes)| hostile(&folder, name, bytes));
    let all = [report.clone(), vek.clone(), intermediate];
    call(&["verify"], &all, &more).and(["--anchor"]).and([&ark]).is_clean();
    call(&["verify"], &all, &more).is_clean();
    call(&["verify"], &[report], &more).and(["--endorsements"]).and([folder.join(HOSTILE)]).is_clean();
    call(&["inspect"], &all[2..], &[]).is_clean();
    // The certificates as Azure's metadata service gives them, with what else it could say.
    let pem = |der: &[u8]| pem("CERTIFICATE", der);
    let (vek, chain) = (pem(&minted.vek), pem(&minted.intermediate) + &pem(&minted.ark));
    for (at, thim) in [
        serde_json::json!({ "vcekCert": vek, "certificateChain": chain, "tcbm": HOSTILE, "cacheControl": HOSTILE, HOSTILE: HOSTILE }),
        serde_json::json!({ "vcekCert": HOSTILE, "certificateChain": HOSTILE, "tcbm": HOSTILE }),
    ]
    .iter()
    .enumerate()
    {
        let thim = hostile(&folder, &format!("thim-{at}.json"), thim.to_string());
        call(&["verify"], &all[..1], &more).and([&thim]).is_clean();
        call(&["inspect"], &[thim], &[]).is_clean();
    }
}

#[test]
fn policies_settings_and_bundles_come_out_raw_of_no_verb() {
    let folder = folder("hostile-files");
    let quoted = "\"\\u001B[2J\\u000AFORGED\\u202E\\u061C\\u009B\\U000E0041\"";
    for (at, text) in [
        format!("version = 1\n[snp]\n{quoted} = 1\n"),
        format!("version = 1\n{quoted} = {{ a = 1 }}\n"),
        format!("version = {quoted}\n"),
        format!(
            "version = 1\n[nitro]\nmodule-id = {{ exactly = {quoted} }}\nunlisted = {{ waived = {quoted} }}\n"
        ),
        format!("version = 1\n[nitro]\nmodule-id = {{ {quoted} = 1 }}\n"),
        format!("version = 1\nname = {quoted}\n[azure-snp]\norigin = {{ exactly = {quoted} }}\n"),
        format!(
            "version = 1\n[azure-snp]\nunlisted = {{ waived = \"w\" }}\nevent-log = {{ explained-except = {{ 9 = {quoted} }} }}\n"
        ),
        format!(
            "version = 1\n[azure-snp]\nproduct = {{ exactly = {quoted} }}\nlaunch-tcb = {{ at-least = {{ milan = {{}}, {quoted} = {{}} }} }}\nevent-log = {{ explained-except = {{ {quoted} = {quoted} }} }}\n"
        ),
        HOSTILE.to_string(),
        format!("# {HOSTILE}\nversion = 1\n\u{202e}[snp]\n"),
    ]
    .iter()
    .enumerate()
    {
        let policy = hostile(&folder, &format!("{at}.toml"), text);
        call(&["policy", "check"], &[&policy], &[]).is_clean();
        let more = ["--no-nonce", "--at", "document", "--policy"].map(OsString::from);
        call(&["verify"], &[data(PRODUCTION)], &more).and([policy]).is_clean();
    }
    for (at, text) in [
        format!("{quoted} = 1\n"),
        format!("format = {quoted}\n"),
        format!("policy = {quoted}\n"),
        "policy = \"builtin:\\u001B[2J\"\n".to_string(),
        "output = \"/nowhere/\\u001B[2J\\u000AFORGED\"\n".to_string(),
        HOSTILE.to_string(),
    ]
    .iter()
    .enumerate()
    {
        let config = hostile(&folder, &format!("config-{at}.toml"), text);
        let more = ["--no-nonce", "--at", "document", "--config"].map(OsString::from);
        call(&["verify"], &[data(PRODUCTION)], &more).and([config]).is_clean();
    }
    let json = teeproof(["bundle", "create", "--json"])
        .file(REPORT)
        .args(["--endorsements"])
        .file(VCEK)
        .exits(0)
        .stdout;
    let name = serde_json::to_string(HOSTILE).unwrap();
    let first = json.split('"').nth(1).unwrap();
    for (at, text) in [
        json.replacen('{', &format!("{{{name}:[{name},\"AAAA\",4],"), 1),
        json.replacen(&format!("\"{first}\""), &name, 1),
        json.replace("application/", &format!("application/{}", name.trim_matches('"'))),
        json.replace("certificate-0", name.trim_matches('"')),
    ]
    .iter()
    .enumerate()
    {
        let bundle = hostile(&folder, &format!("{at}.bundle"), text);
        for verb in [
            &["inspect"][..],
            &["bundle", "show"],
            &["verify", "--no-nonce"],
            &["bundle", "redact", "--json"],
        ] {
            call(verb, &[&bundle], &[]).is_clean();
        }
    }
}

#[test]
fn arguments_and_settings_come_out_raw_of_no_verb() {
    let folder = folder("hostile-arguments");
    let (device, missing) = (format!("device:/dev/{HOSTILE}"), folder.join(HOSTILE));
    let flag = format!("--{HOSTILE}");
    let registers = format!("sha256:{HOSTILE}");
    let key = hostile(&folder, "key.json", serde_json::json!({ "schema": HOSTILE, HOSTILE: 1 }).to_string());
    let key = key.to_str().unwrap();
    let secret = hostile(&folder, "secret", "a secret");
    let secret = secret.to_str().unwrap();
    let missing = missing.to_str().unwrap();
    for arguments in [
        &[HOSTILE][..],
        &[&flag],
        &["verify", &flag],
        &["verify", "x", HOSTILE, &flag],
        &["verify", missing, "--no-nonce"],
        &["verify", "x", "--nonce", HOSTILE],
        &["verify", "x", "--no-nonce", "--at", HOSTILE],
        &["verify", "x", "--no-nonce", "--policy", HOSTILE],
        &["verify", "x", "--no-nonce", "--policy", "builtin:\u{1b}[2J"],
        &["verify", "x", "--no-nonce", "--accept", HOSTILE],
        &["verify", "x", "--no-nonce", "--as", HOSTILE],
        &["verify", "x", "--no-nonce", "--skew", HOSTILE],
        &["verify", "x", "--no-nonce", "--anchor", missing],
        &["verify", "--each", missing, missing, "--no-nonce"],
        &["verify", "x", "--format", HOSTILE],
        &["inspect", missing],
        &["inspect", missing, HOSTILE],
        &["explain", HOSTILE],
        &["explain", "7", "-o", "/nowhere/\u{1b}[2J\nFORGED\u{202e}"],
        &["explain", "0x\u{1b}[2J"],
        &["explain", "TPM_RC_\u{1b}[2J"],
        &["policy", "check", missing],
        &["policy", HOSTILE],
        &["policy", "suggest", missing, "--name", HOSTILE],
        &["bundle", "show", missing],
        &["bundle", "create", missing],
        &["bundle", "redact", missing, "--salt", HOSTILE],
        &["doctor", "--offline", "--tpm", &device, "--event-log", missing],
        &["doctor", "--tpm", &device, "--event-log", missing, "--imds", HOSTILE],
        &["collect", "azure", "--no-nonce", "--tpm", &device],
        &["collect", "azure", "--no-nonce", "--tpm", HOSTILE],
        &["collect", "azure", "--no-nonce", "--explain", "--event-log", missing, "--imds", HOSTILE],
        &["collect", "azure", "--no-nonce", "--pcrs", &registers],
        &["vtpm", "report", "--boot", "--tpm", &device],
        &["vtpm", "report", "--user-data", HOSTILE],
        &["vtpm", "quote", "--no-nonce", "-m", missing, "-s", missing, "--tpm", &device],
        &["vtpm", "pcr", "read", &registers],
        &["vtpm", "pcr", "read", "--tpm", &device],
        &["vtpm", "nv", "read", HOSTILE],
        &["vtpm", "nv", "define", "0x01400002", "--size", "64", "--attributes", HOSTILE, "--tpm", &device],
        &["vtpm", "nv", "list", "--tpm", &device],
        &["vtpm", "ak", "--tpm", &device],
        &["vtpm", "ek", "--tpm", &device],
        &["vtpm", "log", "--event-log", missing],
        &["seal", "key", "--no-nonce", "--tpm", &device],
        &["seal", "decrypt", missing, "--tpm", &device],
        &["seal", "encrypt", missing, "--no-nonce", "--secret", missing, "--key", missing],
        &["seal", "encrypt", missing, "--no-nonce", "--secret", secret, "--key", key],
        &["seal", "encrypt-unverified", "--secret", secret, "--key", key],
        &["seal", "encrypt-unverified", "--secret", missing, "--key", missing],
        &["man", "--output-dir", missing],
        &["completions", HOSTILE],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
        &["--help"],
        &["verify", "--help"],
        &["--config", missing, "explain"],
    ] {
        Call::of(arguments).is_clean();
    }
    for name in
        ["TEEPROOF_FORMAT", "TEEPROOF_COLOR", "TEEPROOF_CONFIG", "TEEPROOF_TIMEOUT", "TEEPROOF_OUTPUT"]
    {
        let value =
            if name == "TEEPROOF_OUTPUT" { format!("/nowhere/{HOSTILE}") } else { HOSTILE.to_string() };
        Call::of(["explain", "7"]).env(name, &value).is_clean();
    }
    Call::of(["vtpm", "nv", "list"]).env("TPM2TOOLS_TCTI", HOSTILE).is_clean();
    Call::of(["verify", "x", "--no-nonce"]).env("TEEPROOF_POLICY", HOSTILE).is_clean();
}
