//! Files that go into a page and come out of it: uploads, downloads, pictures, PDF.
//!
//! They pass through a folder of the session that only we can read, and that goes
//! with it. A download that does not end leaves a browser that nobody gets.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use botswain_bot::{ArtifactRef, Context, Fault};
use fantoccini::wd::PrintConfiguration;
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{POLL, Player, Row};
use crate::{
    browser::{
        Wait,
        action::{Download, Picture},
        capabilities::DOWNLOADS,
        driver,
        locator::Locator,
        page::{Browser, Purpose, Stop},
        problem,
        settings::Kind,
    },
    input_file::InputFile,
};

/// Whether a name in the output holds one thing or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Alone,
    Listed,
}

/// How long an empty file has to stay empty until it is taken for the whole of it.
const EMPTY: Duration = Duration::from_millis(500);
/// Each upload and download has a folder of its own.
static FOLDERS: AtomicU64 = AtomicU64::new(1);

impl Player<'_> {
    /// Puts something into the output of the step.
    pub(super) fn keep(&mut self, name: &str, value: Value, kept: Kept) {
        match (kept, self.output.get_mut(name)) {
            (Kept::Listed, Some(Value::Array(list))) => list.push(value),
            (Kept::Listed, _) => drop(self.output.insert(name.to_owned(), json!([value]))),
            (Kept::Alone, _) => drop(self.output.insert(name.to_owned(), value)),
        }
    }

    pub(super) async fn upload(
        &mut self,
        files: &IndexMap<Locator, InputFile>,
    ) -> Result<(), Stop> {
        for (locator, file) in files {
            let path = self.copied(file).await?;
            let given = json!({ "locator": locator.wanted() });
            let fits = |answer: &Value| self.page.element(answer);
            let late = |answer: &Value| problem::fault(locator, Purpose::File, answer).into();
            let deadline = self.page.deadline(None);
            let field = self
                .page
                .until(deadline, ("file", given), fits, late)
                .await?;
            let path = path
                .to_str()
                .ok_or_else(|| unreadable(file.name(), "its name is no text"))?;
            self.page.command(field.send_keys(path)).await?;
        }
        Ok(())
    }

    /// A copy that the browser can read, under the name that a person knows.
    async fn copied(&self, file: &InputFile) -> Result<PathBuf, Stop> {
        let context = self
            .context
            .ok_or_else(|| unreadable(file.name(), "there is no step"))?;
        let mut source = file.open(&context.roots, &*context.artifacts)?;
        let called = Path::new(file.name()).file_name();
        let called = called.ok_or_else(|| unreadable(file.name(), "it has no name"))?;
        let target = self.folder_of("up")?.join(called);
        let name = file.name().to_owned();
        let to = target.clone();
        let copied = tokio::task::spawn_blocking(move || -> io::Result<()> {
            io::copy(&mut source, &mut fs::File::create(to)?).map(drop)
        });
        match copied.await {
            Ok(Ok(())) => Ok(target),
            Ok(Err(err)) => Err(unreadable(&name, &err.to_string()).into()),
            Err(err) => Err(unreadable(&name, &err.to_string()).into()),
        }
    }

    fn folder_of(&self, what: &str) -> Result<PathBuf, Fault> {
        let folder = self.folder.as_ref().ok_or_else(|| {
            let why = "the browser is not on this machine, so no file can be handed over";
            Fault::business("browser.file", why)
        })?;
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = folder.join("files").join(format!("{what}-{number}"));
        driver::private(&folder)?;
        Ok(folder)
    }

    pub(super) async fn download(&mut self, download: &Download, kept: Kept) -> Result<(), Stop> {
        let Some(context) = self.context else {
            return Ok(());
        };
        let folder = self.landing().await?;
        self.click(&download.click, false).await?;
        let file = self.arrived(download, &folder).await?;
        let artifact = taken(context, &file).await?;
        fs::remove_dir_all(&folder).ok();
        self.keep(&download.name, artifact.to_value(), kept);
        Ok(())
    }

    /// Where the next download arrives. Firefox was told at its start, once for all.
    async fn landing(&self) -> Result<PathBuf, Stop> {
        if let (Kind::Firefox, Some(folder)) = (self.page.kind(), &self.folder) {
            let folder = folder.join(DOWNLOADS);
            fs::remove_dir_all(&folder).ok();
            driver::private(&folder)?;
            return Ok(folder);
        }
        let folder = self.folder_of("down")?;
        let path = folder.to_str().unwrap_or_default();
        let params = json!({ "behavior": "allow", "downloadPath": path });
        let told = self.page.devtools("Browser.setDownloadBehavior", params);
        told.await?;
        Ok(folder)
    }

    /// Waits until all of the file is there: Chromium gives it its name at the end.
    async fn arrived(&self, download: &Download, folder: &Path) -> Result<PathBuf, Stop> {
        let mut empty = None;
        let deadline = self.page.deadline(download.wait.map(Wait::to_std));
        loop {
            let (done, partial) = files_in(folder);
            match (done, partial) {
                (Some(file), None) if is_whole(&file, &mut empty) => return Ok(file),
                (_, partial) if Instant::now() + POLL > deadline => {
                    return Err(self.undelivered(download, partial).await);
                }
                _ => sleep(POLL).await,
            }
        }
    }

    async fn undelivered(&self, download: &Download, partial: Option<PathBuf>) -> Stop {
        // A dialog, or a page that says why there is none, is told by the evidence.
        let why = match partial
            .as_deref()
            .map(|path| fs::metadata(path).map_or(0, |it| it.len()))
        {
            Some(bytes) => format!("it has {bytes} bytes and is not at its end"),
            None => "nothing has begun to arrive".to_owned(),
        };
        let fault = Fault::system(
            "browser.download",
            format!("`{}` led to no file in time: {why}", download.click),
        );
        let mut stop =
            Stop::from(fault.hint("give the `download` a longer `wait:` if the file is large"));
        if partial.is_some() {
            stop.browser = Browser::Doubtful;
        }
        stop
    }

    pub(super) async fn screenshot(&mut self, picture: &Picture) -> Result<(), Stop> {
        let Some(context) = self.context else {
            return Ok(());
        };
        let content = self.take_picture(picture.of.as_ref()).await?;
        let file = format!("{}.png", picture.name);
        let kept = put(context, (file, "image/png", content)).await?;
        let pictures = self
            .output
            .entry("screenshots")
            .or_insert_with(|| json!({}));
        pictures[&picture.name] = kept.to_value();
        Ok(())
    }

    pub(super) async fn pdf(&mut self, name: &str, kept: Kept) -> Result<(), Stop> {
        let Some(context) = self.context else {
            return Ok(());
        };
        let printed = self.page.client().print(PrintConfiguration::default());
        let content = self.page.command(printed).await?;
        let file = put(context, (format!("{name}.pdf"), "application/pdf", content)).await?;
        self.keep(name, file.to_value(), kept);
        Ok(())
    }
}

