//! Every mistake in a `botswain.yaml`, as its author sees it.

use std::fmt::Write as _;

use botswain_bot::{Connection, Fault, House, Secret};
use expect_test::{Expect, expect};

use super::*;

const CANARY: &str = "canary-hunter22";

struct Shop;

/// A kind with a setting of each sort.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is looked at")]
struct Settings {
    url: String,
    password: Option<Secret>,
    login: Option<Login>,
    mode: Option<Mode>,
    pace: Option<Pace>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is looked at")]
struct Login {
    user: String,
    word: Secret,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Fast,
    Careful,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Pace {
    /// A documented word has a schema of its own.
    Slow,
    Quick,
}

impl Connection for Shop {
    const KIND: &'static str = "shop";
    const EXAMPLE: &'static str = "";
    type Settings = Settings;

    fn open(_: Settings, _: &House) -> Result<Shop, Fault> {
        Ok(Shop)
    }

    async fn test(&self) -> Result<String, Fault> {
        Ok("open".to_owned())
    }
}

const KINDS: &[ConnectionSpec] = &[ConnectionSpec::of::<Shop>()];

fn read(text: &str) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    Config::read(text, KINDS, folder.path())
}

fn check(text: &str, expected: Expect) {
    let reading = read(text);
    let mut shown = String::new();
    for found in &reading.diagnostics {
        let level = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (line, column, message) = (found.line, found.column, &found.message);
        let marked = &text[found.span.0..found.span.0 + found.span.1];
        writeln!(
            shown,
            "{line}:{column} {level} {}: {message} [{marked}]",
            found.code
        )
        .unwrap();
        if let Some(hint) = &found.hint {
            writeln!(shown, "  hint: {hint}").unwrap();
        }
    }
    expected.assert_eq(&shown);
    let errors = reading.diagnostics.iter().any(is_error);
    assert_eq!(reading.config.is_none(), errors);
}

#[test]
fn a_good_file_is_read() {
    let text = r#"
name: office
timezone: Europe/Berlin
connections:
  shop: { kind: shop, sessions: 3, url: https://shop, password: "{{secrets.shop}}", mode: careful }
  plain: { kind: shop, url: https://other }
"#;
    check(text, expect![""]);
    let config = read(text).config.unwrap();
    assert_eq!(config.connections["shop"].sessions, 3);
    assert_eq!(config.connections["plain"].sessions, 1);
    assert_eq!(config.connections["shop"].settings["mode"], "careful");
    assert_eq!(read("name: x\n").config.unwrap().timezone, "UTC");
}

#[test]
fn every_mistake_is_told_at_once() {
    check(
        r#"
nmae: office
timezone: 5
connections:
  shop:
    kind: shop
    sessions: 0
    ulr: https://shop
    mode: quick
    pace: fast
    login: { user: 1, wrd: x }
  Shop2: { kind: shopp }
  other: { url: x }
notify: { connection: mail, to: [] }
"#,
        expect![[r#"
            2:1 error config.unknown_key: `nmae` is not known here [nmae]
              hint: did you mean `name`?
            3:11 error config.type: `timezone` should be text, this is a number [5]
              hint: put it in quotes; a length of time has its unit, as in `30s` or `400d`
            7:15 error config.value: `sessions` is at least 1 [0]
            8:5 error config.unknown_key: `ulr` is not known here [ulr]
              hint: did you mean `url`?
            9:11 error config.value: `mode` is one of `fast`, `careful` [quick]
            10:11 error config.value: `pace` is one of `quick`, `slow` [fast]
            11:20 error config.type: `user` should be text, this is a number [1]
              hint: put it in quotes; a length of time has its unit, as in `30s` or `400d`
            11:23 error config.unknown_key: `wrd` is not known here [wrd]
              hint: did you mean `word`?
            12:3 error config.name: `Shop2` is not a name for a connection [Shop2]
              hint: use up to 63 lower-case letters, digits, `-` and `_`
            12:18 error config.kind: there is no kind `shopp` [shopp]
              hint: did you mean `shop`?
            13:3 error config.missing_key: `kind` is missing [other]
              hint: add `kind: …`, one of `shop`
            14:33 error config.value: `to` has at least 1 entry [[]]
        "#]],
    );
}

#[test]
fn what_each_bears_is_read() {
    let text = r#"
name: office
connections:
  shop: { kind: shop, url: x, sessions: 2, per_minute: 30, breaker: { after: 5, probe: 2m } }
  calm: { kind: shop, url: x, breaker: off }
  plain: { kind: shop, url: x, breaker: on }
limits:
  forms: { sessions: 2, per_minute: 30 }
"#;
    check(text, expect![""]);
    let config = read(text).config.unwrap();
    let [shop, calm, plain] = ["shop", "calm", "plain"].map(|name| &config.connections[name]);
    assert_eq!((shop.sessions, shop.per_minute), (2, Some(30)));
    let (faults, probe) = (5, 120_000);
    assert_eq!(shop.breaker, Breaker::After { faults, probe });
    assert_eq!(calm.breaker, Breaker::Off);
    assert_eq!(plain.breaker, Breaker::default());
    assert!(!shop.settings.contains_key("per_minute"));
    let forms = &config.limits["forms"];
    assert_eq!((forms.sessions, forms.per_minute), (Some(2), Some(30)));
}

#[test]
fn what_nothing_can_bear_is_refused() {
    check(
        r#"
name: office
connections:
  a: { kind: shop, url: x, per_minute: 0, breaker: { after: 0, prob: 30s } }
  b: { kind: shop, url: x, per_minute: -5, breaker: { probe: soon } }
  c: { kind: shop, url: x, sessions: -1, breaker: { probe: 1ms } }
  d: { kind: shop, url: x, breaker: maybe }
limits:
  forms: {}
  Forms: { sessions: 1 }
  more: { sessions: 0, per_minute: -1 }
  odd: { session: 1 }
"#,
        expect![[r#"
            4:40 error config.value: `per_minute` is at least 1 [0]
            4:61 error config.value: `after` is at least 1 [0]
            4:64 error config.unknown_key: `prob` is not known here [prob]
              hint: did you mean `probe`?
            5:40 error config.value: `per_minute` is at least 1 [-5]
            5:62 error config.value: `soon` is not a duration such as `10s`, `5m` or `1h30m` [soon]
              hint: write it as in `30s` or `2m`
            6:38 error config.value: `sessions` is at least 1 [-1]
            6:60 error config.value: `1ms` is too short, it is at least 100ms [1ms]
              hint: write it as in `30s` or `2m`
            7:37 error config.value: `breaker` is one of `on`, `off` [maybe]
            9:3 error config.limit: the limit `forms` limits nothing [forms]
              hint: give it `sessions:` or `per_minute:`
            10:3 error config.name: `Forms` is not a name for a limit [Forms]
              hint: use up to 63 lower-case letters, digits, `-` and `_`
            11:21 error config.value: `sessions` is at least 1 [0]
            11:36 error config.value: `per_minute` is at least 1 [-1]
            12:10 error config.unknown_key: `session` is not known here [session]
              hint: did you mean `sessions`?
        "#]],
    );
}

#[test]
fn what_is_named_must_exist() {
    check(
        r#"
name: ""
timezone: Europe/Berln
roots: [/nowhere/at/all]
connections:
  shop: { kind: shop, url: x }
notify: { connection: shp, to: [ops@example.com] }
"#,
        expect![[r#"
            2:7 error config.value: the name is empty [""]
            3:11 error config.timezone: there is no zone `Europe/Berln` [Europe/Berln]
              hint: zones are called after places, as `Europe/Berlin`, or `UTC`
            4:9 error config.root: there is no folder `/nowhere/at/all` [/nowhere/at/all]
              hint: make it, or correct its name
            7:23 error config.connection: there is no connection `shp` [shp]
              hint: did you mean `shop`?
        "#]],
    );
    check(
        "name: x\nconnections: { shop: { kind: shop, url: x } }\nnotify: { connection: shop, to: [a@b] }\n",
        expect![[r#"
            3:23 error config.connection: connection `shop` is of kind `shop` [shop]
              hint: mails need one of kind `smtp`
        "#]],
    );
}

#[test]
fn groups_are_people() {
    check(
        "name: x\ngroups:\n  supervisors: [anna@example.com, nobody]\n  Managers: []\n",
        expect![[r#"
            3:35 error config.address: `nobody` in `supervisors` is not a mail address [nobody]
              hint: write `name@example.com` or `Name <name@example.com>`
            4:3 error config.name: `Managers` is not a name for a group [Managers]
              hint: use up to 63 lower-case letters, digits, `-` and `_`
            4:3 error config.group: nobody is in the group `Managers` [Managers]
              hint: name the address of somebody
        "#]],
    );
    let good = read("name: x\ngroups: { supervisors: [anna@example.com] }\n");
    assert_eq!(
        good.config.unwrap().groups["supervisors"],
        ["anna@example.com"]
    );
    let names = |text: &str| {
        let outline = read(text).outline;
        (
            outline.groups.into_iter().collect::<Vec<_>>(),
            outline.more_groups,
        )
    };
    assert_eq!(
        names("nmae: x\ngroups: { a: [] }\n"),
        (vec!["a".to_owned()], false)
    );
    assert_eq!(names("name: x\ngroups: a\n"), (Vec::new(), true));
    assert_eq!(names("name: x\n"), (Vec::new(), false));
}

#[test]
fn notices_go_to_addresses_over_a_mail_server() {
    let notify = |to: &str| {
        let text = format!(
            "name: x\nconnections:\n  mail: {{ kind: smtp, host: h, from: a@b.example }}\n\
             notify: {{ connection: mail, to: [{to}], from: Ops <ops@b.example> }}\n"
        );
        let folder = tempfile::tempdir().unwrap();
        Config::read(&text, botswain_bots::CONNECTIONS, folder.path())
    };
    let config = notify("ops@b.example").config.unwrap();
    assert_eq!(config.notify.unwrap().to, ["ops@b.example"]);
    let found = notify("ops@b.example, nobody").diagnostics.remove(0);
    assert_eq!(found.message, "`nobody` in `to` is not a mail address");
    assert_eq!((found.line, found.column), (4, 49));
}

#[test]
fn secrets_stand_where_they_are_hidden() {
    check(
        r#"
name: office
connections:
  a: { kind: shop, url: "{{secrets.shop}}", password: "x{{secrets.shop}}" }
  b: { kind: shop, url: "https://{{inputs.host}}", password: canary-hunter22 }
"#,
        expect![[r#"
            4:25 error config.secret: `url` is shown to people and takes no secret ["{{secrets.shop}}"]
              hint: write its value here
            4:55 error config.template: there are no templates in botswain.yaml ["x{{secrets.shop}}"]
              hint: only `{{secrets.name}}` can stand here, as the whole text of a secret field
            5:25 error config.template: there are no templates in botswain.yaml ["https://{{inputs.host}}"]
              hint: only `{{secrets.name}}` can stand here, as the whole text of a secret field
            5:62 warning config.plain_secret: `password` stands here for all to read [canary-hunter22]
              hint: run `botswain secret set NAME` and write `"{{secrets.NAME}}"`
        "#]],
    );
}

#[test]
fn a_file_that_says_nothing_is_told_what_is_missing() {
    check(
        "",
        expect![[r#"
            1:1 error config.missing_key: `name` is missing []
              hint: add `name: …`
        "#]],
    );
    check(
        "- a\n",
        expect![[r#"
            1:1 error config.type: the file should be a map of keys and values, this is a list [- a]
              hint: name each of them by a key, without `-`
        "#]],
    );
    check(
        "name: a\nname: b\n",
        expect![[r#"
            2:1 error yaml.duplicate_key: `name` is given twice [name]
              hint: keep one of them
        "#]],
    );
    check(
        "name: [a\n",
        expect![[r#"
            2:1 error yaml.syntax: a `[` before this place is not closed []
              hint: close it with `]`, and put a `,` between two entries
        "#]],
    );
}

#[test]
fn a_password_in_the_file_is_not_shown() {
    let text =
        format!("name: x\nconnections: {{ a: {{ kind: shop, url: u, password: {CANARY} }} }}\n");
    let reading = read(&text);
    assert!(reading.config.is_some());
    assert!(!format!("{reading:?}").contains("canary"), "{reading:?}");
}

#[test]
fn the_schema_for_editors_knows_each_kind() {
    let schema = Config::schema(KINDS);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let config = |connection: Value| json!({ "name": "x", "connections": { "a": connection } });
    let login = json!({ "user": "u", "word": "w" });
    let good = json!({ "kind": "shop", "sessions": 2, "url": "u", "login": login, "mode": "fast" });
    assert!(validator.is_valid(&config(good.clone())), "{schema:#}");
    for (key, value) in [
        ("kind", json!("mail")),
        ("login", json!({})),
        ("ulr", json!("u")),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(!validator.is_valid(&config(bad)), "{key}");
    }
}

/// What the page about the language shows of this file.
#[test]
fn the_example_on_the_page_is_right() {
    let page = include_str!("../../../../../docs/language.md");
    let groups = page
        .split("# botswain.yaml\n")
        .find(|text| text.contains("groups:\n  supervisors"));
    let rest = groups.unwrap();
    let text = rest.split("```").next().unwrap();
    check(text, expect![""]);
    assert_eq!(read(text).outline.groups.len(), 2);
}
