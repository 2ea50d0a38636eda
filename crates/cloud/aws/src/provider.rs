//! EC2 as a provider of the runtime: single calls, each safe to repeat.

use core::net::SocketAddr;
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use teeproof_nsm::road::{self, RoadAddress, RoadError, RoadForm, RoadRequest};
use teeproof_runtime::{
    Belonging, Binding, Call, DeployRequest, DeploymentId, FailureClass, Launch, Machine, MachineId,
    MachineReport, Owner, Plan, Problem, Provider, ProviderFailure, Reach,
};

use crate::call::Ec2Call;
use crate::facts::{Facts, Found, GroupFacts, Volume};
use crate::firewall::{self, Existing};
use crate::launch::{LaunchBody, Parent, UserDataInput};
use crate::sdk::{self, Api, SdkSettings};
use crate::tags::{self, Described, tag};
use crate::{Ec2Config, Ports, error, plan, preflight};

/// The name of the provider, in requests and records.
const NAME: &str = "aws";
/// The most bytes of a report.
const MAX_REPORT: usize = 64 * 1024;

/// How EC2 and parents are called. Credentials, region and endpoint are those of the AWS SDK, if nothing is said here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ec2Settings {
    /// The region; without one, that of the SDK's environment and files.
    pub region: Option<String>,
    /// The URL of EC2; without one, that of the SDK (`AWS_ENDPOINT_URL_EC2`), or of the region.
    pub url: Option<String>,
    /// The time for one request to EC2.
    pub timeout: Duration,
    /// How often the SDK makes a call that failed for the moment, before the runtime pauses.
    pub attempts: u32,
    /// The ports of parents.
    pub ports: Ports,
    /// The time for evidence, from the connection to the last byte.
    pub road_timeout: Duration,
    /// The time for a report.
    pub report_timeout: Duration,
}

impl Default for Ec2Settings {
    fn default() -> Self {
        Self {
            region: None,
            url: None,
            timeout: Duration::from_secs(30),
            attempts: 3,
            ports: Ports::default(),
            road_timeout: Duration::from_secs(15),
            report_timeout: Duration::from_secs(5),
        }
    }
}

/// EC2.
#[derive(Clone, Debug)]
pub struct Ec2 {
    config: Ec2Config,
    settings: Ec2Settings,
    parent: Parent,
    api: Api,
}

impl Ec2 {
    /// EC2 with this configuration, and parents of this kind.
    ///
    /// # Errors
    /// No region, or a URL that is plain HTTP to another machine. Credentials are looked for when they are needed.
    pub async fn new(
        config: Ec2Config,
        settings: Ec2Settings,
        parent: Parent,
    ) -> Result<Self, Box<ProviderFailure>> {
        let sdk = SdkSettings {
            region: settings.region.clone(),
            url: settings.url.clone(),
            timeout: settings.timeout,
            attempts: settings.attempts,
        };
        let api = Api::new(&sdk).await?;
        Ok(Self { config, settings, parent, api })
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        self.api.region()
    }

    /// What EC2 says of everything that the configuration names.
    async fn facts(&self, request: &DeployRequest) -> Result<Facts, Box<ProviderFailure>> {
        let is_public = matches!(request.reach, Reach::Public { .. });
        let subnet = async {
            match &self.config.subnet {
                Some(id) => self.api.subnet(id, is_public).await,
                None => Ok(Found::NotNamed),
            }
        };
        let group = async {
            let Some(id) = &self.config.security_group else { return Ok(Found::NotNamed) };
            Ok(match self.api.group(id).await? {
                Found::There(vpc) => {
                    let rules = if is_public { self.api.rules_of_group(id).await? } else { Vec::new() };
                    Found::There(GroupFacts { vpc, rules })
                }
                Found::Missing(code) => Found::Missing(code),
                Found::NotNamed => Found::NotNamed,
            })
        };
        let (instance_type, image, subnet, group) = tokio::try_join!(
            self.api.instance_type(&self.config.instance_type),
            self.api.image(&self.config.ami),
            subnet,
            group
        )?;
        Ok(Facts { instance_type, image, subnet, group })
    }

    fn body(&self, launch: &Launch<'_>, volumes: Vec<Volume>) -> Result<LaunchBody, Vec<Problem>> {
        let input = UserDataInput::new(&self.config, launch, self.region(), self.settings.ports);
        let user_data = (self.parent.user_data)(&input)?;
        LaunchBody::new(&self.config, launch, volumes, &user_data).map_err(|problem| vec![problem])
    }

