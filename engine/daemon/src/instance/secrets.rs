//! Secrets: named values that only open connections and steps ever see.
//!
//! `secrets.json` holds each one sealed under the key file, with its name and
//! version as the label, so that an old value cannot be put back under a new
//! version nor one secret under another's name. A change is all or nothing and
//! durable once the call returned. No error and no `Debug` here shows a value.

use std::{collections::BTreeMap, fmt, fs::File, io::ErrorKind, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    key::{self, Key, Sealed},
    private::{Private, replace_file},
};

/// The shortest value that is accepted, in characters: a shorter one could not be masked
/// in texts without masking much else.
pub const SHORTEST: usize = 4;

const FORMAT: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{0}` is not a name for a secret")]
    BadName(String),
    #[error("there is no secret `{0}`")]
    Unknown(String),
    #[error("the value has fewer than {SHORTEST} characters and could not be masked in logs")]
    TooShort,
    #[error("the key file does not fit the secret `{0}` in `.botswain/secrets.json`")]
    WrongKey(String),
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("`{}` is of format {found}, and this botswain knows {FORMAT}", path.display())]
    Newer { path: PathBuf, found: u32 },
    #[error("the secrets cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Key(#[from] key::Error),
    #[error(transparent)]
    Instance(#[from] super::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::BadName(_) => Some(
                "a name has up to 63 lower-case letters, digits, `-` and `_`, and begins with \
                 a letter or digit"
                    .to_owned(),
            ),
            Error::Unknown(name) => Some(format!("run `botswain secret set {name}`")),
            Error::WrongKey(_) => Some(
                "put the key file back that the secrets were set with, or remove them and set \
                 them again"
                    .to_owned(),
            ),
            Error::Damaged { .. } => Some("put the file back from a backup".to_owned()),
            Error::Newer { .. } => {
                Some("use the botswain that wrote it, or a newer one".to_owned())
            }
            Error::Key(err) => err.hint(),
            Error::TooShort | Error::Io(_) | Error::Instance(_) => None,
        }
    }
}

/// What may be known about a secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    pub name: String,
    /// Counts from 1, each time it is set.
    pub version: u64,
    pub set_at: Timestamp,
}

/// A value on its way to the connection that needs it.
#[derive(Clone, PartialEq)]
pub struct Revealed {
    pub version: u64,
    value: String,
}

impl Revealed {
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revealed {{ version: {}, value: ••• }}", self.version)
    }
}

/// The secrets of an instance. Reads the file anew at each call, so that every process sees
/// what another has set.
#[derive(Clone, Debug)]
pub struct Secrets {
    private: Private,
}

/// `secrets.json`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    secrets: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    version: u64,
    set_at: Timestamp,
    sealed: Sealed,
}

impl Secrets {
    pub fn new(private: Private) -> Secrets {
        Secrets { private }
    }

    /// Sets `name` to `value`; the first one ever makes the key file. Returns its version.
    pub fn set(&self, name: &str, value: &str, now: Timestamp) -> Result<u64, Error> {
        if !is_name(name) {
            return Err(Error::BadName(name.to_owned()));
        }
        if value.chars().count() < SHORTEST {
            return Err(Error::TooShort);
        }
        let _held = self.lock()?;
        let mut stored = self.load()?;
        let key = self.key_for(&stored)?;
        let version = stored.secrets.get(name).map_or(1, |old| old.version + 1);
        let entry = Entry {
            version,
            set_at: now,
            sealed: key.seal(&label(name, version), value),
        };
        stored.secrets.insert(name.to_owned(), entry);
        self.save(&stored)?;
        Ok(version)
    }

    /// The key under which secrets are, for what else is sealed; the first use ever makes it.
    pub fn key(&self) -> Result<Key, Error> {
        let _held = self.lock()?;
        self.key_for(&self.load()?)
    }

    /// Names and versions, by name.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let stored = self.load()?;
        let listed = stored.secrets.into_iter().map(|(name, entry)| Listed {
            name,
            version: entry.version,
            set_at: entry.set_at,
        });
        Ok(listed.collect())
    }

    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let _held = self.lock()?;
        let mut stored = self.load()?;
        match stored.secrets.remove(name) {
            Some(_) => self.save(&stored),
            None => Err(Error::Unknown(name.to_owned())),
        }
    }

    pub fn reveal(&self, name: &str) -> Result<Revealed, Error> {
        let stored = self.load()?;
        let entry = stored.secrets.get(name);
        let entry = entry.ok_or_else(|| Error::Unknown(name.to_owned()))?;
        entry.reveal(name, &Key::read(&self.private.key())?)
    }

    /// Every value, to be masked wherever it might turn up.
    pub fn reveal_all(&self) -> Result<Vec<Revealed>, Error> {
        let stored = self.load()?;
        if stored.secrets.is_empty() {
            return Ok(Vec::new());
        }
        let key = Key::read(&self.private.key())?;
        let entries = stored.secrets.iter();
        entries
            .map(|(name, entry)| entry.reveal(name, &key))
            .collect()
    }

    /// The key, made when there is nothing yet that another could have sealed.
    fn key_for(&self, stored: &Stored) -> Result<Key, Error> {
        let path = self.private.key();
        match (Key::read(&path), stored.secrets.first_key_value()) {
            (Ok(key), Some((name, entry))) => entry.reveal(name, &key).map(|_| key),
            (Err(key::Error::Missing(_)), None) => Ok(Key::make(&path)?),
            (found, _) => Ok(found?),
        }
    }

    fn load(&self) -> Result<Stored, Error> {
        let path = self.private.secrets();
        let text = match std::fs::read_to_string(&path) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Stored::default()),
            read => read?,
        };
        let damaged = |err: serde_json::Error| Error::Damaged {
            path: path.clone(),
            reason: err.to_string(),
        };
        // The format is read first: a newer file may have keys that are unknown here.
        let value: serde_json::Value = serde_json::from_str(&text).map_err(damaged)?;
        match value["format"].as_u64() {
            Some(found) if found != u64::from(FORMAT) => Err(Error::Newer {
                path,
                found: u32::try_from(found).unwrap_or(u32::MAX),
            }),
            _ => serde_json::from_value(value).map_err(damaged),
        }
    }

    fn save(&self, stored: &Stored) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(stored).expect("plain data");
        Ok(replace_file(&self.private.secrets(), text.as_bytes())?)
    }

    /// Two commands that set secrets at once must not lose one.
    fn lock(&self) -> Result<File, Error> {
        self.private.make_root()?;
        let mut options = File::options();
        let file = options
            .create(true)
            .append(true)
            .open(self.private.secrets_lock())?;
        file.lock()?;
        Ok(file)
    }
}

impl Default for Stored {
    fn default() -> Stored {
        Stored {
            format: FORMAT,
            secrets: BTreeMap::new(),
        }
    }
}

impl Entry {
    fn reveal(&self, name: &str, key: &Key) -> Result<Revealed, Error> {
        let opened = key.open(&label(name, self.version), &self.sealed);
        let value = opened.map_err(|_| Error::WrongKey(name.to_owned()))?;
        Ok(Revealed {
            version: self.version,
            value,
        })
    }
}

/// What the seal authenticates beside the text; a space is in no name.
fn label(name: &str, version: u64) -> String {
    format!("secret {FORMAT} {name} {version}")
}

/// Whether a secret can be called so: `^[a-z0-9][a-z0-9_-]{0,62}$`.
pub fn is_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|c| plain(c) || c == b'_' || c == b'-')
}

/// The secret that a text stands for, when the whole of it is `{{secrets.name}}`.
pub fn referred(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let name = inner.trim().strip_prefix("secrets.")?;
    is_name(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    const CANARY: &str = "canary-4f1b-hunter22";

    fn secrets() -> (tempfile::TempDir, Secrets) {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::new(Private::of(folder.path()));
        (folder, secrets)
    }

    fn set(secrets: &Secrets, name: &str, value: &str) -> u64 {
        let now = "2026-11-02T03:00:00Z".parse().unwrap();
        secrets.set(name, value, now).unwrap()
    }

    #[test]
    fn what_is_set_comes_back_and_is_listed_without_its_value() {
        let (_folder, secrets) = secrets();
        assert_eq!(secrets.list().unwrap(), []);
        assert_eq!(set(&secrets, "shop", "first"), 1);
        assert_eq!(set(&secrets, "shop", CANARY), 2);
        assert_eq!(set(&secrets, "mail", "other"), 1);
        assert_eq!(secrets.reveal("shop").unwrap().value(), CANARY);
        let listed = serde_json::to_string(&secrets.list().unwrap()).unwrap();
        expect_test::expect![[
            r#"[{"name":"mail","version":1,"set_at":"2026-11-02T03:00:00Z"},{"name":"shop","version":2,"set_at":"2026-11-02T03:00:00Z"}]"#
        ]]
        .assert_eq(&listed);
        secrets.remove("shop").unwrap();
        let gone = secrets.reveal("shop").unwrap_err();
        assert_eq!(gone.to_string(), "there is no secret `shop`");
        assert_eq!(gone.hint().unwrap(), "run `botswain secret set shop`");
        assert!(matches!(secrets.remove("shop"), Err(Error::Unknown(_))));
    }

    #[test]
    fn a_value_is_nowhere_in_clear() {
        let (_folder, secrets) = secrets();
        set(&secrets, "shop", CANARY);
        let revealed = secrets.reveal("shop").unwrap();
        let file = std::fs::read_to_string(secrets.private.secrets()).unwrap();
        let shown = format!(
            "{revealed:?} {secrets:?} {:?} {:?} {file}",
            secrets.load().unwrap(),
            secrets.reveal_all().unwrap()
        );
        assert!(!shown.contains("canary"), "{shown}");
        let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(secrets.private.secrets()), 0o600);
        assert_eq!(mode(secrets.private.folder().to_owned()), 0o700);
    }

    #[test]
    fn names_and_values_are_bounded() {
        let (_folder, secrets) = secrets();
        for name in [
            "",
            "Shop",
            "-shop",
            "a b",
            "schlüssel",
            "../key",
            &"a".repeat(64),
        ] {
            let err = secrets.set(name, "long enough", Timestamp::UNIX_EPOCH);
            assert!(matches!(err, Err(Error::BadName(_))), "{name}");
        }
        set(&secrets, &"a".repeat(63), "long enough");
        set(&secrets, "0-_", "long enough");
        let err = secrets.set("pin", "äöü", Timestamp::UNIX_EPOCH);
        assert!(matches!(err, Err(Error::TooShort)));
    }

    #[test]
    fn another_key_is_refused_and_changes_nothing() {
        let (_folder, secrets) = secrets();
        set(&secrets, "shop", CANARY);
        let before = std::fs::read(secrets.private.secrets()).unwrap();
        let key = std::fs::read(secrets.private.key()).unwrap();

        std::fs::remove_file(secrets.private.key()).unwrap();
        let lost = secrets
            .set("mail", "other", Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert!(matches!(lost, Error::Key(key::Error::Missing(_))), "{lost}");
        assert!(!secrets.private.key().exists(), "no new key hides the loss");

        Key::make(&secrets.private.key()).unwrap();
        let wrong = secrets
            .set("mail", "other", Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert!(matches!(wrong, Error::WrongKey(_)), "{wrong}");
        assert!(matches!(secrets.reveal("shop"), Err(Error::WrongKey(_))));
        assert_eq!(std::fs::read(secrets.private.secrets()).unwrap(), before);

        std::fs::write(secrets.private.key(), key).unwrap();
        assert_eq!(secrets.reveal("shop").unwrap().value(), CANARY);
        let open = Permissions::from_mode(0o644);
        std::fs::set_permissions(secrets.private.key(), open).unwrap();
        let open = secrets.reveal("shop").unwrap_err();
        assert!(
            matches!(open, Error::Key(key::Error::TooOpen { .. })),
            "{open}"
        );
    }

    #[test]
    fn one_secret_does_not_pass_for_another() {
        let (_folder, secrets) = secrets();
        set(&secrets, "mail", "the other value");
        set(&secrets, "shop", CANARY);
        let mut stored = secrets.load().unwrap();
        let mail = stored.secrets["mail"].clone();
        stored.secrets.insert("shop".to_owned(), mail);
        secrets.save(&stored).unwrap();
        assert!(matches!(secrets.reveal("shop"), Err(Error::WrongKey(name)) if name == "shop"));
    }

    #[test]
    fn damage_and_newer_formats_are_told_apart() {
        let (_folder, secrets) = secrets();
        set(&secrets, "shop", CANARY);
        for (text, message) in [
            ("{", "is damaged: EOF while parsing"),
            (r#"{"secrets":{}}"#, "is damaged: missing field `format`"),
            (
                r#"{"format":2,"new":1}"#,
                "is of format 2, and this botswain knows 1",
            ),
        ] {
            std::fs::write(secrets.private.secrets(), text).unwrap();
            let err = secrets.list().unwrap_err();
            assert!(err.to_string().contains(message), "{err}");
            assert!(err.hint().is_some());
        }
    }

    #[test]
    fn many_at_once_lose_none() {
        let (_folder, secrets) = secrets();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let secrets = &secrets;
                scope.spawn(move || set(secrets, &format!("s{number}"), "some value"));
            }
        });
        assert_eq!(secrets.list().unwrap().len(), 8);
        assert_eq!(secrets.reveal_all().unwrap().len(), 8);
    }

    #[test]
    fn a_reference_is_the_whole_text() {
        assert_eq!(referred("{{secrets.shop}}"), Some("shop"));
        assert_eq!(referred("{{ secrets.shop-2 }}"), Some("shop-2"));
        for text in [
            "x{{secrets.shop}}",
            "{{secrets.Shop}}",
            "{{secrets.}}",
            "{{secrets.a}}{{secrets.b}}",
        ] {
            assert_eq!(referred(text), None, "{text}");
        }
    }
}
