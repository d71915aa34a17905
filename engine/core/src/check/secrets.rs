//! Passwords and tokens that stand in a file for all to read.
//!
//! In go the parameters of a step; out come warnings. Names and values are
//! looked at as a person would: it is a guess, so never an error, and no
//! message repeats the value.

use super::Checker;
use crate::yaml::{Node, Span, What};

/// Names of fields that hold a secret, without what stands between words.
const NAMES: [&str; 16] = [
    "password",
    "passwort",
    "kennwort",
    "passwd",
    "passphrase",
    "pwd",
    "pin",
    "secret",
    "clientsecret",
    "token",
    "accesstoken",
    "apikey",
    "apitoken",
    "privatekey",
    "密码",
    "口令",
];

/// How the keys of well-known services begin.
const BEGINNINGS: [&str; 9] = [
    "sk_live_",
    "sk_test_",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
];

impl Checker<'_, '_, '_> {
    /// Everything below a node that looks like a secret.
    pub(super) fn plain_secrets(&mut self, node: &Node) {
        match &node.what {
            What::List(items) => items.iter().for_each(|item| self.plain_secrets(item)),
            What::Map(map) => {
                for (key, entry) in map {
                    match is_name(key) && is_value(&entry.node) {
                        true => self.plain_secret(key, &entry.node.span),
                        false => self.plain_secrets(&entry.node),
                    }
                }
            }
            What::Scalar { text, .. } => self.plain_value(text, &node.span),
        }
    }

    /// A secret by its name.
    pub(super) fn plain_secret(&mut self, name: &str, span: &Span) {
        self.told(&format!("`{name}` stands here for all to read"), span);
    }

    fn plain_value(&mut self, text: &str, span: &Span) {
        if login(text) {
            self.told("a password stands in this address for all to read", span);
        } else if parameter(text) {
            self.told("a token stands in this address for all to read", span);
        } else if BEGINNINGS.iter().any(|start| begins(text, start)) {
            self.told(
                "this looks like the key of a service, for all to read",
                span,
            );
        }
    }

    fn told(&mut self, message: &str, span: &Span) {
        let hint = "keep it with `botswain secret set NAME`, and let a connection of botswain.yaml use it: `auth:`, or `login:` for pages";
        let words = (message.to_owned(), Some(hint.to_owned()));
        self.report.warning("secrets.plain_text", span, words);
    }
}

/// Whether a field of this name holds a secret.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: &char| !" _-".contains(*c);
    let name: String = name.to_lowercase().chars().filter(plain).collect();
    NAMES.contains(&name.as_str())
}

/// Whether something is written there that can be a secret: neither a template nor a number of
/// one digit, as a page counts its tokens.
pub(super) fn is_value(node: &Node) -> bool {
    let words = node.words().unwrap_or_default();
    words.chars().count() > 2 && !words.contains("{{")
}

/// `https://anna:secret@shop.example.com`
fn login(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = host.rsplit_once('@').map(|(user, _)| user);
    let password = user.and_then(|user| user.split_once(':'));
    password.is_some_and(|(_, password)| !password.is_empty() && !password.contains("{{"))
}

/// `/orders?access_token=…`
fn parameter(text: &str) -> bool {
    let Some((_, query)) = text.split_once('?') else {
        return false;
    };
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.any(|(name, value)| is_name(name) && value.len() > 2 && !value.contains("{{"))
}

fn begins(text: &str, start: &str) -> bool {
    let long = text.len() >= start.len() + 12;
    long && text.starts_with(start) && !text.contains(char::is_whitespace)
}
