//! What starts a workflow besides `cron`, the days that are left out, and `promise`.

use expect_test::{Expect, expect};

use super::{check, load, loaded, version, words};
use crate::{
    catalogue::{Catalogue, WorkflowSchema},
    plan::{On, Proof, Shift, Signature, SignatureKind},
    run::fact::Outcome,
};

const STEPS: &str = "steps: [{ id: a, bot: sheet.read, with: { file: x } }]\n";

/// What is told of each of these files.
fn told(texts: impl IntoIterator<Item = String>, expected: Expect) {
    let found = texts.into_iter().flat_map(|text| loaded(&text).diagnostics);
    expected.assert_eq(&found.map(|it| words(&it)).collect::<String>());
}

fn triggers(lines: &str, expected: Expect) {
    let lines = lines.replace('\n', "\n    ");
    check(&format!("{STEPS}triggers:\n  - {lines}\n"), expected);
}

#[test]
fn every_kind_becomes_a_plan() {
    let plan = version(&format!(
        "{STEPS}inputs: {{ what: {{ type: text, default: x }} }}\ntriggers:\n  - every: 15m\n    missed: none\n  - files: inbox/orders/*.csv\n    settle: 10s\n    inputs: {{ what: \"{{{{trigger.file}}}} {{{{trigger.size}}}}\" }}\n  - cron: \"0 7 * * *\"\n    calendar: {{ skip: holidays.ics, shift: previous }}\npromise: {{ before: \"09:30\", days: every, skip: holidays.ics }}\n"
    ))
    .plan;
    let words: Vec<String> = plan.triggers.iter().map(|it| it.on.to_string()).collect();
    assert_eq!(
        words,
        ["every 15m", "files inbox/orders/*.csv", "0 7 * * *"]
    );
    let On::Schedule(schedule) = &plan.triggers[2].on else {
        panic!("{:?}", plan.triggers[2]);
    };
    let calendar = schedule.calendar.as_ref().unwrap();
    assert_eq!(
        (calendar.shift, calendar.days.len()),
        (Some(Shift::Previous), 1)
    );
    let promise = plan.promise.unwrap();
    assert_eq!(
        (promise.succeeded, promise.by.cron.as_str()),
        (1, "30 9 * * *")
    );
    assert_eq!(promise.by.calendar.unwrap().days.len(), 1);
}

