//! The manual, made of what the code itself knows: bots, connections, helpers.
//!
//! In go the tables of specs; out come pages in Markdown, which lie in `docs/`,
//! and words for the command line. A test compares the pages with what is made
//! here, so none of them can be stale.

pub mod bots;
pub mod helpers;
pub mod words;

/// The page with every bot and every kind of connection, `docs/bots.md`.
pub fn bots_page() -> String {
    bots::page(botswain_bots::ALL, botswain_bots::CONNECTIONS)
}

/// The page about templates, `docs/templates.md`.
pub fn templates_page() -> String {
    helpers::page(botswain_core::template::HELPERS)
}
