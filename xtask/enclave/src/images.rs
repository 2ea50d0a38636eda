//! Enclave images of several shapes. `teeproof eif build` writes them and `teeproof eif measure` computes their PCRs; those
//! that it writes in no order but nitro-cli's are put into another one.

use crate::machine::{INSTANCE, ROLE};
use crate::pcrs::{self, Pcrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::shell::{Outcome, capture};

/// A shape that both QEMU and our reader accept.
pub(crate) struct Image {
    pub(crate) name: &'static str,
    /// Files in the folder, in their order.
    ramdisks: &'static [&'static str],
    /// Further words of `eif build`.
    words: &'static [&'static str],
    /// The order of the sections, if it is not nitro-cli's: kernel, command line, metadata, ramdisks.
    order: Option<&'static str>,
}

/// The image whose enclave also runs the steps.
pub(crate) const MAIN: Image = image("two ramdisks", &[BOOT, APPLICATION]);

/// The others, for their PCRs alone.
pub(crate) const OTHERS: &[Image] = &[
    image("one ramdisk", &[WHOLE]),
    image("three ramdisks", &[BOOT, APPLICATION, MORE]),
    Image { words: SIGNED, ..image("signed", &[BOOT, APPLICATION]) },
    Image {
        words: &["--default-memory", "512", "--default-cpus", "4"],
        ..image("other memory and processors in the header", &[BOOT, APPLICATION])
    },
    Image { order: Some("1,0,2,3,4"), ..image("command line before the kernel", &[BOOT, APPLICATION]) },
    Image { order: Some("0,1,3,4,2"), ..image("metadata after the ramdisks", &[BOOT, APPLICATION]) },
];

const fn image(name: &'static str, ramdisks: &'static [&'static str]) -> Image {
    Image { name, ramdisks, words: &[], order: None }
}

/// Ramdisks: the system, the application, both in one file, and one with nothing in it but a folder.
pub(crate) const BOOT: &str = "boot.cpio";
pub(crate) const APPLICATION: &str = "application.cpio";
pub(crate) const WHOLE: &str = "whole.cpio";
pub(crate) const MORE: &str = "more.cpio";

const SIGNED: &[&str] = &["--signing-certificate", "signer.pem", "--private-key", "signer.key"];
/// Without a keyboard controller there is no other way to end the machine.
const COMMAND_LINE: &str = "console=ttyS0 quiet panic=-1 reboot=t";

/// What builds and measures images, in a folder.
pub(crate) struct Builder<'a> {
    pub(crate) teeproof: &'a Path,
    /// The example that puts sections into another order.
    pub(crate) order: &'a Path,
    pub(crate) kernel: &'a Path,
    pub(crate) folder: &'a Path,
}

impl Builder<'_> {
    /// A key and a certificate for the image that is signed, made by OpenSSL.
    pub(crate) fn make_signer(&self) -> Outcome {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-nodes"]);
        openssl.args(["-keyout", "signer.key", "-out", "signer.pem", "-subj", "/CN=signer", "-days", "2"]);
        capture(openssl.current_dir(self.folder)).map(drop)
    }

    /// Writes the image.
    pub(crate) fn build(&self, image: &Image) -> Outcome<PathBuf> {
        let name = image.name.replace(' ', "-");
        let built = self.folder.join(format!("{name}.eif"));
        let mut build = Command::new(self.teeproof);
        build.args(["eif", "build", "--cmdline", COMMAND_LINE, "--kernel"]).arg(self.kernel);
        for ramdisk in image.ramdisks {
            build.args(["--ramdisk", ramdisk]);
        }
        capture(build.args(image.words).arg("-o").arg(&built).current_dir(self.folder))?;
        let Some(order) = image.order else {
            return Ok(built);
        };
        let ordered = self.folder.join(format!("{name}-ordered.eif"));
        capture(Command::new(self.order).arg(&built).arg(&ordered).arg(order))?;
        Ok(ordered)
    }

    /// The PCRs of its enclaves, those of the parent instance included.
    pub(crate) fn measure(&self, eif: &Path) -> Outcome<Pcrs> {
        let mut measure = Command::new(self.teeproof);
        measure.args(["eif", "measure", "--format", "json", "--role", ROLE, "--instance", INSTANCE]);
        pcrs::computed(&capture(measure.arg(eif))?)
    }
}
