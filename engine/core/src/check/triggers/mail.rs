//! Which mails a trigger waits for.

use serde_json::{Value, json};

use crate::{
    check::Checker,
    language::{model, suggest},
    plan::Mail,
    yaml::Node,
};

/// The kind of connection that keeps mail.
const KIND: &str = "imap";

/// Milliseconds between two looks, where the author does not say.
const POLL: u64 = 60_000;

impl Checker<'_, '_, '_> {
    pub(super) fn mail(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Mail> {
        let connection = trigger.mail.clone()?;
        self.keeps_mail(&connection, node);
        let from = self.mail_pattern("from", trigger.from.as_ref(), node);
        let subject = self.mail_pattern("subject", trigger.subject.as_ref(), node);
        let folder = trigger.folder.clone();
        Some(Mail {
            connection,
            folder: folder.unwrap_or_else(|| "INBOX".to_owned()),
            from,
            subject,
            poll: trigger.poll.map_or(POLL, |poll| poll.0),
        })
    }

    fn keeps_mail(&mut self, connection: &str, node: &Node) {
        let Some(entry) = node.get("mail") else {
            return;
        };
        let known = &self.catalogue.connections;
        let fitting = known.iter().filter(|(_, kind)| *kind == KIND);
        let fitting: Vec<&str> = fitting.map(|(name, _)| name.as_str()).collect();
        let words = match known.get(connection) {
            Some(kind) if kind == KIND => return,
            Some(kind) => {
                let message =
                    format!("`{connection}` is a connection of kind `{kind}`, not `{KIND}`");
                let hint = suggest::list(fitting.into_iter())
                    .map(|list| format!("mails come into: {list}"));
                (message, hint)
            }
            None if self.catalogue.more_connections => return,
            None => (
                format!("there is no connection `{connection}`"),
                suggest::hint(connection, "mails come into", fitting),
            ),
        };
        let none =
            || Some("name one of kind `imap` under `connections:` in botswain.yaml".to_owned());
        let words = (words.0, words.1.or_else(none));
        self.report
            .hinted("triggers.connection", &entry.node.span, words);
    }

    fn mail_pattern(&mut self, key: &str, given: Option<&String>, node: &Node) -> Option<String> {
        let (given, entry) = (given?, node.get(key)?);
        if glob::Pattern::new(given).is_err() {
            let message = format!("`{given}` does not say which mails");
            let hint = "`*` stands for any text, `?` for one character, `[ab]` for one of these";
            let words = (message, Some(hint.to_owned()));
            self.report.hinted("triggers.mail", &entry.node.span, words);
        }
        Some(given.clone())
    }
}

/// What `trigger` has of a mail.
pub(super) fn fields() -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    vec![
        ("from", text()),
        ("from_name", text()),
        ("to", json!({ "type": "array", "items": text() })),
        ("subject", text()),
        ("message_id", json!({ "type": ["string", "null"] })),
        ("received", text()),
        ("size", json!({ "type": "integer" })),
        ("text", text()),
        // Files, as steps leave them.
        ("attachments", json!({ "type": "array", "items": true })),
        ("mail", json!(true)),
    ]
}
