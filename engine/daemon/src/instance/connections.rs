//! The open connections of an instance.
//!
//! A connection is opened when the first step needs it and shared by all. Its
//! secrets and paths are put into its settings at that moment and nowhere else.
//! When its settings or secrets have changed, the next step gets a new one, and
//! the old one is closed as soon as no step uses it any more: nothing is torn
//! from under an attempt that may be half way through an effect.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use botswain_bot::{
    AnyConnection, ConnectionSpec, Connections, Fault, House, Redactor, Roots, connection::Boxed,
};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;

use super::{
    config::{
        Config, ConnectionConfig,
        fields::{self, Field},
    },
    secrets::{self, Secrets},
};

/// What the connections of an instance are opened with.
pub struct Setting {
    pub kinds: &'static [ConnectionSpec],
    pub secrets: Secrets,
    /// Learns each secret before a connection gets it.
    pub redactor: Arc<Redactor>,
    /// Each connection gets a folder in here.
    pub scratch: PathBuf,
}

pub struct ConnectionHost {
    setting: Setting,
    state: Mutex<State>,
    /// The connections that are being closed.
    closing: TaskTracker,
}

struct State {
    config: BTreeMap<String, ConnectionConfig>,
    roots: Arc<Roots>,
    open: HashMap<String, Open>,
    /// Replaced, and still used by a step when it was last looked at.
    retired: Vec<AnyConnection>,
    shut: bool,
}

struct Open {
    connection: AnyConnection,
    /// The version of each secret that it was opened with.
    secrets: BTreeMap<String, u64>,
}

impl Connections for ConnectionHost {
    fn open<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<AnyConnection, Fault>> {
        Box::pin(async move { self.shared(name).await.map_err(|fault| self.masked(fault)) })
    }
}

impl ConnectionHost {
    pub fn new(setting: Setting, config: &Config, roots: Arc<Roots>) -> ConnectionHost {
        let state = State {
            config: config.connections.clone(),
            roots,
            open: HashMap::new(),
            retired: Vec::new(),
            shut: false,
        };
        ConnectionHost {
            setting,
            state: Mutex::new(state),
            closing: TaskTracker::new(),
        }
    }

    /// Takes over a changed `botswain.yaml`; what it changed is closed once it is unused.
    pub async fn replace(&self, config: &Config, roots: Arc<Roots>) {
        let mut state = self.state.lock().await;
        let old = std::mem::replace(&mut state.config, config.connections.clone());
        state.roots = roots;
        let names = old
            .keys()
            .filter(|name| old.get(*name) != config.connections.get(*name));
        for name in names {
            state.retire(name);
        }
        self.sweep(&mut state);
    }

    /// Opens a connection and tries it; says what answered.
    pub async fn test(&self, name: &str) -> Result<String, Fault> {
        let tried = self.open(name).await?.test().await;
        // It is shown and written down, and what answers may repeat what it was sent.
        let mask = |answer: String| self.setting.redactor.mask(&answer).into_owned();
        tried.map(mask).map_err(|fault| self.masked(fault))
    }

    /// Closes all, also those in use; none can be opened afterwards.
    pub async fn shutdown(&self) {
        let mut state = self.state.lock().await;
        state.shut = true;
        let open = std::mem::take(&mut state.open).into_values();
        let open = open.map(|open| open.connection);
        let all: Vec<_> = open.chain(std::mem::take(&mut state.retired)).collect();
        drop(state);
        for connection in all {
            self.closing.spawn(async move { connection.close().await });
        }
        self.closing.close();
        self.closing.wait().await;
    }

    async fn shared(&self, name: &str) -> Result<AnyConnection, Fault> {
        let mut state = self.state.lock().await;
        self.sweep(&mut state);
        if state.shut {
            let message = "the daemon is stopping and opens no connections";
            return Err(Fault::system("connection.closed", message));
        }
        if let Some(open) = state.open.get(name) {
            match self.is_current(open)? {
                true => return Ok(open.connection.clone()),
                false => state.retire(name),
            }
        }
        let opened = self.opened(name, &state).await?;
        let connection = opened.connection.clone();
        state.open.insert(name.to_owned(), opened);
        Ok(connection)
    }

