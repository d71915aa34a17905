//! Every bot and every kind of connection, listed by hand and sorted by name.
//!
//! There is one file (or small folder) for each noun. Whoever adds a bot writes
//! its file and its line in [`ALL`]; the tests walk both lists.

pub mod browser;
pub mod document;
pub mod file;
pub mod http;
pub mod input_file;
pub mod mail;
pub mod sheet;
pub mod web;

use botswain_bot::{BotSpec, ConnectionSpec};

/// Every bot, sorted by name.
pub static ALL: &[BotSpec] = &[
    BotSpec::of::<browser::Do>(),
    BotSpec::of::<document::Render>(),
    BotSpec::of::<file::Drop>(),
    BotSpec::of::<http::Get>(),
    BotSpec::of::<http::Request>(),
    BotSpec::of::<mail::Send>(),
    BotSpec::of::<sheet::Read>(),
];

/// Every kind of connection, sorted by kind.
pub static CONNECTIONS: &[ConnectionSpec] = &[
    ConnectionSpec::of::<mail::Imap>(),
    ConnectionSpec::of::<mail::Smtp>(),
    ConnectionSpec::of::<web::Web>(),
];

/// The bot of this name.
pub fn find(name: &str) -> Option<&'static BotSpec> {
    ALL.iter().find(|bot| bot.name == name)
}

/// The kind of connection of this name.
pub fn find_connection(kind: &str) -> Option<&'static ConnectionSpec> {
    CONNECTIONS
        .iter()
        .find(|connection| connection.kind == kind)
}
