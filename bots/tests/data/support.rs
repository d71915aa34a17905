//! An instance in a temporary folder, in which bots run as the daemon runs them.
//!
//! Artifacts and tables are the store's, templates are rendered by the engine's renderer.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Once},
};

use botswain_bot::{
    AnyConnection, ArtifactRef, Artifacts, Attempt, BotSpec, Category, Connections, Context, Fault,
    House, KnownFault, Roots, TableRef, TableWriter, Templates, connection::Boxed, faults,
};
use botswain_core::{
    RunId,
    template::{Renderer, Tables},
};
use botswain_store::artifacts;
use serde_json::Value;

/// A folder with everything, gone when it is dropped.
pub(crate) struct Instance {
    folder: tempfile::TempDir,
    artifacts: Kept,
    connections: Arc<Open>,
}

impl Instance {
    pub(crate) fn new() -> Instance {
        static TLS: Once = Once::new();
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let kept = folder.path().join(".botswain");
        let artifacts =
            botswain_store::Artifacts::open_folder(&kept).expect("the folder of artifacts");
        Instance {
            folder,
            artifacts: Kept(artifacts),
            connections: Arc::default(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("written");
    }

    /// The names in a folder of the instance, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.retain(|name| name != ".botswain");
        names.sort();
        names
    }

    /// Opens a connection as `botswain.yaml` would list it.
    pub(crate) fn connect(&self, name: &str, kind: &str, settings: Value) {
        let kind = botswain_bots::find_connection(kind).expect("a kind");
        let house = House {
            name: name.to_owned(),
            sessions: 1,
            scratch: self.folder.path().to_owned(),
        };
        let connection = (kind.open)(settings, &house).expect("settings");
        let mut open = self.connections.0.lock().expect("unpoisoned");
        open.insert(name.to_owned(), connection);
    }

    pub(crate) fn connection(&self, name: &str) -> AnyConnection {
        self.connections.0.lock().expect("unpoisoned")[name].clone()
    }

    pub(crate) fn context(&self, connection: Option<&str>) -> Context {
        let attempt = Attempt {
            run: RunId::root(1),
            step: "step".into(),
            number: 1,
            idempotency_key: "1.step.1".to_owned(),
            scheduled_for: "2026-03-29T08:00:00Z".parse().expect("a time"),
            entered: "2026-03-29T08:00:00Z".parse().expect("a time"),
            connection: connection.map(str::to_owned),
        };
        let roots = Roots::new(self.folder.path(), &[]).expect("roots");
        Context::new(
            attempt,
            Arc::new(self.artifacts.clone()),
            Arc::new(roots),
            Arc::new(TemplateFolder {
                path: self.path("templates"),
                renderer: Renderer::new(Arc::new(self.artifacts.clone())),
            }),
            self.connections.clone(),
        )
    }

    /// Runs one attempt of a bot.
    pub(crate) async fn run(&self, bot: &str, with: Value) -> Result<Value, Fault> {
        self.run_on(None, bot, with).await
    }

    pub(crate) async fn run_on(
        &self,
        connection: Option<&str>,
        bot: &str,
        with: Value,
    ) -> Result<Value, Fault> {
        let bot = botswain_bots::find(bot).expect("a bot");
        let context = self.context(connection);
        let result = (bot.run)(with, &context).await;
        if let Err(fault) = &result {
            let is_listed = lists(bot, &fault.code, fault.category);
            assert!(is_listed, "{} does not list {fault:?}", bot.name);
        }
        result
    }

    pub(crate) fn artifact(&self, artifact: &Value) -> Vec<u8> {
        let artifact = ArtifactRef::from_value(artifact).expect("an artifact");
        let mut file = self.artifacts.open(&artifact).expect("kept");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("readable");
        content
    }

    pub(crate) fn table(&self, table: &Value) -> Vec<Value> {
        let table = TableRef::from_value(table).expect("a table");
        Artifacts::rows(&self.artifacts, &table, 0, 1_000_000).expect("kept")
    }
}

/// The store's artifacts, as bots want to see them.
#[derive(Clone)]
struct Kept(botswain_store::Artifacts);

fn fault(err: artifacts::Error) -> Fault {
    Fault::system("artifact.store", err.to_string()).hint(err.hint())
}

impl Artifacts for Kept {
    fn put(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Fault> {
        self.0.put(name, media, content).map_err(fault)
    }

    fn put_file(&self, name: &str, media: &str, path: &Path) -> Result<ArtifactRef, Fault> {
        self.0.put_file(name, media, path).map_err(fault)
    }

    fn open(&self, artifact: &ArtifactRef) -> Result<File, Fault> {
        self.0.open(artifact).map_err(fault)
    }

    fn table(&self) -> Result<Box<dyn TableWriter>, Fault> {
        Ok(Box::new(Growing(self.0.table().map_err(fault)?)))
    }

    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, Fault> {
        self.0.rows(table, from, limit).map_err(fault)
    }
}

impl Tables for Kept {
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, String> {
        self.0
            .rows(table, from, limit)
            .map_err(|err| err.to_string())
    }
}

struct Growing(botswain_store::TableWriter);

impl TableWriter for Growing {
    fn push(&mut self, item: &Value) -> Result<(), Fault> {
        self.0.push(item).map_err(fault)
    }

    fn finish(self: Box<Self>) -> Result<TableRef, Fault> {
        self.0.finish().map_err(fault)
    }
}

#[derive(Default)]
struct Open(Mutex<BTreeMap<String, AnyConnection>>);

impl Connections for Open {
    fn open<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<AnyConnection, Fault>> {
        let found = self.0.lock().expect("unpoisoned").get(name).cloned();
        let missing =
            move || Fault::business("connection.missing", format!("no connection `{name}`"));
        Box::pin(async move { found.ok_or_else(missing) })
    }
}

/// The templates of a folder, rendered as the engine renders them.
struct TemplateFolder {
    path: PathBuf,
    renderer: Renderer,
}

impl Templates for TemplateFolder {
    fn render(&self, name: &str, data: &Value, _: &Attempt) -> Result<String, Fault> {
        let source = fs::read_to_string(self.path.join(name))
            .map_err(|err| Fault::business("template.missing", format!("`{name}`: {err}")))?;
        Ok(self.renderer.render_file(name, &source, data)?)
    }
}

/// Whether a bot's manual lists a fault.
pub(crate) fn lists(bot: &BotSpec, code: &str, category: Category) -> bool {
    let connections: &[KnownFault] = match bot.connections {
        [] => &[],
        _ => faults::EVERY_CONNECTION,
    };
    let common = faults::EVERY_STEP.iter().chain(connections);
    let mut all = bot.faults().chain(common);
    all.any(|fault| fault.code == code && fault.category == category)
}
