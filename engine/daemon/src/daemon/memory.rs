//! What the daemon is made of, with a store that is gone afterwards.
//!
//! For whoever plays a run and must not leave anything: nothing is opened in
//! `.botswain`, no lock is taken, no browser of an earlier daemon is ended.

use std::sync::{Arc, RwLock};

use botswain_bot::Redactor;
use botswain_core::template::Renderer;
use botswain_store::{Artifacts, Store};

use super::{
    Parts, settings,
    values::{Kept, Known},
};
use crate::instance::{self, Config, ConnectionHost, Instance, Setting};

/// Where a run is played: the instance as its files are, and a place for what steps leave.
pub(crate) struct Ground {
    pub(crate) instance: Instance,
    pub(crate) config: Config,
    pub(crate) artifacts: Artifacts,
    /// For what connections need on the disk.
    pub(crate) scratch: std::path::PathBuf,
}

/// Parts over an empty store.
pub(crate) fn parts(ground: &Ground) -> Result<Arc<Parts>, instance::Error> {
    parts_on(ground, Arc::new(Store::memory()))
}

fn parts_on(ground: &Ground, store: Arc<Store>) -> Result<Arc<Parts>, instance::Error> {
    let settings = settings(&ground.instance, ground.config.clone())?;
    let redactor = Arc::new(Redactor::default());
    let setting = Setting {
        kinds: botswain_bots::CONNECTIONS,
        secrets: ground.instance.secrets(),
        redactor: redactor.clone(),
        scratch: ground.scratch.clone(),
    };
    let connections = ConnectionHost::new(setting, &ground.config, settings.roots.clone());
    let kept = Kept(ground.artifacts.clone());
    let renderer = Arc::new(Renderer::new(Arc::new(Known::of(&kept, &store))));
    Ok(Arc::new(Parts {
        instance: ground.instance.clone(),
        store,
        kept,
        renderer,
        connections: Arc::new(connections),
        redactor,
        lines: Arc::default(),
        settings: RwLock::new(settings),
    }))
}
