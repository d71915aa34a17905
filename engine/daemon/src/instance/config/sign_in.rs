//! `console.sign_in`: the identity provider by which people sign in, and what can be wrong with it.

use std::net::{IpAddr, SocketAddr};

use botswain_bot::Secret;
use botswain_core::diagnostic::Diagnostic;
use botswain_views::Role;
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ConsoleConfig;
use crate::instance::yaml::{Document, Words};

/// The longest name: it stands on a button.
const NAME: usize = 40;

/// The identity provider by which people sign in (OpenID Connect).
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// What people call it, as in `Office 365`; it stands on the button.
    pub name: String,
    /// Its address as it calls itself, without `/.well-known/openid-configuration`, as in
    /// `https://login.example.com/realms/office`.
    pub issuer: String,
    /// What it calls this Botswain.
    pub client_id: String,
    /// What Botswain shows to it, as in `"{{secrets.login}}"`; without it Botswain is a public client.
    pub client_secret: Option<Secret>,
    /// What it is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Who may what: those who are in none of these groups are not let in.
    pub roles: Roles,
}

/// By which groups at the provider somebody has which role; of several the one that may most.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// The claim that holds the groups of somebody, as in `groups`, or `realm_access.roles` for one
    /// within another.
    #[serde(default = "claim")]
    pub claim: String,
    /// Those who see and may what an admin gives them in folders of workflows, and nothing else.
    #[serde(default)]
    pub none: Vec<String>,
    /// Those who see what runs and what waits.
    #[serde(default)]
    pub viewer: Vec<String>,
    /// Those who start and cancel runs too, and decide what waits.
    #[serde(default)]
    pub handler: Vec<String>,
    /// Those who change workflows and corrections too.
    #[serde(default)]
    pub author: Vec<String>,
    /// Those who change who may what too.
    #[serde(default)]
    pub admin: Vec<String>,
}

impl Roles {
    /// The most that somebody may who is in these groups.
    pub fn of(&self, groups: &[String]) -> Option<Role> {
        let all = [
            (Role::Admin, &self.admin),
            (Role::Author, &self.author),
            (Role::Handler, &self.handler),
            (Role::Viewer, &self.viewer),
            (Role::None, &self.none),
        ];
        let is_in = |named: &[String]| named.iter().any(|it| groups.contains(it));
        let most = all.into_iter().find(|(_, named)| is_in(named));
        most.map(|(role, _)| role)
    }
}

impl ConsoleConfig {
    /// What people enter in a browser to get to a console that listens here; never what a request
    /// calls it.
    pub fn home(&self, bound: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match &self.address {
            Some(address) => address.trim_end_matches('/').to_owned(),
            None => format!("{scheme}://{bound}"),
        }
    }
}

/// What is wrong with where people are sent, from where they come back, and who they are then.
pub(super) fn check(console: &ConsoleConfig, document: &Document<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut at = |pointer: &str, words| found.push(document.at_value(pointer, words));
    if let Some(words) = address(console) {
        at("/console/address", words);
    }
    let Some(sign_in) = &console.sign_in else {
        return found;
    };
    if let Some(words) = issuer(&sign_in.issuer) {
        at("/console/sign_in/issuer", words);
    }
    if sign_in.name.trim().is_empty() || sign_in.name.chars().count() > NAME {
        let message = format!("the name stands on a button and has 1 to {NAME} characters");
        let words = Words::error("config.value", message);
        let hint = "write what people call the provider, as in `Office 365`";
        at("/console/sign_in/name", words.hint(hint));
    }
    if sign_in.client_id.trim().is_empty() {
        let words = Words::error("config.value", "`client_id` is empty");
        let hint = "the provider shows it where Botswain is registered as an application";
        at("/console/sign_in/client_id", words.hint(hint));
    }
    for (index, scope) in sign_in.scopes.iter().enumerate() {
        if scope.is_empty() || scope.contains(char::is_whitespace) {
            let words = Words::error("config.value", "a scope is one word");
            let hint = "write `scopes: [profile, email]`";
            at(
                &format!("/console/sign_in/scopes/{index}"),
                words.hint(hint),
            );
        }
    }
    let roles = &sign_in.roles;
    let all = [
        &roles.none,
        &roles.viewer,
        &roles.handler,
        &roles.author,
        &roles.admin,
    ];
    if all.iter().all(|it| it.is_empty()) {
        let words = Words::error(
            "config.value",
            "no group leads to a role, so nobody could sign in",
        );
        let words = words.hint("name groups of the provider, as in `handler: [order-desk]`");
        found.push(document.at_key("/console/sign_in/roles", words));
    }
    let is_everywhere = |listen: &SocketAddr| listen.ip().is_unspecified();
    if console.address.is_none() && console.listen.parse().is_ok_and(|it| is_everywhere(&it)) {
        let message = "the provider could not send people back: `address` is missing";
        let words = Words::error("config.missing_key", message);
        let hint = "add `address: https://…` to `console`, as people enter it in a browser";
        found.push(document.at_key("/console/sign_in", words.hint(hint)));
    }
    found
}

