//! Files with the measurements of an image, from which `policy suggest` proposes a policy without any evidence.

use std::path::Path;

use serde::Serialize;
use teeproof::{EnclaveImage, ImageMeasurements, InstanceImage};
use teeproof_core::Hex;

use crate::input::image_file::{Wanted, measure_image};
use crate::input::source;
use crate::output::fault::Fault;
use crate::settings::context::Context;

/// A file with the measurements of one image.
pub(super) struct MeasuredFile {
    pub(super) name: String,
    pub(super) measurements: ImageMeasurements,
}

impl MeasuredFile {
    /// The measurements in a file, if it seems to hold some.
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Option<Result<Self, Fault>> {
        ImageMeasurements::looks_like(bytes).then(|| {
            let name = source::path_name(path);
            match ImageMeasurements::parse(bytes) {
                Ok(measurements) => Ok(Self { name, measurements }),
                Err(error) => {
                    Err(Fault::of_class(error.class(), error.to_string(), error.hint()).in_file(name))
                }
            }
        })
    }

    /// The measurements of an enclave image (EIF), whose signature is verified if it has one.
    pub(super) fn of_image(path: &Path, context: &Context) -> Result<Self, Fault> {
        let name = source::path_name(path);
        let image = measure_image(path, Wanted::default(), &context.source)?;
        if let Some(Err(error)) = image.verify_signature(&teeproof_aws_lc::TABLE) {
            return Err(Fault::of_class(error.class(), error.to_string(), error.hint()).in_file(name));
        }
        let teeproof_eif::Measurements { pcr0, pcr1, pcr2, pcr8 } = *image.measurements();
        let image = EnclaveImage { pcr0, pcr1, pcr2, pcr3: None, pcr4: None, pcr8 };
        Ok(Self { name, measurements: ImageMeasurements::Enclave(image) })
    }

    /// What the image is of.
    pub(super) const fn kind(&self) -> &'static str {
        match self.measurements {
            ImageMeasurements::Enclave(_) => "measurements of an enclave image",
            _ => "measurements of the image of an instance with NitroTPM",
        }
    }

    /// Whether it is an enclave image.
    pub(super) const fn is_of_enclave(&self) -> bool {
        matches!(self.measurements, ImageMeasurements::Enclave(_))
    }

    /// The PCRs by number.
    pub(super) fn pcrs(&self) -> Vec<(u8, [u8; 48])> {
        match self.measurements {
            ImageMeasurements::Enclave(EnclaveImage { pcr0, pcr1, pcr2, pcr3, pcr4, pcr8 }) => {
                let others = [(3, pcr3), (4, pcr4), (8, pcr8)];
                let others = others.into_iter().filter_map(|(index, pcr)| Some((index, pcr?)));
                [(0, pcr0), (1, pcr1), (2, pcr2)].into_iter().chain(others).collect()
            }
            ImageMeasurements::Instance(InstanceImage { pcr4, pcr7, pcr12 }) => {
                [Some((4, pcr4)), Some((7, pcr7)), pcr12.map(|pcr12| (12, pcr12))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// An image, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "MeasuredImage"))]
pub(super) struct ImageJson<'a> {
    /// The file's name as it was given.
    file: &'a str,
    /// The technology of the section that it is proposed for: `nitro`, `nitro-tpm`.
    technology: &'static str,
    /// The PCRs of the image in hex, by number.
    pcrs: std::collections::BTreeMap<String, String>,
}

impl<'a> ImageJson<'a> {
    /// The image of a file.
    pub(super) fn of(image: &'a MeasuredFile) -> Self {
        let technology = match image.measurements {
            ImageMeasurements::Enclave(_) => teeproof_core::Technology::Nitro,
            _ => teeproof_core::Technology::NitroTpm,
        };
        let pcrs =
            image.pcrs().iter().map(|(index, pcr)| (index.to_string(), Hex(pcr).to_string())).collect();
        Self { file: &image.name, technology: technology.as_str(), pcrs }
    }
}
