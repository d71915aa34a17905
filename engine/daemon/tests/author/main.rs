//! What an author meets: the manual, the schema in a real editor's language
//! server, workflows to begin from, and every page of the documentation, walked
//! as it stands with the real binary.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod desk;
mod editor;
mod manual;
mod new;
mod page;
mod pages;
mod server;
