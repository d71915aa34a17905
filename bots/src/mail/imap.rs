//! The connection kind `imap`: a server that keeps mail.
//!
//! In go its settings; out come visits to a folder, encrypted and logged in. A
//! folder is only ever examined: nothing that is read is marked, moved or
//! deleted. Encryption that was asked for is never given up.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_imap::{Client, Session, error::Error};
use botswain_bot::{Connection, Fault, House, Secret};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{smtp::within, tls::Tls};

/// How long a server may take to be reached, and to answer a command.
const CONNECT: Duration = Duration::from_secs(30);
pub(super) const ANSWER: Duration = Duration::from_secs(60);

/// A server that keeps mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server's name, as in `imap.example.com`; its certificate must bear it.
    pub host: String,
    /// Its port; without it 993 with `implicit`, 143 otherwise.
    pub port: Option<u16>,
    /// How the way is encrypted; without it `implicit`.
    #[serde(default = "implicit")]
    pub tls: Tls,
    /// Who logs in.
    pub username: String,
    /// The password of `username`.
    pub password: Secret,
    /// A file of certificates (PEM) that are trusted here instead of the system's.
    #[schemars(extend("format" = "path"))]
    pub ca: Option<PathBuf>,
}

fn implicit() -> Tls {
    Tls::Implicit
}

