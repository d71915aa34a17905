//! What surrounds a bot, for these tests: one connection, artifacts in memory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Seek, Write},
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use botswain_bot::{
    AnyConnection, ArtifactRef, Artifacts, Attempt, Connections, Context, Fault, House, Roots,
    TableRef, TableWriter, Templates, connection::Boxed,
};
use botswain_bots::{ALL, CONNECTIONS, browser::Locator, web::Web};
use botswain_core::{Hash, RunId, StepId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

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

/// One site and one driver for all scenarios that leave both as they were.
static SHARED: LazyLock<(Runtime, World)> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let world = runtime.block_on(World::of_many());
    (runtime, world)
});

/// Plays a scenario in the shared world. What it started ends with this process, by its guard.
pub(crate) fn scenario<T>(play: impl AsyncFnOnce(&'static World) -> T) -> T {
    let (runtime, world) = &*SHARED;
    runtime.block_on(play(world))
}

impl World {
    async fn of_many() -> World {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for old in fs::read_dir(folder).expect("a folder").flatten() {
            let name = old.file_name().to_string_lossy().into_owned();
            let pid = name
                .strip_prefix("browser-")
                .and_then(|it| it.split('-').next());
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                fs::remove_dir_all(old.path()).ok();
            }
        }
        let name = format!("browser-{}-", std::process::id());
        let scratch = tempfile::Builder::new().prefix(&name).tempdir_in(folder);
        World::within(scratch.expect("a folder"), 2, json!({})).await
    }

    async fn within(scratch: TempDir, sessions: usize, settings: Value) -> World {
        let site = Site::start().await;
        let connection = open(&site, (scratch.path(), sessions), settings).expect("settings");
        World {
            site,
            scratch,
            connection,
            kept: Arc::default(),
        }
    }

    /// A site, and a connection to it with more `settings`.
    pub(crate) async fn new(settings: Value) -> World {
        World::of(1, settings).await
    }

    /// One that bears so many sessions at once.
    pub(crate) async fn of(sessions: usize, settings: Value) -> World {
        World::within(tempfile::tempdir().expect("a folder"), sessions, settings).await
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
        // What never comes is waited for briefly.
        let with = json!({ "actions": actions, "wait": "2s" });
        self.act_with(context, with).await
    }

    /// The same with all parameters of the step.
    pub(crate) async fn act_with(&self, context: &Context, with: Value) -> Result<Value, Fault> {
        let bot = ALL
            .iter()
            .find(|bot| bot.name == "browser.do")
            .expect("it is listed");
        (bot.run)(with, context).await
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

    /// The content of an artifact in an output.
    pub(crate) fn content(&self, artifact: &Value) -> Vec<u8> {
        let artifact = ArtifactRef::from_value(artifact).expect("an artifact");
        self.kept.0.lock().expect("no panic")[&artifact.hash].clone()
    }

    pub(crate) fn put(&self, name: &str, content: &str) -> Value {
        let kept = self.kept.put(name, "text/plain", content.as_bytes());
        kept.expect("it is kept").to_value()
    }

    /// What `botswain browser try` shows.
    pub(crate) async fn explain(&self, path: &str, locator: &str) -> Result<Value, Fault> {
        let web = self.connection.clone().downcast_arc::<Web>();
        let web = web.expect("a connection of the kind `web`");
        let locator = Locator::try_from(locator.to_owned()).expect("a locator");
        let found = web.browser().explain(path, &locator).await?;
        Ok(serde_json::to_value(found).expect("JSON"))
    }

    pub(crate) async fn test(&self) -> Result<String, Fault> {
        self.connection.test().await
    }

    pub(crate) async fn close(&self) {
        self.connection.close().await;
    }
}

pub(crate) fn connect(site: &Site, scratch: &Path, more: Value) -> Result<AnyConnection, Fault> {
    open(site, (scratch, 1), more)
}

fn open(
    site: &Site,
    (scratch, sessions): (&Path, usize),
    more: Value,
) -> Result<AnyConnection, Fault> {
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut settings = json!({ "address": site.address });
    let more = more.as_object().cloned().unwrap_or_default();
    settings.as_object_mut().expect("an object").extend(more);
    let house = House {
        name: "office".to_owned(),
        sessions,
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
        let content = self.0.lock().expect("no panic")[&artifact.hash].clone();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&content).expect("room");
        file.rewind().expect("a file");
        Ok(file)
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
