//! Self-signed certificates, and clients that trust them.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{Client, connect};
use crate::seen::Seen;

/// A certificate for one host.
pub struct Certificate {
    /// The certificate in PEM.
    pub certificate: String,
    /// Its private key in PEM.
    pub private_key: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// Makes a certificate for `host`.
    ///
    /// # Panics
    /// Where `host` is no name.
    #[must_use]
    pub fn new(host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a host name");
        Self {
            certificate: made.cert.pem(),
            private_key: made.signing_key.serialize_pem(),
            der: made.cert.der().clone(),
        }
    }

    /// Whether the other side showed this very certificate.
    #[must_use]
    pub fn is(&self, shown: &[u8]) -> bool {
        &*self.der == shown
    }
}

/// A client configuration that trusts `certificates` and offers these protocols by ALPN.
///
/// # Panics
/// Where a certificate cannot be an anchor.
#[must_use]
pub fn trusting(certificates: &[&Certificate], alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.der.clone()).expect("an anchor");
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions that ring has")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// What a handshake told.
pub struct Handshake {
    /// The certificate that was shown, DER.
    pub shown: Vec<u8>,
    /// The protocol agreed on by ALPN.
    pub alpn: Option<String>,
}

/// A TLS connection to `address` as `host`.
///
/// # Errors
/// Where the handshake fails.
///
/// # Panics
/// Where nobody accepts.
pub fn connect_tls(
    address: SocketAddr,
    host: &str,
    config: Arc<ClientConfig>,
    seen: Seen,
) -> std::io::Result<(Client, Handshake)> {
    let socket = connect(address);
    let name = ServerName::try_from(host.to_owned()).expect("a server name");
    let mut tls = ClientConnection::new(config, name).expect("a client configuration");
    let mut shared = socket.try_clone()?;
    while tls.is_handshaking() {
        tls.complete_io(&mut shared)?;
    }
    let handshake = Handshake {
        shown: tls
            .peer_certificates()
            .and_then(<[_]>::first)
            .map(|certificate| certificate.to_vec())
            .unwrap_or_default(),
        alpn: tls
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned()),
    };
    let stream = StreamOwned::new(tls, shared);
    Ok((Client::over(Box::new(stream), socket, seen), handshake))
}
