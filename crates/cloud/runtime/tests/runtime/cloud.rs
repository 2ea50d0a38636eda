//! A cloud in memory: machines, firewall rules, and enclaves whose documents are minted under a root of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use teeproof_mint::nitro::{Document, Enclave, Identity, Signer};
use teeproof_mint::{Key, Kind};
use teeproof_runtime::{
    Belonging, Binding, Call, DeployRequest, FailureClass, Image, Launch, Limits, Machine, MachineId,
    MachineReport, MachineState, Owner, Pace, Plan, PolicyText, Problem, Provider, ProviderFailure, Registry,
    Runtime, RuntimeSettings,
};
use tokio::sync::Notify;

/// PCR0 of the image.
pub(crate) const IMAGE: [u8; 48] = [0xa5; 48];

/// SubjectPublicKeyInfo of a key that somebody can encrypt to.
pub(crate) static P256_KEY: LazyLock<Vec<u8>> =
    LazyLock::new(|| Key::shared("recipient", Kind::P256).public_key_info().unwrap());

/// What is done to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies.
    Killed,
    /// The call fails with this class, once.
    Fails(FailureClass),
    /// This call and all after it fail, as if the network were gone.
    Outage,
}

/// When it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The call does not reach the cloud.
    Before,
    /// The cloud does it, and its answer is lost.
    After,
}

#[derive(Clone, Debug)]
pub(crate) struct TestMachine {
    pub(crate) machine: Machine,
    /// Looks until the next state.
    looks: u32,
    /// The number of its start, which is part of the module id.
    starts: u64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) machines: BTreeMap<String, TestMachine>,
    pub(crate) belongings: Vec<Belonging>,
    pub(crate) calls: Vec<&'static str>,
    /// The number of the call that it is done to.
    pub(crate) fault: Option<(usize, When, Fault)>,
    is_out: bool,
    next: u64,
    pub(crate) problems: Vec<Problem>,
    /// Changes documents before they are signed.
    pub(crate) forge: Option<fn(&mut Document)>,
    pub(crate) report: Option<MachineReport>,
    /// A document that is returned in place of a new one.
    pub(crate) replayed: Option<Vec<u8>>,
    signer: Signer,
}

