//! The network as the settings allow it: endpoints of the services, HTTP client, retries, and the cache on disk.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_core::Time;
use teeproof_endorse::{
    Cache, CacheLimits, Endpoints, Fetcher, Http, MirrorSource, Offline, Question, Retries, Reuse, Service,
    Transport, default_cache_directory,
};

use crate::output::fault::Fault;
use crate::output::streams::Messages;

/// URLs of services in place of the vendors': of mirrors and of caching services.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Services")]
pub(crate) struct EndpointArgs {
    /// The base URL in place of AMD's Key Distribution Service; plain HTTP on loopback only
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    #[arg(env = "TEEPROOF_KDS_URL", hide_env_values = true)]
    pub(crate) kds_url: Option<String>,

    /// The base URL in place of Intel's Provisioning Certification Service, such as that of a PCCS
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    #[arg(env = "TEEPROOF_PCS_URL", hide_env_values = true)]
    pub(crate) pcs_url: Option<String>,

    /// The URL of the revocation list of Intel's SGX root CA
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    #[arg(env = "TEEPROOF_INTEL_ROOT_CRL_URL", hide_env_values = true)]
    pub(crate) intel_root_crl_url: Option<String>,

    /// The base URL in place of the hosts of CA certificates that certificates name (AIA)
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    #[arg(env = "TEEPROOF_AIA_URL", hide_env_values = true)]
    pub(crate) aia_url: Option<String>,
}

impl EndpointArgs {
    /// Those that are set here, and otherwise those of the defaults.
    pub(crate) fn or(&self, defaults: &Self) -> Self {
        let or = |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone());
        Self {
            kds_url: or(&self.kds_url, &defaults.kds_url),
            pcs_url: or(&self.pcs_url, &defaults.pcs_url),
            intel_root_crl_url: or(&self.intel_root_crl_url, &defaults.intel_root_crl_url),
            aia_url: or(&self.aia_url, &defaults.aia_url),
        }
    }

    /// The endpoints with these overrides.
    fn endpoints(&self) -> Result<Endpoints, Fault> {
        let mut endpoints = Endpoints::vendors();
        for (service, url) in [
            (Service::Kds, &self.kds_url),
            (Service::Pcs, &self.pcs_url),
            (Service::IntelRootCrl, &self.intel_root_crl_url),
            (Service::Issuers, &self.aia_url),
        ] {
            if let Some(url) = url {
                let set = endpoints.set(service, url);
                set.map_err(|error| Fault::fetch(&error).in_file(service.variable()))?;
            }
        }
        Ok(endpoints)
    }
}

/// Whether services may be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Endorsements are read from the cache, if there is one. No socket is opened.
    CacheOnly,
    /// What the cache lacks is fetched, unless --offline was given.
    Fetch,
}

/// The services and the cache.
#[derive(Debug)]
pub(crate) struct Network {
    endpoints: Endpoints,
    /// None: no socket is opened.
    http: Option<Http>,
    cache: Option<Cache>,
    retries: Retries,
}

/// The settings of the network, after flags, environment and file.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkSettings {
    /// Whether every use of the network is forbidden.
    pub(crate) offline: bool,
    /// The directory of --cache-dir.
    pub(crate) cache_dir: Option<PathBuf>,
    /// The time limit of one request, and of the wait for another process that fetches the same object.
    pub(crate) timeout: Option<Duration>,
    /// How often a request is repeated.
    pub(crate) retries: Option<u32>,
    pub(crate) endpoints: EndpointArgs,
}