fn address(console: &ConsoleConfig) -> Option<Words> {
    let text = console.address.as_ref()?;
    let error = |message: String| Words::error("config.address", message);
    let hint = "write it as people enter it in a browser, as in `https://botswain.example.com`";
    let url = match Url::parse(text) {
        Ok(url) if is_bare(&url) && url.path() == "/" => url,
        _ => return Some(error(format!("`{text}` is not where a console can be")).hint(hint)),
    };
    match (url.scheme(), &console.tls) {
        ("https", Some(_)) => None,
        ("http", None) if is_here(&url) => None,
        ("https", None) => Some(
            error("the console is not encrypted itself".to_owned())
                .hint("give it `tls: { certificate: FILE, key: FILE }`"),
        ),
        (_, Some(_)) => {
            Some(error("the console is encrypted".to_owned()).hint("write `https://…`"))
        }
        _ => Some(
            error(format!(
                "`{text}` is not on this machine, and not encrypted"
            ))
            .hint(hint),
        ),
    }
}

/// What it says decides who is let in, so nobody may change it on the way.
fn issuer(text: &str) -> Option<Words> {
    let error = |message: String| Words::error("config.address", message);
    let hint = "write it as the provider does, as in `https://login.example.com/realms/office`";
    let url = match Url::parse(text) {
        Ok(url) if is_bare(&url) => url,
        _ => return Some(error(format!("`{text}` is not the address of a provider")).hint(hint)),
    };
    if let Some((before, _)) = text.split_once("/.well-known/") {
        let message = "the issuer is the part before `/.well-known/`".to_owned();
        return Some(error(message).hint(format!("write `{before}`")));
    }
    match url.scheme() == "https" || is_here(&url) {
        true => None,
        false => Some(
            error("what a provider says is trusted only over `https`".to_owned())
                .hint("write `https://…`"),
        ),
    }
}

fn is_bare(url: &Url) -> bool {
    let has_login = !url.username().is_empty() || url.password().is_some();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_web && !has_login && url.query().is_none() && url.fragment().is_none()
}

/// Whether it is this machine's own, so that nobody is on the way.
pub(crate) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || plain.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// The value of a claim, which may stand within another.
pub(crate) fn claim_of<'v>(claims: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    // Some providers call their claims like addresses, with dots.
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    claim_of(claims.get(first)?.as_object()?, rest)
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn claim() -> String {
    "groups".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(text: &str) -> ConsoleConfig {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn of_several_groups_the_one_counts_that_may_most() {
        let roles = r#"{ "viewer": ["a"], "author": ["b", "c"], "admin": ["d"] }"#;
        let roles: Roles = serde_json::from_str(roles).unwrap();
        let of = |groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|it| (*it).to_owned()).collect();
            roles.of(&groups)
        };
        assert_eq!(of(&["a", "c"]), Some(Role::Author));
        assert_eq!(of(&["d", "a"]), Some(Role::Admin));
        assert_eq!(of(&["A", "x"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn people_are_sent_back_to_where_the_file_says_and_nowhere_else() {
        let bound: SocketAddr = "[::1]:8088".parse().unwrap();
        let plain = console(r#"{ "listen": "[::1]:8088" }"#);
        assert_eq!(plain.home(bound), "http://[::1]:8088");
        let tls = r#""tls": { "certificate": "a", "key": "b" }"#;
        let tls = console(&format!(r#"{{ "listen": "0.0.0.0:1", {tls} }}"#));
        assert_eq!(tls.home(bound), "https://[::1]:8088");
        let named = r#"{ "listen": "0.0.0.0:1", "address": "https://b.example.com/" }"#;
        assert_eq!(console(named).home(bound), "https://b.example.com");
    }

    #[test]
    fn only_an_address_that_nobody_can_stand_before_is_a_provider() {
        for good in [
            "https://login.example.com",
            "https://login.example.com/realms/office/",
            "http://127.0.0.1:9000",
            "http://[::1]:9000/a",
            "http://localhost",
        ] {
            assert!(issuer(good).is_none(), "{good}");
        }
        for bad in [
            "http://login.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "https://me:word@login.example.com",
            "https://login.example.com?a",
            "https://login.example.com#a",
            "ftp://login.example.com",
            "login.example.com",
            "javascript:alert(1)",
            "",
        ] {
            assert!(issuer(bad).is_some(), "{bad}");
        }
    }
}
