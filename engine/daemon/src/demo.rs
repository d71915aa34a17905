//! `botswain demo`: the whole story on one terminal.
//!
//! A back office and a mail sink of our own, an instance in a folder, the
//! shipped workflows and a week of real orders. Everything goes the way it goes
//! in earnest: Chromium types, SMTP carries, the store remembers.

mod instance;
mod product;
mod story;

use std::{path::PathBuf, time::Duration};

use botswain_demo::{
    office::{Hiccups, Office, Options},
    sink::{self, Sink},
};

use crate::{
    api,
    daemon::{Daemon, Mode},
};
use tokio_util::sync::CancellationToken;

pub use self::product::{NewProduct, add_product};
use self::story::Story;

/// How it is to be shown.
#[derive(Clone, Debug, Default)]
pub struct Demo {
    /// Keep office, mail sink and daemon up afterwards, until interrupted.
    pub stay: bool,
    /// Where the instance is made; a folder of its own below the working directory when absent.
    pub dir: Option<PathBuf>,
}

/// Why the demo could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{}` is not empty and no folder of the demo", .0.display())]
    Occupied(PathBuf),
    #[error("`{}`: {source}", path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Office(#[from] botswain_demo::office::Error),
    #[error("the mail sink cannot listen: {0}")]
    Sink(std::io::Error),
    #[error(transparent)]
    Instance(#[from] crate::instance::Error),
    #[error(transparent)]
    Secrets(#[from] crate::instance::secrets::Error),
    #[error(transparent)]
    Running(#[from] botswain_store::LockError),
    #[error(transparent)]
    Start(#[from] crate::daemon::StartError),
    #[error("no office is open at {0}")]
    Closed(String),
    #[error("the daemon ended: {0}")]
    Daemon(String),
    #[error("{0}")]
    Story(String),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Occupied(_) => {
                Some("name another folder with `--dir`, or remove this one".to_owned())
            }
            Error::Instance(error) => error.hint().map(str::to_owned),
            Error::Secrets(error) => error.hint(),
            Error::Closed(_) => {
                Some("the demo keeps it open with `botswain demo --stay`".to_owned())
            }
            Error::Running(error) => Some(error.hint().to_owned()),
            Error::Start(error) => error.hint(),
            _ => None,
        }
    }
}

/// Shows it, to the end; an error when the story did not go as it should.
pub async fn run(demo: Demo) -> Result<(), Error> {
    let folder = instance::folder(demo.dir.as_deref())?;
    let office = Office::start(Options {
        orders: Some(folder.join("office").join("orders.jsonl")),
        hiccups: Hiccups {
            slow_every: 25,
            slow_for: Duration::from_millis(400),
            unavailable: vec!["form:5".parse().map_err(Error::Story)?],
        },
        ..Options::default()
    })
    .await?;
    let sink = Sink::start(sink::Options::new(folder.join("mail")))
        .await
        .map_err(Error::Sink)?;
    let told = tell(&demo, &folder, &office, &sink).await;
    sink.shutdown().await;
    office.shutdown().await;
    told
}

async fn tell(
    demo: &Demo,
    folder: &std::path::Path,
    office: &Office,
    sink: &Sink,
) -> Result<(), Error> {
    let instance = instance::write(folder, office, sink)?;
    let daemon = Daemon::start(instance.clone(), Mode::Lasting).await?;
    let until = CancellationToken::new();
    let socket = instance.private().socket();
    let serving = api::serve(&socket, daemon.handle.clone(), until.clone()).map_err(|source| {
        Error::Folder {
            path: socket,
            source,
        }
    })?;
    let story = Story {
        handle: daemon.handle.clone(),
        folder,
        office,
        sink,
        stays: demo.stay,
    };
    let told = story.tell().await;
    if demo.stay && told.is_ok() {
        story.stay().await;
    }
    until.cancel();
    let stopped = daemon.stop().await.map_err(Error::Daemon);
    serving.abort();
    told.and(stopped)
}
