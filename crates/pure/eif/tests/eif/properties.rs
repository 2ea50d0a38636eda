//! Properties of every image: built and read back, measured in any parts, changed in any way.

use proptest::prelude::*;
use teeproof_eif::{Architecture, Eif, ImageOutline, ImageSettings, Measurer, NewImage, SectionKind, build};
use teeproof_rustcrypto::Sha384Stream;

use crate::support::*;

/// Content of a section, sometimes longer than a block of the hash.
fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..4), proptest::collection::vec(any::<u8>(), 0..300),]
}

#[derive(Clone, Debug)]
struct Parts {
    settings: ImageSettings,
    kernel: Vec<u8>,
    command_line: String,
    metadata: Vec<u8>,
    ramdisks: Vec<Vec<u8>>,
}

impl Parts {
    fn bytes(&self) -> Vec<u8> {
        let ramdisks: Vec<_> = self.ramdisks.iter().map(Vec::as_slice).collect();
        let image = NewImage {
            settings: self.settings,
            kernel: &self.kernel,
            command_line: &self.command_line,
            metadata: &self.metadata,
            ramdisks: &ramdisks,
            signature: None,
        };
        build(&image).unwrap()
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let arch = prop_oneof![Just(Architecture::X86_64), Just(Architecture::Arm64)];
    let settings =
        (arch, any::<u64>(), any::<u64>()).prop_map(|(architecture, default_memory, default_cpus)| {
            ImageSettings { architecture, default_memory, default_cpus }
        });
    let ramdisks = proptest::collection::vec(content(), 0..6);
    (settings, content(), "[^\0]{0,40}", content(), ramdisks).prop_map(
        |(settings, kernel, command_line, metadata, ramdisks)| Parts {
            settings,
            kernel,
            command_line,
            metadata,
            ramdisks,
        },
    )
}

/// Sections in any order that the rules allow: the kernel before the ramdisks, one command line, metadata.
fn shuffled() -> impl Strategy<Value = Raw> {
    (parts(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(parts, command_line, metadata, is_first)| {
            let mut raw = Raw::new(&[(1, &parts.kernel)]);
            raw.sections.extend(parts.ramdisks.iter().map(|ramdisk| (3, ramdisk.clone())));
            for (kind, at, content) in
                [(2, command_line, parts.command_line.into_bytes()), (5, metadata, parts.metadata)]
            {
                let at = at.index(raw.sections.len() + 1).min(if is_first { 0 } else { usize::MAX });
                raw.sections.insert(at, (kind, content));
            }
            raw
        },
    )
}

proptest! {
    #[test]
    fn what_is_built_is_read(parts in parts()) {
        let bytes = parts.bytes();
        prop_assert_eq!(&bytes, &parts.bytes());
        let image = Eif::parse(&bytes).unwrap();
        let header = image.header();
        prop_assert_eq!(header.architecture(), parts.settings.architecture);
        prop_assert_eq!(header.default_memory(), parts.settings.default_memory);
        prop_assert_eq!(header.default_cpus(), parts.settings.default_cpus);
        prop_assert_eq!(header.image_bytes(), bytes.len() as u64);
        let of = |kind| image.of_kind(kind).map(<[u8]>::to_vec).collect::<Vec<_>>();
        prop_assert_eq!(of(SectionKind::Kernel), vec![parts.kernel.clone()]);
        prop_assert_eq!(of(SectionKind::CommandLine), vec![parts.command_line.clone().into_bytes()]);
        prop_assert_eq!(of(SectionKind::Metadata), vec![parts.metadata.clone()]);
        prop_assert_eq!(of(SectionKind::Ramdisk), parts.ramdisks.clone());
        // The independent writer makes the same bytes.
        let mut raw = Raw::new(&[(1, &parts.kernel), (2, parts.command_line.as_bytes()), (5, &parts.metadata)]);
        raw.sections.extend(parts.ramdisks.iter().map(|ramdisk| (3, ramdisk.clone())));
        let raw = Raw {
            flags: u16::from(parts.settings.architecture == Architecture::Arm64),
            memory: parts.settings.default_memory,
            cpus: parts.settings.default_cpus,
            ..raw
        };
        prop_assert_eq!(raw.bytes(), bytes);
    }

    #[test]
    fn any_parts_measure_the_same(raw in shuffled(), sizes in proptest::collection::vec(1_usize..700, 1..20)) {
        let bytes = raw.bytes();
        let whole = Eif::parse(&bytes).unwrap();
        let mut measurer = Measurer::<Sha384Stream>::new().digest_sections();
        let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            measurer.update(part).unwrap();
            rest = after;
        }
        let image = measurer.finish().unwrap();
        prop_assert_eq!(*image.measurements(), whole.measure(CRYPTO));
        prop_assert_eq!(image.header(), whole.header());
        for (streamed, section) in image.sections().iter().zip(whole.sections()) {
            prop_assert_eq!(streamed.sha384, Some(CRYPTO.sha384.digest(&[section.content])));
            // Table and walk agree.
            let content = usize::try_from(streamed.offset).unwrap() + 12;
            prop_assert_eq!(&bytes[content..content + section.content.len()], section.content);
        }
    }

    #[test]
    fn a_changed_image_is_refused_or_measured(
        parts in parts(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        size in 1_usize..600,
        fixes_crc in any::<bool>(),
    ) {
        let mut bytes = parts.bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if fixes_crc {
            let crc = crc32(bytes[..544].iter().chain(&bytes[548..]));
            bytes[544..548].copy_from_slice(&crc.to_be_bytes());
        }
        let whole = measure(&bytes);
        let streamed = measure_in(&bytes, size).map(|image| *image.measurements());
        prop_assert_eq!(whole, streamed);
    }

    #[test]
    fn any_bytes_are_refused_or_measured(bytes in proptest::collection::vec(any::<u8>(), 0..800), is_eif in any::<bool>()) {
        let mut bytes = bytes;
        if is_eif && bytes.len() > 28 {
            bytes[..8].copy_from_slice(b".eif\0\x04\0\0");
            bytes[24..28].copy_from_slice(&[0, 0, 0, 3]);
        }
        let _ = measure(&bytes);
    }

    #[test]
    fn an_outline_is_checked(kinds in proptest::collection::vec(1_u16..6, 0..40), size in prop_oneof![0_u64..9, any::<u64>()]) {
        let sections: Vec<_> =
            kinds.iter().map(|kind| (SectionKind::from_number(*kind).unwrap(), size)).collect();
        let settings = ImageSettings::new(Architecture::X86_64);
        if let Ok(outline) = ImageOutline::new(&settings, &sections) {
            let header = teeproof_eif::Header::parse(&outline.header(7)).unwrap();
            prop_assert_eq!(header.table().len(), sections.len());
            prop_assert_eq!(header.image_bytes(), outline.image_bytes());
            prop_assert_eq!(header.crc(), 7);
            prop_assert!(outline.section_header(sections.len()).is_none());
        }
    }
}

#[test]
fn what_can_not_be_read_is_not_built() {
    fn image<'a>(command_line: &'a str, ramdisks: &'a [&'a [u8]]) -> NewImage<'a> {
        let settings = ImageSettings::new(Architecture::X86_64);
        NewImage { settings, kernel: b"K", command_line, metadata: b"{}", ramdisks, signature: None }
    }
    assert!(build(&image("C", &[&[][..]; 29])).is_ok());
    let error = build(&image("C", &[&[][..]; 30])).unwrap_err();
    assert_eq!(problem(&error), Some(teeproof_eif::LayoutProblem::SectionCount));
    let error = build(&image("a\0", &[])).unwrap_err();
    assert!(error.to_string().ends_with("at offset 0x23e"), "{error}");
    let signed = NewImage { signature: Some(&[0; 32_769]), ..image("C", &[]) };
    assert_eq!(problem(&build(&signed).unwrap_err()), Some(teeproof_eif::LayoutProblem::TooLarge));
}
