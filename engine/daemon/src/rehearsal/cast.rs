//! Who answers in place of the world.

use botswain_core::{
    Fault, Payload, RunId, StepId, engine::event::Call, index::Exception, plan::Version,
    run::fact::Resolution,
};
use serde_json::Value;

use super::stage::Stage;

/// An answer, and how many milliseconds it takes.
pub(crate) struct Coming<T> {
    pub(crate) delay: u64,
    pub(crate) what: T,
}

/// What a person decides.
pub(crate) struct Decision {
    pub(crate) resolution: Resolution,
    pub(crate) by: String,
    pub(crate) note: Option<String>,
}

pub(crate) trait Cast {
    /// What an attempt of a bot comes to. Nothing: the bot does it itself.
    fn attempt(
        &mut self,
        call: &Call,
        stage: &Stage,
    ) -> Option<Coming<Result<Payload, Box<Fault>>>>;

    /// What a called workflow leaves. Nothing: it is played too.
    fn called(
        &mut self,
        version: &Version,
        place: (&RunId, &StepId),
        stage: &Stage,
    ) -> Option<Coming<Result<Value, Box<Fault>>>>;

    /// What a person decides about this. Nothing: it stays open.
    fn decision(&mut self, exception: &Exception, stage: &Stage) -> Option<Coming<Decision>>;

    /// Whether the play is to be cut off here. Asked before each event.
    fn has_enough(&mut self) -> bool {
        false
    }
}
