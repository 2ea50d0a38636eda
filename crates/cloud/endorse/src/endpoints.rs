//! The services that endorsements are fetched from, and their overrides.

use std::net::SocketAddr;

use crate::url::without_secrets;
use crate::{AllowedHosts, Error, HttpUrl};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Azure's instance metadata, with THIM.
    Metadata,
    /// AMD's Key Distribution Service.
    Kds,
    /// Intel's Provisioning Certification Service, or a caching service (PCCS) with its interface.
    Pcs,
    /// The revocation list of Intel's SGX root CA. Its override is the URL of the list itself.
    IntelRootCrl,
    /// CA certificates that a certificate names (AIA). Its override takes the place of scheme, host and port.
    Issuers,
}

impl Service {
    /// Every service.
    pub const ALL: &'static [Self] =
        &[Self::Metadata, Self::Kds, Self::Pcs, Self::IntelRootCrl, Self::Issuers];

    /// The environment variable of the command that overrides the URL.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Metadata => "TEEPROOF_IMDS",
            Self::Kds => "TEEPROOF_KDS_URL",
            Self::Pcs => "TEEPROOF_PCS_URL",
            Self::IntelRootCrl => "TEEPROOF_INTEL_ROOT_CRL_URL",
            Self::Issuers => "TEEPROOF_AIA_URL",
        }
    }

    /// The URL without an override; `None` for CA certificates, whose URLs are in certificates.
    #[must_use]
    pub const fn default_url(self) -> Option<&'static str> {
        match self {
            Self::Metadata => Some(crate::AZURE_METADATA),
            Self::Kds => Some("https://kdsintf.amd.com"),
            Self::Pcs => Some("https://api.trustedservices.intel.com"),
            Self::IntelRootCrl => Some("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"),
            Self::Issuers => None,
        }
    }
}

/// Hosts of the CA certificates above Azure's attestation keys (AIA of real certificates, and Microsoft's PKI
/// repository).
const ISSUER_HOSTS: &[&str] =
    &["primary-cdn.pki.core.windows.net", "secondary-cdn.pki.core.windows.net", "www.microsoft.com"];

/// The URL of each service.
#[derive(Clone, Debug)]
pub struct Endpoints {
    overrides: Vec<(Service, HttpUrl)>,
}

impl Endpoints {
    /// The vendors' services.
    #[must_use]
    pub const fn vendors() -> Self {
        Self { overrides: Vec::new() }
    }

    /// Replaces the URL of a service.
    ///
    /// # Errors
    /// [`Error::Address`]: not a URL. [`Error::NotEncrypted`]: plain HTTP to another host than loopback, or, for
    /// [`Service::Metadata`], than the link-local address.
    pub fn set(&mut self, service: Service, url: &str) -> Result<(), Error> {
        let url = HttpUrl::parse(url)?;
        AllowedHosts::default().insert(&url)?;
        if service != Service::Metadata && !url.is_encrypted_or_local() {
            return Err(Error::NotEncrypted { url: url.to_string() });
        }
        self.overrides.retain(|(own, _)| *own != service);
        self.overrides.push((service, url));
        Ok(())
    }

    /// The URL of a service: the override, or the vendor's.
    ///
    /// # Errors
    /// [`Error::Address`] for [`Service::Issuers`] without an override.
    pub fn url(&self, service: Service) -> Result<HttpUrl, Error> {
        match self.overridden(service) {
            Some(url) => Ok(url.clone()),
            None => HttpUrl::parse(service.default_url().unwrap_or_default()),
        }
    }

    /// The services whose URL is at this address of this machine.
    pub(crate) fn services_at(&self, address: SocketAddr) -> Vec<Service> {
        let is_here = |url: &HttpUrl| {
            let origin = url.origin();
            let host = origin.host();
            let local = origin.is_loopback() && (address.ip().is_loopback() || address.ip().is_unspecified());
            origin.port() == address.port() && (local || host == address.ip().to_string())
        };
        self.overrides.iter().filter(|(_, url)| is_here(url)).map(|(service, _)| *service).collect()
    }

    fn overridden(&self, service: Service) -> Option<&HttpUrl> {
        self.overrides.iter().find(|(own, _)| *own == service).map(|(_, url)| url)
    }

    /// The URL of a CA certificate that a certificate names: on a pinned host, or moved to the override.
    ///
    /// # Errors
    /// [`Error::Address`]: not a URL, or one with a query, which no CA certificate needs.
    /// [`Error::HostNotAllowed`]: on another host than the pinned ones.
    pub fn issuer_url(&self, named: &str) -> Result<HttpUrl, Error> {
        let url = HttpUrl::parse(named)?;
        if url.path().contains('?') {
            return Err(Error::Address(without_secrets(named)));
        }
        if !pinned_issuers().contains(&url) {
            return Err(Error::HostNotAllowed { url: named.to_owned() });
        }
        match self.overridden(Service::Issuers) {
            Some(base) => base.join(url.path()),
            None => Ok(url),
        }
    }

