//! TLS: certificates by server name, replaced while connections are open.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use arc_swap::ArcSwap;
use lockgate_config::types::Site;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::{
    Acceptor, ClientHello, ParsedCertificate, ResolvesServerCert, ServerConfig,
};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::server::TlsStream;

/// A fatal `unrecognized_name` alert (RFC 6066 §3, RFC 8446 §6) as a record of its own. rustls
/// would send `access_denied`, which tells the client nothing.
const UNRECOGNISED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// The certificates of all sites, loaded and checked.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    exact: BTreeMap<String, Arc<CertifiedKey>>,
    /// By the name after `*.`.
    below: BTreeMap<String, Arc<CertifiedKey>>,
    /// For clients that name no server.
    first: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads the files of all sites that have some.
    ///
    /// # Errors
    /// Names the site and the file that is missing, no PEM, or does not fit the other one.
    fn load(sites: &BTreeMap<String, Site>, provider: &CryptoProvider) -> anyhow::Result<Self> {
        let mut certificates = Self::default();
        for (name, site) in sites {
            let (chain, key) = match (&site.certificate, &site.private_key) {
                (Some(chain), Some(key)) => (chain, key),
                (None, None) => continue,
                _ => bail!("site {name:?} has only one of certificate and private_key"),
            };
            let certified = certified_key(chain, key, provider)
                .with_context(|| format!("the certificate of site {name:?} cannot be used"))?;
            let certified = Arc::new(certified);
            warn_uncovered(name, site, &certified);
            for host in &site.hosts {
                match host.wildcard() {
                    Some(parent) => certificates
                        .below
                        .insert(parent.to_owned(), certified.clone()),
                    None => certificates
                        .exact
                        .insert(host.as_str().to_owned(), certified.clone()),
                };
            }
            certificates.first.get_or_insert(certified);
        }
        Ok(certificates)
    }

    /// The certificate for a server name: exact before wildcards, longer wildcards before
    /// shorter ones. Without a name, that of the first site.
    fn find(&self, server_name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = server_name else {
            return self.first.clone();
        };
        let name = name.to_ascii_lowercase();
        if let Some(found) = self.exact.get(&name) {
            return Some(found.clone());
        }
        let mut rest = name.as_str();
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(found) = self.below.get(parent) {
                return Some(found.clone());
            }
            rest = parent;
        }
        None
    }
}

fn certified_key(
    chain_file: &Path,
    key_file: &Path,
    provider: &CryptoProvider,
) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(chain_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} is no PEM file that can be read", chain_file.display()))?;
    if chain.is_empty() {
        bail!("{} holds no certificate", chain_file.display());
    }
    let key = PrivateKeyDer::from_pem_file(key_file)
        .with_context(|| format!("{} holds no private key", key_file.display()))?;
    CertifiedKey::from_der(chain, key, provider).with_context(|| {
        format!(
            "{} does not fit to {}",
            key_file.display(),
            chain_file.display()
        )
    })
}

/// Clients will refuse a certificate that is not made for the host, but a test set-up or a
/// private authority may mean it: no error.
fn warn_uncovered(name: &str, site: &Site, certified: &CertifiedKey) {
    let Some(parsed) = certified
        .cert
        .first()
        .and_then(|first| ParsedCertificate::try_from(first).ok())
    else {
        return;
    };
    for host in &site.hosts {
        let example = match host.wildcard() {
            Some(parent) => format!("any.{parent}"),
            None => host.as_str().to_owned(),
        };
        let covered = ServerName::try_from(example)
            .is_ok_and(|server| verify_server_name(&parsed, &server).is_ok());
        if !covered {
            tracing::warn!(
                site = name,
                host = host.as_str(),
                "the certificate is not for this host"
            );
        }
    }
}

/// What the TLS listeners share.
pub struct Tls {
    certificates: Arc<Resolver>,
    provider: Arc<CryptoProvider>,
    with_http2: Arc<ServerConfig>,
    http1_only: Arc<ServerConfig>,
}

/// Asked by rustls in each handshake.
#[derive(Debug)]
struct Resolver(ArcSwap<Certificates>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().find(hello.server_name())
    }
}