#[derive(Debug)]
pub(crate) struct TestCloud {
    world: Mutex<World>,
    pub(crate) killed: Notify,
    pub(crate) delay: Mutex<Duration>,
    pub(crate) documents: AtomicUsize,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl TestCloud {
    pub(crate) fn new() -> Arc<Self> {
        let enclave = Enclave::with_identity(&Identity::default(), now());
        Arc::new(Self {
            world: Mutex::new(World {
                machines: BTreeMap::new(),
                belongings: Vec::new(),
                calls: Vec::new(),
                fault: None,
                is_out: false,
                next: 0,
                problems: Vec::new(),
                forge: None,
                report: None,
                replayed: None,
                signer: Signer::new(&enclave.chain).unwrap(),
            }),
            killed: Notify::new(),
            delay: Mutex::new(Duration::from_millis(1)),
            documents: AtomicUsize::new(0),
        })
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Ends an outage, and forgets the fault.
    pub(crate) fn repair(&self) {
        let mut world = self.world();
        (world.fault, world.is_out) = (None, false);
    }

    /// Machines that cost money.
    pub(crate) fn running(&self) -> Vec<Machine> {
        let is_billed = |state| !matches!(state, MachineState::Terminating | MachineState::Terminated);
        let world = self.world();
        let machines = world.machines.values().map(|one| one.machine.clone());
        machines.filter(|machine| is_billed(machine.state)).collect()
    }

    /// Somebody switches the support off, on machines that are stopped.
    pub(crate) fn switch_enclaves_off(&self) {
        self.world().machines.values_mut().for_each(|one| one.machine.is_confidential = false);
    }

    async fn call<T>(
        &self,
        name: &'static str,
        act: impl FnOnce(&mut World) -> Result<T, Box<ProviderFailure>>,
    ) -> Result<T, Box<ProviderFailure>> {
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let (fault, is_out) = {
            let mut world = self.world();
            let number = world.calls.len();
            world.calls.push(name);
            (world.fault.filter(|(at, ..)| *at == number), world.is_out)
        };
        if is_out {
            return Err(failure(name, FailureClass::Transient));
        }
        if let Some((_, When::Before, fault)) = fault {
            return Err(self.fail(name, fault).await);
        }
        let done = act(&mut self.world());
        match fault {
            Some((.., fault)) => Err(self.fail(name, fault).await),
            None => done,
        }
    }

    async fn fail(&self, name: &str, fault: Fault) -> Box<ProviderFailure> {
        match fault {
            Fault::Killed => {
                self.killed.notify_one();
                std::future::pending().await
            }
            Fault::Fails(class) => failure(name, class),
            Fault::Outage => {
                self.world().is_out = true;
                failure(name, FailureClass::Transient)
            }
        }
    }
}

pub(crate) fn failure(call: &str, class: FailureClass) -> Box<ProviderFailure> {
    Box::new(ProviderFailure {
        call: call.to_owned(),
        class,
        code: Some(format!("{class:?}")),
        request_id: None,
        message: "injected".to_owned(),
        hint: "none".to_owned(),
    })
}

impl World {
    fn machine(&mut self, id: &MachineId) -> Result<&mut TestMachine, Box<ProviderFailure>> {
        self.machines.get_mut(&id.id).ok_or_else(|| failure("machine", FailureClass::NotFound))
    }

    /// One look at a machine, after which it may have another state.
    fn look(&mut self, id: &str) -> Option<Machine> {
        let one = self.machines.get_mut(id)?;
        let seen = one.machine.clone();
        one.looks = one.looks.saturating_sub(1);
        if one.looks == 0 {
            one.machine.state = match one.machine.state {
                MachineState::Pending => MachineState::Running,
                MachineState::Stopping => MachineState::Stopped,
                MachineState::Terminating => MachineState::Terminated,
                other => other,
            };
        }
        Some(seen)
    }
}

impl Provider for TestCloud {
    fn name(&self) -> &str {
        "test"
    }

    fn plan<'a>(&'a self, _: &'a DeployRequest) -> Call<'a, Result<Plan, Vec<Problem>>> {
        Box::pin(self.call("plan", |world| {
            let problems = world.problems.clone();
            Ok(if problems.is_empty() { Ok(Plan::default()) } else { Err(problems) })
        }))
    }

    fn launch<'a>(&'a self, launch: &'a Launch<'a>) -> Call<'a, Machine> {
        Box::pin(self.call("launch", move |world| {
            // The client token.
            if let Some(again) = world.machines.values().find(|one| one.machine.deployment == *launch.id) {
                return Ok(again.machine.clone());
            }
            world.next += 1;
            let id = format!("i-{:017x}", world.next);
            let rule = format!("rule-{}", world.next);
            world.belongings.push(Belonging {
                deployment: launch.id.clone(),
                kind: "rule".to_owned(),
                id: rule,
                // In place of a tag.
                parent: Some(launch.request.owner.to_string()),
                region: "here".to_owned(),
            });
            let machine = Machine {
                id: MachineId { region: "here".to_owned(), id: id.clone() },
                deployment: launch.id.clone(),
                created: launch.created,
                is_ready: false,
                state: MachineState::Pending,
                reason: None,
                size: "test.large".to_owned(),
                private_address: Some([127, 0, 0, 1].into()),
                public_address: None,
                is_confidential: true,
                image: None,
                details: vec![("owner".to_owned(), launch.request.owner.to_string())],
            };
            world.machines.insert(id, TestMachine { machine: machine.clone(), looks: 2, starts: 1 });
            Ok(machine)
        }))
    }

    fn machines<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Machine>> {
        Box::pin(self.call("machines", move |world| {
            let owned = |one: &&TestMachine| one.machine.details[0].1 == owner.as_str();
            Ok(world.machines.values().filter(owned).map(|one| one.machine.clone()).collect())
        }))
    }

    fn machine<'a>(&'a self, id: &'a MachineId) -> Call<'a, Option<Machine>> {
        Box::pin(self.call("machine", |world| Ok(world.look(&id.id))))
    }

    fn report<'a>(&'a self, machine: &'a Machine) -> Call<'a, Option<MachineReport>> {
        Box::pin(self.call("report", |world| {
            let is_running = world.machine(&machine.id)?.machine.state == MachineState::Running;
            Ok(is_running.then(|| world.report.clone().unwrap_or(MachineReport::Ready)))
        }))
    }

