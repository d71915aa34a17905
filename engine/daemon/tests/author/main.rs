//! What an author meets: the manual, the schema in a real editor's language
//! server, and workflows to begin from.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod desk;
mod editor;
mod manual;
mod new;
mod server;
