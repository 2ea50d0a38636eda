//! The body of RunInstances, as data: what the SDK is given, and what tests compare with the request on the wire.

use base64ct::{Base64, Encoding as _};
use teeproof_runtime::{DeploymentId, Image, Launch, MachineReport, Problem, Reach};

use crate::config::InstanceProfile;
use crate::facts::Volume;
use crate::tags::{self, Tags};
use crate::user_data::{Download, MAX_USER_DATA};
use crate::{Allocation, Ec2Config};

/// The TCP port of the parent that forwards to the road of the enclave.
pub const ROAD_PORT: u16 = 5733;
/// The TCP port of the parent that answers `GET /` with its report.
pub const STATUS_PORT: u16 = 5734;

/// What user data is written from. It has no secret, because everybody who can describe the instance reads it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UserDataInput<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentId,
    /// The region, for the proxy to KMS.
    pub region: &'a str,
    /// The enclave image file.
    pub image: &'a Image,
    /// The `teeproof` of the parent, if the configuration names one.
    pub program: Option<&'a Download>,
    /// Processors and memory for the allocator and the enclave.
    pub allocation: Allocation,
    /// Ports of the workload that the parent forwards.
    pub ports: &'a [u16],
    /// The port of the parent side of the road.
    pub road_port: u16,
    /// The port of the report.
    pub status_port: u16,
}

impl<'a> UserDataInput<'a> {
    /// The input for a launch.
    pub(crate) fn new(config: &'a Ec2Config, launch: &Launch<'a>, region: &'a str, ports: Ports) -> Self {
        Self {
            deployment: launch.id,
            region,
            image: &launch.request.image,
            program: config.program.as_ref(),
            allocation: config.allocation(&launch.request.resources),
            ports: &launch.request.ports,
            road_port: ports.road,
            status_port: ports.status,
        }
    }
}

/// How a parent is set up, and what it says of that.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// Writes the user data of a launch, or says what of the input it cannot hold. The same input gives the same text, so
    /// that a repeated launch has the same parameters.
    pub user_data: fn(&UserDataInput<'_>) -> Result<String, Vec<Problem>>,
    /// Reads the report of the parent, or says why it is none.
    pub report: fn(&[u8]) -> Result<MachineReport, String>,
}

/// The ports of a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The parent side of the road.
    pub road: u16,
    /// The report.
    pub status: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { road: ROAD_PORT, status: STATUS_PORT }
    }
}

/// The parameters of RunInstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaunchBody {
    pub(crate) image_id: String,
    pub(crate) instance_type: String,
    pub(crate) client_token: String,
    pub(crate) key_name: Option<String>,
    pub(crate) subnet: Option<String>,
    pub(crate) security_group: Option<String>,
    /// Whether the instance gets a public address, whatever its subnet gives.
    pub(crate) has_public_address: bool,
    pub(crate) profile: Option<InstanceProfile>,
    /// All are encrypted, and deleted on termination.
    pub(crate) volumes: Vec<Volume>,
    pub(crate) tags: Tags,
    /// In base64.
    pub(crate) user_data: String,
}

/// `MetadataOptions.HttpPutResponseHopLimit`: no container of the parent reaches the credentials of its role.
pub(crate) const HOP_LIMIT: i32 = 1;

impl LaunchBody {
    /// The body for a launch. `volumes` are those of the machine image.
    pub(crate) fn new(
        config: &Ec2Config,
        launch: &Launch<'_>,
        volumes: Vec<Volume>,
        user_data: &str,
    ) -> Result<Self, Problem> {
        if user_data.len() > MAX_USER_DATA {
            return Err(Problem {
                what: "user data".to_owned(),
                why: format!("expected at most {MAX_USER_DATA} bytes, got {}", user_data.len()),
                hint: "shorten URLs and paths of the request".to_owned(),
            });
        }
        Ok(Self {
            image_id: config.ami.clone(),
            instance_type: config.instance_type.clone(),
            client_token: launch.id.to_string(),
            key_name: config.key_name.clone(),
            subnet: config.subnet.clone(),
            security_group: config.security_group.clone(),
            has_public_address: matches!(launch.request.reach, Reach::Public { .. }),
            profile: config.profile.clone(),
            volumes,
            tags: tags::of_machine(config, launch),
            user_data: Base64::encode_string(user_data.as_bytes()),
        })
    }

