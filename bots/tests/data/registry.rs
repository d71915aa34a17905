//! Walks the lists of bots and connections: every entry keeps the rules of the house.

use botswain_bots::{ALL, CONNECTIONS};
use serde_json::{Map, Value};

#[test]
fn names_are_sorted_and_well_formed() {
    let names: Vec<&str> = ALL.iter().map(|bot| bot.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    for name in names {
        let words: Vec<&str> = name.split('.').collect();
        let plain = |word: &&str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase());
        assert!(
            words.len() == 2 && words.iter().all(plain),
            "{name} is not noun.verb"
        );
        assert_eq!(botswain_bots::find(name).map(|bot| bot.name), Some(name));
    }
    let kinds: Vec<&str> = CONNECTIONS
        .iter()
        .map(|connection| connection.kind)
        .collect();
    assert!(kinds.is_sorted_by(|a, b| a < b), "{kinds:?}");
    for kind in ALL.iter().flat_map(|bot| bot.connections) {
        assert!(
            botswain_bots::find_connection(kind).is_some(),
            "no connection is of kind {kind}"
        );
    }
}

#[test]
fn everything_is_documented_and_closed() {
    for bot in ALL {
        check_schema(bot.name, (bot.parameters)().as_value());
        check_schema(bot.name, &(bot.output)(&Value::Object(Map::new())));
    }
    for connection in CONNECTIONS {
        check_schema(connection.kind, (connection.settings)().as_value());
    }
}

/// Every object that lists its properties allows no others, and every property has a manual.
fn check_schema(place: &str, schema: &Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                assert_eq!(
                    map.get("additionalProperties"),
                    Some(&Value::Bool(false)),
                    "{place}"
                );
                // One of several ways: the manual stands at the way, which has one property.
                let way = place.ends_with("/oneOf") && is_documented(schema);
                for (name, property) in properties {
                    assert!(way || is_documented(property), "{place}: {name} has no doc");
                }
            }
            for (key, inner) in map {
                check_schema(&format!("{place}/{key}"), inner);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| check_schema(place, inner)),
        _ => (),
    }
}

/// By its own words, or by those of the definition that it refers to.
fn is_documented(schema: &Value) -> bool {
    if schema.get("$ref").is_some() {
        return true;
    }
    let words = schema.get("description").and_then(Value::as_str);
    words.is_some_and(|words| !words.is_empty())
}

#[test]
fn every_example_of_a_bot_fits_it() {
    for bot in ALL {
        let step: Map<String, Value> = serde_yaml::from_str(bot.example).expect(bot.name);
        assert_eq!(step["bot"], bot.name);
        assert!(step.contains_key("id"), "{}", bot.name);
        assert!(
            !bot.needs_connection || step.contains_key("connection"),
            "{}",
            bot.name
        );
        (bot.effect)(step["with"].clone()).expect(bot.name);
    }
}

#[test]
fn every_example_of_a_connection_fits_it() {
    for connection in CONNECTIONS {
        let entries: Map<String, Value> =
            serde_yaml::from_str(connection.example).expect(connection.kind);
        let (name, entry) = entries.into_iter().next().expect("one entry");
        let Value::Object(mut settings) = entry else {
            panic!("{name} is not a connection");
        };
        assert_eq!(settings.remove("kind"), Some(connection.kind.into()));
        for key in ["sessions", "per_minute"] {
            settings.remove(key);
        }
        let house = botswain_bot::House {
            name,
            sessions: 1,
            scratch: std::env::temp_dir(),
        };
        drop(rustls::crypto::ring::default_provider().install_default());
        let opened = (connection.open)(Value::Object(settings), &house);
        opened.map(drop).expect(connection.kind);
    }
}
