//! Calls on types, images and instances.

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, EnclaveOptionsRequest, Filter, HttpTokensState,
    IamInstanceProfileSpecification, Instance, InstanceMetadataEndpointState, InstanceMetadataOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceType, ResourceType, ShutdownBehavior, Tag,
    TagSpecification,
};
use teeproof_runtime::{FailureClass, ProviderFailure};

use super::Api;
use super::error::failed;
use crate::call::Ec2Call;
use crate::config::InstanceProfile;
use crate::facts::{Found, ImageFacts, TypeFacts, Volume};
use crate::launch::{HOP_LIMIT, LaunchBody};
use crate::tags::{Described, Tags};

type Called<T> = Result<T, Box<ProviderFailure>>;

/// The most results of a page, as EC2 allows.
pub(super) const PAGE: i32 = 1000;
/// The most pages of a list, so that an endpoint cannot keep a caller.
pub(super) const MAX_PAGES: usize = 200;

impl Api {
    pub(crate) async fn instance_type(&self, name: &str) -> Called<Found<TypeFacts>> {
        let call = Ec2Call::DescribeInstanceTypes;
        let sent =
            self.client.describe_instance_types().instance_types(InstanceType::from(name)).send().await;
        let Some(answer) = there(sent.map_err(|error| failed(call, error)))? else {
            return Ok(Found::Missing("InvalidInstanceType".to_owned()));
        };
        let Some(info) = answer.instance_types().first() else {
            return Ok(Found::Missing("none of this name".to_owned()));
        };
        let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        let processors = info.v_cpu_info();
        let architectures =
            info.processor_info().map(|info| info.supported_architectures()).unwrap_or_default();
        let memory = info.memory_info().and_then(|info| info.size_in_mib());
        Ok(Found::There(TypeFacts {
            has_enclaves: info
                .nitro_enclaves_support()
                .is_some_and(|support| support.as_str() == "supported"),
            is_bare_metal: info.bare_metal() == Some(true),
            processors: number(processors.and_then(|info| info.default_v_cpus())),
            threads_per_core: number(processors.and_then(|info| info.default_threads_per_core())),
            memory_mib: memory.and_then(|memory| u64::try_from(memory).ok()).unwrap_or(0),
            architectures: architectures.iter().map(|one| one.as_str().to_owned()).collect(),
        }))
    }

    pub(crate) async fn image(&self, id: &str) -> Called<Found<ImageFacts>> {
        let call = Ec2Call::DescribeImages;
        let sent = self.client.describe_images().image_ids(id).send().await;
        let Some(answer) = there(sent.map_err(|error| failed(call, error)))? else {
            return Ok(Found::Missing("InvalidAMIID.NotFound".to_owned()));
        };
        let Some(image) = answer.images().first() else {
            return Ok(Found::Missing("none of this id".to_owned()));
        };
        let volumes = image.block_device_mappings().iter().filter(|mapping| mapping.ebs().is_some());
        Ok(Found::There(ImageFacts {
            state: image.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            architecture: image.architecture().map(|one| one.as_str().to_owned()).unwrap_or_default(),
            is_windows: image.platform().is_some_and(|one| one.as_str().eq_ignore_ascii_case("windows")),
            has_ebs_root: image.root_device_type().is_some_and(|one| one.as_str() == "ebs"),
            volumes: volumes
                .filter_map(|mapping| {
                    let size_gib = mapping.ebs().and_then(|ebs| ebs.volume_size());
                    Some(Volume { device: mapping.device_name()?.to_owned(), size_gib })
                })
                .collect(),
        }))
    }

    /// Launches an instance.
    pub(crate) async fn run(&self, body: &LaunchBody) -> Called<Described> {
        let call = Ec2Call::RunInstances;
        let sent = self.run_request(body).send().await;
        let answer = sent.map_err(|error| failed(call, error))?;
        let mut described = answer.instances().first().map(described).ok_or_else(|| {
            Box::new(ProviderFailure {
                call: call.name().to_owned(),
                class: FailureClass::Other,
                code: None,
                request_id: None,
                message: "the answer names no instance".to_owned(),
                hint: "something else than EC2 may answer at the endpoint; run sweep".to_owned(),
            })
        })?;
        // They were set in the same call.
        if described.tags.is_empty() {
            described.tags.clone_from(&body.tags);
        }
        Ok(described)
    }

    /// Whether the launch would be allowed. `Some` is an instance that was launched although this was a dry run.
    pub(crate) async fn dry_run(&self, body: &LaunchBody) -> Called<Option<String>> {
        let sent = self.run_request(body).dry_run(true).send().await;
        match sent.map_err(|error| failed(Ec2Call::RunInstances, error)) {
            Err(failure) if failure.code.as_deref() == Some("DryRunOperation") => Ok(None),
            Err(failure) => Err(failure),
            Ok(answer) => Ok(answer.instances().first().map(|one| described(one).id)),
        }
    }

