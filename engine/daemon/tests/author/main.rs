//! What an author meets: the manual that is made from the code, and the schema
//! in a real editor's language server.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod desk;
mod editor;
mod manual;
mod server;
