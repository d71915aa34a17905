//! The connection kind `smtp`: a server that takes mail.
//!
//! In go its settings; out come sessions, encrypted and logged in, one for each
//! mail, so that nothing of a broken delivery reaches the next. Encryption that
//! was asked for is never given up: a server that does not offer it is a fault.

use std::{path::PathBuf, time::Duration};

use botswain_bot::{Connection, Fault, House, Secret};
use lettre::{
    message::Mailbox,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::Noop,
        extension::ClientId,
    },
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::{net::TcpStream, time::timeout};

use super::{
    address,
    delivery::answered,
    line::LineByLine,
    tls::{Tls, wrong},
};

/// How long a server may take to be reached.
const CONNECT: Duration = Duration::from_secs(30);
/// How long it may take for any answer but the last (RFC 5321, section 4.5.3.2).
pub(super) const ANSWER: Duration = Duration::from_secs(5 * 60);

/// A server that takes mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server's name, as in `smtp.example.com`; its certificate must bear it.
    pub host: String,
    /// Its port; without it 587 with `starttls`, 465 with `implicit`, 25 with `none`.
    pub port: Option<u16>,
    /// How the way is encrypted; without it `starttls`.
    #[serde(default)]
    pub tls: Tls,
    /// Who logs in; without it nobody does.
    pub username: Option<String>,
    /// The password of `username`.
    pub password: Option<Secret>,
    /// The address that mails come from, as in `Northwind <orders@example.com>`.
    pub from: String,
    /// A file of certificates (PEM) that are trusted here instead of the system's.
    #[schemars(extend("format" = "path"))]
    pub ca: Option<PathBuf>,
}

/// A server that takes mail.
pub struct Smtp {
    host: String,
    port: u16,
    tls: Option<(Tls, TlsParameters)>,
    login: Option<(String, Secret)>,
    pub(super) from: Mailbox,
}

impl Connection for Smtp {
    const KIND: &'static str = "smtp";
    const EXAMPLE: &'static str = "\
office-mail:
  kind: smtp
  host: smtp.example.com
  username: orders@example.com
  password: \"{{secrets.office-mail}}\"
  from: Northwind <orders@example.com>
";
    type Settings = Settings;

    fn open(settings: Settings, house: &House) -> Result<Smtp, Fault> {
        let login = match (settings.username, settings.password) {
            (Some(username), Some(password)) => Some((username, password)),
            (None, None) => None,
            _ => {
                let message = "`username` and `password` belong together";
                return Err(wrong(&house.name, message));
            }
        };
        let host = &settings.host;
        let tls = settings.tls.toward(host, &house.name, || {
            parameters(host, settings.ca.as_deref())
        })?;
        let port = settings.port.unwrap_or(match settings.tls {
            Tls::Starttls => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        });
        Ok(Smtp {
            from: address::mailbox("from", &settings.from)?,
            host: settings.host,
            port,
            tls,
            login,
        })
    }

    async fn test(&self) -> Result<String, Fault> {
        let mut session = self.session().await?;
        within(ANSWER, session.command(Noop), &self.name())
            .await?
            .map_err(|err| self.failed("the session", &err))?;
        let name = session.server_info().name().to_owned();
        close(session).await;
        let way = Tls::words(self.tls.as_ref().map(|(tls, _)| *tls));
        let who = self.login.as_ref();
        let who = who.map_or_else(String::new, |(name, _)| format!(", logged in as `{name}`"));
        Ok(format!("`{name}` answered, {way}{who}"))
    }
}

impl Smtp {
    /// The server, as faults call it.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A session ready to take one mail. No fault of it has touched the world.
    pub(super) async fn session(&self) -> Result<AsyncSmtpConnection, Fault> {
        let mut session = match &self.tls {
            Some((Tls::Implicit, tls)) => self.greeted_in_tls(tls.clone()).await?,
            _ => self.greeted().await?,
        };
        if let Some((Tls::Starttls, tls)) = &self.tls {
            self.encrypt(&mut session, tls.clone()).await?;
        }
        if let Some((username, password)) = &self.login {
            self.log_in(&mut session, username, password).await?;
        }
        Ok(session)
    }