/// A server that keeps mail.
pub struct Imap {
    host: String,
    port: u16,
    tls: Option<(Tls, (TlsConnector, ServerName<'static>))>,
    username: String,
    password: Secret,
}

/// The bytes to and from a server, encrypted or not.
pub(super) trait Way: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Way for T {}

pub(super) type Logged = Session<Box<dyn Way>>;

impl Connection for Imap {
    const KIND: &'static str = "imap";
    const EXAMPLE: &'static str = "\
orders-mail:
  kind: imap
  host: imap.example.com
  username: orders@example.com
  password: \"{{secrets.orders-mail}}\"
";
    type Settings = Settings;

    fn open(settings: Settings, house: &House) -> Result<Imap, Fault> {
        let host = &settings.host;
        let tls = settings.tls.toward(host, &house.name, || {
            let name = ServerName::try_from(host.clone());
            let name = name.map_err(|err| format!("`{host}`: {err}"))?;
            Ok((connector(settings.ca.as_deref())?, name))
        })?;
        let port = settings.port.unwrap_or(match settings.tls {
            Tls::Implicit => 993,
            Tls::Starttls | Tls::None => 143,
        });
        Ok(Imap {
            host: settings.host,
            port,
            tls,
            username: settings.username,
            password: settings.password,
        })
    }

    async fn test(&self) -> Result<String, Fault> {
        let session = self.session().await?;
        close(session).await;
        let way = Tls::words(self.tls.as_ref().map(|(tls, _)| *tls));
        let (server, who) = (self.name(), &self.username);
        Ok(format!("`{server}` answered, {way}, logged in as `{who}`"))
    }
}

impl Imap {
    /// The server, as faults call it.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A session that has logged in.
    pub(super) async fn session(&self) -> Result<Logged, Fault> {
        let stream = TcpStream::connect((self.host.as_str(), self.port));
        let stream = within(CONNECT, stream, &self.name()).await?;
        let stream = stream.map_err(|err| {
            let message = format!("`{}` cannot be reached: {err}", self.name());
            Fault::system("mail.connection", message)
        })?;
        let client = match &self.tls {
            None => self.greeted(Box::new(stream)).await?,
            Some((Tls::Starttls, ..)) => {
                let mut client = self.greeted(Box::new(stream)).await?;
                let asked = client.run_command_and_check_ok("STARTTLS", None);
                let asked = within(ANSWER, asked, &self.name()).await?;
                asked.map_err(|err| {
                    let message = format!("`{}` offers no STARTTLS: {err}", self.name());
                    let hint =
                        "nothing was said to it; somebody on the way may have taken the offer out";
                    Fault::system("mail.tls", message).hint(hint)
                })?;
                // Whatever came before the encryption is dropped with the client around it.
                Client::new(self.encrypted(client.into_inner()).await?)
            }
            Some(_) => {
                let stream = self.encrypted(Box::new(stream)).await?;
                self.greeted(stream).await?
            }
        };
        let login = client.login(&self.username, self.password.reveal());
        let login = within(ANSWER, login, &self.name()).await?;
        login.map_err(|(err, _)| self.refused(&err))
    }

    async fn greeted(&self, stream: Box<dyn Way>) -> Result<Client<Box<dyn Way>>, Fault> {
        let mut client = Client::new(stream);
        let greeting = within(ANSWER, client.read_response(), &self.name()).await?;
        match greeting {
            Ok(Some(_)) => Ok(client),
            Ok(None) => Err(self.broken("the greeting", "it hung up")),
            Err(err) => Err(self.broken("the greeting", err)),
        }
    }

    async fn encrypted(&self, stream: Box<dyn Way>) -> Result<Box<dyn Way>, Fault> {
        let Some((_, (connector, name))) = &self.tls else {
            return Ok(stream);
        };
        let shaking = connector.connect(name.clone(), stream);
        let stream = within(CONNECT, shaking, &self.name()).await?;
        let stream = stream.map_err(|err| {
            let is_tls = err
                .get_ref()
                .is_some_and(|inner| inner.is::<rustls::Error>());
            if !is_tls {
                return self.broken("the encryption", err);
            }
            let message = format!("no trusted way to `{}`: {err}", self.name());
            Fault::system("mail.tls", message)
                .hint("see that its certificate is valid and bears this name; name a private `ca`")
        })?;
        Ok(Box::new(stream))
    }

    fn refused(&self, err: &Error) -> Fault {
        let (server, username) = (self.name(), &self.username);
        let login = |message: String| Fault::business("mail.login", message);
        match err {
            // RFC 5530, section 3: it is not the password.
            Error::No(answer) if answer.contains("UNAVAILABLE") => self.broken("the login", answer),
            Error::No(answer) | Error::Bad(answer) => login(format!(
                "`{server}` refused the login of `{username}`: {answer}"
            ))
            .hint("set the password anew, and see whether the account is open"),
            // Which character is not said: it may be one of the password.
            Error::Validate(_) => login(format!(
                "the name `{username}` or its password has a line break in it"
            )),
            err => self.broken("the login", err),
        }
    }

    /// The fault of a stage at which the server says no.
    pub(super) fn failed(&self, stage: &str, err: &Error) -> Fault {
        match err {
            Error::No(answer) | Error::Bad(answer) => {
                let message = format!("`{}` refused {stage}: {answer}", self.name());
                Fault::business("mail.rejected", message)
            }
            err => self.broken(stage, err),
        }
    }

    fn broken(&self, stage: &str, why: impl std::fmt::Display) -> Fault {
        let message = format!(
            "the connection to `{}` broke at {stage}: {why}",
            self.name()
        );
        Fault::system("mail.connection", message)
    }
}

/// Says goodbye; whether the server hears it is of no consequence.
pub(super) async fn close(mut session: Logged) {
    drop(tokio::time::timeout(Duration::from_secs(2), session.logout()).await);
}

fn connector(ca: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let unusable =
                |reason: String| format!("the certificates in `{}` {reason}", path.display());
            let certificates = CertificateDer::pem_file_iter(path)
                .map_err(|err| unusable(format!("cannot be read: {err}")))?;
            for certificate in certificates {
                let certificate =
                    certificate.map_err(|err| unusable(format!("are not PEM: {err}")))?;
                let added = roots.add(certificate);
                added.map_err(|err| unusable(format!("cannot be used: {err}")))?;
            }
        }
        None => {
            // Some of the system's may be odd; the others do.
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|err| format!("TLS cannot be prepared: {err}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
