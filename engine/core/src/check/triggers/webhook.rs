//! What another system hands over: where, by what it shows that it may, and how it is known again.

use serde_json::{Map, Value, json};

use crate::{
    catalogue::WorkflowSchema,
    check::Checker,
    language::{model, suggest},
    plan::{Proof, Signature, Template, Webhook},
    yaml::Node,
};

/// The longest path.
const LONGEST: usize = 100;

/// Headers that show who somebody is: they are no business of a run.
const PRIVATE: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

impl Checker<'_, '_, '_> {
    pub(super) fn webhook(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Webhook> {
        let path = self.path(trigger.webhook.as_deref()?, node);
        let proof = self.proof(trigger, node);
        let key = node.get("key").and_then(|entry| {
            self.template(&entry.node, &mut Vec::new());
            Some(Template(entry.node.words()?.to_owned()))
        });
        let headers = self.headers(trigger, proof.as_ref(), node);
        Some(Webhook {
            path: path?,
            proof: proof?,
            headers,
            key,
        })
    }

    /// The path, when it can be one and is that of no other workflow.
    fn path(&mut self, path: &str, node: &Node) -> Option<String> {
        let span = &node.get("webhook")?.node.span;
        if !is_path(path) {
            let message = format!("`{path}` is no path of a webhook");
            let hint = "write lower-case letters, digits, `-` and `_`, with `/` between, as in `shop/orders`";
            let words = (message, Some(hint.to_owned()));
            self.report.hinted("triggers.webhook", span, words);
            return None;
        }
        let mut others = self.catalogue.workflows.iter();
        let takes = |it: &WorkflowSchema| it.hooks.iter().filter(|it| *it == path).count();
        let other = others.find(|(name, it)| **name != self.workflow && takes(it) > 0);
        let own = self.catalogue.workflows.get(self.workflow);
        let twice = own.is_some_and(|it| takes(it) > 1);
        if let Some(name) = other
            .map(|(name, _)| name.as_str())
            .or_else(|| twice.then_some(self.workflow))
        {
            let message = format!("the webhook `{path}` is one of `{name}` already");
            let hint = "a delivery starts one workflow; let another follow it with `finished:`";
            let words = (message, Some(hint.to_owned()));
            self.report.hinted("triggers.webhook", span, words);
            return None;
        }
        if !self.catalogue.webhooks {
            let message = "nothing listens for webhooks in this instance".to_owned();
            let hint = "add `webhooks: { listen: \"127.0.0.1:8090\" }` to botswain.yaml".to_owned();
            let words = (message, Some(hint));
            self.report.warning("triggers.unheard", span, words);
        }
        Some(path.to_owned())
    }

    fn proof(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Proof> {
        match (&trigger.token, &trigger.signature) {
            (Some(token), None) => {
                let secret = self.secret_named(token, &node.get("token")?.node)?;
                Some(Proof::Token(secret))
            }
            (None, Some(signature)) => {
                let map = &node.get("signature")?.node;
                let secret = signature.secret.as_ref()?;
                let secret = self.secret_named(secret, &map.get("secret")?.node);
                let header = signature.header.as_ref()?;
                let header = self.header_named(header, &map.get("header")?.node);
                Some(Proof::Signature(Signature {
                    secret: secret?,
                    header: header?,
                    kind: signature.kind.unwrap_or_default(),
                }))
            }
            // One that could not be read was told.
            (None, None)
                if ["token", "signature"]
                    .iter()
                    .any(|key| node.get(key).is_some()) =>
            {
                None
            }
            _ => {
                let message = "a webhook has exactly one of `token` and `signature`".to_owned();
                let hint = "without one anybody could start runs; with `token: NAME` a delivery brings the secret NAME in `Authorization: Bearer …`";
                let words = (message, Some(hint.to_owned()));
                self.report.hinted("triggers.proof", &node.head(), words);
                None
            }
        }
    }

    /// A secret that is named, not used.
    fn secret_named(&mut self, name: &str, node: &Node) -> Option<String> {
        if self.catalogue.secrets.contains(name) {
            return Some(name.to_owned());
        }
        let inside = name.strip_prefix("{{secrets.");
        if let Some(inside) = inside.and_then(|rest| rest.strip_suffix("}}")) {
            let words = (
                "here a secret is named, not used".to_owned(),
                Some(format!("write `{inside}`")),
            );
            self.report.hinted("secrets.place", &node.span, words);
            return None;
        }
        let known = self.catalogue.secrets.iter().map(String::as_str);
        let hint = suggest::nearest(name, known).map_or_else(
            || format!("keep it with `botswain secret set {name}`"),
            |near| format!("did you mean `{near}`?"),
        );
        let words = (format!("there is no secret `{name}`"), Some(hint));
        self.report.hinted("secrets.unknown", &node.span, words);
        None
    }

    /// In lower case, as headers are compared.
    fn header_named(&mut self, name: &str, node: &Node) -> Option<String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !name.is_empty() && name.chars().all(is_token) {
            return Some(name.to_ascii_lowercase());
        }
        let message = format!("`{name}` is no name of a header");
        let hint = "write it as in `X-Signature`".to_owned();
        self.report
            .hinted("triggers.header", &node.span, (message, Some(hint)));
        None
    }

    fn headers(
        &mut self,
        trigger: &model::Trigger,
        proof: Option<&Proof>,
        node: &Node,
    ) -> Vec<String> {
        let signed = match proof {
            Some(Proof::Signature(signature)) => Some(signature.header.as_str()),
            _ => None,
        };
        let nodes = node.get("headers").map(|entry| entry.node.items());
        let given = trigger.headers.iter().flatten();
        let mut headers = Vec::new();
        for (name, node) in given.zip(nodes.unwrap_or_default()) {
            let Some(name) = name.as_ref().and_then(|name| self.header_named(name, node)) else {
                continue;
            };
            if PRIVATE.contains(&name.as_str()) || signed == Some(&name) {
                let message = format!("a run never sees the header `{name}`");
                let hint = "it shows who may hand things over; leave it out".to_owned();
                self.report
                    .hinted("triggers.header", &node.span, (message, Some(hint)));
            }
            headers.push(name);
        }
        headers
    }
}

/// What `trigger.headers` has: each of those that are listed, which a delivery may lack.
pub(super) fn headers(trigger: &model::Trigger) -> Value {
    let names = trigger.headers.iter().flatten().flatten();
    let schema = json!({ "type": ["string", "null"] });
    let properties: Map<_, _> = names
        .map(|name| (name.to_ascii_lowercase(), schema.clone()))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn is_path(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let mut parts = path.split('/');
    path.len() <= LONGEST && parts.all(|part| !part.is_empty() && part.chars().all(is_plain))
}