    async fn greeted(&self) -> Result<AsyncSmtpConnection, Fault> {
        let server = (self.host.as_str(), self.port);
        let stream = within(CONNECT, TcpStream::connect(server), &self.name()).await?;
        let stream = stream.map_err(|err| {
            let message = format!("`{}` cannot be reached: {err}", self.name());
            Fault::system("mail.connection", message)
        })?;
        let (stream, client) = (Box::new(LineByLine::new(stream)), ClientId::default());
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &client);
        let session = within(ANSWER, greeting, &self.name()).await?;
        session.map_err(|err| self.failed("the greeting", &err))
    }

    async fn greeted_in_tls(&self, tls: TlsParameters) -> Result<AsyncSmtpConnection, Fault> {
        let server = (self.host.as_str(), self.port);
        let client = ClientId::default();
        let greeting =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &client, Some(tls), None);
        let session = within(ANSWER, greeting, &self.name()).await?;
        session.map_err(|err| match is_tls(&err) {
            true => self.untrusted(&err),
            false => self.failed("the greeting", &err),
        })
    }

    async fn encrypt(
        &self,
        session: &mut AsyncSmtpConnection,
        tls: TlsParameters,
    ) -> Result<(), Fault> {
        if !session.can_starttls() {
            let message = format!("`{}` offers no STARTTLS", self.name());
            let hint = "nothing was sent; somebody on the way may have taken the offer out";
            return Err(Fault::system("mail.tls", message).hint(hint));
        }
        let client = ClientId::default();
        let upgraded = within(ANSWER, session.starttls(tls, &client), &self.name()).await?;
        upgraded.map_err(|err| match err.status() {
            Some(_) => self.failed("STARTTLS", &err),
            None => self.untrusted(&err),
        })
    }

    async fn log_in(
        &self,
        session: &mut AsyncSmtpConnection,
        username: &str,
        password: &Secret,
    ) -> Result<(), Fault> {
        let credentials = Credentials::new(username.to_owned(), password.reveal().to_owned());
        let ways = [Mechanism::Plain, Mechanism::Login];
        let login = within(ANSWER, session.auth(&ways, &credentials), &self.name()).await?;
        let err = match login {
            Ok(answer) if answer.has_code(235) => return Ok(()),
            Ok(answer) => {
                let message = format!("`{}` answered the login {}", self.name(), answer.code());
                return Err(Fault::business("mail.login", message));
            }
            Err(err) => err,
        };
        let login = |message: String| Fault::business("mail.login", message);
        Err(if err.is_permanent() {
            let (server, answer) = (self.name(), answered(&err));
            login(format!(
                "`{server}` refused the login of `{username}`: {answer}"
            ))
            .hint("set the password anew, and see whether the account is open")
        } else if err.is_client() {
            let server = self.name();
            login(format!(
                "`{server}` offers no login by password (PLAIN or LOGIN)"
            ))
        } else {
            self.failed("the login", &err)
        })
    }

    /// The fault of a stage before the mail was handed over.
    pub(super) fn failed(&self, stage: &str, err: &Error) -> Fault {
        let (server, answer) = (self.name(), answered(err));
        if err.is_permanent() {
            Fault::business(
                "mail.rejected",
                format!("`{server}` refused {stage}: {answer}"),
            )
        } else if err.is_transient() {
            Fault::system(
                "mail.deferred",
                format!("`{server}` put off {stage}: {answer}"),
            )
        } else {
            let message = format!("the connection to `{server}` broke at {stage}: {answer}");
            Fault::system("mail.connection", message)
        }
    }

    fn untrusted(&self, err: &Error) -> Fault {
        let message = format!("no trusted way to `{}`: {}", self.name(), answered(err));
        Fault::system("mail.tls", message)
            .hint("see that its certificate is valid and bears this name; name a private `ca`")
    }
}

/// Waits so long; a fault that the world has not felt when it is over.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = T>,
    server: &str,
) -> Result<T, Fault> {
    timeout(limit, work).await.map_err(|_| {
        let message = format!("`{server}` did not answer within {} s", limit.as_secs());
        Fault::system("mail.connection", message)
    })
}

/// Says goodbye; whether the server hears it is of no consequence.
pub(super) async fn close(mut session: AsyncSmtpConnection) {
    drop(timeout(Duration::from_secs(2), session.quit()).await);
}

fn parameters(host: &str, ca: Option<&std::path::Path>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let unusable =
            |reason: String| format!("the certificates in `{}` {reason}", path.display());
        let pem = std::fs::read(path).map_err(|err| unusable(format!("cannot be read: {err}")))?;
        let trusted = Certificate::from_pem(&pem)
            .map_err(|err| unusable(format!("are not PEM: {}", answered(&err))))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(trusted);
    }
    let unusable = |err: Error| format!("TLS cannot be prepared: {}", answered(&err));
    builder.build().map_err(unusable)
}

/// Whether an error, or one that caused it, is of TLS.
fn is_tls(err: &Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(err);
    while let Some(it) = cause {
        let io = it.downcast_ref::<std::io::Error>();
        let inner = io.and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = it.source();
    }
    err.is_tls()
}
