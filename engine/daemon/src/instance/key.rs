//! The key file, and what is sealed under it.
//!
//! The file is two lines: what it is, and 32 bytes in hexadecimal. It is made
//! once, from the operating system's random numbers, with mode 0600, and refused
//! when others could read it. A sealed text is XChaCha20-Poly1305 with a random
//! nonce; its label is authenticated, so no sealed text passes for another.

use std::{
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305,
    aead::{Aead, OsRng, Payload},
};
use serde::{Deserialize, Serialize};

const HEADER: &str = "botswain key 1";

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no key file `{}`", .0.display())]
    Missing(PathBuf),
    #[error("the key file `{}` cannot be used: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the key file `{}` can be read by others (mode {mode:03o})", path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("the key file `{}` belongs to another user", .0.display())]
    NotOurs(PathBuf),
    #[error("`{}` is not a key file", .0.display())]
    Malformed(PathBuf),
}

impl Error {
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Missing(_) | Error::Malformed(_) => Some(
                "put the key file back from its backup; without it the secrets are lost, \
                 and are to be removed and set again"
                    .to_owned(),
            ),
            Error::TooOpen { path, .. } => Some(format!(
                "run `chmod 600 {}`, and change the secrets if others use this machine",
                path.display()
            )),
            Error::NotOurs(_) => Some("run botswain as the user who made it".to_owned()),
            Error::Io { .. } => None,
        }
    }
}

/// The key of an instance. It has no `Debug` and no way out but sealing.
pub struct Key {
    cipher: XChaCha20Poly1305,
}

/// A text that only the key opens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// 24 bytes in base64.
    nonce: String,
    /// The encrypted text and its 16 bytes of authentication, in base64.
    text: String,
}

/// The sealed text was changed, or sealed with another key or label.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it does not open with this key")]
pub struct DoesNotOpen;

impl Key {
    /// Reads the key file.
    pub fn read(path: &Path) -> Result<Key, Error> {
        let found = std::fs::metadata(path).map_err(|source| io(path, source))?;
        if found.uid() != nix::unistd::geteuid().as_raw() {
            return Err(Error::NotOurs(path.to_owned()));
        }
        if found.mode() & 0o077 != 0 {
            return Err(Error::TooOpen {
                path: path.to_owned(),
                mode: found.mode() & 0o777,
            });
        }
        let text = std::fs::read_to_string(path).map_err(|source| io(path, source))?;
        Key::parse(&text).ok_or_else(|| Error::Malformed(path.to_owned()))
    }

    /// Makes a key file; one that is there already is an error, never replaced.
    pub fn make(path: &Path) -> Result<Key, Error> {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        write_new(path, &format!("{HEADER}\n{digits}\n")).map_err(|source| io(path, source))?;
        Ok(Key {
            cipher: XChaCha20Poly1305::new(&key),
        })
    }

    /// One that nobody keeps: what it seals ends with it.
    pub fn passing() -> Key {
        Key {
            cipher: XChaCha20Poly1305::new(&XChaCha20Poly1305::generate_key(&mut OsRng)),
        }
    }

