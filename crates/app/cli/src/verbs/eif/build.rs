//! `teeproof eif build`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use teeproof_aws_lc::Sha384Stream;
use teeproof_core::{StreamDigest, Time};
use teeproof_eif::{
    Architecture, BodyChecksum, BuildMetadata, ImageMetadata, ImageOutline, ImageSettings, MeasuredImage,
    Measurer, MetadataJson, SectionKind,
};

use super::measure::MeasureJson;
use super::signing::ImageSigner;
use crate::input::image_file::{image_fault, in_chunks};
use crate::input::source::Source;
use crate::input::time::rfc3339;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::product::Product;
use crate::output::progress::Progress;
use crate::output::streams::{bare_stdout, write_result};
use crate::settings::context::Context;

/// Build an image from a kernel, a command line and ramdisks
///
/// The same files and arguments make the same bytes: no time, no path and no random number is in the image, and a
/// signature has the nonce of RFC 6979. The sections are in the order of nitro-cli. The files are read twice, and the
/// image is measured as it is written; the PCRs are printed on standard error. With --format json they are printed as
/// eif measure prints them: on standard output, or on standard error if the image is there.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct BuildArgs {
    /// The kernel: a bzImage for x86_64, an Image for arm64
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    kernel: PathBuf,

    /// The kernel's command line, or @FILE
    #[arg(long, value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    cmdline: String,

    /// A ramdisk (cpio or cpio.gz); may be given several times: the first has init and is in PCR1
    #[arg(long, required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ramdisk: Vec<PathBuf>,

    /// The processors that the image is for
    #[arg(long, value_enum, value_name = "ARCH", default_value = "x86_64")]
    arch: Arch,

    #[command(flatten)]
    metadata: MetadataArgs,

    /// The default memory in MiB, which AWS does not use
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    default_memory: u32,

    /// The default number of processors, which AWS does not use
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    default_cpus: u32,

    /// The certificate that PCR8 is made from, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "private_key")]
    signing_certificate: Option<PathBuf>,

    /// The private key of the certificate, in PEM: on P-256 or P-384
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signing_certificate")]
    private_key: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  An image, and what its enclaves attest to:
    teeproof eif build --kernel bzImage --cmdline @cmdline --ramdisk init.cpio.gz \\
      --ramdisk app.cpio.gz -o app.eif
    teeproof eif measure app.eif --format json
  A signed image for arm64:
    teeproof eif build --arch arm64 --kernel Image --cmdline 'console=ttyAMA0' \\
      --ramdisk init.cpio.gz --signing-certificate signer.pem --private-key signer.key -o app.eif";

/// What the metadata section says. No PCR measures it.
#[derive(Debug, Args)]
struct MetadataArgs {
    /// The metadata in JSON, as they are
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["name", "image_version", "build_time", "operating_system", "kernel_version"])]
    metadata: Option<PathBuf>,

    /// The name of the image, in the metadata
    #[arg(long, value_name = "TEXT", default_value = "enclave")]
    name: String,

    /// The version of the image, in the metadata
    #[arg(long, value_name = "TEXT", default_value = "1")]
    image_version: String,

    /// The time of the build, in the metadata
    #[arg(long, value_name = "RFC3339", default_value = "1970-01-01T00:00:00Z", value_parser = rfc3339)]
    build_time: Time,

    /// The operating system of the image, in the metadata
    #[arg(long, value_name = "TEXT", default_value = "Linux")]
    operating_system: String,

    /// The version of the kernel, in the metadata
    #[arg(long, value_name = "TEXT", default_value = "unknown")]
    kernel_version: String,
}

/// The processors that an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arch {
    #[value(name = "x86_64")]
    X86_64,
    #[value(name = "arm64", alias = "aarch64")]
    Arm64,
}

impl MetadataArgs {
    /// The content of the metadata section.
    fn content(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        if let Some(path) = &self.metadata {
            let content = source.read(path)?;
            let checked = ImageMetadata::parse(&content).map_err(|error| {
                let hint = "give an object with ImageName, ImageVersion, BuildMetadata and DockerInfo, as \
                            nitro-cli describe-eif shows it";
                Fault::malformed(error.to_string(), hint).in_file(path.display())
            });
            return checked.map(|_| content);
        }
        let metadata = ImageMetadata {
            image_name: self.name.clone(),
            image_version: self.image_version.clone(),
            build: BuildMetadata {
                build_time: self.build_time.to_string(),
                build_tool: "teeproof".to_owned(),
                build_tool_version: env!("CARGO_PKG_VERSION").to_owned(),
                operating_system: self.operating_system.clone(),
                kernel_version: self.kernel_version.clone(),
            },
            docker_info: MetadataJson::default(),
            custom: MetadataJson::default(),
        };
        Ok(metadata.to_json())
    }
}

