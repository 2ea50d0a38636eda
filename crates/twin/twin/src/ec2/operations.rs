//! The actions: those that the twin answers itself, those whose answers it changes, and those that are moto's.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand;

use super::calls::Calls;
use super::faults::Faults;
use super::form::Form;
use super::instances::Instances;
use super::launches::{self, Launch, Launches};
use super::lists::Lists;
use super::upstream::{Reply, Upstream};
use super::xml::Element;
use super::{ErrorResponse, Settings, answers};
use crate::aws::sigv4::hex;

/// An EC2: what it keeps, and its settings.
#[derive(Debug)]
pub(super) struct Ec2 {
    settings: Settings,
    instances: Mutex<Instances>,
    launches: Launches,
    lists: Mutex<Lists>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
}

impl Ec2 {
    pub(super) fn new(settings: Settings) -> Self {
        let instances = Instances::new(settings.first_address, settings.hidden, settings.terminated);
        let mut faults = Faults::default();
        faults.replace(settings.faults.clone());
        Self {
            settings,
            instances: Mutex::new(instances),
            launches: Launches::default(),
            lists: Mutex::default(),
            faults: Mutex::new(faults),
            calls: Mutex::default(),
        }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn instances(&self) -> MutexGuard<'_, Instances> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request to moto, or repeats the answer of an earlier one.
    fn ask(&self, upstream: &Upstream<'_>, form: &Form) -> Result<Reply, ErrorResponse> {
        if !self.settings.repeats_lists {
            return upstream.call(form);
        }
        if !Lists::is_list(form.get("Action").unwrap_or_default()) {
            self.lists().change();
            let reply = upstream.call(form);
            self.lists().change();
            return reply;
        }
        let request = form.encoded();
        let (known, changes) = {
            let lists = self.lists();
            (lists.get(&request), lists.changes())
        };
        if let Some(reply) = known {
            return Ok(reply);
        }
        let reply = upstream.call(form)?;
        self.lists().keep(request, &reply, changes);
        Ok(reply)
    }

    /// Performs a request.
    pub(super) fn perform(&self, authorization: &str, form: &Form) -> Result<Reply, ErrorResponse> {
        let action = form.get("Action").unwrap_or_default();
        let upstream = self.upstream(authorization);
        let named = || form.list("InstanceId").chain(form.list("ResourceId"));
        if let Some(id) = named().find(|id| self.instances().is_hidden(id)) {
            return Err(ErrorResponse::unknown_instance(id));
        }
        let reply = match action {
            "RunInstances" => self.run(&upstream, form),
            "DescribeInstanceAttribute" if form.get("Attribute") == Some("enclaveOptions") => {
                self.describe_enclave(&upstream, form)
            }
            "ModifyInstanceAttribute" => match enclave_value(form)? {
                Some(is_enabled) => self.modify_enclave(&upstream, form, is_enabled),
                None => self.ask(&upstream, form),
            },
            "TerminateInstances" => {
                let reply = self.ask(&upstream, form)?;
                if reply.status == 200 {
                    form.list("InstanceId").for_each(|id| self.instances().terminate(id));
                }
                Ok(reply)
            }
            action if answers::is_rewritten(action) => self.rewritten(action, self.ask(&upstream, form)?),
            _ => self.ask(&upstream, form),
        };
        reply.map(with_status)
    }

    /// Terminates the instances of a launch, as EC2 does if it cannot start them. Nobody sees the answer of moto.
    pub(super) fn abort(&self, authorization: &str, launched: &Reply, code: &str, message: &str) {
        let ids = parse(launched).map(|root| answers::ids(&root)).unwrap_or_default();
        let form = naming("TerminateInstances", &ids);
        if ids.is_empty() || self.ask(&self.upstream(authorization), &form).is_err() {
            return;
        }
        ids.iter().for_each(|id| self.instances().abort(id, code, message));
    }

    fn upstream<'a>(&self, authorization: &'a str) -> Upstream<'a> {
        Upstream { address: self.settings.upstream, authorization }
    }

    /// An answer with what the twin keeps in it; errors stay as they are.
    fn rewritten(&self, action: &str, reply: Reply) -> Result<Reply, ErrorResponse> {
        if reply.status != 200 {
            return Ok(reply);
        }
        let mut root = parse(&reply)?;
        answers::rewrite(action, &mut root, &mut self.instances());
        Ok(answered(&root))
    }

    fn run(&self, upstream: &Upstream<'_>, form: &Form) -> Result<Reply, ErrorResponse> {
        let is_enclave_enabled = form.boolean("EnclaveOptions.Enabled")?.unwrap_or_default();
        let token = launches::token(form)?;
        let Some(token) = token.filter(|_| form.get("DryRun") != Some("true")) else {
            return self.launch(upstream, form, is_enclave_enabled).map(|(reply, _)| reply);
        };
        let entry = self.launches.entry(token);
        let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
        let fingerprint = Launch::fingerprint(form);
        if let Some(launch) = entry.as_ref() {
            launch.expect(&fingerprint)?;
            return self.repeat(upstream, launch);
        }
        let (reply, instances) = self.launch(upstream, form, is_enclave_enabled)?;
        if !instances.is_empty() {
            *entry = Some(Launch { fingerprint, instances });
        }
        Ok(reply)
    }

    /// Launches instances: the answer, and their ids; none if moto refused.
    fn launch(
        &self,
        upstream: &Upstream<'_>,
        form: &Form,
        is_enclave_enabled: bool,
    ) -> Result<(Reply, Vec<String>), ErrorResponse> {
        let reply = self.ask(upstream, &for_moto(form))?;
        if reply.status != 200 {
            return unknown_profile(form, &reply).map_or(Ok((reply, Vec::new())), Err);
        }
        let mut root = parse(&reply)?;
        let ids = answers::ids(&root);
        let mut instances = self.instances();
        ids.iter().for_each(|id| instances.launch(id, is_enclave_enabled));
        answers::rewrite("RunInstances", &mut root, &mut instances);
        Ok((answered(&root), ids))
    }

    /// Answers a launch whose token was used before, with the state that its instances have now.
    fn repeat(&self, upstream: &Upstream<'_>, launch: &Launch) -> Result<Reply, ErrorResponse> {
        let reply = self.ask(upstream, &describe(&launch.instances))?;
        if reply.status != 200 {
            return Ok(reply);
        }
        let described = parse(&reply)?;
        if answers::states(&described).all(|state| state == "terminated") {
            let message = "The request uses the same client token as a previous request for which the instance has been \
                           terminated.";
            return Err(ErrorResponse::of("IdempotentInstanceTerminated").message(message));
        }
        let root = answers::launched(&request_id(), &described);
        let mut root = root.ok_or_else(|| unexpected("an answer without a reservation"))?;
        answers::rewrite("RunInstances", &mut root, &mut self.instances());
        Ok(answered(&root))
    }

    fn describe_enclave(&self, upstream: &Upstream<'_>, form: &Form) -> Result<Reply, ErrorResponse> {
        let id = required(form, "InstanceId")?;
        let reply = self.ask(upstream, &describe(&[id.to_owned()]))?;
        if reply.status != 200 {
            return Ok(reply);
        }
        let is_enabled = self.instances().is_enclave_enabled(id);
        Ok(answered(&answers::enclave_attribute(&request_id(), id, is_enabled)))
    }

    /// Switches the enclave options of a stopped instance.
    fn modify_enclave(
        &self,
        upstream: &Upstream<'_>,
        form: &Form,
        is_enabled: bool,
    ) -> Result<Reply, ErrorResponse> {
        let id = required(form, "InstanceId")?;
        let reply = self.ask(upstream, &describe(&[id.to_owned()]))?;
        if reply.status != 200 {
            return Ok(reply);
        }
        let described = parse(&reply)?;
        if answers::states(&described).any(|state| state != "stopped") {
            let message = format!("The instance '{id}' is not in the 'stopped' state.");
            return Err(ErrorResponse::of("IncorrectInstanceState").message(message));
        }
        if form.boolean("DryRun")? == Some(true) {
            return Err(ErrorResponse::of("DryRunOperation"));
        }
        self.instances().enable_enclave(id, is_enabled);
        Ok(answered(&answers::modified(&request_id())))
    }
}

