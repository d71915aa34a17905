//! Pictures of the page before and after each effect, for whoever asked for them.
//!
//! Invariant: no picture is in the way of the work, and none shows a secret of the login: it is
//! hidden for the moment of the picture. One that cannot be had is left out, and the run says so.

use std::time::Duration;

use botswain_bot::ArtifactRef;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Player, files::put};
use crate::browser::{
    evidence,
    locator::Locator,
    page::{Purpose, Stop},
};

/// A step must not wait long for its pictures.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pictures of one effect; one that was left out is null.
#[derive(Debug)]
pub(crate) struct Effect {
    action: String,
    before: Option<ArtifactRef>,
    after: Option<ArtifactRef>,
}

impl Effect {
    pub(crate) fn to_value(&self) -> Value {
        let value = |picture: &Option<ArtifactRef>| picture.as_ref().map(ArtifactRef::to_value);
        json!({ "action": self.action, "before": value(&self.before), "after": value(&self.after) })
    }

    pub(crate) fn into_artifacts(self) -> impl Iterator<Item = ArtifactRef> {
        [self.before, self.after].into_iter().flatten()
    }
}

impl Player<'_> {
    /// Of the page on which the action is about to take effect.
    pub(super) async fn picture_before(&mut self) {
        if !self.pictures_effects {
            return;
        }
        let before = self.picture(self.effects.len() + 1, "before").await;
        let action = self.done.last().map(|done| done.action().to_owned());
        self.effects.push(Effect {
            action: action.unwrap_or_default(),
            before,
            after: None,
        });
        self.effect_begun = true;
    }

    /// Of what came of the action, if it was to take effect.
    pub(super) async fn picture_after(&mut self) {
        if !std::mem::take(&mut self.effect_begun) {
            return;
        }
        let after = self.picture(self.effects.len(), "after").await;
        if let Some(effect) = self.effects.last_mut() {
            effect.after = after;
        }
    }

    async fn picture(&self, number: usize, when: &str) -> Option<ArtifactRef> {
        let context = self.context?;
        // An open dialog cannot be pictured, and would only be in the way.
        let dialog = self.page.client().get_alert_text();
        if self.page.command(dialog).await.is_ok() {
            return None;
        }
        let name = format!("effect-{number}-{when}.png");
        let why = match timeout(PATIENCE, self.take_picture(None)).await {
            Err(_) => "it took too long".to_owned(),
            Ok(Err(stop)) => stop.fault.message,
            Ok(Ok(content)) => match put(context, (name.clone(), "image/png", content)).await {
                Ok(kept) => return Some(kept),
                Err(fault) => fault.message,
            },
        };
        let why = self.pool.mask.apply(&why);
        context.warn(format!("the picture `{name}` was left out: {why}"));
        None
    }

    /// Of an element, or of the page.
    pub(super) async fn take_picture(&self, of: Option<&Locator>) -> Result<Vec<u8>, Stop> {
        let mask = &self.pool.mask;
        if !mask.is_empty() {
            self.page.ask("veil", json!(mask.plain())).await?;
        }
        let picture = self.bare_picture(of).await;
        if !mask.is_empty() {
            self.page.ask("unveil", Value::Null).await?;
        }
        picture
    }

    async fn bare_picture(&self, of: Option<&Locator>) -> Result<Vec<u8>, Stop> {
        let Some(of) = of else {
            return Ok(match self.frames.is_empty() {
                true => evidence::picture(&self.page).await?,
                // The script would measure the frame.
                false => self.page.command(self.page.client().screenshot()).await?,
            });
        };
        let deadline = self.page.deadline(None);
        let element = self.page.find(of, Purpose::Read, deadline).await?;
        Ok(self.page.command(element.screenshot()).await?)
    }
}