/// The content of a section: in memory, or a file that is read twice.
enum Content<'a> {
    Bytes(Vec<u8>),
    File { path: &'a Path, bytes: u64 },
}

impl Content<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Bytes(content) => u64::try_from(content.len()).unwrap_or(u64::MAX),
            Self::File { bytes, .. } => *bytes,
        }
    }

    /// Passes all of the content on, in parts.
    fn each(&self, source: &Source, mut then: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        match self {
            Self::Bytes(content) => then(content),
            Self::File { path, bytes } => {
                let mut left = *bytes;
                let mut stream = source.stream(path)?;
                let read = in_chunks(&mut *stream, |part| {
                    let size = u64::try_from(part.len()).unwrap_or(u64::MAX);
                    left = left.checked_sub(size).ok_or_else(changed)?;
                    then(part)
                });
                let whole = read.and_then(|()| if left == 0 { Ok(()) } else { Err(changed()) });
                whole.map_err(|fault| fault.in_file(path.display()))
            }
        }
    }
}

fn changed() -> Fault {
    Fault::usage(
        "the file changed while the image was built",
        "build the image again when nothing writes the file",
    )
}

/// A file that can be read twice.
fn file(path: &Path) -> Result<Content<'_>, Fault> {
    let hint = "give a regular file, which is read twice: once for the checksum, which stands before it";
    let metadata = std::fs::metadata(path).map_err(|error| {
        Fault::usage(format!("cannot be opened: {error}"), "check the path").in_file(path.display())
    })?;
    if !metadata.is_file() {
        return Err(Fault::usage("expected a regular file", hint).in_file(path.display()));
    }
    Ok(Content::File { path, bytes: metadata.len() })
}

/// Runs the verb.
pub(super) fn run(args: &BuildArgs, context: &Context) -> Result<Product, Fault> {
    let (output, is_json) = (context.take_output(), context.is_json());
    if is_json && output.is_none() {
        context.messages.reserve_for_document();
    }
    let signer = match (&args.signing_certificate, &args.private_key) {
        (Some(certificate), Some(key)) => Some(ImageSigner::read(certificate, key, &context.source)?),
        _ => None,
    };
    let mut sections = vec![
        (SectionKind::Kernel, file(&args.kernel)?),
        (SectionKind::CommandLine, Content::Bytes(command_line(args, context)?)),
        (SectionKind::Metadata, Content::Bytes(args.metadata.content(&context.source)?)),
    ];
    for ramdisk in &args.ramdisk {
        sections.push((SectionKind::Ramdisk, file(ramdisk)?));
    }
    let settings = ImageSettings {
        architecture: match args.arch {
            Arch::X86_64 => Architecture::X86_64,
            Arch::Arm64 => Architecture::Arm64,
        },
        default_memory: u64::from(args.default_memory) << 20,
        default_cpus: args.default_cpus.into(),
    };
    let image = ImageInProgress { settings, sections, signer, source: &context.source };
    let Some(mut output) = output else {
        let mut output = bare_stdout()?;
        let measured = image.write(&mut |bytes| write_result(output.write_all(bytes)))?;
        write_result(output.flush())?;
        match is_json {
            true => {
                context.messages.say_always_json(&Json::of(&MeasureJson::of("standard output", &measured))?)
            }
            false => say_pcrs(&measured, context),
        }
        return Ok(Product::written(0));
    };
    let measured = image.write(&mut |bytes| output.put(bytes))?;
    if is_json {
        let name = output.name();
        let product = Product::json(&MeasureJson::of(&name, &measured), 0)?;
        return Ok(product.with_files(vec![output]));
    }
    output.commit()?;
    say_pcrs(&measured, context);
    Ok(Product::written(0))
}

