//! The build of QEMU, cut down to the one machine: two minutes instead of half an hour. What was built carries the recipe
//! that it was built by, so that a second run does not build, and a changed recipe does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::shell::{Outcome, capture, run};

/// The program that an earlier run built by the same recipe.
pub(super) fn finished(folder: &Path) -> Option<PathBuf> {
    let stamp = fs::read_to_string(folder.join(STAMP)).ok()?;
    let program = folder.join(PROGRAM);
    (stamp == recipe() && program.is_file()).then_some(program)
}

/// Builds it from this source archive.
pub(super) fn build(folder: &Path, archive: &Path) -> Outcome<PathBuf> {
    let work = folder.join("build");
    let _ = fs::remove_dir_all(&work);
    let build = work.join("objects");
    fs::create_dir_all(&build).map_err(|e| format!("{}: {e}", build.display()))?;
    let mut unpack = Command::new("tar");
    capture(unpack.arg("-xf").arg(archive).args(["--strip-components=1", "-C"]).arg(&work))?;
    edit(&work.join("meson.build"), FIRMWARE_OF_ITS_OWN, NO_FIRMWARE)?;
    let devices = work.join("configs/devices/x86_64-softmmu").join(format!("{DEVICES}.mak"));
    fs::write(&devices, DEVICE_LIST).map_err(|e| format!("{}: {e}", devices.display()))?;
    let python = python(&work)?;
    let mut configure = nice("../configure");
    configure.arg(format!("--python={}", python.display())).args(OPTIONS);
    run(configure.current_dir(&build))?;
    run(nice("ninja").args(["--quiet", PROGRAM]).current_dir(&build))?;
    let program = folder.join(PROGRAM);
    fs::copy(build.join(PROGRAM), &program).map_err(|e| format!("{}: {e}", program.display()))?;
    fs::remove_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    let stamp = folder.join(STAMP);
    fs::write(&stamp, recipe()).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(program)
}

/// A Python with the build tools that the source names, by pip's own settings: Debian's archive leaves them out.
fn python(work: &Path) -> Outcome<PathBuf> {
    let list = work.join("pythondeps.toml");
    let text = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let tools = build_tools(&text);
    if tools.is_empty() {
        return Err(format!("{}: no build tools in it", list.display()));
    }
    let folder = work.join("python-tools");
    capture(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let python = folder.join("bin/python3");
    capture(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(tools))?;
    Ok(python)
}

/// The packages of the group `meson`, as pip takes them.
fn build_tools(list: &str) -> Vec<String> {
    let group = list.split_once("\n[meson]\n").map_or("", |(_, rest)| rest);
    let group = group.split_once("\n[").map_or(group, |(group, _)| group);
    let tool = |line: &str| {
        let (name, rest) = line.split_once(" = {")?;
        let (_, version) = rest.split_once("installed = \"")?;
        Some(format!("{name}=={}", version.split('"').next()?))
    };
    group.lines().filter_map(tool).collect()
}

/// Other work on this machine goes first.
fn nice(program: &str) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "10", program]);
    command
}

/// Replaces a text that stands in the file once.
fn edit(path: &Path, from: &str, to: &str) -> Outcome {
    let fault = |reason: &str| format!("{}: {reason}", path.display());
    let text = fs::read_to_string(path).map_err(|e| fault(&e.to_string()))?;
    if text.matches(from).count() != 1 {
        return Err(fault(&format!("expected `{from}` once")));
    }
    fs::write(path, text.replace(from, to)).map_err(|e| fault(&e.to_string()))
}

/// All that decides what the program is, but for the source.
fn recipe() -> String {
    format!("{FIRMWARE_OF_ITS_OWN} -> {NO_FIRMWARE}\n{DEVICE_LIST}{}\n", OPTIONS.join("\n"))
}

const PROGRAM: &str = "qemu-system-x86_64";
const STAMP: &str = "recipe";

/// Debian's archive has no firmware images, and ours come from its packages.
const FIRMWARE_OF_ITS_OWN: &str = "unpack_edk2_blobs = bzip2.found()";
const NO_FIRMWARE: &str = "unpack_edk2_blobs = false";

/// The machine needs CBOR (its NSM's messages) and GnuTLS (the fingerprint of a signer's certificate); a vhost-user
/// device is its vsock.
const OPTIONS: &[&str] = &[
    "--target-list=x86_64-softmmu",
    "--without-default-features",
    "--without-default-devices",
    "--with-devices-x86_64=teeproof",
    "--disable-download",
    "--enable-tcg",
    "--enable-libcbor",
    "--enable-gnutls",
    "--enable-vhost-user",
    "--enable-vhost-kernel",
    "--enable-fdt=system",
    "--disable-install-blobs",
    "--disable-docs",
    "--disable-debug-info",
];

/// QEMU's name for our list of devices.
const DEVICES: &str = "teeproof";
const DEVICE_LIST: &str = "CONFIG_NITRO_ENCLAVE=y\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_recipe_is_built_anew() {
        let folder = std::env::temp_dir().join(format!("teeproof-recipe-{}", std::process::id()));
        fs::create_dir_all(&folder).ok();
        assert_eq!(finished(&folder), None);
        fs::write(folder.join(PROGRAM), "").ok();
        fs::write(folder.join(STAMP), recipe()).ok();
        assert_eq!(finished(&folder), Some(folder.join(PROGRAM)));
        fs::write(folder.join(STAMP), recipe() + "--enable-more\n").ok();
        assert_eq!(finished(&folder), None);
        fs::remove_dir_all(&folder).ok();
    }

    #[test]
    fn build_tools_are_those_of_the_source() {
        let list = "# x\n[meson]\n# wheels\nmeson = { accepted = \">=1.5.0\", installed = \"1.5.0\", canary = \"meson\" }\n\
                    pycotap = { accepted = \">=1.1.0\", installed = \"1.3.1\" }\n\n[docs]\n\
                    sphinx = { accepted = \">=3.4.3\", installed = \"5.3.0\" }\n";
        assert_eq!(build_tools(list), ["meson==1.5.0", "pycotap==1.3.1"]);
        assert_eq!(build_tools("[docs]\n"), [""; 0]);
    }

    #[test]
    fn the_device_list_is_the_one_that_is_named() {
        assert!(OPTIONS.contains(&format!("--with-devices-x86_64={DEVICES}").as_str()));
    }
}
