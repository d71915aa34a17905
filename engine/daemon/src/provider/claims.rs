//! What a provider says of somebody, read from a token that was verified before.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::instance::config::claim_of;

/// All that a token says: its middle part.
pub(super) fn of_token(token: &str) -> Map<String, Value> {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    // It was read once already, by what has verified it.
    serde_json::from_slice(&payload).unwrap_or_default()
}

pub(super) fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

/// What could be somebody's name here, the best first.
pub(super) fn names(claims: &Map<String, Value>, subject: &str) -> Vec<String> {
    // An address that they only claim could be that of somebody else.
    let is_claimed = claims.get("email_verified") == Some(&Value::Bool(false));
    let email = text(claims, "email").filter(|_| !is_claimed);
    let told = [text(claims, "preferred_username"), email];
    told.into_iter()
        .flatten()
        .chain([subject.to_owned()])
        .collect()
}

/// The groups of somebody; nothing when the claim is not there.
pub(super) fn groups(claims: &Map<String, Value>, claim: &str) -> Option<Vec<String>> {
    match claim_of(claims, claim)? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(all) => {
            let texts = all.iter().filter_map(Value::as_str);
            Some(texts.map(str::to_owned).collect())
        }
        _ => None,
    }
}

/// For the log: why somebody has no role. Which groups they are in is their own matter.
pub(super) fn lacking(groups: Option<&[String]>, claim: &str) -> String {
    match groups {
        None => format!("the claim `{claim}` is not there, or is no list of texts"),
        Some(groups) => format!(
            "none of the {} groups in the claim `{claim}` is under `roles`",
            groups.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_that_is_only_claimed_is_no_name() {
        let of = |claims: Value| names(claims.as_object().unwrap(), "8");
        assert_eq!(
            of(json!({ "email": "ann@example.com" })),
            ["ann@example.com", "8"]
        );
        let claimed = json!({ "email": "ann@example.com", "email_verified": false });
        assert_eq!(of(claimed), ["8"]);
    }

    #[test]
    fn groups_are_found_in_what_providers_send() {
        let Value::Object(claims) = json!({
            "groups": ["a", 5, "b"],
            "role": "admin",
            "realm_access": { "roles": ["x"] },
            "https://example.com/roles": ["y"],
            "count": 3,
        }) else {
            unreachable!("it is an object");
        };
        let of = |claim: &str| groups(&claims, claim).map(|it| it.join(" "));
        assert_eq!(of("groups").as_deref(), Some("a b"));
        assert_eq!(of("role").as_deref(), Some("admin"));
        assert_eq!(of("realm_access.roles").as_deref(), Some("x"));
        assert_eq!(of("https://example.com/roles").as_deref(), Some("y"));
        for none in ["count", "realm_access", "realm_access.other", "other", ""] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
