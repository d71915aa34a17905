//! What a person needs to see when a step has failed: `page.png`, `page.html` (in
//! both the secrets of the login are masked) and `actions.json` (where, what was done, how long it took;
//! never a value that was entered).

use std::{collections::BTreeMap, time::Duration};

use base64::Engine;
use botswain_bot::{Context, Fault};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    locator::OR,
    mask::Mask,
    page::{Browser, Page, Used},
    player::Player,
    settings::Kind,
    trouble::Trouble,
};

/// A page may be larger; what a person looks for is rarely behind that.
const SOURCE_LIMIT: usize = 2_000_000;
/// So many messages of the console at most.
const CONSOLE: usize = 50;
/// For all of it: a fault must not wait long for its pictures.
const PATIENCE: Duration = Duration::from_secs(5);
/// For all of it from a page that has let its time pass: most of these answer at once or never.
const BRIEF: Duration = Duration::from_secs(2);

/// One action that was begun.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    action: String,
    login: bool,
    millis: u128,
    succeeded: bool,
    /// Where there were alternatives, or frames: by what it was found, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    found: Vec<Found>,
}

/// One alternative that was used, or the only one, in a frame.
#[derive(Debug, Serialize)]
struct Found {
    by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<String>,
    /// The one that should have been, when it was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
}

impl Done {
    pub(crate) fn begun(action: String, login: bool) -> Done {
        Done {
            action,
            login,
            millis: 0,
            succeeded: false,
            found: Vec::new(),
        }
    }

    pub(crate) fn ended(&mut self, after: Duration, succeeded: bool) {
        self.millis = after.as_millis();
        self.succeeded = succeeded;
    }

    /// `used` says what was used, by locator.
    pub(crate) fn found(&mut self, used: BTreeMap<String, Used>) {
        self.found = used.into_iter().filter_map(Found::of).collect();
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn is_of_login(&self) -> bool {
        self.login
    }

    /// What was not found as it should have been, each in a sentence.
    pub(crate) fn drift(&self) -> impl Iterator<Item = String> {
        self.found.iter().filter_map(|found| {
            let (missed, by) = (found.instead_of.as_ref()?, &found.by);
            let place = found.frame.as_ref();
            let place = place.map(|frame| format!(", in the frame {frame}"));
            let place = place.unwrap_or_default();
            Some(format!("`{missed}` was not found, `{by}` was{place}"))
        })
    }
}

impl Found {
    fn of((written, used): (String, Used)) -> Option<Found> {
        let mut alternatives = written.split(OR).map(str::trim);
        let first = alternatives.next()?.to_owned();
        let (by, instead_of) = match used.alternative.checked_sub(1) {
            None => (first, None),
            Some(at) => (alternatives.nth(at)?.to_owned(), Some(first)),
        };
        Some(Found {
            by,
            frame: used.frame,
            instead_of,
        })
    }
}

#[derive(Default)]
struct Scene {
    picture: Option<Vec<u8>>,
    source: Option<String>,
    page: Value,
    dialog: Option<String>,
    console: Vec<Value>,
}

/// The fault with its evidence, and without any secret.
///
/// A dead browser is not asked any more. Evidence that cannot be had is left out: the
/// fault itself matters more.
pub(crate) async fn attach(
    fault: Fault,
    player: &Player<'_>,
    (mask, context, browser): (&Mask, &Context, Browser),
) -> Fault {
    let scene = match browser {
        Browser::Dead => Scene::default(),
        Browser::Sound => look(&player.page, mask, PATIENCE).await,
        Browser::Doubtful => look(&player.page, mask, BRIEF).await,
    };
    let mut fault = mask.fault(fault);
    let story = json!({
        "url": scene.page["url"],
        "title": scene.page["title"],
        "status": scene.page["status"],
        "dialog": scene.dialog,
        "console": scene.console,
        "actions": player.done,
    });
    let story = mask.apply(&format!("{story:#}"));
    let files = [
        ("page.png", "image/png", scene.picture),
        (
            "page.html",
            "text/html",
            scene.source.map(String::into_bytes),
        ),
        ("actions.json", "application/json", Some(story.into_bytes())),
    ];
    for (name, media, content) in files {
        fault = keep(fault, context, (name, media, content)).await;
    }
    fault
}

async fn keep(
    fault: Fault,
    context: &Context,
    (name, media, content): (&'static str, &'static str, Option<Vec<u8>>),
) -> Fault {
    let Some(content) = content else {
        return fault;
    };
    let artifacts = context.artifacts.clone();
    let kept = tokio::task::spawn_blocking(move || artifacts.put(name, media, &content)).await;
    match kept {
        Ok(Ok(artifact)) => fault.with_artifact(artifact),
        Ok(Err(err)) => {
            tracing::warn!(run = %context.attempt.run, "`{name}` could not be kept: {err}");
            fault
        }
        Err(err) => {
            tracing::warn!(run = %context.attempt.run, "`{name}` could not be kept: {err}");
            fault
        }
    }
}

/// Looks at the page, bit by bit, for as long as there is time.
async fn look(page: &Page, mask: &Mask, patience: Duration) -> Scene {
    let mut scene = Scene::default();
    let whole = async {
        // An open dialog blocks everything, also the picture.
        scene.dialog = page.command(page.client().get_alert_text()).await.ok();
        if scene.dialog.is_some() {
            page.command(page.client().dismiss_alert()).await.ok();
        }
        scene.console = console(page, mask).await;
        page.leave_frames().await.ok();
        scene.page = page.ask("page", Value::Null).await.unwrap_or_default();
        let source = page
            .ask("source", json!({ "limit": SOURCE_LIMIT }))
            .await
            .ok();
        let source = source.and_then(|it| it["source"].as_str().map(str::to_owned));
        scene.source = source.map(|it| masked_source(&it, mask));
        if !mask.is_empty() {
            page.ask("veil", json!(mask.plain())).await.ok();
        }
        scene.picture = picture(page).await.ok();
    };
    timeout(patience, whole).await.ok();
    scene
}

/// The source of a page without secrets, of a long one without the end, where one may be cut.
fn masked_source(source: &str, mask: &Mask) -> String {
    match source.len() < SOURCE_LIMIT {
        true => mask.apply(source),
        false => mask.apply_cut(source),
    }
}

/// The last that the page wrote to its console.
async fn console(page: &Page, mask: &Mask) -> Vec<Value> {
    let mut told = page.console().await;
    let all = told.split_off(told.len().saturating_sub(CONSOLE));
    let brief = all.iter().map(|one| {
        let message = mask.apply(one["message"].as_str().unwrap_or_default());
        let message: String = message.chars().take(500).collect();
        json!({ "level": one["level"], "message": message })
    });
    brief.collect()
}

/// The whole page as PNG, also what one would have to scroll to; the visible part where the
/// driver cannot do that.
pub(crate) async fn picture(page: &Page) -> Result<Vec<u8>, Trouble> {
    let whole = match page.kind() {
        Kind::Chromium => {
            let size = page.ask("page", Value::Null).await?;
            let (width, height) = (&size["width"], &size["height"]);
            let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
            let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
            page.devtools("Page.captureScreenshot", params).await.ok()
        }
        Kind::Firefox => page.full_screenshot().await.ok(),
    };
    let whole = whole.as_ref();
    let whole = whole.and_then(|answer| answer.as_str().or_else(|| answer["data"].as_str()));
    let whole = whole.and_then(|data| base64::engine::general_purpose::STANDARD.decode(data).ok());
    match whole {
        Some(picture) => Ok(picture),
        None => page.command(page.client().screenshot()).await,
    }
}
