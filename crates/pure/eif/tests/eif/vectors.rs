//! Measurements of other programs: a writer and measurer in Python, published PCRs, the shapes that QEMU boots.

use teeproof_eif::{
    Architecture, BuildMetadata, Eif, ImageMetadata, ImageSettings, MetadataJson, NewImage, SectionKind,
    build,
};

use crate::support::*;

/// What is moved from the kernel to the command line, the ramdisks, and SHA-256, PCR0, PCR1 and PCR2.
type PythonImage = (&'static str, &'static [&'static [u8]], [&'static str; 4]);

/// The PCRs of images that a Python program of nothing but its standard library wrote and measured, and the SHA-256 of
/// each file.
const PYTHON: [PythonImage; 3] = [
    (
        "",
        &[b"INIT", b"APP"],
        [
            "cb326116341873de967098eda5f05a51b0d0813b3346d10b4b08896ae4f3adcb",
            "4a6cc25abea05ff29c829892f16e75483ddea39a80f6475317bb41b4a4648287b755386e4166342580c4162cde90df8d",
            "cbe7a7e5c1c5b39cd72c8665d9e6b0b239ad1c6dcfc73e52b8f51e02e7968ac1eaef78b22f88b0c51e024282ddd84c54",
            "49cdbf1f97b1e0e754a1510f7b4975a49bcc85d16ffe34e7201641d9b333aeecf271cdf52f28e07874fdb1b5a594c7ab",
        ],
    ),
    (
        "",
        &[b"INIT"],
        [
            "c803a6fa40525d6f084553498c476f25e18c3d3afa65dd1690fabeb2eddefd03",
            "cbe7a7e5c1c5b39cd72c8665d9e6b0b239ad1c6dcfc73e52b8f51e02e7968ac1eaef78b22f88b0c51e024282ddd84c54",
            "cbe7a7e5c1c5b39cd72c8665d9e6b0b239ad1c6dcfc73e52b8f51e02e7968ac1eaef78b22f88b0c51e024282ddd84c54",
            "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a",
        ],
    ),
    // The first byte of the command line is the last of the kernel: the same PCRs as those of the first image.
    (
        "c",
        &[b"INIT", b"APP"],
        [
            "80ceedac42a9ddf483191caa09cb29594e50ed3c8bef09fed0d774282c07b304",
            "4a6cc25abea05ff29c829892f16e75483ddea39a80f6475317bb41b4a4648287b755386e4166342580c4162cde90df8d",
            "cbe7a7e5c1c5b39cd72c8665d9e6b0b239ad1c6dcfc73e52b8f51e02e7968ac1eaef78b22f88b0c51e024282ddd84c54",
            "49cdbf1f97b1e0e754a1510f7b4975a49bcc85d16ffe34e7201641d9b333aeecf271cdf52f28e07874fdb1b5a594c7ab",
        ],
    ),
];

/// The metadata of those images, with the spaces of that program.
const METADATA: &str = "{\"ImageName\": \"t\", \"ImageVersion\": \"1\", \"BuildMetadata\": {\"BuildTime\": \
    \"1970-01-01T00:00:00+00:00\", \"BuildTool\": \"t\", \"BuildToolVersion\": \"0\", \"OperatingSystem\": \"x\", \
    \"KernelVersion\": \"x\"}, \"DockerInfo\": {}}";

#[test]
fn images_of_an_independent_writer() {
    let mut sections = Vec::new();
    for (moved, ramdisks, [sha256, pcr0, pcr1, pcr2]) in PYTHON {
        let kernel = ["KERNEL".repeat(100), moved.to_owned()].concat();
        let command_line = "console=ttyS0".strip_prefix(moved).unwrap();
        let contents: Vec<_> =
            ramdisks.iter().map(|one| one.repeat(if *one == b"INIT" { 50 } else { 70 })).collect();
        let ramdisks: Vec<_> = contents.iter().map(Vec::as_slice).collect();
        let image = NewImage {
            settings: ImageSettings {
                architecture: Architecture::X86_64,
                default_memory: 0,
                default_cpus: 0,
            },
            kernel: kernel.as_bytes(),
            command_line,
            metadata: METADATA.as_bytes(),
            ramdisks: &ramdisks,
            signature: None,
        };
        let bytes = build(&image).unwrap();
        assert_eq!(hex(&CRYPTO.sha256.digest(&[&bytes])), sha256);
        let pcrs = measure(&bytes).unwrap();
        assert_eq!([hex(&pcrs.pcr0), hex(&pcrs.pcr1), hex(&pcrs.pcr2)], [pcr0, pcr1, pcr2]);
        assert_eq!((pcrs.pcr8, pcrs.is_debug()), (None, false));
        sections.push(measure_in(&bytes, 7).unwrap().sections().to_vec());
    }
    // Only the digests of the sections tell the first image from the last.
    let differing = sections[0].iter().zip(&sections[2]).filter(|(left, right)| left.sha384 != right.sha384);
    let differing: Vec<_> = differing.map(|(section, _)| section.kind).collect();
    assert_eq!(differing, [SectionKind::Kernel, SectionKind::CommandLine]);
}

