//! Every fault that a step with a browser may end with, as the manual lists them.

use botswain_bot::KnownFault;

pub(super) const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "browser.refused",
        "the page shows what `refused` of an `expect` names",
    ),
    KnownFault::business(
        "browser.unexpected",
        "the page is not as `expect` says, with `else: business`",
    ),
    KnownFault::system(
        "browser.unexpected",
        "the page is not as `expect` says, with `else: system`",
    ),
    KnownFault::business(
        "browser.option",
        "a list does not offer the entry, or it is disabled",
    ),
    KnownFault::business(
        "browser.value",
        "a field does not take the value, or shows another one afterwards",
    ),
    KnownFault::business("browser.ambiguous", "a locator fits several elements"),
    KnownFault::business("browser.locator", "a locator is no valid selector"),
    KnownFault::business(
        "browser.kind",
        "a locator finds another kind of element than the action needs",
    ),
    KnownFault::business("browser.dialog", "the page opened a dialog"),
    KnownFault::business(
        "browser.status",
        "the site answered with a status of 400 to 499",
    ),
    KnownFault::system(
        "browser.status",
        "the site answered with 408, 429, or 500 and more",
    ),
    KnownFault::business(
        "browser.login",
        "the login of the connection did not succeed",
    ),
    KnownFault::business(
        "browser.address",
        "`open` leads away from the host of the connection",
    ),
    KnownFault::business(
        "connection.address",
        "the address of the connection is none for a browser",
    ),
    KnownFault::system(
        "browser.not_found",
        "nothing visible fits a locator within `wait`",
    ),
    KnownFault::system(
        "browser.disabled",
        "what a locator finds stays disabled or read-only",
    ),
    KnownFault::system(
        "browser.covered",
        "something lies over what is to be clicked",
    ),
    KnownFault::system(
        "browser.moving",
        "what is to be clicked does not stand still",
    ),
    KnownFault::system(
        "browser.download",
        "a download did not begin or did not end in time",
    ),
    KnownFault::business(
        "browser.file",
        "a file cannot be handed over to the browser",
    ),
    KnownFault::business("browser.script", "a script ended early"),
    KnownFault::business(
        "browser.repeat",
        "a `repeat` did not come to its end within `at_most`",
    ),
    KnownFault::system("browser.timeout", "the page did not answer in time"),
    KnownFault::system("browser.unreachable", "the site cannot be reached"),
    KnownFault::system(
        "browser.certificate",
        "the certificate of the site is not good",
    ),
    KnownFault::system(
        "browser.window",
        "the window that is worked with has closed",
    ),
    KnownFault::system(
        "browser.page",
        "the page could not be worked with, as when it changes all the time",
    ),
    KnownFault::system("browser.died", "the browser was lost"),
    KnownFault::system(
        "browser.start",
        "the browser or its driver could not be started",
    ),
    KnownFault::system(
        "browser.driver_missing",
        "the browser or its driver is not installed",
    ),
    KnownFault::system("browser.folder", "the browser's folder cannot be made"),
    KnownFault::system("browser.closed", "the connection is being closed"),
    KnownFault::system("browser.cancelled", "the attempt was stopped"),
    KnownFault::system("browser.screenshot", "a screenshot could not be kept"),
];
