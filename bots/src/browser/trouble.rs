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
    /// The driver itself does not answer, so that nothing else can be asked either.
    Silent,
    /// The site could not be reached.
    Unreachable(String),
    /// The site does not show who it is: why, as Chromium names it.
    Certificate(String),
    /// The window that is worked with has closed; there may be others.
    Closed,
    /// The browser or its driver is no longer there, or no longer to be trusted.
    Dead(String),
}

impl Trouble {
    /// What is left of the browser.
    pub(crate) fn browser(&self) -> Browser {
        match self {
            // Whoever does not answer has nothing to show.
            Trouble::Dead(_) | Trouble::Silent => Browser::Dead,
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
            Trouble::Slow(why) => slow(&why),
            Trouble::Silent => slow("the browser does not answer"),
            Trouble::Unreachable(why) => Fault::system(
                "browser.unreachable",
                format!("the site could not be reached: {why}"),
            ),
            Trouble::Certificate(code) => certificate(&code),
            Trouble::Closed => Fault::system(
                "browser.window",
                "the window that is worked with has closed",
            )
            .hint("let what closes it be the last action of its `window:`; what follows is about the window before"),
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
        ErrorStatus::ElementClickIntercepted
        | ErrorStatus::ElementNotInteractable
        | ErrorStatus::MoveTargetOutOfBounds => Trouble::Covered(message),
        ErrorStatus::UnexpectedAlertOpen => Trouble::Dialog(message),
        ErrorStatus::Timeout | ErrorStatus::ScriptTimeout => Trouble::Slow(message),
        ErrorStatus::InvalidSessionId => Trouble::Dead(message),
        ErrorStatus::NoSuchWindow => Trouble::Closed,
        _ if message.contains("net::ERR_") => unreached(&message),
        _ if message.contains("about:neterror") => Trouble::Unreachable(error_page(&message)),
        ErrorStatus::InsecureCertificate if message.is_empty() => {
            Trouble::Certificate("the browser does not say what is wrong with it".to_owned())
        }
        ErrorStatus::InsecureCertificate => Trouble::Certificate(message),
        _ if lost(&message) => Trouble::Dead(message),
        _ => Trouble::Passing(message),
    }
}

/// Why a site could not be reached, from words in which Chromium gives the reason a code.
pub(crate) fn unreached(why: &str) -> Trouble {
    match why.contains("ERR_CERT_") {
        true => Trouble::Certificate(why.to_owned()),
        false => Trouble::Unreachable(why.to_owned()),
    }
}

/// How Firefox calls what it shows in the place of a page: `about:neterror?e=connectionFailure&…`.
fn error_page(message: &str) -> String {
    let name = message
        .split("e=")
        .nth(1)
        .and_then(|rest| rest.split('&').next());
    name.unwrap_or(message).to_owned()
}

fn slow(why: &str) -> Fault {
    Fault::system(
        "browser.timeout",
        format!("the page did not answer in time: {why}"),
    )
    .hint("give the step a longer `wait:` if the page is only slow")
}

/// The codes are those of Chromium's `net_error_list.h`.
fn certificate(code: &str) -> Fault {
    let known = [
        (
            "AUTHORITY_INVALID",
            "it is signed by nobody whom this machine trusts",
        ),
        (
            "COMMON_NAME_INVALID",
            "it is for another name than that of the site",
        ),
        (
            "DATE_INVALID",
            "it has expired or is not valid yet, or this machine's clock is wrong",
        ),
        ("REVOKED", "it was revoked"),
        (
            "WEAK_SIGNATURE_ALGORITHM",
            "it is signed in a way that is not safe any more",
        ),
    ];
    let why = known
        .iter()
        .find(|(part, _)| code.contains(part))
        .map_or(code, |(_, why)| why);
    Fault::system(
        "browser.certificate",
        format!("the certificate of the site is not good: {why}"),
    )
    .hint("nothing was sent; the site's certificate has to be mended, or its authority be made known to this machine")
}

/// How the drivers say that their browser is gone.
fn lost(message: &str) -> bool {
    let signs = [
        "not connected to DevTools",
        "chrome not reachable",
        "tab crashed",
        "session deleted",
        "Chrome failed to start",
        "unable to connect to renderer",
        "Failed to decode response from marionette",
        "Tried to run command without establishing a connection",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// In the words of Chromium for a host of another name, an expired certificate and others.
    #[test]
    fn each_fault_of_a_certificate_is_told_by_what_is_wrong_with_it() {
        for (code, words) in [
            ("AUTHORITY_INVALID", "nobody whom this machine trusts"),
            (
                "COMMON_NAME_INVALID",
                "for another name than that of the site",
            ),
            ("DATE_INVALID", "has expired or is not valid yet"),
            ("REVOKED", "was revoked"),
            ("WEAK_SIGNATURE_ALGORITHM", "not safe any more"),
            ("NON_UNIQUE_NAME", "ERR_CERT_NON_UNIQUE_NAME"),
        ] {
            let said = format!("unknown error: net::ERR_CERT_{code}");
            let trouble = standard(&ErrorStatus::UnknownError, said);
            assert_eq!(trouble.browser(), Browser::Sound);
            let fault = trouble.into_fault();
            assert_eq!(fault.code, "browser.certificate");
            assert!(fault.message.contains(words), "{fault}");
        }
        let silent = standard(&ErrorStatus::InsecureCertificate, String::new());
        let told = silent.into_fault().message;
        assert!(
            told.ends_with("does not say what is wrong with it"),
            "{told}"
        );
        for said in [
            "net::ERR_CONNECTION_REFUSED",
            "Reached error page: about:neterror?e=connectionFailure&u=http%3A//127.0.0.1%3A1/",
        ] {
            let other = standard(&ErrorStatus::UnknownError, said.to_owned());
            let fault = other.into_fault();
            assert_eq!(fault.code, "browser.unreachable");
            assert!(!fault.message.contains("about:"), "{fault}");
        }
    }
}