    /// Whether no secret was set anew since it was opened.
    fn is_current(&self, open: &Open) -> Result<bool, Fault> {
        if open.secrets.is_empty() {
            return Ok(true);
        }
        let listed = self.setting.secrets.list().map_err(|err| fault(&err))?;
        let listed: HashMap<_, _> = listed.iter().map(|it| (&it.name, it.version)).collect();
        let mut used = open.secrets.iter();
        Ok(used.all(|(name, version)| listed.get(name) == Some(version)))
    }

    async fn opened(&self, name: &str, state: &State) -> Result<Open, Fault> {
        let unknown = || {
            let message = format!("there is no connection `{name}`");
            Fault::business("connection.unknown", message).hint("name it in botswain.yaml")
        };
        let config = state.config.get(name).ok_or_else(unknown)?;
        let spec = self
            .setting
            .kinds
            .iter()
            .find(|spec| spec.kind == config.kind);
        let spec = *spec.ok_or_else(|| {
            let message = format!("connection `{name}` is of no known kind");
            Fault::business("connection.kind", message)
        })?;
        let (settings, secrets) = self.resolved(config, &spec, &state.roots)?;
        let house = self.house(name, config)?;
        // Opening may read files, and may have a defect.
        let work = tokio::task::spawn_blocking(move || (spec.open)(settings, &house));
        let connection = work.await.map_err(|_| {
            let message = format!("opening connection `{name}` panicked");
            Fault::business("connection.defect", message)
        })??;
        Ok(Open {
            connection,
            secrets,
        })
    }

    fn house(&self, name: &str, config: &ConnectionConfig) -> Result<House, Fault> {
        let scratch = self.setting.scratch.join(name);
        std::fs::create_dir_all(&scratch).map_err(|err| {
            let message = format!("`{}` cannot be made: {err}", scratch.display());
            Fault::system("connection.scratch", message)
        })?;
        Ok(House {
            name: name.to_owned(),
            sessions: config.sessions,
            scratch,
        })
    }

    /// The settings with secrets and paths in their places, and the versions of the secrets.
    fn resolved(
        &self,
        config: &ConnectionConfig,
        spec: &ConnectionSpec,
        roots: &Roots,
    ) -> Result<(Value, BTreeMap<String, u64>), Fault> {
        let mut versions = BTreeMap::new();
        let settings = Value::Object(config.settings.clone());
        let schema = (spec.settings)().to_value();
        let settings = fields::map(&schema, &settings, &mut |field: Field<'_>| {
            let plain = field.text.to_owned();
            match (field.format, secrets::referred(field.text)) {
                (Some("secret"), Some(name)) => {
                    let secret = self
                        .setting
                        .secrets
                        .reveal(name)
                        .map_err(|err| fault(&err))?;
                    self.setting.redactor.learn([secret.value()]);
                    versions.insert(name.to_owned(), secret.version);
                    Ok(secret.value().to_owned())
                }
                (Some("secret"), None) => {
                    self.setting.redactor.learn([field.text]);
                    Ok(plain)
                }
                (Some("path"), _) => Ok(roots.existing(field.text)?.to_string_lossy().into_owned()),
                (_, Some(name)) => Err(Fault::business(
                    "connection.secret",
                    format!(
                        "`{}` takes no secret, and `{name}` was not put there",
                        field.pointer
                    ),
                )),
                (_, None) => Ok(plain),
            }
        })?;
        Ok((settings, versions))
    }

    /// Closes in the background what was replaced and is no longer used.
    fn sweep(&self, state: &mut State) {
        let retired = std::mem::take(&mut state.retired);
        let (used, free): (Vec<_>, Vec<_>) =
            retired.into_iter().partition(AnyConnection::is_shared);
        state.retired = used;
        for connection in free {
            self.closing.spawn(async move { connection.close().await });
        }
    }

    fn masked(&self, fault: Fault) -> Fault {
        let mask = |text: &str| self.setting.redactor.mask(text).into_owned();
        Fault {
            message: mask(&fault.message),
            hint: fault.hint.as_deref().map(mask),
            ..fault
        }
    }
}

impl State {
    fn retire(&mut self, name: &str) {
        let open = self.open.remove(name);
        self.retired.extend(open.map(|open| open.connection));
    }
}

fn fault(err: &secrets::Error) -> Fault {
    let fault = Fault::business("connection.secret", err.to_string());
    match err.hint() {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

#[cfg(test)]
mod tests;
