//! What the author of a bot reads.
//!
//! A bot is a struct: its fields are the step's parameters, its doc comments
//! are the manual, its `run` is the work. Parsing, the JSON Schema, editor
//! completion and the reference all come from that one struct. A connection is
//! a struct in the same way, for what outlives a step.

pub mod artifacts;
pub mod bot;
pub mod connection;
pub mod context;
pub mod faults;
pub mod preview;
pub mod redact;
pub mod roots;
pub mod schema;
pub mod secret;
pub mod source;

pub use artifacts::{Artifacts, TableWriter};
pub use bot::{Bot, BotSpec, Previewing, Running};
pub use botswain_core::{ArtifactRef, Category, Effect, Fault, Reach, TableRef};
pub use connection::{AnyConnection, Connection, ConnectionSpec, Connections, House};
pub use context::{Announce, Attempt, Context, Templates};
pub use faults::KnownFault;
pub use preview::{Preview, PreviewKind};
pub use redact::Redactor;
pub use roots::Roots;
pub use schema::TemplateName;
pub use secret::Secret;
pub use source::{Around, Arrival, Memory, Source};
