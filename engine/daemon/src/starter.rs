//! Workflows to begin from: one of each kind, with its test, fixture and template.
//!
//! In go a name and a few answers; out come files of an instance, which pass the
//! check once the connections they name are in `botswain.yaml`. A file that is
//! there is never overwritten: then nothing is written at all.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use crate::{
    editor,
    instance::{self, CONFIG_FILE, Instance, catalogue},
    workflows,
};

static KINDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/kinds");

/// What a workflow does, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OrderEntry,
    MailIntake,
    FileExchange,
    ApiToSheet,
    Report,
}

/// Whether a workflow can be called so.
pub fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    begins && text.len() <= 60 && text.chars().all(plain)
}

/// Whether a new folder of workflows could be called so: `sales/export`, or nothing for
/// `workflows/` itself. What tests need has folders of its own.
pub fn is_folder(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let is_part = |part: &&str| is_name(part) && !catalogue::OF_TESTS.contains(part);
    text.is_empty() || (parts.len() <= catalogue::DEPTH && parts.iter().all(is_part))
}

/// The file of a new workflow in a folder.
pub fn file_in(folder: Option<&str>, name: &str) -> PathBuf {
    let within = Path::new("workflows").join(folder.unwrap_or_default());
    within.join(format!("{name}.yaml"))
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::OrderEntry,
        Kind::MailIntake,
        Kind::FileExchange,
        Kind::ApiToSheet,
        Kind::Report,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Kind::OrderEntry => "order-entry",
            Kind::MailIntake => "mail-intake",
            Kind::FileExchange => "file-exchange",
            Kind::ApiToSheet => "api-to-sheet",
            Kind::Report => "report",
        }
    }

    pub fn purpose(self) -> &'static str {
        match self {
            Kind::OrderEntry => "types the lines of a sheet into a web application",
            Kind::MailIntake => "hands over what has come by mail, and asks about the unusual",
            Kind::FileExchange => "turns a file of one partner into the file of another",
            Kind::ApiToSheet => "asks an API, and mails the answer as a sheet",
            Kind::Report => "adds up a sheet, and mails a report",
        }
    }

    /// When such work is usually done; nothing where it is done as files or mails come.
    pub fn usual_cron(self) -> Option<&'static str> {
        match self {
            Kind::OrderEntry => Some("0 18 * * MON-FRI"),
            Kind::MailIntake | Kind::FileExchange => None,
            Kind::ApiToSheet | Kind::Report => Some("0 7 * * MON"),
        }
    }

    /// Which kinds of connection its trigger and its steps name.
    pub fn connections(self) -> &'static [&'static str] {
        match self {
            Kind::OrderEntry | Kind::ApiToSheet => &["web", "smtp"],
            Kind::MailIntake => &["imap", "web", "smtp"],
            Kind::FileExchange => &[],
            Kind::Report => &["smtp"],
        }
    }
}

