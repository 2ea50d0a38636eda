//! What EC2 says of everything that a configuration names.

use crate::tags::DescribedRule;

/// An answer about something that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found<T> {
    /// The configuration names none.
    NotNamed,
    /// EC2 has none of this name; its code.
    Missing(String),
    /// It is there.
    There(T),
}

/// An instance type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TypeFacts {
    pub(crate) has_enclaves: bool,
    pub(crate) is_bare_metal: bool,
    pub(crate) processors: u32,
    pub(crate) threads_per_core: u32,
    pub(crate) memory_mib: u64,
    pub(crate) architectures: Vec<String>,
}

/// A machine image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ImageFacts {
    pub(crate) state: String,
    pub(crate) architecture: String,
    pub(crate) is_windows: bool,
    pub(crate) has_ebs_root: bool,
    /// Its EBS volumes.
    pub(crate) volumes: Vec<Volume>,
}

/// A volume of a machine image. A launch repeats its size, as a mapping has either a size or a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    /// `/dev/xvda`.
    pub(crate) device: String,
    pub(crate) size_gib: Option<i32>,
}

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubnetFacts {
    pub(crate) vpc: String,
    pub(crate) free_addresses: u32,
    /// Whether its routes lead to an internet gateway; `None` if nobody looked.
    pub(crate) has_gateway: Option<bool>,
}

/// A security group, with its rules if the request needs some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupFacts {
    pub(crate) vpc: String,
    pub(crate) rules: Vec<DescribedRule>,
}

/// What EC2 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) instance_type: Found<TypeFacts>,
    pub(crate) image: Found<ImageFacts>,
    pub(crate) subnet: Found<SubnetFacts>,
    pub(crate) group: Found<GroupFacts>,
}
