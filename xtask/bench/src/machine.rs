//! Description of the measured machine, in general terms and without names.

use std::path::Path;
use std::process::Command;

use xtask_support::shell::{Outcome, capture, root};

/// The lines of the page about the machine.
pub(crate) fn describe() -> Outcome<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = read("/proc/cpuinfo");
    let memory = gibibytes(&read("/proc/meminfo"));
    let rustc = capture(Command::new("rustc").arg("--version").current_dir(root()))?;
    let version: Vec<&str> = rustc.split_whitespace().take(2).collect();
    Ok(format!(
        "* Processor: {}, {cores} of its hardware threads{}.\n* Memory: {memory}.\n* {}, release \
         profile (with overflow checks), no flags for this processor.\n",
        processor(&cpu),
        if flags(&cpu).contains(&"hypervisor") { ", in a virtual machine" } else { "" },
        version.join(" "),
    ))
}

/// Today, as `2026-01-31`.
pub(crate) fn today() -> Outcome<String> {
    Ok(capture(Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The vendor, and the instruction sets that speed up signatures and hashes.
fn processor(cpu: &str) -> String {
    let vendor = field(cpu, "vendor_id").unwrap_or_default();
    let maker = match vendor {
        "GenuineIntel" => "x86-64 by Intel",
        "AuthenticAMD" => "x86-64 by AMD",
        _ => std::env::consts::ARCH,
    };
    let known = [
        ("avx512ifma", "AVX-512 IFMA"),
        ("avx512f", "AVX-512"),
        ("avx2", "AVX2"),
        ("sha_ni", "SHA-NI"),
        ("adx", "ADX"),
        ("sha512", "SHA-512"),
    ];
    let flags = flags(cpu);
    let mut has: Vec<&str> =
        known.iter().filter(|(flag, _)| flags.contains(flag)).map(|(_, say)| *say).collect();
    if has.contains(&"AVX-512 IFMA") {
        has.retain(|say| *say != "AVX-512");
    }
    if has.is_empty() { maker.to_owned() } else { format!("{maker} with {}", has.join(", ")) }
}

fn flags(cpu: &str) -> Vec<&str> {
    field(cpu, "flags").unwrap_or_default().split_whitespace().collect()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let named = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name);
    named.map(|(_, value)| value.trim())
}

fn gibibytes(memory: &str) -> String {
    let kibibytes = field(memory, "MemTotal").and_then(|value| value.split_whitespace().next()?.parse().ok());
    kibibytes.map_or_else(|| "unknown".to_owned(), |kib: u64| format!("{} GiB", (kib + (1 << 19)) >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_told_by_its_maker_and_instructions() {
        let cpu = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Something 9000\n\
                   flags\t\t: fpu avx2 avx512f avx512ifma sha_ni hypervisor\n";
        let found = processor(cpu);
        assert_eq!(found, "x86-64 by Intel with AVX-512 IFMA, AVX2, SHA-NI");
        assert_eq!(processor(""), std::env::consts::ARCH);
    }

    #[test]
    fn memory_is_rounded() {
        assert_eq!(gibibytes("MemTotal:       24610000 kB\nMemFree: 1 kB\n"), "23 GiB");
        assert_eq!(gibibytes(""), "unknown");
    }
}