/// A workflow to be written.
#[derive(Clone, Debug)]
pub struct Starter {
    pub name: String,
    /// In which folder of `workflows/` it is put.
    pub folder: Option<String>,
    pub kind: Kind,
    pub description: String,
    /// When it starts; when nothing is said, with each mail or each file that comes.
    pub cron: Option<String>,
    /// The connection of the kind `imap`.
    pub mailbox: String,
    /// The connection of the kind `web`.
    pub web: String,
    /// The connection of the kind `smtp`.
    pub mail: String,
    /// Who gets its mail.
    pub to: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{}` is there already, and nothing was written", .0.display())]
    Exists(PathBuf),
    #[error("`{}` cannot be written: {source}", path.display())]
    Unwritable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("there is no `{CONFIG_FILE}` for `{}`, and the folder is not empty", .0.display())]
    NotEmpty(PathBuf),
    #[error(transparent)]
    Instance(#[from] instance::Error),
    #[error(transparent)]
    Workflows(#[from] workflows::Error),
}

impl Error {
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Exists(_) => Some("take another name".to_owned()),
            Error::NotEmpty(_) => Some(
                "change into your instance's folder or an empty one, or name a new one with `--dir`"
                    .to_owned(),
            ),
            Error::Unwritable { .. } => None,
            Error::Instance(error) => error.hint().map(str::to_owned),
            Error::Workflows(error) => error.hint(),
        }
    }
}

impl Starter {
    /// The files, by their path in the instance.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let kind = KINDS.get_dir(self.kind.word());
        let mut open: Vec<_> = kind.into_iter().collect();
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            open.extend(folder.dirs());
            files.extend(folder.files().map(|file| {
                let path = file.path().strip_prefix(self.kind.word());
                let path = path.unwrap_or_else(|_| file.path()).to_string_lossy();
                let text = file.contents_utf8().unwrap_or_default();
                let path = path.replace("NAME", &self.name);
                (self.placed(path), self.filled(text))
            }));
        }
        files.sort();
        files
    }

    /// What is about the workflow goes with it into its folder.
    fn placed(&self, path: String) -> PathBuf {
        match (&self.folder, path.strip_prefix("workflows/")) {
            (Some(folder), Some(within)) => Path::new("workflows").join(folder).join(within),
            _ => path.into(),
        }
    }

    /// Free text becomes a YAML text in quotes, which holds anything.
    fn filled(&self, text: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let depth = self.folder.as_ref().map_or(0, |it| it.split('/').count());
        let schema = format!("$schema={}../schema/", "../".repeat(depth));
        text.replace("$schema=../schema/", &schema)
            .replace("@NAME@", &self.name)
            .replace("@DESCRIPTION@", &quoted(&self.description))
            .replace("@TRIGGER@", &self.trigger())
            .replace("@WEB@", &self.web)
            .replace("@MAIL@", &self.mail)
            .replace("@TO@", &quoted(&self.to))
    }

    /// The entry under `triggers:`.
    fn trigger(&self) -> String {
        let name = &self.name;
        match &self.cron {
            Some(cron) => format!("cron: {}", serde_json::Value::from(cron.as_str())),
            None if self.kind == Kind::MailIntake => format!(
                "mail: {}    # each mail that comes is one run\n    inputs: {{ file: \"{{{{trigger.attachments.0}}}}\", sender: \"{{{{trigger.from}}}}\" }}",
                self.mailbox
            ),
            None => {
                let more = match self.kind {
                    Kind::FileExchange => ", name: \"{{trigger.name}}\"",
                    _ => "",
                };
                format!(
                    "files: inbox/{name}/*.csv    # each file that comes is one run\n    inputs: {{ file: \"{{{{trigger.file}}}}\"{more} }}"
                )
            }
        }
    }

    /// The entry of `connections:` for each connection that it names, as far as `known` lacks it.
    pub fn lacking(&self, known: impl Fn(&str) -> bool) -> Vec<String> {
        let kinds = self.kind.connections().iter();
        let named = kinds.map(|kind| match *kind {
            "web" => (&self.web, web(&self.web)),
            "imap" => (&self.mailbox, imap(&self.mailbox)),
            _ => (&self.mail, smtp(&self.mail)),
        });
        let lacking = named.filter(|(name, _)| !known(name));
        lacking.map(|(_, entry)| entry).collect()
    }

    /// The folder into which files come that start it.
    pub fn inbox(&self) -> Option<String> {
        let comes_as_file = self.cron.is_none() && self.kind != Kind::MailIntake;
        comes_as_file.then(|| format!("inbox/{}", self.name))
    }

    /// Writes its files, and gives their paths in the instance.
    pub fn write(&self, instance: &Instance) -> Result<Vec<PathBuf>, Error> {
        let files = self.files();
        let there = |(path, _): &&(PathBuf, String)| instance.folder().join(path).exists();
        if let Some((path, _)) = files.iter().find(there) {
            return Err(Error::Exists(path.clone()));
        }
        if let Some(path) = instance.workflow_file(&self.name)? {
            return Err(Error::Exists(path));
        }
        if let Some(inbox) = self.inbox() {
            let path = instance.folder().join(inbox);
            fs::create_dir_all(&path).map_err(|source| Error::Unwritable { path, source })?;
        }
        for (path, text) in &files {
            write_new(&instance.folder().join(path), text)?;
        }
        editor::write(instance)?;
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

fn web(name: &str) -> String {
    format!("  {name}:\n    kind: web\n    address: https://office.example.com\n")
}

/// What its password is kept under.
pub fn secret(connection: &str) -> String {
    connection.replace('-', "_")
}

fn imap(name: &str) -> String {
    let secret = secret(name);
    format!(
        "  {name}:\n    kind: imap\n    host: imap.example.com\n    username: orders@example.com\n    \
         password: \"{{{{secrets.{secret}}}}}\"\n"
    )
}

fn smtp(name: &str) -> String {
    let secret = secret(name);
    format!(
        "  {name}:\n    kind: smtp\n    host: smtp.example.com\n    username: ops@example.com\n    \
         password: \"{{{{secrets.{secret}}}}}\"\n    from: ops@example.com\n"
    )
}

/// Makes an instance in an empty folder (or one that is not there yet), with these entries of
/// `connections:`.
pub fn make_instance(folder: &Path, connections: &[String]) -> Result<Instance, Error> {
    let hidden = |name: std::ffi::OsString| name.as_encoded_bytes().starts_with(b".");
    let occupied = fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| !hidden(entry.file_name())))
    });
    if occupied {
        return Err(Error::NotEmpty(folder.to_owned()));
    }
    for part in ["workflows", "templates", "samples"] {
        let path = folder.join(part);
        fs::create_dir_all(&path).map_err(|source| Error::Unwritable { path, source })?;
    }
    write_new(&folder.join(CONFIG_FILE), &config(folder, connections))?;
    let ignored = folder.join(".gitignore");
    if !ignored.exists() {
        write_new(&ignored, ".botswain/\n")?;
    }
    Ok(Instance::at(folder)?)
}

fn config(folder: &Path, connections: &[String]) -> String {
    let real = folder.canonicalize();
    let name = real
        .ok()
        .and_then(|real| Some(real.file_name()?.to_string_lossy().into_owned()));
    let name = serde_json::Value::from(name.unwrap_or_else(|| "my-office".to_owned()));
    let zone = jiff::tz::TimeZone::system();
    let zone = zone.iana_name().unwrap_or("UTC");
    let mut text = format!(
        "{}name: {name}\ntimezone: {zone}\n",
        editor::CONFIG_MODELINE
    );
    if !connections.is_empty() {
        text += "\n# The outside systems. Put your own addresses here.\nconnections:\n";
        text += &connections.join("\n");
    }
    text
}

fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Unwritable {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let mut file = file.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => failed(source),
    })?;
    file.write_all(text.as_bytes()).map_err(failed)
}