    fn mark_ready<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(self.call("mark", |world| {
            world.machine(&machine.id)?.machine.is_ready = true;
            Ok(())
        }))
    }

    fn stop<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(self.call("stop", |world| {
            let one = world.machine(&machine.id)?;
            (one.machine.state, one.looks) = (MachineState::Stopping, 2);
            Ok(())
        }))
    }

    fn start<'a>(&'a self, machine: &'a Machine) -> Call<'a, ()> {
        Box::pin(self.call("start", |world| {
            let one = world.machine(&machine.id)?;
            (one.machine.state, one.looks) = (MachineState::Pending, 2);
            one.starts += 1;
            Ok(())
        }))
    }

    fn terminate<'a>(&'a self, id: &'a MachineId) -> Call<'a, ()> {
        Box::pin(self.call("terminate", |world| {
            let one = world.machine(id)?;
            if !matches!(one.machine.state, MachineState::Terminating | MachineState::Terminated) {
                (one.machine.state, one.looks) = (MachineState::Terminating, 2);
            }
            Ok(())
        }))
    }

    fn belongings<'a>(&'a self, owner: &'a Owner) -> Call<'a, Vec<Belonging>> {
        Box::pin(self.call("belongings", move |world| {
            let is_owned = |belonging: &&Belonging| belonging.parent.as_deref() == Some(owner.as_str());
            Ok(world.belongings.iter().filter(is_owned).cloned().collect())
        }))
    }

    fn remove<'a>(&'a self, belonging: &'a Belonging) -> Call<'a, ()> {
        Box::pin(self.call("remove", move |world| {
            world.belongings.retain(|one| one != belonging);
            Ok(())
        }))
    }

    fn evidence<'a>(&'a self, machine: &'a Machine, nonce: &'a [u8]) -> Call<'a, Vec<u8>> {
        Box::pin(self.call("evidence", |world| {
            self.documents.fetch_add(1, Ordering::SeqCst);
            if let Some(replayed) = &world.replayed {
                return Ok(replayed.clone());
            }
            let one = world.machine(&machine.id)?.clone();
            let identity =
                Identity { instance: one.machine.id.id.clone(), enclave: one.starts, ..Identity::default() };
            let enclave = Enclave::with_identity(&identity, now()).pcr(0, &IMAGE).nonce(nonce);
            let mut document = enclave.document.clone();
            if let Some(forge) = world.forge {
                forge(&mut document);
            }
            Ok(world.signer.renewed(&enclave.chain).unwrap().sign(&document).unwrap())
        }))
    }

    fn bindings(&self, machine: &Machine) -> Vec<Binding> {
        vec![Binding::NitroInstance(machine.id.id.clone())]
    }
}

/// A runtime over the cloud, in a directory of its own.
pub(crate) struct Place {
    pub(crate) cloud: Arc<TestCloud>,
    pub(crate) directory: PathBuf,
    pub(crate) runtime: Arc<Runtime>,
}

static PLACES: AtomicUsize = AtomicUsize::new(0);

impl Place {
    pub(crate) fn new() -> Self {
        Self::of(TestCloud::new())
    }

    pub(crate) fn of(cloud: Arc<TestCloud>) -> Self {
        let number = PLACES.fetch_add(1, Ordering::SeqCst);
        let directory =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("place-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        Self { runtime: Self::runtime(&cloud, &directory), cloud, directory }
    }

    fn runtime(cloud: &Arc<TestCloud>, directory: &PathBuf) -> Arc<Runtime> {
        let providers: Vec<Arc<dyn Provider>> = vec![Arc::<TestCloud>::clone(cloud)];
        let mut settings = RuntimeSettings::new(Registry::open(directory).unwrap(), providers);
        settings.pace = Pace { first: Duration::from_millis(10), longest: Duration::from_millis(100) };
        settings.settling = Duration::ZERO;
        settings.cleanup_within = Duration::from_secs(60);
        settings.anchors = vec![cloud.world().signer.root().to_vec()];
        Arc::new(Runtime::new(settings))
    }

    /// The runtime of another process, with the registry as it is or without it.
    pub(crate) fn again(&mut self, keep: bool) {
        if !keep {
            std::fs::remove_dir_all(&self.directory).unwrap();
        }
        self.runtime = Self::runtime(&self.cloud, &self.directory);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

pub(crate) fn owner() -> Owner {
    "team".parse().unwrap()
}

pub(crate) fn limits() -> Limits {
    Limits::within(Duration::from_secs(600))
}

/// A policy for the image.
pub(crate) fn policy() -> PolicyText {
    let pcr0: String = IMAGE.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "version = 1\n[nitro]\ndebug = {{ exactly = false }}\npcrs = {{ 0 = {{ exactly = \"{pcr0}\" }} }}\nunlisted = {{ waived = \"a test\" }}\n"
    );
    PolicyText { name: "image.toml".to_owned(), text }
}

pub(crate) fn request() -> DeployRequest {
    let image = Image::Url {
        url: "https://example.com/image.eif".to_owned(),
        sha256: teeproof_runtime::Sha256([7; 32]),
    };
    DeployRequest::new("test", owner(), image, policy())
}

pub(crate) fn ignore(_: &teeproof_runtime::Event) {}