    fn parse(text: &str) -> Option<Key> {
        let mut lines = text.lines();
        let (header, digits) = (lines.next()?, lines.next()?);
        let plain = digits.len() == 64 && digits.bytes().all(|c| c.is_ascii_hexdigit());
        if header != HEADER || lines.next().is_some() || !plain {
            return None;
        }
        let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).ok();
        let bytes: Vec<u8> = (0..64).step_by(2).map(byte).collect::<Option<_>>()?;
        Some(Key {
            cipher: XChaCha20Poly1305::new_from_slice(&bytes).ok()?,
        })
    }

    /// Seals `text`; it opens only with the same `label`.
    pub fn seal(&self, label: &str, text: &str) -> Sealed {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload {
            msg: text.as_bytes(),
            aad: label.as_bytes(),
        };
        let sealed = self.cipher.encrypt(&nonce, payload);
        Sealed {
            nonce: STANDARD.encode(nonce),
            // It fails only past 256 GiB.
            text: STANDARD.encode(sealed.expect("a secret is short")),
        }
    }

    pub fn open(&self, label: &str, sealed: &Sealed) -> Result<String, DoesNotOpen> {
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| DoesNotOpen);
        let (nonce, text) = (bytes(&sealed.nonce)?, bytes(&sealed.text)?);
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| DoesNotOpen)?;
        let payload = Payload {
            msg: &text,
            aad: label.as_bytes(),
        };
        let opened = self.cipher.decrypt(&nonce.into(), payload);
        String::from_utf8(opened.map_err(|_| DoesNotOpen)?).map_err(|_| DoesNotOpen)
    }
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn io(path: &Path, source: std::io::Error) -> Error {
    let path = path.to_owned();
    match source.kind() {
        std::io::ErrorKind::NotFound => Error::Missing(path),
        _ => Error::Io { path, source },
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn digits(byte: &str) -> String {
        format!("{HEADER}\n{}\n", byte.repeat(32))
    }

    #[test]
    fn a_new_key_is_private_and_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let sealed = Key::make(&path).unwrap().seal("a", "word");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            Key::read(&path).unwrap().open("a", &sealed).unwrap(),
            "word"
        );
        assert!(matches!(Key::make(&path), Err(Error::Io { .. })));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        for mode in [0o640, 0o604, 0o660] {
            let (_folder, path) = written(&digits("07"), mode);
            let err = Key::read(&path).err().unwrap();
            assert!(matches!(err, Error::TooOpen { .. }), "{err}");
            assert!(err.hint().unwrap().contains("chmod 600"));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let wrong = [
            String::new(),
            "botswain key 2\n".to_owned() + &"07".repeat(32),
            format!("{HEADER}\n{}\n", "07".repeat(31)),
            format!("{HEADER}\n{}\n", "zz".repeat(32)),
            digits("07") + "more\n",
        ];
        for text in wrong {
            let (_folder, path) = written(&text, 0o600);
            assert!(
                matches!(Key::read(&path), Err(Error::Malformed(_))),
                "{text}"
            );
        }
        let missing = Key::read(Path::new("/nowhere/key")).err().unwrap();
        assert!(matches!(missing, Error::Missing(_)));
    }

    #[test]
    fn a_sealed_text_of_the_first_format_still_opens() {
        let (_folder, path) = written(&digits("07"), 0o600);
        // XChaCha20-Poly1305 of `hunter22`, label `secret 1 shop 3`, made independently in Python.
        let sealed: Sealed = serde_json::from_str(FIXTURE).unwrap();
        let key = Key::read(&path).unwrap();
        assert_eq!(key.open("secret 1 shop 3", &sealed).unwrap(), "hunter22");
    }

    const FIXTURE: &str =
        r#"{"nonce":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ","text":"1geM/hnYS1D7DnyonsMhe5wpJ5kbEvgH"}"#;

    #[test]
    fn nothing_opens_changed_or_under_another_name() {
        let (_folder, path) = written(&digits("07"), 0o600);
        let (_other, other) = written(&digits("08"), 0o600);
        let (key, other) = (Key::read(&path).unwrap(), Key::read(&other).unwrap());
        let sealed = key.seal("shop 1", "word");
        assert_eq!(key.open("shop 2", &sealed), Err(DoesNotOpen));
        assert_eq!(other.open("shop 1", &sealed), Err(DoesNotOpen));
        let mut changed = STANDARD.decode(&sealed.text).unwrap();
        changed[0] ^= 1;
        let text = STANDARD.encode(changed);
        let nonce = sealed.nonce.clone();
        assert_eq!(
            key.open("shop 1", &Sealed { nonce, text }),
            Err(DoesNotOpen)
        );
        let cut = Sealed {
            nonce: "AAAA".to_owned(),
            ..sealed
        };
        assert_eq!(key.open("shop 1", &cut), Err(DoesNotOpen));
    }

    #[test]
    fn equal_texts_are_sealed_differently() {
        let (_folder, path) = written(&digits("07"), 0o600);
        let key = Key::read(&path).unwrap();
        assert_ne!(key.seal("a", "word").text, key.seal("a", "word").text);
    }
}