/// Prints the PCRs on standard error.
fn say_pcrs(image: &MeasuredImage, context: &Context) {
    for (pcr, value) in image.measurements().pcrs() {
        context.messages.say(&format!("PCR{pcr}  {}", teeproof_core::Hex(value)));
    }
}

/// The command line as it is given.
fn command_line(args: &BuildArgs, context: &Context) -> Result<Vec<u8>, Fault> {
    let content = match args.cmdline.strip_prefix('@') {
        Some(path) => context.source.read(Path::new(path))?,
        None => args.cmdline.clone().into_bytes(),
    };
    if content.contains(&0) {
        let hint = "remove the NUL: a kernel reads its command line up to the first";
        return Err(Fault::usage("--cmdline: expected no NUL character, got one", hint));
    }
    if content.ends_with(b"\n") {
        context.messages.say("note: the command line ends with a line end, which is measured too");
    }
    Ok(content)
}

/// An image that is built.
struct ImageInProgress<'a> {
    settings: ImageSettings,
    sections: Vec<(SectionKind, Content<'a>)>,
    signer: Option<ImageSigner>,
    source: &'a Source,
}

impl ImageInProgress<'_> {
    /// Reads the content once for checksum and signature, and once to write the image, which is measured meanwhile:
    /// what another program changed between the two shows as a wrong checksum.
    fn write(mut self, put: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<MeasuredImage, Fault> {
        let bytes = self.sections.iter().fold(0_u64, |sum, (_, content)| sum.saturating_add(content.bytes()));
        let mib = usize::try_from(bytes >> 19).unwrap_or_default();
        let progress = Progress::new(mib, "MiB read, each twice", self.source.announces());
        progress.watched(|| {
            let mut counted = Counted { progress: &progress, bytes: 0 };
            let (outline, crc) = self.checked(&mut counted)?;
            let mut measurer = Measurer::<Sha384Stream>::new();
            let mut both = |bytes: &[u8]| {
                measurer.update(bytes).map_err(|error| image_fault(&error))?;
                put(bytes)
            };
            both(&outline.header(crc))?;
            for (index, (_, content)) in self.sections.iter().enumerate() {
                both(&outline.section_header(index).unwrap_or_default())?;
                content.each(self.source, |part| {
                    counted.add(part);
                    both(part)
                })?;
            }
            measurer.finish().map_err(|_| changed())
        })
    }

    /// The headers and the checksum of the image; adds the signature section.
    fn checked(&mut self, counted: &mut Counted<'_>) -> Result<(ImageOutline, u32), Fault> {
        let outline = self.outline()?;
        let (mut checksum, mut image) = (BodyChecksum::new(), Sha384Stream::new());
        for (index, (kind, content)) in self.sections.iter().enumerate() {
            checksum.update(&outline.section_header(index).unwrap_or_default());
            let is_measured = *kind != SectionKind::Metadata && self.signer.is_some();
            content.each(self.source, |part| {
                counted.add(part);
                checksum.update(part);
                if is_measured {
                    image.update(part);
                }
                Ok(())
            })?;
        }
        let Some(signer) = &self.signer else { return Ok((outline, outline.checksum(&checksum))) };
        let pcr0 = teeproof_nitro::extend(&[0; 48], &image.finish(), &teeproof_aws_lc::TABLE);
        let content = signer.section(&pcr0)?;
        self.sections.push((SectionKind::Signature, Content::Bytes(content.clone())));
        let outline = self.outline()?;
        let last = self.sections.len().saturating_sub(1);
        checksum.update(&outline.section_header(last).unwrap_or_default());
        checksum.update(&content);
        Ok((outline, outline.checksum(&checksum)))
    }

    fn outline(&self) -> Result<ImageOutline, Fault> {
        let sizes: Vec<_> = self.sections.iter().map(|(kind, content)| (*kind, content.bytes())).collect();
        ImageOutline::new(&self.settings, &sizes).map_err(|error| image_fault(&error))
    }
}

/// Progress by bytes.
struct Counted<'a> {
    progress: &'a Progress,
    bytes: usize,
}

impl Counted<'_> {
    fn add(&mut self, part: &[u8]) {
        self.bytes = self.bytes.saturating_add(part.len());
        if self.bytes >= 1 << 20 {
            self.bytes = self.bytes.saturating_sub(1 << 20);
            self.progress.count();
        }
    }
}