/// PCRs by their formulas: what boots, and what the application is.
#[track_caller]
fn formulas(bytes: &[u8], boot: &[&[u8]], application: &[&[u8]], image: &[&[u8]]) {
    let pcr = |parts: &[&[u8]]| CRYPTO.sha384.digest(&[&[0; 48], &CRYPTO.sha384.digest(parts)]);
    let pcrs = measure(bytes).unwrap();
    assert_eq!([pcrs.pcr0, pcrs.pcr1, pcrs.pcr2], [pcr(image), pcr(boot), pcr(application)]);
}

#[test]
fn the_order_of_the_file_is_the_order_of_the_hash() {
    let (k, c, a, b, d, m) = (b"K", b"C", b"A", b"B", b"D", b"{}");
    let image = |sections: &[(u16, &[u8])]| Raw::new(sections).bytes();
    formulas(&image(&[(1, k), (2, c), (5, m), (3, a), (3, b)]), &[k, c, a], &[b], &[k, c, a, b]);
    formulas(
        &image(&[(1, k), (2, c), (3, a), (3, b), (3, d), (5, m)]),
        &[k, c, a],
        &[b, d],
        &[k, c, a, b, d],
    );
    // The command line first, between and behind the ramdisks.
    formulas(&image(&[(2, c), (1, k), (5, m), (3, a), (3, b)]), &[c, k, a], &[b], &[c, k, a, b]);
    formulas(&image(&[(1, k), (3, a), (2, c), (3, b), (5, m)]), &[k, a, c], &[b], &[k, a, c, b]);
    formulas(&image(&[(5, m), (1, k), (3, a), (3, b), (2, c)]), &[k, a, c], &[b], &[k, a, b, c]);
    // Empty sections, and no ramdisk at all.
    formulas(&image(&[(1, k), (2, b""), (5, b""), (3, a), (3, b"")]), &[k, a], &[], &[k, a]);
    formulas(&image(&[(1, b""), (2, c), (5, m), (3, b""), (3, b)]), &[c], &[b], &[c, b]);
    formulas(&image(&[(1, k), (2, c), (5, m)]), &[k, c], &[], &[k, c]);
}

#[test]
fn versions_and_processors_change_no_pcr() {
    let pcrs = measure(&usual().bytes()).unwrap();
    for version in 2..=4 {
        let arm = Raw { version, flags: 1, memory: 1 << 29, cpus: 4, ..usual() }.bytes();
        assert_eq!(measure(&arm), Ok(pcrs));
        let header = *Eif::parse(&arm).unwrap().header();
        assert_eq!((header.version(), header.architecture()), (version, Architecture::Arm64));
        assert_eq!((header.default_memory(), header.default_cpus()), (1 << 29, 4));
    }
    // Before version 4, metadata are not required.
    let older = Raw { version: 3, ..Raw::new(&[(1, b"K"), (2, b"C"), (3, b"A")]) };
    assert!(measure(&older.bytes()).is_ok());
}

#[test]
fn the_digest_of_each_section_is_its_own() {
    let raw = Raw::new(&[(5, b"{}"), (1, b"K"), (2, b"C"), (3, b"A"), (3, b"B"), (3, b"D"), (3, b"")]);
    for size in [1, 5, 4096] {
        let image = measure_in(&raw.bytes(), size).unwrap();
        for (section, (kind, content)) in image.sections().iter().zip(&raw.sections) {
            assert_eq!((section.kind.number(), section.bytes), (*kind, content.len() as u64));
            assert_eq!(section.sha384, Some(CRYPTO.sha384.digest(&[content])), "{}", section.kind);
        }
        assert_eq!(image.command_line().unwrap().bytes(), b"C");
        assert_eq!(image.metadata().unwrap().bytes(), b"{}");
    }
}

#[test]
fn metadata_are_read_and_written() {
    let metadata = ImageMetadata {
        image_name: "an image".into(),
        image_version: "2".into(),
        build: BuildMetadata {
            build_time: "1970-01-01T00:00:00Z".into(),
            build_tool: "a tool".into(),
            build_tool_version: "1".into(),
            operating_system: "Linux".into(),
            kernel_version: "6.12".into(),
        },
        docker_info: MetadataJson::default(),
        custom: MetadataJson::parse("{\"a\":[1]}").unwrap(),
    };
    assert_eq!(ImageMetadata::parse(&metadata.to_json()), Ok(metadata));
    assert!(ImageMetadata::parse(METADATA.as_bytes()).is_ok());
    let error = |text: &str| ImageMetadata::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(error("{}").contains("expected an object with ImageName"));
    assert!(error("{").contains("expected JSON"));
}
