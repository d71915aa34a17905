//! Every page for authors does what it says.

use crate::{
    desk::{Desk, repository},
    page::Page,
};

#[test]
fn the_tutorial_can_be_walked() {
    Page::open("docs/tutorial.md").walk(&Desk::empty());
}

#[test]
fn the_tutorial_in_chinese_can_be_walked() {
    Page::open("docs/tutorial.zh-CN.md").walk(&Desk::empty());
}

const HOW_TO: [&str; 8] = [
    "enter-orders-in-a-browser",
    "fetch-from-an-api",
    "handle-exceptions",
    "keep-secrets",
    "read-a-spreadsheet",
    "run-on-time",
    "take-orders-from-mail",
    "use-the-console",
];

/// Each page has an instance of its own; its files pass the check together.
#[test]
fn every_how_to_can_be_walked_and_passes_the_check() {
    for name in HOW_TO {
        let desk = Desk::empty();
        Page::open(&format!("docs/how-to/{name}.md")).walk(&desk);
        let checked = desk.says(&["check"]);
        assert!(checked.starts_with("exit 0"), "{name}: {checked}");
        let files = desk.files();
        let is_workflow = |file: &String| file.starts_with("workflows/");
        assert!(files.iter().any(is_workflow), "{name}: {files:?}");
    }
}

const OTHERS: [&str; 8] = [
    "README.md",
    "README.zh-CN.md",
    "docs/tutorial.md",
    "docs/tutorial.zh-CN.md",
    "docs/bots.md",
    "docs/templates.md",
    "docs/language.md",
    "docs/api.md",
];

/// Whoever reads on finds what is there.
#[test]
fn no_link_of_a_page_leads_nowhere() {
    let how_to = HOW_TO.map(|name| format!("docs/how-to/{name}.md"));
    for page in OTHERS.map(str::to_owned).into_iter().chain(how_to) {
        let text = std::fs::read_to_string(repository(&page)).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|it| it.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => repository(&page),
                file => repository(&page).parent().unwrap().join(file),
            };
            assert!(target.exists(), "{page} links to {link}");
            if !place.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                let is_there = |line: &str| line.starts_with('#') && anchor(line) == place;
                assert!(text.lines().any(is_there), "{page} links to {link}");
            }
        }
    }
}

/// As GitHub makes one of a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars();
    let kept = kept.filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

/// The start page's first workflow, as it stands there.
#[test]
fn the_first_workflow_of_the_start_pages_passes_the_check() {
    for path in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(repository(path)).unwrap();
        let blocks: Vec<&str> = text
            .split("```yaml\n")
            .skip(1)
            .filter_map(|it| it.split("```").next())
            .collect();
        let workflow = blocks
            .iter()
            .find(|block| block.contains("steps:"))
            .unwrap();
        let config = blocks
            .iter()
            .find(|block| block.starts_with("connections:"))
            .unwrap();
        let desk = Desk::with(&format!("name: my-office\n{config}"));
        desk.write("workflows/low-stock.yaml", workflow);
        desk.write("stock.csv", "sku,stock,level\n0042,3,5\n");
        let checked = desk.says(&["check"]);
        assert!(checked.starts_with("exit 0"), "{path}: {checked}");
        let ran = desk.says(&["run", "low-stock"]);
        assert!(ran.starts_with("exit 0"), "{path}: {ran}");
    }
}

/// The start page lists the same commands in both languages.
#[test]
fn the_start_pages_list_the_same_commands() {
    let [english, chinese] = ["README.md", "README.zh-CN.md"].map(commands);
    assert!(english.len() > 10, "{english:?}");
    assert_eq!(english, chinese);
}

/// What stands in backticks in the first column of a page's table.
fn commands(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository(path)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split(" | ").next());
    let names = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(str::to_owned).collect()
}