    /// The hosts that these services are on, for [`Http::with_hosts`](crate::Http::with_hosts).
    ///
    /// # Errors
    /// None for endpoints that [`Endpoints::set`] accepted.
    pub fn allowed_hosts(&self) -> Result<AllowedHosts, Error> {
        let mut hosts = match self.overridden(Service::Issuers) {
            Some(_) => AllowedHosts::default(),
            None => pinned_issuers(),
        };
        for service in Service::ALL {
            if *service != Service::Issuers || self.overridden(*service).is_some() {
                hosts.insert(&self.url(*service)?)?;
            }
        }
        Ok(hosts)
    }
}

/// The URLs that a path of CA certificates can have: one for each pinned host. Empty for a path that does not
/// name a certificate's file.
pub(crate) fn issuer_urls(path: &str) -> Vec<HttpUrl> {
    let is_file = [".cer", ".crt", ".der", ".pem"].iter().any(|suffix| path.ends_with(suffix));
    let within = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.%+".contains(&byte);
    if !is_file || !path.starts_with('/') || !path.bytes().all(within) {
        return Vec::new();
    }
    ISSUER_HOSTS.iter().filter_map(|host| HttpUrl::parse(&["http://", host, path].concat()).ok()).collect()
}

fn pinned_issuers() -> AllowedHosts {
    let mut hosts = AllowedHosts::default();
    ISSUER_HOSTS.iter().for_each(|host| hosts.insert_issuer_host(host));
    hosts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_service_has_one_override() {
        let mut endpoints = Endpoints::vendors();
        for service in Service::ALL {
            endpoints.set(*service, "http://127.0.0.1:1/x").unwrap();
            endpoints.set(*service, "http://127.0.0.1:2").unwrap();
            assert_eq!(endpoints.url(*service).unwrap().as_str(), "http://127.0.0.1:2");
            assert!(service.variable().starts_with("TEEPROOF_"));
            for plain in ["http://kds.example", "http://10.0.0.1", "http://169.254.169.254:81"] {
                let refused = endpoints.set(*service, plain);
                assert!(matches!(refused, Err(Error::NotEncrypted { .. })), "{plain}: {refused:?}");
            }
            assert!(matches!(endpoints.set(*service, "kds.example"), Err(Error::Address(_))));
        }
        let metadata = "http://169.254.169.254";
        assert!(matches!(endpoints.set(Service::Kds, metadata), Err(Error::NotEncrypted { .. })));
        endpoints.clone().set(Service::Metadata, metadata).unwrap();
        let hosts = endpoints.allowed_hosts().unwrap();
        assert!(hosts.contains(&HttpUrl::parse("http://127.0.0.1:2/anything").unwrap()));
        assert!(!hosts.contains(&HttpUrl::parse("https://kdsintf.amd.com/").unwrap()));
        assert!(!hosts.contains(&HttpUrl::parse("http://www.microsoft.com/").unwrap()));
    }

    #[test]
    fn issuers_are_on_pinned_hosts() {
        let mut endpoints = Endpoints::vendors();
        let named = "http://primary-cdn.pki.core.windows.net/ca/x.cer";
        assert_eq!(endpoints.issuer_url(named).unwrap().as_str(), named);
        for other in [
            "http://127.0.0.1/x",
            "http://169.254.169.254/x",
            "http://ca.example/x",
            "https://kdsintf.amd.com/x",
        ] {
            let refused = endpoints.issuer_url(other);
            assert!(matches!(refused, Err(Error::HostNotAllowed { .. })), "{other}: {refused:?}");
        }
        endpoints.set(Service::Issuers, "http://127.0.0.1:3").unwrap();
        assert_eq!(endpoints.issuer_url(named).unwrap().as_str(), "http://127.0.0.1:3/ca/x.cer");
        assert!(endpoints.issuer_url("http://ca.example/x").is_err());
    }

    #[test]
    fn no_issuer_is_outside_of_the_path_of_an_override() {
        let mut endpoints = Endpoints::vendors();
        endpoints.set(Service::Issuers, "http://127.0.0.1:3/mirror/aia").unwrap();
        let url = |path: &str| endpoints.issuer_url(&["http://www.microsoft.com", path].concat());
        assert_eq!(url("/pki/ca%201.crt").unwrap().as_str(), "http://127.0.0.1:3/mirror/aia/pki/ca%201.crt");
        for path in [
            "/../../admin/delete?all=1",
            "/../../admin/delete",
            "/%2e%2e/%2E%2E/admin",
            "/%2E./admin",
            "/..\\..\\admin",
            "/..%5c..%5cadmin",
            "/..%2f..%2fadmin",
            "/x/%252e%252e/admin",
            "//admin/x.cer",
            "/x.cer?y",
            "/x.cer?",
        ] {
            assert!(matches!(url(path), Err(Error::Address(_))), "{path}: {:?}", url(path));
        }
    }
}
