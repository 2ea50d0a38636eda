//! The metadata section: JSON about the build, which no PCR measures.
//!
//! Source: aws-nitro-enclaves-image-format, "EifSectionMetadata".

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The metadata of an image. Anybody can change it without changing a PCR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageMetadata {
    /// The name of the image.
    pub image_name: String,
    /// The version of the image.
    pub image_version: String,
    /// How the image was built.
    pub build: BuildMetadata,
    /// What `docker image inspect` printed of the container that the image was made from.
    pub docker_info: MetadataJson,
    /// Data of the builder's own. AWS' reader requires it, and its specification does not.
    pub custom: MetadataJson,
}

/// How an image was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildMetadata {
    /// The time, as text in any form.
    pub build_time: String,
    /// The program that built the image.
    pub build_tool: String,
    /// The version of that program.
    pub build_tool_version: String,
    /// The operating system of the image.
    pub operating_system: String,
    /// The version of the kernel.
    pub kernel_version: String,
}

/// JSON in a member of the metadata whose form AWS leaves to the builder. `Display` writes it; its default is an empty
/// object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataJson(Value);

impl Default for MetadataJson {
    fn default() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }
}

impl fmt::Display for MetadataJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl MetadataJson {
    /// Parses JSON of any form.
    ///
    /// # Errors
    /// Text that is not JSON.
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        serde_json::from_str(text).map(Self).map_err(|error| MetadataError::of(&error))
    }
}

impl ImageMetadata {
    /// Parses the content of a metadata section. Members that AWS does not define are ignored.
    ///
    /// # Errors
    /// Content that is not JSON, or without a member that AWS requires.
    pub fn parse(content: &[u8]) -> Result<Self, MetadataError> {
        let members: Members = serde_json::from_slice(content).map_err(|error| MetadataError::of(&error))?;
        let build = members.build;
        Ok(Self {
            image_name: members.image_name,
            image_version: members.image_version,
            build: BuildMetadata {
                build_time: build.build_time,
                build_tool: build.build_tool,
                build_tool_version: build.build_tool_version,
                operating_system: build.operating_system,
                kernel_version: build.kernel_version,
            },
            docker_info: MetadataJson(members.docker_info),
            custom: MetadataJson(members.custom),
        })
    }

    /// The content of a metadata section, the same for the same metadata.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let build = self.build.clone();
        let members = Members {
            image_name: self.image_name.clone(),
            image_version: self.image_version.clone(),
            build: BuildMembers {
                build_time: build.build_time,
                build_tool: build.build_tool,
                build_tool_version: build.build_tool_version,
                operating_system: build.operating_system,
                kernel_version: build.kernel_version,
            },
            docker_info: self.docker_info.0.clone(),
            custom: self.custom.0.clone(),
        };
        // Texts and JSON values can always be written.
        serde_json::to_vec(&members).unwrap_or_default()
    }
}

/// The metadata by the names of its members. Private, because serde is no part of the API.
#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(rename = "ImageName")]
    image_name: String,
    #[serde(rename = "ImageVersion")]
    image_version: String,
    #[serde(rename = "BuildMetadata")]
    build: BuildMembers,
    #[serde(rename = "DockerInfo")]
    docker_info: Value,
    #[serde(rename = "CustomMetadata", default)]
    custom: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildMembers {
    build_time: String,
    build_tool: String,
    build_tool_version: String,
    operating_system: String,
    kernel_version: String,
}

/// Why a metadata section is not as AWS specifies it. No PCR depends on it, and an enclave of the image starts:
/// only nitro-cli cannot describe the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataError {
    is_json: bool,
    line: usize,
    column: usize,
}

impl MetadataError {
    fn of(error: &serde_json::Error) -> Self {
        Self { is_json: error.is_data(), line: error.line(), column: error.column() }
    }
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
