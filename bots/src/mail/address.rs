//! Mail addresses as people write them: `ops@example.com`, `Ops <ops@example.com>`.
//!
//! In go one text or a list of them; out come parsed mailboxes. Line ends and
//! other control characters are refused, for behind them hide further headers.

use std::fmt;

use botswain_bot::Fault;
use lettre::message::Mailbox;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// One address or a list of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addresses(Vec<String>);

impl Addresses {
    pub(super) fn mailboxes(&self, field: &str) -> Result<Vec<Mailbox>, Fault> {
        self.0.iter().map(|text| mailbox(field, text)).collect()
    }
}

/// Says what is wrong with `text`, given as `field`, when it is no mail address.
pub fn check_address(field: &str, text: &str) -> Result<(), Fault> {
    mailbox(field, text).map(drop)
}

/// The mailbox that `text`, given as `field`, stands for.
pub(super) fn mailbox(field: &str, text: &str) -> Result<Mailbox, Fault> {
    no_control(field, text)?;
    let wrong = |hint: &str| {
        let message = format!("`{text}` in `{field}` is not a mail address");
        Fault::business("mail.address", message).hint(hint)
    };
    let mailbox: Mailbox = match text.trim().parse() {
        Ok(mailbox) => mailbox,
        Err(_) if text.contains([',', ';']) => return Err(wrong("write several as a list")),
        Err(_) => {
            return Err(wrong(
                "write `name@example.com` or `Name <name@example.com>`",
            ));
        }
    };
    match mailbox.email.to_string().is_ascii() {
        true => Ok(mailbox),
        false => Err(wrong(
            "write the domain in ASCII, as in `xn--mnchen-3ya.de`",
        )),
    }
}

/// Refuses what could begin a header of its own.
pub(super) fn no_control(field: &str, text: &str) -> Result<(), Fault> {
    match text.contains(char::is_control) {
        false => Ok(()),
        true => {
            let message = format!("`{field}` has a line break or another control character in it");
            Err(Fault::business("mail.header", message)
                .hint("take it out of the data, or put the text into the mail's body"))
        }
    }
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Addresses, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Addresses;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address or a list of addresses")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Addresses, E> {
                Ok(Addresses(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Addresses, A::Error> {
                let mut addresses = Vec::new();
                while let Some(text) = items.next_element()? {
                    addresses.push(text);
                }
                Ok(Addresses(addresses))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Addresses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Addresses".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(text: &str) -> String {
        mailbox("to", text).expect_err(text).code
    }

    #[test]
    fn one_or_many() {
        let one: Addresses = serde_json::from_value(json!("a@b.example")).unwrap();
        let many: Addresses = serde_json::from_value(json!(["a@b.example"])).unwrap();
        assert_eq!(one, many);
        let wrong = serde_json::from_value::<Addresses>(json!(7)).unwrap_err();
        assert!(
            wrong.to_string().contains("an address or a list"),
            "{wrong}"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(
            mailbox("to", "Jörg <a@b.example>")
                .unwrap()
                .email
                .to_string(),
            "a@b.example"
        );
        for text in [
            "",
            "ops",
            "a@b@c",
            "a@b.example, c@d.example",
            "ä@b.example",
        ] {
            assert_eq!(code(text), "mail.address", "{text}");
        }
        for text in [
            "a@b.example\r\nBcc: x@y.example",
            "A\nB <a@b.example>",
            "a\0@b.example",
        ] {
            assert_eq!(code(text), "mail.header", "{text:?}");
        }
    }
}
