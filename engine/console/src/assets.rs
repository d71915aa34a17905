//! The two files that pages need beside themselves.

/// A file that is served as it is.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub path: &'static str,
    pub media: &'static str,
    pub body: &'static str,
}

/// The sheet of all pages.
pub(crate) const SHEET: &str = include_str!("../assets/console.css");

/// Everything that is served as it is.
pub const ASSETS: &[Asset] = &[
    Asset {
        path: "/assets/console.css",
        media: "text/css; charset=utf-8",
        body: SHEET,
    },
    Asset {
        path: "/assets/console.js",
        media: "text/javascript; charset=utf-8",
        body: include_str!("../assets/console.js"),
    },
    Asset {
        path: "/assets/icon.svg",
        media: "image/svg+xml",
        body: include_str!("../assets/icon.svg"),
    },
];