impl NetworkSettings {
    /// The directory of the cache: that of --cache-dir, or the user's.
    pub(crate) fn cache_directory(&self) -> Option<PathBuf> {
        let of_user = || {
            let (xdg, home) = (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"));
            default_cache_directory(xdg.as_deref(), home.as_deref())
        };
        self.cache_dir.clone().or_else(of_user)
    }

    /// The cache if there is one, to read it: nothing is made.
    pub(crate) fn existing_cache(&self) -> Result<Option<Cache>, Fault> {
        let Some(directory) = self.cache_directory() else { return Ok(None) };
        Cache::open_existing(&directory, CacheLimits::DEFAULT).map_err(|error| Fault::fetch(&error))
    }

    /// The cache, whose directory is made if it is missing; `None` where the user has none.
    pub(crate) fn cache(&self) -> Result<Option<Cache>, Fault> {
        let opened = self.cache_directory().map(|directory| Cache::open(&directory, CacheLimits::DEFAULT));
        opened.transpose().map_err(|error| Fault::fetch(&error))
    }

    /// Opens the cache, and makes a client if services may be requested.
    pub(crate) fn open(&self, reach: Reach, messages: &Messages) -> Result<Network, Fault> {
        let endpoints = self.endpoints.endpoints()?;
        let fetches = reach == Reach::Fetch && !self.offline;
        let http = if fetches {
            let hosts = endpoints.allowed_hosts().map_err(|error| Fault::fetch(&error))?;
            Some(Http::with_hosts(self.timeout.unwrap_or(TIMEOUT), hosts))
        } else {
            None
        };
        let opened = if fetches { self.cache() } else { self.existing_cache() };
        let cache = match opened {
            Err(fault) if self.cache_dir.is_some() => return Err(fault),
            // The user's own cache is a convenience: without it, everything is fetched each time.
            Err(fault) => {
                messages.say(&format!("note: the cache is not used: {}", fault.message()));
                None
            }
            Ok(cache) => cache,
        };
        let retries = Retries::DEFAULT;
        let attempts = self.retries.map_or(retries.attempts, |count| count.saturating_add(1));
        // Whoever gives a time limit does not wait longer for another process than for a service.
        let lock_patience =
            self.timeout.map_or(retries.lock_patience, |limit| limit.min(retries.lock_patience));
        Ok(Network { endpoints, http, cache, retries: Retries { attempts, lock_patience, ..retries } })
    }
}

impl Network {
    /// The fetcher.
    pub(crate) fn fetcher(&self) -> Fetcher<'_> {
        let fetcher = match &self.http {
            Some(http) => Fetcher::new(http, &self.endpoints, self.retries, &random),
            None => Fetcher::offline(&self.endpoints),
        };
        match &self.cache {
            Some(cache) => fetcher.cache(cache),
            None => fetcher,
        }
    }

    /// Whether services may be requested.
    pub(crate) const fn fetches(&self) -> bool {
        self.http.is_some()
    }

    /// The services.
    pub(crate) const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What a mirror answers from; `None` without a cache. Those who request it wait for its own requests, so that it
    /// repeats them less often.
    pub(crate) fn into_mirror_source(
        self,
        reuse: fn(&Question) -> Reuse,
        clock: fn() -> Time,
    ) -> Option<MirrorSource> {
        let offline = self.http.is_none();
        Some(MirrorSource {
            transport: self
                .http
                .map_or_else(|| Box::new(Offline) as Box<dyn Transport>, |http| Box::new(http)),
            endpoints: self.endpoints,
            cache: self.cache?,
            retries: Retries {
                attempts: self.retries.attempts.min(2),
                total: MIRROR_PATIENCE,
                ..self.retries
            },
            reuse,
            offline,
            clock,
            random,
        })
    }

    /// Whether there is a cache.
    pub(crate) const fn has_cache(&self) -> bool {
        self.cache.is_some()
    }
}

/// 32 bits for the jitter of pauses; zero where the operating system has none, which is a pause like others.
fn random() -> u32 {
    getrandom::u32().unwrap_or_default()
}

/// The time of a mirror for all its requests for one object.
const MIRROR_PATIENCE: Duration = Duration::from_secs(8);
/// The time limit of a request to a service.
const TIMEOUT: Duration = Duration::from_secs(10);