pub(super) fn kept(row: Option<&Row>) -> Kept {
    match row {
        Some(_) => Kept::Listed,
        None => Kept::Alone,
    }
}

/// Firefox makes an empty file of that name before it puts the other in its place, so an empty one
/// has to stay so.
fn is_whole(file: &Path, empty: &mut Option<Instant>) -> bool {
    let is_empty = fs::metadata(file).map_or(true, |it| it.len() == 0);
    !is_empty || empty.get_or_insert_with(Instant::now).elapsed() >= EMPTY
}

/// A file that is whole, and one that is still arriving.
fn files_in(folder: &Path) -> (Option<PathBuf>, Option<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let (mut done, mut partial) = (None, None);
    for path in entries.map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let arriving = [".crdownload", ".part"]
            .iter()
            .any(|end| name.ends_with(end));
        match arriving || name.starts_with('.') {
            true => partial = Some(path),
            false => done = Some(path),
        }
    }
    (done, partial)
}

async fn taken(context: &Context, file: &Path) -> Result<ArtifactRef, Fault> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let artifacts = context.artifacts.clone();
    let path = file.to_owned();
    let media = media_of(&name);
    let kept = tokio::task::spawn_blocking(move || artifacts.put_file(&name, media, &path)).await;
    kept.map_err(|err| Fault::system("browser.download", err.to_string()))?
}

pub(super) async fn put(
    context: &Context,
    (name, media, content): (String, &'static str, Vec<u8>),
) -> Result<ArtifactRef, Fault> {
    let artifacts = context.artifacts.clone();
    let kept = tokio::task::spawn_blocking(move || artifacts.put(&name, media, &content)).await;
    kept.map_err(|err| Fault::system("browser.screenshot", err.to_string()))?
}

/// By the ending of its name, for what offices exchange.
fn media_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "csv" => "text/csv",
        "txt" => "text/plain",
        "html" => "text/html",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

fn unreadable(name: &str, why: &str) -> Fault {
    Fault::business(
        "browser.file",
        format!("`{name}` cannot be handed over: {why}"),
    )
}
