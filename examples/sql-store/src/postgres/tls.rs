//! Encrypted connections to PostgreSQL.

use std::{
    fmt,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use percent_encoding::percent_decode_str;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::error::Error;

/// What an address says of encryption.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Whether the connection must be encrypted, and the server prove who it is.
    pub(super) verify: bool,
    /// The file of the authorities that are trusted, instead of the system's.
    pub(super) roots: Option<PathBuf>,
}

/// Takes out of an address what this crate sees to itself: `sslmode` if it asks for encryption, and `sslrootcert`.
pub(super) fn take_wish(address: &str) -> (String, Wish) {
    let mut wish = Wish::default();
    let is_url = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    if !is_url {
        let words = address.split_inclusive(char::is_whitespace);
        let rest = words.filter(|word| {
            let word = word.trim_end();
            let Some((name, value)) = word.split_once('=') else {
                return true;
            };
            !wish.takes(name, value.trim_matches('\''))
        });
        return (rest.collect(), wish);
    }
    let Some((place, settings)) = address.split_once('?') else {
        return (address.to_owned(), wish);
    };
    let rest = settings.split('&').filter(|setting| {
        let Some((name, value)) = setting.split_once('=') else {
            return true;
        };
        !wish.takes(name, &percent_decode_str(value).decode_utf8_lossy())
    });
    let rest: Vec<&str> = rest.collect();
    let address = match rest.is_empty() {
        true => place.to_owned(),
        false => format!("{place}?{}", rest.join("&")),
    };
    (address, wish)
}

impl Wish {
    fn takes(&mut self, name: &str, value: &str) -> bool {
        match (name, value) {
            ("sslmode", "require" | "verify-ca" | "verify-full") => self.verify = true,
            ("sslrootcert", "system") => self.roots = None,
            ("sslrootcert", file) => self.roots = Some(PathBuf::from(file)),
            _ => return false,
        }
        true
    }
}

/// Makes encrypted connections.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Trusts the authorities in the PEM file `roots`, or those of the system.
    pub(super) fn new(roots: Option<&Path>) -> Result<Self, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::Tls)?;
        let config = match roots {
            Some(file) => builder
                .with_root_certificates(authorities(file)?)
                .with_no_client_auth(),
            None => builder
                .with_platform_verifier()
                .map_err(Error::Tls)?
                .with_no_client_auth(),
        };
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, Error> {
    let unreadable = |reason: String| Error::RootCertificate {
        path: file.to_owned(),
        reason,
    };
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Connect> {
        let name = ServerName::try_from(domain.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Connect {
            connector: TlsConnector::from(Arc::clone(&self.config)),
            name,
        })
    }
}

/// One connection in the making.
pub(crate) struct Connect {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Connect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let handshake = self.connector.connect(self.name, stream);
        Box::pin(async move { Ok(Encrypted(handshake.await?)) })
    }
}

/// An encrypted connection.
pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(roots: Option<&str>) -> Wish {
        Wish {
            verify: true,
            roots: roots.map(PathBuf::from),
        }
    }

    #[test]
    fn an_address_keeps_all_but_what_it_says_of_encryption() {
        for (address, rest, wish) in [
            (
                "postgres://u:p@db/sync",
                "postgres://u:p@db/sync",
                Wish::default(),
            ),
            (
                "postgres://db/sync?sslmode=verify-full&application_name=a&sslrootcert=%2Fetc%2Fca%20x.pem",
                "postgres://db/sync?application_name=a",
                verified(Some("/etc/ca x.pem")),
            ),
            (
                "postgresql://db/sync?sslmode=require",
                "postgresql://db/sync",
                verified(None),
            ),
            (
                "postgres://db/sync?sslmode=disable",
                "postgres://db/sync?sslmode=disable",
                Wish::default(),
            ),
            (
                "host=db  password='a  b' sslmode=verify-full sslrootcert='/ca.pem' user=u",
                "host=db  password='a  b' user=u",
                verified(Some("/ca.pem")),
            ),
        ] {
            assert_eq!(take_wish(address), (rest.to_owned(), wish), "{address}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        for content in [
            "",
            "nothing",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            std::fs::write(&file, content).unwrap();
            let error = Tls::new(Some(&file)).unwrap_err().to_string();
            assert!(error.contains("ca.pem"), "{error}");
        }
        assert!(Tls::new(Some(&folder.path().join("none.pem"))).is_err());
    }
}
