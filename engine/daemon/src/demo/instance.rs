//! The folder that the demo works in: a whole instance, to look around in afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use botswain_demo::{office::Office, sink::Sink};
use botswain_store::Lock;
use include_dir::{Dir, include_dir};
use jiff::Timestamp;

use super::Error;
use crate::instance::Instance;

static WORKFLOWS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../workflows");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../templates");
static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../samples");

/// By this file a folder is known as one that the demo made, and may make anew.
const MARK: &str = ".botswain-demo";

/// Who the bots log in as, and with what; the office is started with the same.
const SECRETS: [(&str, &str); 3] = [
    ("office_user", "clerk"),
    ("office_password", "seaworthy"),
    ("office_token", "office-token"),
];

/// Where the demo lies.
pub(super) fn place(dir: Option<&Path>) -> PathBuf {
    dir.map_or_else(|| PathBuf::from("botswain-demo"), Path::to_owned)
}

/// An empty folder for the demo.
pub(super) fn folder(dir: Option<&Path>) -> Result<PathBuf, Error> {
    let folder = place(dir);
    let failed = |source| Error::Folder {
        path: folder.clone(),
        source,
    };
    let occupied = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    match (occupied, folder.join(MARK).exists()) {
        (true, false) => return Err(Error::Occupied(folder)),
        // What an earlier demo left: each demo tells its story from the beginning.
        (true, true) => {
            let lock = Lock::take(&folder.join(".botswain"))?;
            fs::remove_dir_all(&folder).map_err(failed)?;
            drop(lock);
        }
        (false, _) => (),
    }
    fs::create_dir_all(folder.join("office")).map_err(failed)?;
    fs::write(folder.join(MARK), "").map_err(failed)?;
    folder.canonicalize().map_err(failed)
}

/// Writes the instance: files, settings, secrets.
pub(super) fn write(folder: &Path, office: &Office, sink: &Sink) -> Result<Instance, Error> {
    for (name, files) in [
        ("workflows", &WORKFLOWS),
        ("templates", &TEMPLATES),
        ("samples", &SAMPLES),
    ] {
        let into = folder.join(name);
        let failed = |source| Error::Folder {
            path: into.clone(),
            source,
        };
        fs::create_dir_all(&into).map_err(failed)?;
        files.extract(&into).map_err(failed)?;
    }
    let settings = settings(&office.address(), sink.address().port());
    let path = folder.join("botswain.yaml");
    fs::write(&path, settings).map_err(|source| Error::Folder { path, source })?;
    let instance = Instance::at(folder)?;
    instance.prepare()?;
    for (name, value) in SECRETS {
        instance.secrets().set(name, value, Timestamp::now())?;
    }
    Ok(instance)
}

fn settings(office: &str, mail: u16) -> String {
    format!(
        r#"name: northwind-demo
timezone: Europe/Berlin
console: {{ listen: "127.0.0.1:8088" }}

connections:
  backoffice:
    kind: web
    address: {office}
    sessions: 2
    auth: {{ bearer: "{{{{secrets.office_token}}}}" }}
    login:
      - open: /login
      - fill: {{ User: "{{{{secrets.office_user}}}}", Password: "{{{{secrets.office_password}}}}" }}
      - submit: Sign in
    logged_in: Sign out

  office-mail:
    kind: smtp
    host: 127.0.0.1
    port: {mail}
    tls: none
    from: Northwind Traders <orders@northwind.example>

notify:
  connection: office-mail
  to: [office@northwind.example]
"#
    )
}
