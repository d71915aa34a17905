//! The page about testing: what stands there is so.
//!
//! Its files are written in their order, and each command is typed where it
//! stands, so that a file further down is not there yet.

use crate::office::{GOOD, Office};

const PAGE: &str = include_str!("../../../../docs/testing.md");

const SETTINGS: &str = "name: office
timezone: Europe/Berlin
connections:
  shop: { kind: web, address: https://shop.example }
  office-mail: { kind: smtp, host: mail.example, tls: none, from: office@example.com }
";

#[test]
fn the_page_about_testing_is_true() {
    let office = Office::with(GOOD);
    std::fs::remove_file(office.path("workflows/enter.yaml")).unwrap();
    office.write("botswain.yaml", SETTINGS);
    let (mut files, mut commands) = (0, 0);
    for block in PAGE.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        match language {
            "yaml" | "csv" => {
                // A line about the file is no line of a sheet.
                let text = if language == "csv" { rest } else { text };
                office.write(first.strip_prefix("# ").unwrap(), text);
                files += 1;
            }
            "console" => {
                let command = first.strip_prefix("$ botswain ").unwrap();
                let arguments: Vec<&str> = command.split(' ').collect();
                let output = office.command(&arguments).output().unwrap();
                assert_eq!(
                    dated(&String::from_utf8_lossy(&output.stdout)),
                    rest,
                    "{command}"
                );
                commands += 1;
            }
            other => panic!("a block in {other}"),
        }
    }
    assert_eq!((files, commands), (5, 4));
}

/// With a word for the day on which the test runs.
fn dated(text: &str) -> String {
    let day = regex::Regex::new(r"on 20[0-9-]{8}\n").unwrap();
    match text.contains("a person would be asked") {
        true => day.replace_all(text, "on DAY\n").into_owned(),
        false => text.to_owned(),
    }
}