    async fn planned(
        &self,
        request: &DeployRequest,
    ) -> Result<Result<Plan, Vec<Problem>>, Box<ProviderFailure>> {
        let facts = self.facts(request).await?;
        let mut problems = preflight::problems(&self.config, request, self.settings.ports, &facts);
        let volumes = match facts.image {
            Found::There(image) => image.volumes,
            Found::Missing(_) | Found::NotNamed => Vec::new(),
        };
        // Nobody launches under this id.
        let id = DeploymentId::generate().map_err(|error| other(Ec2Call::RunInstances, error.to_string()))?;
        let body = match self.body(&Launch { id: &id, request, created: 0 }, volumes) {
            Ok(body) if problems.is_empty() => body,
            Ok(_) => return Ok(Err(problems)),
            Err(of_user_data) => {
                problems.extend(of_user_data);
                return Ok(Err(problems));
            }
        };
        let mut plan = plan::plan(&self.config, request, self.region(), self.settings.ports);
        match self.api.dry_run(&body).await {
            Ok(None) => Ok(Ok(plan)),
            Ok(Some(instance)) => {
                self.api.terminate(&instance).await?;
                let message = format!("the endpoint launched {instance} in a dry run; it was terminated");
                Err(other(Ec2Call::RunInstances, message))
            }
            Err(failure) if error::is_unknown_profile(&failure) => {
                plan.notes.push(format!(
                    "EC2 does not know the instance profile now ({}): a new one is known after about a minute, and the launch \
                     tries for two",
                    failure.message
                ));
                Ok(Ok(plan))
            }
            Err(failure) if matches!(failure.class, FailureClass::Invalid | FailureClass::NotFound) => {
                Ok(Err(vec![Problem {
                    what: "RunInstances".to_owned(),
                    why: format!("{}: {}", failure.code.as_deref().unwrap_or_default(), failure.message),
                    hint: failure.hint,
                }]))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn launched(&self, launch: &Launch<'_>) -> Result<Machine, Box<ProviderFailure>> {
        let volumes = match self.api.image(&self.config.ami).await? {
            Found::There(image) => image.volumes,
            Found::Missing(_) | Found::NotNamed => {
                return Err(invalid(Ec2Call::DescribeImages, format!("{}: no such image", self.config.ami)));
            }
        };
        let body = self.body(launch, volumes).map_err(|problems| {
            let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
            invalid(Ec2Call::RunInstances, all.join("; "))
        })?;
        // Before the instance: what fails here has launched nothing.
        self.open_ports(launch).await?;
        let run = self.api.run(&body).await;
        let described = run.map_err(|failure| error::of_launch(failure, launch.created, now()))?;
        let id = described.id.clone();
        self.read(described, &self.api).ok_or_else(|| {
            other(Ec2Call::RunInstances, format!("the answer names {id} without the tags of the launch"))
        })
    }

    /// Adds the rules that the group lacks.
    async fn open_ports(&self, launch: &Launch<'_>) -> Result<(), Box<ProviderFailure>> {
        let rules = firewall::rules(launch.request, self.settings.ports);
        let (Some(group), false) = (&self.config.security_group, rules.is_empty()) else { return Ok(()) };
        let has = self.api.rules_of_group(group).await?;
        let mut missing = Vec::new();
        for rule in &rules {
            match firewall::existing(rule, &has, Some(launch.id)) {
                Existing::None => missing.push(rule),
                Existing::Usable => {}
                Existing::Other { rule: id, deployment } => {
                    let message = format!("port {} is open by the rule {id} of {deployment}", rule.port);
                    return Err(invalid(Ec2Call::AuthorizeSecurityGroupIngress, message));
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let tags = tags::of_rule(launch.id, &launch.request.owner);
        self.api.add_rules(group, &missing, &tags, &format!("teeproof {}", launch.id)).await
    }

    fn read(&self, described: Described, api: &Api) -> Option<Machine> {
        tags::machine(described, api.region())
    }

    fn api_of(&self, region: &str) -> Api {
        self.api.in_region(region)
    }

    /// A call on an instance that may be too young to be known everywhere.
    fn of_instance<T>(
        result: Result<T, Box<ProviderFailure>>,
        machine: &Machine,
    ) -> Result<T, Box<ProviderFailure>> {
        result.map_err(|failure| error::of_instance(failure, machine.created, now()))
    }

    async fn reported(&self, machine: &Machine) -> Result<Option<MachineReport>, Box<ProviderFailure>> {
        let Some(address) = tags::address(machine) else { return Ok(None) };
        let address = SocketAddr::new(address, self.settings.ports.status);
        // A machine that boots says nothing, and refuses connections or drops them.
        let Ok((status, body)) = sdk::get(address, "/", MAX_REPORT, self.settings.report_timeout).await
        else {
            return Ok(None);
        };
        if status != 200 {
            return Ok(None);
        }
        let wrong = |reason| failure("report of the parent", FailureClass::Other, reason);
        (self.parent.report)(&body).map(Some).map_err(wrong)
    }

    async fn fetched(&self, machine: &Machine, nonce: &[u8]) -> Result<Vec<u8>, Box<ProviderFailure>> {
        // An instance that has just started may have its address a little later.
        let none = || failure(ROAD, FailureClass::Transient, format!("{} has no address yet", machine.id));
        let address = tags::address(machine).ok_or_else(none)?;
        let address = RoadAddress::Tcp { host: address.to_string(), port: self.settings.ports.road };
        let request = RoadRequest { nonce: nonce.to_vec(), form: RoadForm::Document };
        let timeout = self.settings.road_timeout;
        let fetched = tokio::task::spawn_blocking(move || road::fetch(&address, &request, timeout)).await;
        let fetched = fetched.map_err(|error| failure(ROAD, FailureClass::Other, error.to_string()))?;
        fetched.map_err(|error| {
            let class = road_class(&error);
            Box::new(ProviderFailure {
                hint: error.hint().to_owned(),
                ..*failure(ROAD, class, error.to_string())
            })
        })
    }
}

/// The call of evidence, in failures.
const ROAD: &str = "road of the enclave";

/// Whether a repetition with the same nonce may bring evidence.
fn road_class(error: &RoadError) -> FailureClass {
    match error {
        RoadError::Connection { .. } | RoadError::TimedOut { .. } | RoadError::Frame(_) => {
            FailureClass::Transient
        }
        // The server of documents says so itself: it is busy, or over its rate.
        RoadError::Refused(text) if text.ends_with("try again") => FailureClass::Transient,
        _ => FailureClass::Other,
    }
}

fn failure(call: &str, class: FailureClass, message: String) -> Box<ProviderFailure> {
    Box::new(ProviderFailure {
        call: call.to_owned(),
        class,
        code: None,
        request_id: None,
        message,
        hint: "see the message; status has the report of the machine".to_owned(),
    })
}

fn other(call: Ec2Call, message: String) -> Box<ProviderFailure> {
    failure(call.name(), FailureClass::Other, message)
}

fn invalid(call: Ec2Call, message: String) -> Box<ProviderFailure> {
    let hint = "correct the configuration: plan shows every problem".to_owned();
    Box::new(ProviderFailure { hint, ..*failure(call.name(), FailureClass::Invalid, message) })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Provider for Ec2 {
    fn name(&self) -> &str {
        NAME
    }

    fn plan<'a>(&'a self, request: &'a DeployRequest) -> Call<'a, Result<Plan, Vec<Problem>>> {
        Box::pin(self.planned(request))
    }

    fn launch<'a>(&'a self, launch: &'a Launch<'a>) -> Call<'a, Machine> {
        Box::pin(self.launched(launch))
    }

    fn machines<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Machine>> {
        Box::pin(async move {
            let all = self.api.instances(tag::OWNER, owner.as_str()).await?;
            Ok(all.into_iter().filter_map(|described| self.read(described, &self.api)).collect())
        })
    }

    fn machine<'a>(&'a self, id: &'a MachineId) -> Call<'a, Option<Machine>> {
        Box::pin(async move {
            let api = self.api_of(&id.region);
            let Some(described) = api.instance(&id.id).await? else { return Ok(None) };
            // Tags of a terminated instance may be gone before it is.
            if described.state == "terminated" && described.tags.is_empty() {
                return Ok(None);
            }
            let strange = || other(Ec2Call::DescribeInstances, format!("{id} has no tags of a deployment"));
            self.read(described, &api).map(Some).ok_or_else(strange)
        })
    }

    fn report<'a>(&'a self, machine: &'a Machine) -> Call<'a, Option<MachineReport>> {
        Box::pin(self.reported(machine))
    }

    fn mark_ready<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(async move {
            let api = self.api_of(&machine.id.region);
            Self::of_instance(api.set_tag(&machine.id.id, tag::STATE, tag::READY).await, machine)
        })
    }

    fn stop<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(async move {
            Self::of_instance(self.api_of(&machine.id.region).stop(&machine.id.id).await, machine)
        })
    }

    fn start<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(async move {
            Self::of_instance(self.api_of(&machine.id.region).start(&machine.id.id).await, machine)
        })
    }

    fn terminate<'a>(&'a self, id: &'a MachineId) -> Call<'a, ()> {
        Box::pin(async move { self.api_of(&id.region).terminate(&id.id).await })
    }

    fn belongings<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Belonging>> {
        Box::pin(async move {
            let rules = self.api.rules_with_tag(tag::OWNER, owner.as_str()).await?;
            Ok(rules.iter().filter_map(|rule| tags::belonging(rule, self.region())).collect())
        })
    }

    fn remove<'a>(&'a self, belonging: &'a Belonging) -> Call<'a, ()> {
        Box::pin(async move {
            let group = belonging.parent.as_deref().filter(|_| belonging.kind == tags::RULE);
            let strange =
                || invalid(Ec2Call::RevokeSecurityGroupIngress, format!("{} is no rule", belonging.id));
            let group = group.ok_or_else(strange)?;
            self.api_of(&belonging.region).remove_rule(group, &belonging.id).await
        })
    }

    fn evidence<'a>(&'a self, machine: &'a Machine, nonce: &'a [u8]) -> Call<'a, Vec<u8>> {
        Box::pin(self.fetched(machine, nonce))
    }

    fn bindings(&self, machine: &Machine) -> Vec<Binding> {
        let role = tags::role(machine, &self.config).map(|role| Binding::NitroRole(role.to_owned()));
        [Binding::NitroInstance(machine.id.id.clone())].into_iter().chain(role).collect()
    }
}