impl Tls {
    /// Loads the certificates of all sites. TLS 1.2 and 1.3 are spoken.
    ///
    /// # Errors
    /// Names the site and the file that cannot be used.
    pub fn new(sites: &BTreeMap<String, Site>) -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let certificates = Certificates::load(sites, &provider)?;
        let certificates = Arc::new(Resolver(ArcSwap::from_pointee(certificates)));
        // Tickets are sealed with keys that only this process has and that change by themselves.
        let tickets = ring::Ticketer::new().context("no random bytes for TLS tickets")?;
        let config = |protocols: &[&[u8]]| -> anyhow::Result<Arc<ServerConfig>> {
            let mut config = ServerConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&[&TLS13, &TLS12])?
                .with_no_client_auth()
                .with_cert_resolver(certificates.clone());
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            config.ticketer = tickets.clone();
            Ok(Arc::new(config))
        };
        Ok(Self {
            with_http2: config(&[b"h2", b"http/1.1"])?,
            http1_only: config(&[b"http/1.1"])?,
            certificates,
            provider,
        })
    }

    /// Loads and checks the certificates of all sites, and changes nothing.
    ///
    /// # Errors
    /// Names the site and the file that cannot be used.
    pub fn check(&self, sites: &BTreeMap<String, Site>) -> anyhow::Result<Certificates> {
        Certificates::load(sites, &self.provider)
    }

    /// Puts certificates in force for handshakes from now on.
    pub fn put(&self, certificates: Certificates) {
        self.certificates.0.store(Arc::new(certificates));
    }

    /// A server's handshake. The caller limits its time.
    ///
    /// # Errors
    /// Those of the socket and of TLS; [`io::ErrorKind::NotFound`] for a server name that no
    /// site with a certificate has.
    pub async fn accept(&self, stream: TcpStream, http2: bool) -> io::Result<TlsStream<TcpStream>> {
        let mut start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = start.client_hello();
        // Asked before rustls does, so that a resumed session is asked as well.
        if self
            .certificates
            .0
            .load()
            .find(hello.server_name())
            .is_none()
        {
            let name = hello.server_name().unwrap_or_default().to_owned();
            start.io.write_all(&UNRECOGNISED_NAME).await?;
            start.io.shutdown().await?;
            let text = format!("no site has a certificate for the server name {name:?}");
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let config = if http2 {
            &self.with_http2
        } else {
            &self.http1_only
        };
        start.into_stream(config.clone()).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use super::*;

    /// Certificates of the tests, in a folder that goes with them.
    struct Files {
        folder: tempfile::TempDir,
        roots: RootCertStore,
    }

    impl Files {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            Self {
                folder,
                roots: RootCertStore::empty(),
            }
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        }

        /// A site with a certificate of its own for `hosts`.
        fn site(&mut self, name: &str, hosts: &[&str]) -> Site {
            let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
            self.roots.add(made.cert.der().clone()).expect("a root");
            let mut site = site(hosts);
            site.certificate = Some(self.write(&format!("{name}.pem"), &made.cert.pem()));
            let key = made.signing_key.serialize_pem();
            site.private_key = Some(self.write(&format!("{name}.key"), &key));
            site
        }
    }

    fn site(hosts: &[&str]) -> Site {
        serde_json::from_value(serde_json::json!({ "hosts": hosts })).expect("a site")
    }

    fn sites(list: &[(&str, &Site)]) -> BTreeMap<String, Site> {
        list.iter()
            .map(|(name, site)| ((*name).to_owned(), (*site).clone()))
            .collect()
    }

    /// Shakes hands as a client does; gives the server's certificate and the protocol.
    async fn shake(
        tls: &Arc<Tls>,
        roots: &RootCertStore,
        server_name: &'static str,
        http2: bool,
    ) -> Result<(CertificateDer<'static>, Option<Vec<u8>>), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server_tls = tls.clone();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await?;
            let mut stream = server_tls.accept(stream, http2).await?;
            stream.write_all(b"!").await?;
            stream.shutdown().await
        });
        let mut config = ClientConfig::builder_with_provider(tls.provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from(server_name).expect("a name");
        let stream = TcpStream::connect(address).await.expect("connected");
        let mut stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|error| error.to_string())?;
        stream.read_u8().await.map_err(|error| error.to_string())?;
        let session = stream.get_ref().1;
        let certificate = session.peer_certificates().expect("certificates")[0].clone();
        let protocol = session.alpn_protocol().map(<[u8]>::to_vec);
        // The client has what it came for; how the server closed says nothing.
        let _ = server.await;
        Ok((certificate.into_owned(), protocol))
    }

    fn first_certificate(site: &Site) -> CertificateDer<'static> {
        let path = site.certificate.as_ref().expect("a certificate");
        CertificateDer::from_pem_file(path).expect("a certificate")
    }

    #[tokio::test]
    async fn the_server_name_chooses_the_certificate() {
        let mut files = Files::new();
        let shop = files.site("shop", &["shop.test", "*.img.test"]);
        let api = files.site("api", &["api.img.test"]);
        let tls = Tls::new(&sites(&[
            ("api", &api),
            ("shop", &shop),
            ("open", &site(&["x.test"])),
        ]));
        let tls = Arc::new(tls.expect("certificates"));
        for (name, site) in [
            ("shop.test", &shop),
            ("SHOP.test", &shop),
            ("a.img.test", &shop),
            ("api.img.test", &api),
        ] {
            let (certificate, protocol) = shake(&tls, &files.roots, name, true)
                .await
                .expect("a handshake");
            assert_eq!(certificate, first_certificate(site), "{name}");
            assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
        }
        let (_, protocol) = shake(&tls, &files.roots, "shop.test", false)
            .await
            .expect("HTTP/1");
        assert_eq!(protocol.as_deref(), Some(&b"http/1.1"[..]));
        for name in ["other.test", "x.test", "img.test"] {
            let error = shake(&tls, &files.roots, name, true)
                .await
                .expect_err("unknown");
            assert!(error.contains("UnrecognisedName"), "{name}: {error}");
        }
        let certificates = tls.certificates.0.load();
        let unnamed = certificates.find(None).expect("the first site's");
        assert_eq!(unnamed.cert[0], first_certificate(&api));
        let deep = certificates
            .find(Some("a.b.img.test"))
            .expect("every name below");
        assert_eq!(deep.cert[0], first_certificate(&shop));
    }

    #[tokio::test]
    async fn new_certificates_are_used_from_then_on() {
        let mut files = Files::new();
        let old = files.site("old", &["shop.test"]);
        let tls = Arc::new(Tls::new(&sites(&[("shop", &old)])).expect("certificates"));
        let new = files.site("new", &["shop.test"]);
        let certificates = tls.check(&sites(&[("shop", &new)])).expect("certificates");
        let shown = shake(&tls, &files.roots, "shop.test", true)
            .await
            .expect("a handshake")
            .0;
        assert_eq!(shown, first_certificate(&old), "a check changes nothing");
        tls.put(certificates);
        let shown = shake(&tls, &files.roots, "shop.test", true)
            .await
            .expect("a handshake")
            .0;
        assert_eq!(shown, first_certificate(&new));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let mut files = Files::new();
        let good = files.site("good", &["shop.test"]);
        let other = files.site("other", &["shop.test"]);
        let tls = Tls::new(&sites(&[("shop", &good)])).expect("certificates");
        let garbage = files.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
        let empty = files.write("empty.pem", "");
        let missing = files.folder.path().join("missing.pem");
        let with = |certificate: &Path, private_key: &Path| Site {
            certificate: Some(certificate.to_owned()),
            private_key: Some(private_key.to_owned()),
            ..site(&["shop.test"])
        };
        let (chain, key) = (good.certificate.clone(), good.private_key.clone());
        let (chain, key) = (chain.expect("a chain"), key.expect("a key"));
        let other_key = other.private_key.expect("a key");
        for (site, file) in [
            (with(&garbage, &key), "garbage.pem"),
            (with(&empty, &key), "empty.pem"),
            (with(&missing, &key), "missing.pem"),
            (with(&key, &key), "good.key"),
            (with(&chain, &chain), "good.pem"),
            (with(&chain, &empty), "empty.pem"),
            (with(&chain, &other_key), "other.key"),
            (
                Site {
                    private_key: None,
                    ..good.clone()
                },
                "only one of",
            ),
        ] {
            let error = format!(
                "{:#}",
                tls.check(&sites(&[("shop", &site)])).expect_err(file)
            );
            assert!(
                error.contains("\"shop\"") && error.contains(file),
                "{file}: {error}"
            );
        }
    }
}
