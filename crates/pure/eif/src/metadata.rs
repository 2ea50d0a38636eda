//! The metadata section: JSON about the build, which no PCR measures.
//!
//! Source: aws-nitro-enclaves-image-format, "EifSectionMetadata".

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

/// The metadata of an image. Anybody can change it without changing a PCR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageMetadata {
    /// The name of the image.
    #[serde(rename = "ImageName")]
    pub image_name: String,
    /// The version of the image.
    #[serde(rename = "ImageVersion")]
    pub image_version: String,
    /// How the image was built.
    #[serde(rename = "BuildMetadata")]
    pub build: BuildMetadata,
    /// What `docker image inspect` printed of the container that the image was made from.
    #[serde(rename = "DockerInfo")]
    pub docker_info: serde_json::Value,
    /// Data of the builder's own. AWS' reader requires it, and its specification does not.
    #[serde(rename = "CustomMetadata", default)]
    pub custom: serde_json::Value,
}

/// How an image was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildMetadata {
    /// The time, as text in any form.
    #[serde(rename = "BuildTime")]
    pub build_time: String,
    /// The program that built the image.
    #[serde(rename = "BuildTool")]
    pub build_tool: String,
    /// The version of that program.
    #[serde(rename = "BuildToolVersion")]
    pub build_tool_version: String,
    /// The operating system of the image.
    #[serde(rename = "OperatingSystem")]
    pub operating_system: String,
    /// The version of the kernel.
    #[serde(rename = "KernelVersion")]
    pub kernel_version: String,
}

impl ImageMetadata {
    /// Parses the content of a metadata section. Members that AWS does not define are ignored.
    ///
    /// # Errors
    /// Content that is not JSON, or without a member that AWS requires.
    pub fn parse(content: &[u8]) -> Result<Self, MetadataError> {
        serde_json::from_slice(content).map_err(|error| MetadataError {
            is_json: error.is_data(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// The content of a metadata section, the same for the same metadata.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Texts and JSON values can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Why a metadata section is not as AWS specifies it. No PCR depends on it, and an enclave of the image starts:
/// only nitro-cli cannot describe the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataError {
    is_json: bool,
    line: usize,
    column: usize,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_json, line, column } = self;
        let expected = if *is_json {
            "an object with ImageName, ImageVersion, BuildMetadata and DockerInfo"
        } else {
            "JSON"
        };
        write!(f, "EIF metadata: expected {expected}, line {line}, column {column}")
    }
}

impl core::error::Error for MetadataError {}
