//! The folder in which the rows run: what is in it, and whether a run left it as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::thread;

use teeproof_nsm::road::{RoadAccess, RoadLimits, RoadServer, ServedFields};
use teeproof_twin::nitro_tpm::{self, NitroTpm};

use super::super::machine::Machine;
use super::super::module::{TestModule, serve};
use super::super::support::Run;
use super::rows::{After, ProductKind, Row};

pub(super) const TARGET: &str = "target";
const OLDER: &[u8] = b"what a user keeps here, longer than some products are; ";

/// Everything in a folder, below it too: of each entry its metadata, and its bytes or where it leads.
pub(super) fn folder_state(folder: &Path) -> State {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        let content = match metadata.file_type() {
            kind if kind.is_symlink() => {
                std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            }
            kind if kind.is_file() => std::fs::read(&path).unwrap(),
            kind => {
                if kind.is_dir() {
                    all.extend(folder_state(&path));
                }
                Vec::new()
            }
        };
        // The time of a directory is that of its entries; that of a pipe tells that it was read.
        let is_kept = metadata.is_file() || metadata.is_symlink();
        let time = is_kept.then(|| (metadata.mtime(), metadata.mtime_nsec()));
        let about = format!("{:o} {} {} {time:?}", metadata.mode(), metadata.ino(), metadata.nlink());
        all.insert(path, (about, content));
    }
    all
}

pub(super) type State = BTreeMap<PathBuf, (String, Vec<u8>)>;

/// What is not as it was.
fn changed_entries(before: &State, after: &State) -> Vec<String> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = all.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let about = |state: &State, path| {
        state.get(path).map(|(about, bytes): &(String, Vec<u8>)| format!("{about} {} bytes", bytes.len()))
    };
    differs
        .map(|path| format!("{}: {:?}, {:?}", path.display(), about(before, path), about(after, path)))
        .collect()
}

#[track_caller]
pub(super) fn assert_unchanged(before: &State, machine: &Machine, what: &str) {
    let changed = changed_entries(before, &folder_state(&machine.folder));
    assert!(changed.is_empty(), "{what}: {changed:#?}");
}

