//! What can go wrong between us and the browser, sorted by what it means for a step.

use botswain_bot::Fault;
use fantoccini::error::{CmdError, ErrorStatus, NewSessionError};

use super::page::Browser;

#[derive(Debug)]
pub(crate) enum Trouble {
    /// The page is just changing: ask again.
    Passing(String),
    /// The click was not made, for something else lies over the element.
    Covered(String),
    /// A dialog of the page is open and blocks everything.
    Dialog(String),
    /// The page did not answer or did not load in time.
    Slow(String),
    /// The site could not be reached.
    Unreachable(String),
    /// The browser or its driver is no longer there, or no longer to be trusted.
    Dead(String),
}

impl Trouble {
    /// What is left of the browser.
    pub(crate) fn browser(&self) -> Browser {
        match self {
            Trouble::Dead(_) => Browser::Dead,
            Trouble::Slow(_) => Browser::Doubtful,
            _ => Browser::Sound,
        }
    }

    pub(crate) fn into_fault(self) -> Fault {
        match self {
            Trouble::Passing(why) => Fault::system(
                "browser.page",
                format!("the page could not be worked with: {why}"),
            ),
            Trouble::Covered(why) => Fault::system("browser.covered", why),
            Trouble::Dialog(text) => Fault::business(
                "browser.dialog",
                format!("the page opened a dialog: {text}"),
            ),
            Trouble::Slow(why) => Fault::system(
                "browser.timeout",
                format!("the page did not answer in time: {why}"),
            )
            .hint("give the step a longer `wait:` if the page is only slow"),
            Trouble::Unreachable(why) => Fault::system(
                "browser.unreachable",
                format!("the site could not be reached: {why}"),
            ),
            Trouble::Dead(why) => {
                Fault::system("browser.died", format!("the browser was lost: {why}"))
            }
        }
    }
}

impl From<CmdError> for Trouble {
    fn from(err: CmdError) -> Trouble {
        match err {
            CmdError::Standard(err) => standard(&err.error, first_line(&err.message)),
            CmdError::WaitTimeout => Trouble::Slow("it took too long".to_owned()),
            // Whatever is not an answer of the driver: it has died, or talks nonsense.
            other => Trouble::Dead(first_line(&other.to_string())),
        }
    }
}

fn standard(status: &ErrorStatus, message: String) -> Trouble {
    match status {
        ErrorStatus::ElementClickIntercepted | ErrorStatus::ElementNotInteractable => {
            Trouble::Covered(message)
        }
        ErrorStatus::UnexpectedAlertOpen => Trouble::Dialog(message),
        ErrorStatus::Timeout | ErrorStatus::ScriptTimeout => Trouble::Slow(message),
        ErrorStatus::InvalidSessionId | ErrorStatus::NoSuchWindow => Trouble::Dead(message),
        _ if message.contains("net::ERR_") => Trouble::Unreachable(message),
        ErrorStatus::InsecureCertificate => Trouble::Unreachable(message),
        _ if lost(&message) => Trouble::Dead(message),
        _ => Trouble::Passing(message),
    }
}

/// How chromedriver says that its browser is gone.
fn lost(message: &str) -> bool {
    let signs = [
        "not connected to DevTools",
        "chrome not reachable",
        "tab crashed",
        "session deleted",
        "Chrome failed to start",
        "unable to connect to renderer",
    ];
    signs.iter().any(|sign| message.contains(sign))
}

/// Why no session could be begun.
pub(crate) fn not_started(err: NewSessionError) -> Fault {
    let why = match err {
        NewSessionError::SessionNotCreated(err) => first_line(&err.message),
        NewSessionError::NotW3C(value) => value
            .get("message")
            .and_then(serde_json::Value::as_str)
            .map_or_else(|| first_line(&value.to_string()), first_line),
        other => first_line(&other.to_string()),
    };
    let fault = Fault::system(
        "browser.start",
        format!("the browser could not be started: {why}"),
    );
    match why.contains("only supports Chrome version") {
        true => fault.hint("install the driver and the browser in the same version"),
        false => fault,
    }
}

/// Drivers add stack traces.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}
