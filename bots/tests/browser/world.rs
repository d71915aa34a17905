//! What surrounds a bot, for these tests: one connection, artifacts in memory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    sync::{Arc, Mutex},
};

use botswain_bot::{
    AnyConnection, ArtifactRef, Artifacts, Attempt, Connections, Context, Fault, House, Roots,
    TableRef, TableWriter, Templates, connection::Boxed,
};
use botswain_bots::{ALL, CONNECTIONS};
use botswain_core::{Hash, RunId, StepId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::Site;

/// As the daemon's `main` does it, once in each process.
static TLS: std::sync::Once = std::sync::Once::new();

pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) scratch: TempDir,
    connection: AnyConnection,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept(Mutex<BTreeMap<Hash, Vec<u8>>>);

struct Only(AnyConnection);

struct NoTemplates;

impl World {
    /// A site, and a connection to it with more `settings`.
    pub(crate) async fn new(settings: Value) -> World {
        let site = Site::start().await;
        let scratch = tempfile::tempdir().expect("a folder");
        let connection = connect(&site, scratch.path(), settings).expect("settings");
        World {
            site,
            scratch,
            connection,
            kept: Arc::default(),
        }
    }

    pub(crate) fn context(&self) -> Context {
        let attempt = Attempt {
            run: RunId::root(1),
            step: StepId::new("form"),
            number: 1,
            idempotency_key: "k".to_owned(),
            scheduled_for: jiff::Timestamp::UNIX_EPOCH,
            entered: jiff::Timestamp::UNIX_EPOCH,
            connection: Some("office".to_owned()),
        };
        let roots = Roots::new(self.scratch.path(), &[]).expect("a folder");
        Context::new(
            attempt,
            self.kept.clone(),
            Arc::new(roots),
            Arc::new(NoTemplates),
            Arc::new(Only(self.connection.clone())),
        )
    }

    /// Does the actions, as a step would.
    pub(crate) async fn act(&self, actions: Value) -> Result<Value, Fault> {
        self.act_in(&self.context(), actions).await
    }

    pub(crate) async fn act_in(&self, context: &Context, actions: Value) -> Result<Value, Fault> {
        let bot = ALL
            .iter()
            .find(|bot| bot.name == "browser.do")
            .expect("it is listed");
        (bot.run)(json!({ "actions": actions, "wait": "2s" }), context).await
    }

    pub(crate) async fn fault(&self, actions: Value) -> Fault {
        self.act(actions).await.expect_err("a fault")
    }

    /// The content of an artifact of a fault.
    pub(crate) fn artifact(&self, fault: &Fault, name: &str) -> Vec<u8> {
        let artifact = fault
            .artifacts
            .iter()
            .find(|artifact| artifact.name == name);
        let artifact = artifact.unwrap_or_else(|| panic!("`{name}` among {:?}", fault.artifacts));
        self.kept.0.lock().expect("no panic")[&artifact.hash].clone()
    }

    pub(crate) async fn test(&self) -> Result<String, Fault> {
        self.connection.test().await
    }

    pub(crate) async fn close(&self) {
        self.connection.close().await;
    }
}

pub(crate) fn connect(site: &Site, scratch: &Path, more: Value) -> Result<AnyConnection, Fault> {
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut settings = json!({ "address": site.address });
    let more = more.as_object().cloned().unwrap_or_default();
    settings.as_object_mut().expect("an object").extend(more);
    let house = House {
        name: "office".to_owned(),
        sessions: 1,
        scratch: scratch.to_owned(),
    };
    let web = CONNECTIONS
        .iter()
        .find(|kind| kind.kind == "web")
        .expect("it is listed");
    (web.open)(settings, &house)
}

/// The processes that have to do with `folder`, with their command lines.
pub(crate) fn processes(folder: &Path) -> Vec<(i32, String)> {
    let folder = folder.to_str().expect("a plain path");
    let all = fs::read_dir("/proc").expect("Linux").flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let told = pids.map(|pid| {
        let read = |file| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let text = |file| String::from_utf8_lossy(&read(file)).replace('\0', " ");
        (pid, text("cmdline"), text("environ"))
    });
    told.filter(|(_, line, environment)| line.contains(folder) || environment.contains(folder))
        .map(|(pid, line, _)| (pid, line))
        .collect()
}

impl Artifacts for Kept {
    fn put(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Fault> {
        let hash = Hash::of(content);
        let artifact = ArtifactRef {
            hash: hash.clone(),
            name: name.to_owned(),
            media: media.to_owned(),
            size: content.len() as u64,
        };
        self.0
            .lock()
            .expect("no panic")
            .insert(hash, content.to_owned());
        Ok(artifact)
    }

    fn put_file(&self, name: &str, media: &str, path: &Path) -> Result<ArtifactRef, Fault> {
        self.put(name, media, &fs::read(path).expect("a file"))
    }

    fn open(&self, artifact: &ArtifactRef) -> Result<File, Fault> {
        Err(Fault::system("artifact.missing", artifact.name.clone()))
    }

    fn table(&self) -> Result<Box<dyn TableWriter>, Fault> {
        Err(Fault::system("table.missing", "no tables here"))
    }

    fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, Fault> {
        Err(Fault::system("table.missing", "no tables here"))
    }
}

impl Connections for Only {
    fn open<'a>(&'a self, _: &'a str) -> Boxed<'a, Result<AnyConnection, Fault>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

impl Templates for NoTemplates {
    fn render(&self, name: &str, _: &Value, _: &Attempt) -> Result<String, Fault> {
        Err(Fault::business("template.missing", name))
    }
}