/// The value of a request that modifies the enclave options.
fn enclave_value(form: &Form) -> Result<Option<bool>, ErrorResponse> {
    if let Some(value) = form.boolean("EnclaveOptions.Enabled")? {
        return Ok(Some(value));
    }
    if form.get("Attribute") != Some("enclaveOptions") {
        return Ok(None);
    }
    required(form, "Value")?;
    form.boolean("Value")
}

/// moto refuses volumes without a size, which EC2 takes from the AMI.
fn for_moto(form: &Form) -> Cow<'_, Form> {
    let mut added: Vec<String> = Vec::new();
    for (name, _) in form.parameters() {
        let Some((volume, _)) = name.split_once(".Ebs.") else { continue };
        let is_given = |member: &str| form.get(&format!("{volume}.Ebs.{member}")).is_some();
        let size = format!("{volume}.Ebs.VolumeSize");
        if !is_given("VolumeSize") && !is_given("SnapshotId") && !added.contains(&size) {
            added.push(size);
        }
    }
    if added.is_empty() {
        return Cow::Borrowed(form);
    }
    Cow::Owned(added.iter().fold(form.clone(), |form, size| form.with(size, "8")))
}

fn describe(instances: &[String]) -> Form {
    naming("DescribeInstances", instances)
}

/// A request of the twin's own that names these instances.
fn naming(action: &str, instances: &[String]) -> Form {
    let form = Form::of(action);
    (1_usize..).zip(instances).fold(form, |form, (number, id)| form.with(&format!("InstanceId.{number}"), id))
}

fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, ErrorResponse> {
    form.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
        let message = format!("The request must contain the parameter {name}");
        ErrorResponse::of("MissingParameter").message(message)
    })
}

fn parse(reply: &Reply) -> Result<Element, ErrorResponse> {
    Element::parse(&reply.body).map_err(|error| unexpected(&error.to_string()))
}

fn unexpected(what: &str) -> ErrorResponse {
    ErrorResponse::of("InternalError").message(format!("moto: expected an answer of EC2, got {what}"))
}

fn answered(root: &Element) -> Reply {
    Reply { status: 200, body: root.to_document() }
}

/// The error of EC2 for an instance profile that it does not know yet. moto answers the one of IAM.
fn unknown_profile(form: &Form, refused: &Reply) -> Option<ErrorResponse> {
    let given =
        |name: &'static str| form.get(&format!("IamInstanceProfile.{name}")).map(|value| (name, value));
    let (member, value) = given("Name").or_else(|| given("Arn"))?;
    let root = Element::parse(&refused.body).ok()?;
    let code = root.child("Errors")?.child("Error")?.child_text("Code")?;
    let member = member.to_lowercase();
    let message = format!(
        "Value ({value}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile {member}"
    );
    (code == "NoSuchEntity").then(|| ErrorResponse::of("InvalidParameterValue").message(message))
}

/// The error of dry runs has a status of its own, which moto leaves out.
fn with_status(mut reply: Reply) -> Reply {
    const CODE: &[u8] = b"<Code>DryRunOperation</Code>";
    if reply.status == 400 && reply.body.windows(CODE.len()).any(|window| window == CODE) {
        reply.status = 412;
    }
    reply
}

/// A random id of a request, in the form of EC2's.
pub(super) fn request_id() -> String {
    let mut bytes = [0; 16];
    // Without random numbers it is zero: nobody checks it.
    let _ = rand::fill(&mut bytes);
    let digits = hex(&bytes);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn volumes_have_a_size_for_moto() {
        let sent = form(
            "Action=RunInstances&BlockDeviceMapping.1.Ebs.Encrypted=true&BlockDeviceMapping.1.Ebs.Iops=1",
        );
        assert_eq!(for_moto(&sent).get("BlockDeviceMapping.1.Ebs.VolumeSize"), Some("8"));
        assert_eq!(for_moto(&sent).parameters().len(), 4);
        let sized = form("BlockDeviceMapping.1.Ebs.VolumeSize=20&BlockDeviceMapping.2.Ebs.SnapshotId=snap-1");
        assert_eq!(*for_moto(&sized), sized);
    }

    #[test]
    fn enclave_options_have_two_forms() {
        let value = |text: &str| enclave_value(&form(text)).map_err(|error| error.code);
        assert_eq!(value("EnclaveOptions.Enabled=true"), Ok(Some(true)));
        assert_eq!(value("Attribute=enclaveOptions&Value=false"), Ok(Some(false)));
        assert_eq!(value("Attribute=userData&Value=x"), Ok(None));
        assert_eq!(value("InstanceType.Value=m5.xlarge"), Ok(None));
        assert_eq!(value("Attribute=enclaveOptions"), Err("MissingParameter".to_owned()));
        assert_eq!(value("EnclaveOptions.Enabled=maybe"), Err("InvalidParameterValue".to_owned()));
    }

    #[test]
    fn ids_of_requests_differ() {
        assert_eq!(request_id().len(), 36);
        assert_ne!(request_id(), request_id());
    }
}
