//! The names of things: runs, steps, exceptions, contents.
//!
//! A run that something started has a number of its own; a run that a
//! `for_each` made is called after its parent, the step and its place in the
//! list (`1042.enter.3`). So an identity can be derived again from what is
//! known, by this engine or another.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// `1042`, or `1042.enter.3` for the fourth item of the step `enter`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(Arc<str>);

impl RunId {
    /// A run that a trigger or a person started.
    pub fn root(number: u64) -> RunId {
        RunId(number.to_string().into())
    }

    /// The run of one item of a `for_each`.
    pub fn item(&self, step: &StepId, index: u64) -> RunId {
        RunId(format!("{self}.{step}.{index}").into())
    }

    /// The run around an item, and the `for_each` that made it.
    pub fn parent(&self) -> Option<(RunId, StepId)> {
        let (rest, _index) = self.0.rsplit_once('.')?;
        let (parent, step) = rest.rsplit_once('.')?;
        Some((RunId(parent.into()), StepId::new(step)))
    }

    /// All runs that this one made, and those that they made.
    pub(crate) fn below(&self) -> std::ops::Range<RunId> {
        // `/` is the character after `.`.
        RunId(format!("{self}.").into())..RunId(format!("{self}/").into())
    }

    /// The number of the run that was started, whose descendant this one is.
    pub fn number(&self) -> u64 {
        let digits = self.0.split('.').next().unwrap_or_default();
        digits.parse().expect("a run id starts with its number")
    }

    /// Which of the runs of its `for_each` or `call` it is; 0 for a run of its own.
    pub fn index(&self) -> u64 {
        let last = self.0.rsplit_once('.').map(|(_, index)| index);
        last.and_then(|index| index.parse().ok())
            .unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for RunId {
    fn schema_name() -> Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        const NUMBER: &str = "(0|[1-9][0-9]{0,18})";
        json_schema!({
            "description": "`1042`, or `1042.enter.3` for the fourth item of the step `enter`.",
            "type": "string",
            "pattern": format!(r"^{NUMBER}(\.[A-Za-z][A-Za-z0-9_-]{{0,62}}\.{NUMBER})*$"),
        })
    }
}

/// Why a text is not the name of a run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{0}` is not a run: a run is a number such as `1042`, an item `1042.enter.3`")]
pub struct NotARun(String);

impl FromStr for RunId {
    type Err = NotARun;

    fn from_str(text: &str) -> Result<RunId, NotARun> {
        let parts: Vec<&str> = text.split('.').collect();
        let number = |part: &&str| {
            part.parse::<u64>()
                .is_ok_and(|value| value.to_string() == **part)
        };
        let fits = parts.len() % 2 == 1
            && parts.iter().step_by(2).all(number)
            && parts
                .iter()
                .skip(1)
                .step_by(2)
                .all(|part| StepId::is_valid(part));
        match fits {
            true => Ok(RunId(text.into())),
            false => Err(NotARun(text.to_owned())),
        }
    }
}

impl TryFrom<String> for RunId {
    type Error = NotARun;

    fn try_from(text: String) -> Result<RunId, NotARun> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> String {
        run.0.as_ref().to_owned()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a file calls a step: a letter, then letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StepId(Arc<str>);

impl StepId {
    pub fn new(id: &str) -> StepId {
        StepId(id.into())
    }

    /// Names are kept plain because they become parts of run ids and of templates.
    pub fn is_valid(id: &str) -> bool {
        id.len() <= 63
            && id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StepId {
    fn from(id: &str) -> StepId {
        StepId::new(id)
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number under which a person finds something parked.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct ExceptionId(pub u64);

impl fmt::Display for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// SHA-256 of some content, in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(Arc<str>);

impl Hash {
    pub fn of(content: &[u8]) -> Hash {
        Hash::from_digest(Sha256::digest(content).as_slice())
    }

    /// Takes the 32 bytes of a SHA-256 that was computed piece by piece.
    pub fn from_digest(digest: &[u8]) -> Hash {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(2 * digest.len());
        for byte in digest {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from(DIGITS[usize::from(half)]));
            }
        }
        Hash(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first characters, enough for people to tell versions apart.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl JsonSchema for Hash {
    fn schema_name() -> Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "SHA-256 of some content, in lower-case hexadecimal.",
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
        })
    }
}

/// Why a text is not a content hash.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 in lower-case hexadecimal")]
pub struct NotAHash(String);

impl TryFrom<String> for Hash {
    type Error = NotAHash;

    // Hashes become file names, so nothing but 64 hexadecimal digits may pass.
    fn try_from(text: String) -> Result<Hash, NotAHash> {
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        match text.len() == 64 && text.bytes().all(hex) {
            true => Ok(Hash(text.into())),
            false => Err(NotAHash(text)),
        }
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        hash.0.as_ref().to_owned()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_called_after_its_parent() {
        let item = RunId::root(1042).item(&"enter".into(), 3);
        assert_eq!(item.to_string(), "1042.enter.3");
        assert_eq!(item.number(), 1042);
        assert_eq!(item.parent(), Some((RunId::root(1042), "enter".into())));
        assert_eq!(RunId::root(1042).parent(), None);
        assert_eq!("1042.enter.3".parse(), Ok(item));
    }

    #[test]
    fn what_is_no_run_is_refused() {
        for text in [
            "",
            "x",
            "1042.",
            "1042.enter",
            "1042.enter.x",
            "1042..3",
            "01",
            "1/2",
            "+1",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_hash_can_only_be_hexadecimal() {
        assert!(Hash::try_from("../../etc/passwd".to_owned()).is_err());
        assert!(Hash::try_from(Hash::of(b"x").to_string()).is_ok());
    }
}
