//! What a connection of kind `web` says about its browser.

use std::path::PathBuf;

use botswain_bot::Secret;
use botswain_core::language::suggest;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Wait, action::Action, locator::Locator};

/// `login:`: actions whose values are secrets.
pub type LoginActions = Vec<Action<Secret>>;

/// How the pages of a connection are opened: what the [`super::Pool`] needs beside the address.
#[derive(Clone, Default)]
pub struct Settings {
    /// Done once in each session before its first use, and again when the login has expired.
    pub login: LoginActions,
    /// What can be seen on every page as long as one is logged in.
    pub logged_in: Option<Locator>,
    pub browser: Browser,
}

/// Which browser is used, and how.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Browser {
    /// Whose it is.
    pub kind: Kind,
    /// The browser's program; otherwise the one of this kind that is installed.
    pub binary: Option<PathBuf>,
    /// The driver's program; otherwise the `chromedriver` or `geckodriver` that is installed.
    pub driver: Option<PathBuf>,
    /// A driver or Selenium Grid that somebody else runs, instead of one of our own.
    pub webdriver_url: Option<String>,
    /// More WebDriver capabilities, for what chooses among browsers or names the session: those of
    /// the standard, as `platformName`, and those with a prefix, as `se:name`.
    pub capabilities: Map<String, Value>,
    /// More arguments for the browser's program, such as `--lang=de`.
    pub arguments: Vec<String>,
    /// Shows the browser's window, to watch it at work.
    pub headed: bool,
    /// How long to wait before each action, as in `250ms`, to be able to follow.
    pub slow: Option<Wait>,
    /// The size of the window.
    pub window: Window,
}

/// The browsers that pages are opened with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Chromium or Chrome, by chromedriver.
    #[default]
    Chromium,
    /// Firefox, by geckodriver. It tells nothing of what pages write to their console.
    Firefox,
}

impl Kind {
    /// The names of the browser and of its driver.
    pub fn programs(self) -> [&'static str; 2] {
        match self {
            Kind::Chromium => ["chromium", "chromedriver"],
            Kind::Firefox => ["firefox", "geckodriver"],
        }
    }
}

impl Browser {
    /// Whose it is; a grid may have been asked for it by its name.
    pub fn kind(&self) -> Kind {
        match self.capabilities.get("browserName") {
            Some(name) if name == "firefox" => Kind::Firefox,
            _ => self.kind,
        }
    }
}

/// In CSS pixels.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Default for Window {
    fn default() -> Window {
        Window {
            width: 1280,
            height: 1000,
        }
    }
}

/// Those of the standard (WebDriver, section 7) that can be asked for.
const STANDARD: [&str; 10] = [
    "acceptInsecureCerts",
    "browserName",
    "browserVersion",
    "pageLoadStrategy",
    "platformName",
    "proxy",
    "setWindowRect",
    "strictFileInteractability",
    "timeouts",
    "webSocketUrl",
];

/// What is wrong with the name of a capability, and what to do.
pub fn check_capability(name: &str) -> Result<(), (String, Option<String>)> {
    match name {
        "unhandledPromptBehavior" => Err((
            format!("`{name}` cannot be chosen: a dialog stays open until `dialog` answers it"),
            Some("leave it out".to_owned()),
        )),
        name if name.contains(':') || STANDARD.contains(&name) => Ok(()),
        name => Err((
            format!("there is no capability `{name}`"),
            suggest::hint(name, "the capabilities are", STANDARD)
                .map(|hint| format!("a maker's own has a prefix, as in `se:name`; {hint}")),
        )),
    }
}
