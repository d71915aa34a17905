//! Whether a delivery may be taken, found out in the same time wherever it is wrong.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use botswain_core::plan::{Proof, Signature, SignatureKind};
use ring::hmac::{HMAC_SHA256, Key, sign, verify};

/// Two tokens are compared by what they make of these words.
const WORDS: &[u8] = b"webhook";

/// The name of the secret that a proof needs.
pub(super) fn secret_of(proof: &Proof) -> &str {
    match proof {
        Proof::Token(secret) | Proof::Signature(Signature { secret, .. }) => secret,
    }
}

/// Whether head and body show that their sender knows the secret.
pub(super) fn shows(proof: &Proof, secret: &str, (headers, body): (&HeaderMap, &[u8])) -> bool {
    match proof {
        Proof::Token(_) => {
            let given = sign(&key(bearer(headers).unwrap_or_default()), WORDS);
            verify(&key(secret), WORDS, given.as_ref()).is_ok()
        }
        Proof::Signature(Signature {
            header,
            kind: SignatureKind::Sha256,
            ..
        }) => {
            let given = headers.get(header).and_then(|it| it.to_str().ok());
            let given = given.and_then(digits).unwrap_or_default();
            verify(&key(secret), body, &given).is_ok()
        }
    }
}

fn key(secret: &str) -> Key {
    Key::new(HMAC_SHA256, secret.as_bytes())
}

/// RFC 6750, section 2.1; the scheme may be in any case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

/// The bytes of hexadecimal digits, with or without `sha256=` before them.
fn digits(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn signed(value: &str, body: &str) -> bool {
        let proof = Proof::Signature(Signature {
            secret: "shop".to_owned(),
            header: "x-signature".to_owned(),
            kind: SignatureKind::Sha256,
        });
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", HeaderValue::from_str(value).unwrap());
        shows(&proof, "Jefe", (&headers, body.as_bytes()))
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_signature_is_that_of_the_body() {
        let body = "what do ya want for nothing?";
        let right = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(signed(right, body));
        assert!(signed(&format!("sha256={right}"), body));
        assert!(signed(&right.to_uppercase(), body));
        for wrong in ["", "sha256=", "5b", "5", "zz", &right[..62], &right[1..]] {
            assert!(!signed(wrong, body), "{wrong}");
        }
        assert!(!signed(right, "what do ya want for nothing!"));
    }

    #[test]
    fn a_token_is_whole() {
        let shown = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            let proof = Proof::Token("shop".to_owned());
            shows(&proof, "right-token", (&headers, b""))
        };
        assert!(shown("Bearer right-token") && shown("bearer  right-token"));
        for wrong in [
            "",
            "right-token",
            "Bearer",
            "Bearer ",
            "Basic right-token",
            "Bearer right",
        ] {
            assert!(!shown(wrong), "{wrong}");
        }
        assert!(!shows(
            &Proof::Token(String::new()),
            "right-token",
            (&HeaderMap::new(), b"")
        ));
    }
}