/// A machine, and a folder with what the rows name.
pub(super) fn prepared(test: &str) -> Machine {
    let machine = Machine::start(test);
    let put = |name: &str, content: &[u8]| std::fs::write(machine.path(name), content).unwrap();
    put("nonce", b"sixteen bytes ok");
    put("data", &[7; 64]);
    put("digest", &[9; 32]);
    put("salt", b"a salt that is long enough");
    put("secret", b"10 bytes: ");
    put("garbage", b"what none of the inputs is, and a little more than fifty bytes of it");
    put("log", b"not looked into");
    put("moved", b"teeproof cache export, version 1\n");
    put("moved-false", b"teeproof cache export, version 1\n{}\n");
    let policy =
        |more: &str| format!("version = 1\n[azure-snp]\n{more}unlisted = {{ waived = \"a test\" }}\n");
    put("prod.toml", policy("").as_bytes());
    put("strict.toml", policy("vmpl = { exactly = 3 }\n").as_bytes());
    let statement =
        r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:Describe*","Resource":"*"}"#;
    put("key-policy.json", format!(r#"{{"Statement":{statement}}}"#).as_bytes());
    std::fs::create_dir(machine.path("certificates")).unwrap();
    put("certificates/ark.der", machine.twin.root_der());
    std::fs::create_dir(machine.path("taken")).unwrap();
    put("taken/hcl-report.bin", b"of somebody else");
    let run = |words: &str| command_in(&machine, words).exits(0);
    run("collect azure --nonce @nonce -o ev.bundle");
    // A document brings all of its endorsements along: nothing is fetched for it.
    put("document.cose", &super::super::support::bytes(super::super::support::PRODUCTION));
    run("bundle create document.cose -o document.bundle");
    run("eif build --kernel data --cmdline @nonce --ramdisk secret -o image.eif");
    run("eif measure image.eif --format json -o measured.json");
    run("seal key --nonce @nonce -o key.json");
    run("seal encrypt-unverified --secret secret --key key.json -o sealed");
    run("vtpm nv define 0x01500040 --size 10");
    run("vtpm nv write 0x01500040 @secret");
    // Azure has no certificate here, and others have.
    run(&format!("vtpm nv define 0x01c00002 --size {}", machine.twin.root_der().len()));
    run("vtpm nv write 0x01c00002 @root.der");
    let sealed = std::fs::read(machine.path("sealed")).unwrap();
    let (last, cut) = sealed.split_last().unwrap();
    put("cut", cut);
    put("altered", &[cut, &[last ^ 1]].concat());
    // Where a program that can be guessed has its temporary file.
    put("victim", b"of somebody else");
    for name in ["target.part", "target.tmp", ".target.tmp", "target~", ".target.swp"] {
        std::os::unix::fs::symlink("victim", machine.path(name)).unwrap();
    }
    std::os::unix::fs::symlink("loop", machine.path("loop")).unwrap();
    std::os::unix::fs::symlink("no-such-folder/target", machine.path("nowhere")).unwrap();
    new_pipe(&machine.path("pipe"));
    restore_target(&machine);
    machine
}

/// A pipe that nobody has open.
pub(super) fn new_pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let _ = std::fs::remove_file(path);
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
}

/// The target as a user keeps it.
pub(super) fn restore_target(machine: &Machine) {
    let _ = std::fs::remove_file(machine.path(TARGET));
    std::fs::write(machine.path(TARGET), OLDER.repeat(100)).unwrap();
    std::fs::set_permissions(machine.path(TARGET), PermissionsExt::from_mode(0o640)).unwrap();
}

/// The command with these words, in the machine's folder.
pub(super) fn command_in(machine: &Machine, words: &str) -> Run {
    machine.run(&words.split_whitespace().collect::<Vec<_>>()).in_folder(&machine.folder)
}

/// A row's command line, with other arguments than its own. Rows of enclaves have a module and a server of its documents,
/// at `ROAD`; that of an EC2 instance has a NitroTPM.
pub(super) fn row_command(machine: &Machine, row: &Row, arguments: &str) -> Run {
    let run = |arguments: &str| command_in(machine, &format!("{} {arguments}", row.verb)).stdin(b"");
    if row.verb.starts_with("nsm ") || row.verb == "collect nitro" {
        let module = &*MODULE;
        return run(&arguments.replace("ROAD", &module.road)).env("TEEPROOF_NSM", &module.address);
    }
    if row.verb == "collect nitro-tpm" {
        return run(arguments).env("TEEPROOF_TPM", &NITRO_TPM.address());
    }
    run(arguments)
}

/// A NitroTPM for all rows.
static NITRO_TPM: LazyLock<nitro_tpm::Running> =
    LazyLock::new(|| NitroTpm::start(&nitro_tpm::Settings::default()).unwrap());

/// A module behind a socket, and a server of its documents, for all rows.
struct Module {
    address: String,
    road: String,
}

static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let launched = || {
        let mut module = TestModule { is_production: true, ..TestModule::default() };
        module.answer(&teeproof_nsm::Request::LockPcrs { range: 16 }.to_cbor().unwrap());
        module
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", listener.local_addr().unwrap());
    // One connection after the other has the same module.
    thread::spawn(move || serve(listener.incoming().map(Result::unwrap), launched()));
    let server =
        RoadServer::bind(&"tcp:127.0.0.1:0".parse().unwrap(), RoadLimits::DEFAULT, ServedFields::default());
    let server = server.unwrap();
    let road = server.address().to_string();
    thread::spawn(move || server.run(Box::new(launched()), Arc::new(|_: &RoadAccess<'_>| ())));
    Module { address, road }
});

/// Runs it, and holds the folder against what it was.
#[track_caller]
pub(super) fn check_stage(
    machine: &Machine,
    row: &Row,
    stage: &str,
    arguments: &str,
    output: &str,
    outcome: After,
) {
    let mut before = folder_state(&machine.folder);
    let ran = row_command(machine, row, &format!("{arguments} -o {output}")).run();
    let about = format!("{} {arguments}: {stage}: {ran:#?}", row.verb);
    let (After::Kept(exit) | After::Replaced(exit)) = outcome;
    assert_eq!(ran.exit, exit, "{about}");
    if outcome == After::Replaced(exit) && row.product != ProductKind::Nothing {
        let target = machine.path(TARGET);
        let bytes = std::fs::read(&target).unwrap();
        assert!(!bytes.is_empty() && !bytes.starts_with(OLDER), "{about}");
        // What the product is, and what a quote is besides: nothing else may differ.
        let after = folder_state(&machine.folder);
        for name in [TARGET, "message", "signature"] {
            let path = machine.path(name);
            before.remove(&path);
            before.extend(after.get_key_value(&path).map(|(path, content)| (path.clone(), content.clone())));
        }
        assert_unchanged(&before, machine, &about);
        restore_target(machine);
    } else {
        assert_unchanged(&before, machine, &about);
    }
}