    fn run_request(&self, body: &LaunchBody) -> RunInstancesFluentBuilder {
        let metadata = InstanceMetadataOptionsRequest::builder()
            .http_endpoint(InstanceMetadataEndpointState::Enabled)
            .http_tokens(HttpTokensState::Required)
            .http_put_response_hop_limit(HOP_LIMIT)
            .build();
        let profile = body.profile.as_ref().map(|profile| match profile {
            InstanceProfile::Name(name) => IamInstanceProfileSpecification::builder().name(name).build(),
            InstanceProfile::Arn(arn) => IamInstanceProfileSpecification::builder().arn(arn).build(),
        });
        let volumes = body.volumes.iter().map(|Volume { device, size_gib }| {
            let ebs = EbsBlockDevice::builder()
                .set_volume_size(*size_gib)
                .encrypted(true)
                .delete_on_termination(true);
            let ebs = ebs.build();
            BlockDeviceMapping::builder().device_name(device).ebs(ebs).build()
        });
        let request = self
            .client
            .run_instances()
            .image_id(&body.image_id)
            .instance_type(InstanceType::from(body.instance_type.as_str()))
            .min_count(1)
            .max_count(1)
            .client_token(&body.client_token)
            .enclave_options(EnclaveOptionsRequest::builder().enabled(true).build())
            .instance_initiated_shutdown_behavior(ShutdownBehavior::Terminate)
            .metadata_options(metadata)
            .user_data(&body.user_data)
            .set_key_name(body.key_name.clone())
            .set_iam_instance_profile(profile)
            .set_block_device_mappings(Some(volumes.collect::<Vec<_>>()).filter(|all| !all.is_empty()))
            .tag_specifications(tag_specification(ResourceType::Instance, &body.tags))
            .tag_specifications(tag_specification(ResourceType::Volume, &body.tags));
        if body.has_public_address {
            let interface = InstanceNetworkInterfaceSpecification::builder()
                .device_index(0)
                .associate_public_ip_address(true)
                .delete_on_termination(true)
                .set_subnet_id(body.subnet.clone())
                .set_groups(body.security_group.clone().map(|group| vec![group]))
                .build();
            return request.network_interfaces(interface);
        }
        request
            .set_subnet_id(body.subnet.clone())
            .set_security_group_ids(body.security_group.clone().map(|group| vec![group]))
    }

    /// One instance; `None` if EC2 does not know it.
    pub(crate) async fn instance(&self, id: &str) -> Called<Option<Described>> {
        let sent = self.client.describe_instances().instance_ids(id).send().await;
        let answer = there(sent.map_err(|error| failed(Ec2Call::DescribeInstances, error)))?;
        let instance = answer.as_ref().and_then(|answer| answer.reservations().first()?.instances().first());
        Ok(instance.map(described))
    }

    /// The instances with a tag that are not terminated.
    pub(crate) async fn instances(&self, tag: &str, value: &str) -> Called<Vec<Described>> {
        let call = Ec2Call::DescribeInstances;
        let states = ["pending", "running", "shutting-down", "stopping", "stopped"].map(str::to_owned);
        let mut all = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self
                .client
                .describe_instances()
                .filters(filter(&format!("tag:{tag}"), value))
                .filters(
                    Filter::builder().name("instance-state-name").set_values(Some(states.to_vec())).build(),
                )
                .max_results(PAGE)
                .set_next_token(token);
            let page = request.send().await.map_err(|error| failed(call, error))?;
            let instances = page.reservations().iter().flat_map(|reservation| reservation.instances());
            all.extend(instances.map(described));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(endless(call))
    }

    /// Sets one tag of an instance.
    pub(crate) async fn set_tag(&self, instance: &str, name: &str, value: &str) -> Called<()> {
        let tag = Tag::builder().key(name).value(value).build();
        let sent = self.client.create_tags().resources(instance).tags(tag).send().await;
        sent.map(drop).map_err(|error| failed(Ec2Call::CreateTags, error))
    }

    pub(crate) async fn stop(&self, instance: &str) -> Called<()> {
        let sent = self.client.stop_instances().instance_ids(instance).send().await;
        sent.map(drop).map_err(|error| failed(Ec2Call::StopInstances, error))
    }

    pub(crate) async fn start(&self, instance: &str) -> Called<()> {
        let sent = self.client.start_instances().instance_ids(instance).send().await;
        sent.map(drop).map_err(|error| failed(Ec2Call::StartInstances, error))
    }

    pub(crate) async fn terminate(&self, instance: &str) -> Called<()> {
        let sent = self.client.terminate_instances().instance_ids(instance).send().await;
        sent.map(drop).map_err(|error| failed(Ec2Call::TerminateInstances, error))
    }
}

/// An answer, or `None` if EC2 does not have what was named.
pub(super) fn there<T>(called: Called<T>) -> Called<Option<T>> {
    match called {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.class == FailureClass::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A list that does not end.
pub(super) fn endless(call: Ec2Call) -> Box<ProviderFailure> {
    Box::new(ProviderFailure {
        call: call.name().to_owned(),
        class: FailureClass::Other,
        code: None,
        request_id: None,
        message: format!("the list has more than {MAX_PAGES} pages"),
        hint: "something else than EC2 may answer at the endpoint".to_owned(),
    })
}

pub(super) fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

pub(super) fn tag_specification(resource: ResourceType, tags: &Tags) -> TagSpecification {
    let tags = tags.iter().map(|(name, value)| Tag::builder().key(name).value(value).build());
    TagSpecification::builder().resource_type(resource).set_tags(Some(tags.collect())).build()
}

pub(super) fn pairs(tags: &[Tag]) -> Tags {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

fn described(instance: &Instance) -> Described {
    let state = instance.state().and_then(|state| state.name());
    let reason = instance.state_reason().and_then(|reason| reason.message().or_else(|| reason.code()));
    Described {
        id: instance.instance_id().unwrap_or_default().to_owned(),
        state: state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        reason: reason.or_else(|| instance.state_transition_reason()).map(str::to_owned),
        size: instance.instance_type().map(|size| size.as_str().to_owned()).unwrap_or_default(),
        private_address: instance.private_ip_address().map(str::to_owned),
        public_address: instance.public_ip_address().map(str::to_owned),
        has_enclaves: instance.enclave_options().and_then(|options| options.enabled()) == Some(true),
        profile: instance.iam_instance_profile().and_then(|profile| profile.arn()).map(str::to_owned),
        tags: pairs(instance.tags()),
    }
}