    /// The body as parameters of the EC2 Query API, without action and version: what the SDK has to send.
    #[cfg(test)]
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| all.push((name.to_owned(), value.to_owned()));
        add("ImageId", &self.image_id);
        add("InstanceType", &self.instance_type);
        add("MinCount", "1");
        add("MaxCount", "1");
        add("ClientToken", &self.client_token);
        add("EnclaveOptions.Enabled", "true");
        add("InstanceInitiatedShutdownBehavior", "terminate");
        add("MetadataOptions.HttpEndpoint", "enabled");
        add("MetadataOptions.HttpTokens", "required");
        add("MetadataOptions.HttpPutResponseHopLimit", &HOP_LIMIT.to_string());
        add("UserData", &self.user_data);
        if let Some(key) = &self.key_name {
            add("KeyName", key);
        }
        match &self.profile {
            Some(InstanceProfile::Name(name)) => add("IamInstanceProfile.Name", name),
            Some(InstanceProfile::Arn(arn)) => add("IamInstanceProfile.Arn", arn),
            None => {}
        }
        let interface = if self.has_public_address { "NetworkInterface.1." } else { "" };
        if self.has_public_address {
            add("NetworkInterface.1.DeviceIndex", "0");
            add("NetworkInterface.1.AssociatePublicIpAddress", "true");
            add("NetworkInterface.1.DeleteOnTermination", "true");
        }
        if let Some(subnet) = &self.subnet {
            add(&format!("{interface}SubnetId"), subnet);
        }
        if let Some(group) = &self.security_group {
            add(&format!("{interface}SecurityGroupId.1"), group);
        }
        for (number, Volume { device, size_gib }) in (1_usize..).zip(&self.volumes) {
            let volume = format!("BlockDeviceMapping.{number}");
            add(&format!("{volume}.DeviceName"), device);
            if let Some(size) = size_gib {
                add(&format!("{volume}.Ebs.VolumeSize"), &size.to_string());
            }
            add(&format!("{volume}.Ebs.Encrypted"), "true");
            add(&format!("{volume}.Ebs.DeleteOnTermination"), "true");
        }
        for (number, resource) in (1_usize..).zip(["instance", "volume"]) {
            let specification = format!("TagSpecification.{number}");
            add(&format!("{specification}.ResourceType"), resource);
            for (number, (name, value)) in (1_usize..).zip(&self.tags) {
                add(&format!("{specification}.Tag.{number}.Key"), name);
                add(&format!("{specification}.Tag.{number}.Value"), value);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends")]

    use std::collections::BTreeMap;

    use teeproof_runtime::DeployRequest;

    use super::*;
    use crate::{samples, tag};

    fn body(config: &Ec2Config, request: &DeployRequest, user_data: &str) -> Result<LaunchBody, Problem> {
        let id = samples::id();
        let launch = Launch { id: &id, request, created: 1_790_000_000 };
        LaunchBody::new(config, &launch, samples::volumes(), user_data)
    }

    fn parameters(body: &LaunchBody) -> BTreeMap<String, String> {
        let all = body.parameters();
        let count = all.len();
        let map: BTreeMap<_, _> = all.into_iter().collect();
        assert_eq!(map.len(), count, "a parameter twice");
        map
    }

    fn has(parameters: &BTreeMap<String, String>, name: &str, value: &str) {
        assert_eq!(parameters.get(name).map(String::as_str), Some(value), "{name}");
    }

    #[test]
    fn every_launch_is_safe_to_repeat_encrypted_and_tagged() {
        for (config, request) in [
            (samples::least(), samples::private()),
            (samples::full(), samples::private()),
            (samples::full(), samples::public()),
        ] {
            let launch = || body(&config, &request, "#cloud-config\n").unwrap();
            assert_eq!(launch(), launch());
            let sent = parameters(&launch());
            for (name, value) in [
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("ClientToken", "tp-abcdefghijklmnopqrstuvwxyz"),
                ("EnclaveOptions.Enabled", "true"),
                ("MetadataOptions.HttpTokens", "required"),
                ("MetadataOptions.HttpEndpoint", "enabled"),
                ("MetadataOptions.HttpPutResponseHopLimit", "1"),
                ("InstanceInitiatedShutdownBehavior", "terminate"),
                ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
                ("BlockDeviceMapping.1.Ebs.VolumeSize", "8"),
                ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
                ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
                ("BlockDeviceMapping.2.Ebs.Encrypted", "true"),
                ("UserData", "I2Nsb3VkLWNvbmZpZwo="),
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.2.ResourceType", "volume"),
            ] {
                has(&sent, name, value);
            }
            assert!(sent["ClientToken"].len() <= 64);
            for specification in [1, 2] {
                let prefix = format!("TagSpecification.{specification}.Tag.");
                let named = |name: &str| {
                    let key = sent.iter().find(|(key, value)| key.starts_with(&prefix) && *value == name);
                    key.and_then(|(key, _)| sent.get(&key.replace(".Key", ".Value")))
                };
                assert_eq!(named(tag::OWNER).unwrap(), "ci@team");
                assert_eq!(named(tag::STATE).unwrap(), "launching");
                assert_eq!(named(tag::CREATED).unwrap(), "1790000000");
                assert_eq!(named(tag::DEPLOYMENT).unwrap(), "tp-abcdefghijklmnopqrstuvwxyz");
            }
        }
    }

    #[test]
    fn what_is_not_configured_is_not_sent() {
        let sent = parameters(&body(&samples::least(), &samples::private(), "").unwrap());
        for prefix in ["KeyName", "SubnetId", "SecurityGroupId", "IamInstanceProfile", "NetworkInterface"] {
            assert!(!sent.keys().any(|name| name.starts_with(prefix)), "{prefix}");
        }
    }

    #[test]
    fn an_address_is_public_only_if_the_request_says_so() {
        let sent = parameters(&body(&samples::full(), &samples::private(), "").unwrap());
        has(&sent, "SubnetId", "subnet-0123456789abcdef0");
        has(&sent, "SecurityGroupId.1", "sg-0123456789abcdef0");
        has(&sent, "IamInstanceProfile.Name", "parent");
        has(&sent, "KeyName", "ops");
        assert!(!sent.keys().any(|name| name.starts_with("NetworkInterface")));
        let sent = parameters(&body(&samples::full(), &samples::public(), "").unwrap());
        has(&sent, "NetworkInterface.1.AssociatePublicIpAddress", "true");
        has(&sent, "NetworkInterface.1.SubnetId", "subnet-0123456789abcdef0");
        has(&sent, "NetworkInterface.1.SecurityGroupId.1", "sg-0123456789abcdef0");
        assert!(!sent.contains_key("SubnetId") && !sent.contains_key("SecurityGroupId.1"));
    }

    #[test]
    fn user_data_has_a_limit() {
        assert!(body(&samples::least(), &samples::private(), &"x".repeat(MAX_USER_DATA)).is_ok());
        let problem =
            body(&samples::least(), &samples::private(), &"x".repeat(MAX_USER_DATA + 1)).unwrap_err();
        assert_eq!(problem.to_string(), "user data: expected at most 16384 bytes, got 16385");
    }

    #[test]
    fn no_secret_is_in_a_launch() {
        let mut request = samples::private();
        request
            .environment
            .insert("TOKEN".to_owned(), teeproof_runtime::SecretText::new("hunter2".to_owned()));
        let text = format!("{:?}", body(&samples::full(), &request, "").unwrap());
        assert!(!text.contains("hunter2") && !text.contains("TOKEN"));
    }
}
