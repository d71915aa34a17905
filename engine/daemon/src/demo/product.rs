//! `botswain demo add-product`: what the office did not know, it knows.
//!
//! It asks the office of a demo that is up (`--stay`) as any program may, by its API.

use std::path::Path;

use serde_json::{Value, json};

use super::{Error, instance::place};
use crate::instance::{self, Instance};

/// A product for the office's list.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub sku: String,
    pub name: String,
    /// The number of one of its suppliers.
    pub supplier: String,
}

/// Adds a product to the office of the demo in `dir`; without one in the instance around the
/// working directory, else below it. Says where it can be seen.
pub async fn add_product(dir: Option<&Path>, product: &NewProduct) -> Result<String, Error> {
    let demo = match Instance::find(dir) {
        Err(instance::Error::NotFound(_)) => Instance::at(&place(None))?,
        found => found?,
    };
    let config = demo.config()?.config;
    let office = config.and_then(|config| config.connections.get("backoffice").cloned());
    let address =
        office.and_then(|office| Some(office.settings.get("address")?.as_str()?.to_owned()));
    let address =
        address.ok_or_else(|| Error::Story("this is no instance of the demo".to_owned()))?;
    let token = demo.secrets().reveal("office_token")?;
    let asked = reqwest::Client::new()
        .post(format!("{address}/api/products"))
        .bearer_auth(token.value())
        .json(&json!({ "sku": product.sku, "name": product.name, "supplier": product.supplier, "price": 10 }))
        .send()
        .await;
    let answer = asked.map_err(|_| Error::Closed(address.clone()))?;
    match answer.status().is_success() {
        true => Ok(format!("{address}/products")),
        false => Err(Error::Story(format!(
            "the office refuses it: {}",
            refusal(&answer.text().await.unwrap_or_default())
        ))),
    }
}

/// The office's sentence, out of `{"error": "…"}`.
fn refusal(answer: &str) -> String {
    let body: Option<Value> = serde_json::from_str(answer).ok();
    let sentence = body.and_then(|body| Some(body["error"].as_str()?.to_owned()));
    sentence.unwrap_or_else(|| answer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_sentence() {
        assert_eq!(
            refusal(r#"{"error":"product 0011 exists"}"#),
            "product 0011 exists"
        );
        assert_eq!(refusal("502 bad gateway"), "502 bad gateway");
    }
}
