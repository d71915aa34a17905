//! Listens where `console:` of botswain.yaml says, and follows what it says.
//!
//! In go connections, encrypted when a certificate is named; out come the
//! answers of the router. Heads, the time for them and the number of connections
//! are bounded. A certificate that was renewed is taken up by itself.

use std::{
    convert::Infallible,
    fs,
    io::{Error, ErrorKind},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::router;
use crate::{
    api::access::Guard,
    daemon::Handle,
    instance::config::{ConsoleConfig, Tls},
    provider::Provider,
};

/// How often it is seen whether address or certificate have changed, or the address is free.
const FOLLOW: Duration = Duration::from_secs(2);

/// How many may be connected at once, those that watch among them; others wait.
const CONNECTIONS: usize = 1_000;

/// How long a handshake, and then a head, may take to come in.
const SLOW: Duration = Duration::from_secs(10);

/// How long a head may be, in bytes.
const HEAD: usize = 64 * 1024;

/// A listener at work, as the file wants it.
struct Open {
    wanted: ConsoleConfig,
    keys: Option<Arc<Keys>>,
    taking: JoinHandle<()>,
}

/// The certificate in use.
struct Keys {
    files: Tls,
    of: RwLock<(Vec<SystemTime>, TlsAcceptor)>,
}

/// For as long as the daemon lives; tells where it listens, each time that changes. An address
/// that cannot be had is told once, and tried again.
pub(crate) async fn listen(handle: Handle, tell: impl Fn(&Handle, &str) + Send + 'static) {
    let (mut open, mut told) = (None::<Open>, None);
    while handle.is_alive() {
        let wanted = handle.parts.config().console.clone();
        if let Some(old) = open.take_if(|open| wanted.as_ref() != Some(&open.wanted)) {
            old.taking.abort();
        }
        if let Some(keys) = open.as_ref().and_then(|open| open.keys.as_ref()) {
            keys.renew();
        }
        if let (Some(config), None) = (&wanted, &open) {
            match bound(&handle, config).await {
                Ok((bound, url)) => {
                    tell(&handle, &url);
                    (open, told) = (Some(bound), None);
                }
                Err(err) if told.as_ref() != Some(config) => {
                    let listen = &config.listen;
                    tracing::error!("the console cannot be opened at {listen}: {err}");
                    told = wanted;
                }
                Err(_) => (),
            }
        }
        sleep(FOLLOW).await;
    }
    if let Some(open) = open {
        open.taking.abort();
    }
}

async fn bound(handle: &Handle, config: &ConsoleConfig) -> std::io::Result<(Open, String)> {
    let keys = match &config.tls {
        Some(tls) => Some(Arc::new(Keys::read(handle, tls)?)),
        None => None,
    };
    let listener = TcpListener::bind(&config.listen).await?;
    let address = listener.local_addr()?;
    let (scheme, cookie) = match keys {
        Some(_) => ("https", "__Host-botswain".to_owned()),
        None => ("http", format!("botswain-{}", address.port())),
    };
    let home = config.home(address);
    let provider = config.sign_in.clone().map(|settings| {
        let parts = handle.parts.clone();
        Arc::new(Provider::new(settings, &home, parts))
    });
    let guard = Guard {
        handle: handle.clone(),
        cookie,
        is_encrypted: keys.is_some(),
        home,
        provider,
    };
    let open = Open {
        wanted: config.clone(),
        keys: keys.clone(),
        taking: tokio::spawn(take(listener, router(guard), keys)),
    };
    Ok((open, format!("{scheme}://{address}")))
}

async fn take(listener: TcpListener, app: Router, keys: Option<Arc<Keys>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, from)) => {
                let (app, keys) = (app.clone(), keys.clone());
                tokio::spawn(async move {
                    connected((stream, from), app, keys).await;
                    drop(place);
                });
            }
            Err(err) => {
                // Mostly no more files can be open; that passes.
                tracing::warn!("a connection to the console cannot be taken: {err}");
                sleep(FOLLOW).await;
            }
        }
    }
}

async fn connected((stream, from): (TcpStream, SocketAddr), app: Router, keys: Option<Arc<Keys>>) {
    // Small answers are not to wait for more.
    drop(stream.set_nodelay(true));
    let Some(keys) = keys else {
        return serve(stream, from, app).await;
    };
    match timeout(SLOW, keys.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, from, app).await,
        Ok(Err(err)) => tracing::debug!(%from, "no encrypted connection: {err}"),
        Err(_) => tracing::debug!(%from, "an encrypted connection took too long to begin"),
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    from: SocketAddr,
    app: Router,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut app = app.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(from));
        async move { Ok::<_, Infallible>(answered(app.call(request).await)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOW)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    // Whoever goes away in between is not told of.
    drop(connection.await);
}

/// A router always has an answer.
fn answered<T>(answer: Result<T, Infallible>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

impl Keys {
    fn read(handle: &Handle, tls: &Tls) -> std::io::Result<Keys> {
        let folder = handle.parts.instance.folder();
        // An absolute path stays what it is.
        let files = Tls {
            certificate: folder.join(&tls.certificate),
            key: folder.join(&tls.key),
        };
        let of = RwLock::new(files.load()?);
        Ok(Keys { files, of })
    }

    fn acceptor(&self) -> TlsAcceptor {
        let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
        of.1.clone()
    }

    /// Takes up files that were replaced; until both fit each other the old ones stay.
    fn renew(&self) {
        let old = self
            .of
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone();
        if self.files.times().is_ok_and(|times| times == old) {
            return;
        }
        match self.files.load() {
            Ok(new) => {
                *self.of.write().unwrap_or_else(PoisonError::into_inner) = new;
                tracing::info!("the console's certificate was renewed");
            }
            Err(err) => tracing::warn!("the console's new certificate cannot be used: {err}"),
        }
    }
}

impl Tls {
    fn times(&self) -> std::io::Result<Vec<SystemTime>> {
        let changed = |path: &PathBuf| fs::metadata(path)?.modified();
        [&self.certificate, &self.key]
            .into_iter()
            .map(changed)
            .collect()
    }

    fn load(&self) -> std::io::Result<(Vec<SystemTime>, TlsAcceptor)> {
        let times = self.times()?;
        let wrong = |path: &Path, why: String| {
            Error::new(
                ErrorKind::InvalidData,
                format!("`{}`: {why}", path.display()),
            )
        };
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|err| wrong(&self.certificate, err.to_string()))?;
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.map_err(|err| wrong(&self.key, err.to_string()))?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(|err| wrong(&self.certificate, err.to_string()))?;
        Ok((times, TlsAcceptor::from(Arc::new(config))))
    }
}
