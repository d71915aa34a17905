//! Takes a secret's value, or a password, from a person or a pipe.
//!
//! Never from the command's arguments, which every user of the machine can see.
//! On a terminal the typing is not shown; from a pipe the whole text counts, but
//! for one line end after it.

use std::io::{IsTerminal, Read};

/// The largest value, in bytes.
const LIMIT: u64 = 64 * 1024;

/// Reads the value of the secret `name` from standard input, or asks for it on a terminal.
pub fn secret(name: &str) -> std::io::Result<String> {
    hidden(&format!("Value of `{name}`"))
}

/// The same for the password with which somebody is to sign in.
pub fn password(name: &str) -> std::io::Result<String> {
    hidden(&format!("Password for `{name}`"))
}

fn hidden(what: &str) -> std::io::Result<String> {
    let input = std::io::stdin();
    match input.is_terminal() {
        true => rpassword::prompt_password(format!("{what} (not shown): ")),
        false => piped(input.lock()),
    }
}

fn piped(input: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    input.take(LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LIMIT {
        let message = format!("a secret has at most {} KiB", LIMIT / 1024);
        return Err(std::io::Error::other(message));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_does_not_count() {
        for (text, value) in [
            ("word\n", "word"),
            ("word\r\n", "word"),
            ("word", "word"),
            (" a\nb \n\n", " a\nb \n"),
        ] {
            assert_eq!(piped(text.as_bytes()).unwrap(), value);
        }
    }

    #[test]
    fn a_pipe_without_end_is_refused() {
        assert!(piped(std::io::repeat(b'a')).is_err());
    }
}
