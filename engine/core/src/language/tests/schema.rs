//! The JSON Schema with which editors complete a workflow.

use expect_test::expect;
use serde_json::json;

use super::catalogue;
use crate::language::schema;

#[test]
fn the_schema_describes_each_bot() {
    let schema = schema(&catalogue());
    let step = &schema["$defs"]["Step"];
    assert_eq!(
        step["properties"]["bot"]["enum"],
        json!(["browser.do", "mail.send", "sheet.read"])
    );
    let mail = step["allOf"]
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["if"]["properties"]["bot"]["const"] == "mail.send")
        .expect("mail");
    assert_eq!(
        mail["then"],
        json!({
            "properties": { "with": { "$ref": "#/$defs/mail.send" } },
            "required": ["with", "connection"]
        })
    );
    expect![[r#"
        {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "to": {
              "type": "string"
            },
            "subject": {
              "anyOf": [
                {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            },
            "template": {
              "type": [
                "string",
                "null"
              ],
              "format": "template"
            },
            "data": {
              "anyOf": [
                {
                  "type": [
                    "object",
                    "null"
                  ],
                  "additionalProperties": true
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            },
            "password": {
              "type": "string",
              "pattern": "^\\{\\{ *secrets\\.[^}]+\\}\\}$"
            },
            "copies": {
              "anyOf": [
                {
                  "type": "integer",
                  "format": "uint32",
                  "minimum": 0,
                  "default": 0
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            },
            "urgent": {
              "anyOf": [
                {
                  "type": "boolean",
                  "default": false
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            },
            "cc": {
              "anyOf": [
                {
                  "type": "array",
                  "items": {
                    "type": "string"
                  },
                  "default": []
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            },
            "within": {
              "anyOf": [
                {
                  "type": "string",
                  "default": "",
                  "format": "duration"
                },
                {
                  "type": "string",
                  "pattern": "\\{\\{"
                }
              ]
            }
          },
          "required": [
            "to"
          ],
          "description": "As bots declare their parameters.",
          "title": "Mail"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&schema["$defs"]["mail.send"]).expect("JSON"));
    let text = schema.to_string();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\"$ref\":\"#") {
        rest = &rest[at + 9..];
        let pointer = &rest[..rest.find('"').expect("an end")];
        assert!(schema.pointer(pointer).is_some(), "{pointer}");
    }
}