#[test]
fn a_trigger_is_of_one_kind() {
    triggers(
        "inputs: {}",
        expect![[r#"
        3:5 triggers.kind: a trigger has exactly one of `cron`, `every`, `files`, `mail`, `webhook` and `finished`
            hint: say what starts it, as in `cron: "0 7 * * MON-FRI"`, `every: 15m`, `files: inbox/*.csv` or `finished: another-workflow`
    "#]],
    );
    triggers(
        "{ cron: \"@daily\", every: 1h }",
        expect![[r#"
        3:7 triggers.kind: a trigger has exactly one of `cron`, `every`, `files`, `mail`, `webhook` and `finished`
            hint: make a trigger of its own of each of `cron` and `every`
    "#]],
    );
    triggers(
        "{ every: 15m, timezone: Europe/Berlin, settle: 1s, ended: [failed] }",
        expect![[r#"
            3:19 triggers.kind: `timezone` belongs to a trigger with `cron`, this one has `every`
                hint: leave `timezone` out
            3:44 triggers.kind: `settle` belongs to a trigger with `files`, this one has `every`
                hint: leave `settle` out
            3:56 triggers.kind: `ended` belongs to a trigger with `finished`, this one has `every`
                hint: leave `ended` out
        "#]],
    );
    triggers(
        "{ every: 2d }",
        expect![[r#"
        3:14 language.duration: `2d` is too long, it is at most 1d
            hint: what comes once in several days has a `cron:`, as in `"0 7 * * MON"`
    "#]],
    );
}

#[test]
fn files_are_named_by_a_folder_and_a_pattern() {
    let patterns = [
        "\"*.csv\"",
        "inbox/",
        "/inbox/*.csv",
        "in/../x/*.csv",
        "in*/a.csv",
        "\"in/[.csv\"",
        ".in/a",
    ];
    told(
        patterns.map(|it| format!("{STEPS}triggers: [{{ files: {it} }}]\n")),
        expect![[r#"
            2:21 triggers.files: `*.csv` does not say which files
                hint: it is a folder and a pattern for names, as in `inbox/orders/*.csv`
            2:21 triggers.files: `inbox/` does not say which files
                hint: it is a folder and a pattern for names, as in `inbox/orders/*.csv`
            2:21 triggers.files: `/inbox/*.csv` does not say which files
                hint: the folder is one of the instance, as in `inbox/orders/*.csv`
            2:21 triggers.files: `in/../x/*.csv` does not say which files
                hint: the folder is one of the instance, as in `inbox/orders/*.csv`
            2:21 triggers.files: `in*/a.csv` does not say which files
                hint: only the name of the file can be a pattern, not that of the folder
            2:21 triggers.files: `in/[.csv` does not say which files
                hint: `*` stands for any text, `?` for one character, `[ab]` for one of these
            2:21 triggers.files: `.in/a` does not say which files
                hint: hidden folders are not looked into
        "#]],
    );
}

#[test]
fn what_a_trigger_knows_depends_on_its_kind() {
    let inputs = "inputs: { what: { type: text, default: x } }\n";
    check(
        &format!(
            "{inputs}{STEPS}triggers:\n  - every: 1h\n    inputs: {{ what: \"{{{{trigger.file}}}}\" }}\n  - files: in/*.csv\n    inputs: {{ what: \"{{{{trigger.fil}}}}\" }}\n"
        ),
        expect![[r#"
            5:32 template.unknown_name: `trigger` has no `file`
                hint: it has: `scheduled_for`
            7:32 template.unknown_name: `trigger` has no `fil`
                hint: did you mean `file`?
        "#]],
    );
}

#[test]
fn days_off_come_from_a_file() {
    let calendars = [
        "{ skip: holiday.ics, shift: next }",
        "{ skip: odd.ics }",
        "{ skip: holidays.ics, shift: later }",
        "{ shift: next }",
    ];
    told(
        calendars
            .map(|it| format!("{STEPS}triggers: [{{ cron: \"0 7 * * *\", calendar: {it} }}]\n")),
        expect![[r#"
            2:51 triggers.calendar: there is no calendar `holiday.ics`
                hint: did you mean `holidays.ics`?
            2:51 triggers.calendar: `odd.ics` cannot be used: line 3: the rule `FREQ=WEEKLY` is not understood: only days that come every year on the same date are
                hint: keep whole days in it, or days that come every year on the same date
            2:72 language.value: `shift` cannot be `later`
                hint: it is one of: `next`, `previous`
            2:33 language.missing_key: `calendar` needs `skip`
                hint: add `skip: …`, an iCalendar file of the instance with whole days, as in `holidays.ics`
        "#]],
    );
    triggers(
        "{ cron: \"*/5 * * * *\", calendar: { skip: holidays.ics, shift: next } }",
        expect![[r#"
            3:13 triggers.cron: `*/5 * * * *` fires all day, which cannot be moved
                hint: give a minute and an hour, or leave `shift` out
        "#]],
    );
}

#[test]
fn a_promise_has_a_time() {
    let promises = [
        "{}",
        "{ before: 10 }",
        "{ before: \"25:00\", days: weekly }",
        "{ before: \"10:00\", skip: x.ics, succeeded: 0 }",
    ];
    told(
        promises.map(|it| format!("{STEPS}promise: {it}\n")),
        expect![[r#"
            2:1 language.missing_key: `promise` needs `before`
                hint: add `before: …`, the time of the day, as in `"10:00"`
            2:20 language.type: `before` expects text, found a whole number
                hint: write `"10:00"`
            2:20 promise.before: `25:00` is not a time of the day
                hint: write it like `"10:00"`
            2:35 language.value: `days` cannot be `weekly`
                hint: it is one of: `working`, `every`
            2:35 triggers.calendar: there is no calendar `x.ics`
                hint: the calendars are: `holidays.ics`, `odd.ics`
            2:53 language.range: `succeeded` is at least 1
        "#]],
    );
}

/// `demo` follows one of these; `second` follows `first`, and `loop` follows `demo`.
fn following(workflow: &str) -> Result<Vec<Outcome>, String> {
    let follows = |names: &[&str]| WorkflowSchema {
        follows: names.iter().map(|name| (*name).to_owned()).collect(),
        ..WorkflowSchema::default()
    };
    let catalogue = Catalogue {
        workflows: [
            ("demo", follows(&[workflow])),
            ("first", follows(&[])),
            ("second", follows(&["first"])),
            ("loop", follows(&["demo"])),
            ("far", follows(&["loop"])),
        ]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into(),
        ..super::catalogue()
    };
    let text =
        format!("{STEPS}triggers: [{{ finished: {workflow}, ended: [failed, cancelled] }}]\n");
    let loaded = load("workflows/demo.yaml", &text, &catalogue);
    match loaded
        .version
        .as_ref()
        .map(|version| &version.plan.triggers[0].on)
    {
        Some(On::Finished(finished)) => Ok(finished.states.clone()),
        _ => Err(loaded.diagnostics[0].message.clone()),
    }
}

#[test]
fn a_workflow_follows_another() {
    let states = Ok(vec![Outcome::Failed, Outcome::Cancelled]);
    assert_eq!(following("second"), states);
    let circle = |name: &str| {
        Err(format!(
            "`{name}` is started when `demo` ends, and so for ever"
        ))
    };
    assert_eq!(following("loop"), circle("loop"));
    assert_eq!(following("far"), circle("far"));
    assert_eq!(
        following("demo"),
        Err("`demo` would start itself for ever".to_owned())
    );
    assert_eq!(
        following("thrid"),
        Err("there is no workflow `thrid`".to_owned())
    );
}

#[test]
fn a_webhook_is_told_apart_and_shows_what_it_may() {
    let plan = version(&format!(
        "{STEPS}inputs: {{ what: {{ type: text, default: x }} }}\ntriggers:\n  - webhook: shop/orders\n    signature: {{ secret: shop, header: X-Signature }}\n    key: \"{{{{trigger.body.order}}}}\"\n    headers: [X-Topic]\n    inputs: {{ what: \"{{{{trigger.headers.x-topic}}}}\" }}\n"
    ))
    .plan;
    let On::Webhook(webhook) = &plan.triggers[0].on else {
        panic!("{:?}", plan.triggers[0]);
    };
    assert_eq!(webhook.path, "shop/orders");
    assert_eq!(webhook.headers, ["x-topic"]);
    assert_eq!(
        webhook.proof,
        Proof::Signature(Signature {
            secret: "shop".to_owned(),
            header: "x-signature".to_owned(),
            kind: SignatureKind::Sha256,
        })
    );
    told(
        [
            "{ webhook: a }",
            "{ webhook: A, token: shop }",
            "{ webhook: a, token: none }",
        ]
        .map(|it| format!("{STEPS}triggers: [{it}]\n")),
        expect![[r#"
            2:14 triggers.proof: a webhook has exactly one of `token` and `signature`
                hint: without one anybody could start runs; with `token: NAME` a delivery brings the secret NAME in `Authorization: Bearer …`
            2:23 triggers.webhook: `A` is no path of a webhook
                hint: write lower-case letters, digits, `-` and `_`, with `/` between, as in `shop/orders`
            2:33 secrets.unknown: there is no secret `none`
                hint: keep it with `botswain secret set none`
        "#]],
    );
}

#[test]
fn a_webhook_is_of_one_workflow() {
    let hooks = WorkflowSchema {
        hooks: vec!["orders".to_owned()],
        ..WorkflowSchema::default()
    };
    let catalogue = Catalogue {
        workflows: [("other".to_owned(), hooks)].into(),
        ..super::catalogue()
    };
    let text = format!("{STEPS}triggers: [{{ webhook: orders, token: shop }}]\n");
    let told = load("workflows/demo.yaml", &text, &catalogue).diagnostics;
    assert_eq!(
        told[0].message,
        "the webhook `orders` is one of `other` already"
    );
}

#[test]
fn mails_come_into_a_folder() {
    let plan = version(&format!(
        "{STEPS}inputs: {{ what: {{ type: text, default: x }} }}\ntriggers:\n  - mail: orders\n    folder: INBOX/New\n    from: \"*@acme.example\"\n    inputs: {{ what: \"{{{{trigger.subject}}}}\" }}\n"
    ))
    .plan;
    let On::Mail(mail) = &plan.triggers[0].on else {
        panic!("{:?}", plan.triggers[0]);
    };
    assert_eq!(
        (mail.place().as_str(), mail.poll),
        ("mail orders INBOX/New", 60_000)
    );
    assert_eq!(
        mail.to_string(),
        "mail orders INBOX/New from *@acme.example"
    );
    told(
        [
            "{ mail: office }",
            "{ mail: order }",
            "{ mail: orders, subject: \"[x\" }",
        ]
        .map(|it| format!("{STEPS}triggers: [{it}]\n")),
        expect![[r#"
            2:20 triggers.connection: `office` is a connection of kind `smtp`, not `imap`
                hint: mails come into: `orders`
            2:20 triggers.connection: there is no connection `order`
                hint: did you mean `orders`?
            2:37 triggers.mail: `[x` does not say which mails
                hint: `*` stands for any text, `?` for one character, `[ab]` for one of these
        "#]],
    );
}
