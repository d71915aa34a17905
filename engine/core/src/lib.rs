//! What Botswain decides, and nothing that it does.
//!
//! In go files, templates, schedules and events; out come checked plans,
//! rendered values, firing times and commands. Nothing here reads a clock, a
//! disk or a socket: time is an argument, the outside world is a fact, and zone
//! data are compiled in. So a run that is recovered is the run that was.

pub mod catalogue;
pub mod check;
pub mod diagnostic;
pub mod duration;
pub mod engine;
pub mod evaluate;
pub mod fault;
pub mod ids;
pub mod index;
pub mod language;
pub mod plan;
pub mod run;
pub mod schedule;
pub mod template;
pub mod testing;
pub mod value;
pub mod yaml;

pub use fault::{Category, Effect, Fault, Reach};
pub use ids::{ExceptionId, Hash, RunId, StepId};
pub use value::{ArtifactRef, Payload, TableRef};
