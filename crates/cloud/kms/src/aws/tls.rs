//! TLS: rustls with aws-lc and the CA certificates of the system.

use std::io;
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connector::Stream;

/// Opens TLS to this host over a stream. The certificate must be valid for the host, whoever carries the bytes.
///
/// The CA certificates are those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, or the system's. In an enclave they are a part of
/// the image, and so of PCR 0.
pub(super) async fn open(host: &str, stream: Box<dyn Stream>) -> io::Result<TlsStream<Box<dyn Stream>>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let config = config().map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn config() -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    if system.certs.is_empty() {
        let reason = system.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(format!(
            "the system has no CA certificates{reason}; set SSL_CERT_FILE to a file of them"
        ));
    }
    roots.add_parsable_certificates(system.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
