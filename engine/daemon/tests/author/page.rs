//! A page of the documentation, walked as its reader would.
//!
//! A block of `yaml`, `csv` or `handlebars` is written into the file that the
//! paragraph before it names last in backticks. In a block of `console` each
//! line after `$ ` is done in a shell, and what stands below has to come out;
//! `…` alone stands for any lines. `botswain up` has a terminal, and goes on
//! until the page says `^C`. Times, places and process ids may differ. With `UPDATE_EXPECT=1` what
//! came out is written into the page.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Child, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use regex::Regex;

use crate::desk::{Desk, repository};

const PATIENCE: Duration = Duration::from_secs(60);

/// What `botswain up` says, in the folder; a reader has it on the screen.
const LOG: &str = ".up.log";

pub(crate) struct Page {
    path: PathBuf,
    text: String,
}

/// A fenced block.
struct Block {
    language: String,
    body: String,
    /// Where its body stands on the page, in bytes.
    span: (usize, usize),
    /// What the paragraph before it names last in backticks.
    named: Option<String>,
}

/// A reader at work.
struct Walk<'d> {
    desk: &'d Desk,
    up: Option<Child>,
    /// How many bytes of its log have been looked at.
    seen: usize,
}

impl Page {
    pub(crate) fn open(path: &str) -> Page {
        let path = repository(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|err| panic!("{path:?}: {err}"));
        Page { path, text }
    }

    /// Does everything on the page, from above to below.
    pub(crate) fn walk(&self, desk: &Desk) {
        let mut walk = Walk {
            desk,
            up: None,
            seen: 0,
        };
        let mut changed: Vec<((usize, usize), String)> = Vec::new();
        for block in self.blocks() {
            match block.language.as_str() {
                "yaml" | "csv" | "handlebars" => {
                    let file = block.named.as_ref();
                    let file =
                        file.unwrap_or_else(|| panic!("which file is this?\n{}", block.body));
                    desk.write(file, &block.body);
                }
                "console" => {
                    let came = walk.console(&block.body);
                    if !fits(&came, &block.body) {
                        changed.push((block.span, came));
                    }
                }
                _ => (),
            }
        }
        self.settle(&changed);
    }

    fn settle(&self, changed: &[((usize, usize), String)]) {
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let mut text = self.text.clone();
            for ((from, to), came) in changed.iter().rev() {
                text.replace_range(from..to, came);
            }
            std::fs::write(&self.path, text).unwrap();
            return;
        }
        if let Some(((from, to), came)) = changed.first() {
            let said = &self.text[*from..*to];
            panic!("{} says\n{said}\nbut it came\n{came}", self.path.display());
        }
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut before = 0;
        while let Some(opens) = find(&self.text, "\n```", before) {
            let body = find(&self.text, "\n", opens + 1).unwrap() + 1;
            let closes = find(&self.text, "\n```", body - 1).unwrap() + 1;
            let prose = self.text[before..opens].trim_end();
            let paragraph = prose.rsplit("\n\n").next().unwrap_or_default();
            blocks.push(Block {
                language: self.text[opens + 4..body].trim().to_owned(),
                body: self.text[body..closes].to_owned(),
                span: (body, closes),
                named: paragraph.rsplit('`').nth(1).map(str::to_owned),
            });
            before = closes + 3;
        }
        blocks
    }
}

fn find(text: &str, what: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find(what).map(|at| at + from)
}

impl Walk<'_> {
    /// What the block looks like when it is done.
    fn console(&mut self, body: &str) -> String {
        let done = commands(body).into_iter().map(|line| match line {
            "^C" => format!("^C\n{}", self.interrupt()),
            "botswain up" => format!("$ botswain up\n{}", self.up()),
            line => format!("$ {line}\n{}", self.run(line)),
        });
        done.collect()
    }

    fn run(&self, line: &str) -> String {
        let mut command = self.desk.shell(&format!("exec 2>&1; {line}"));
        let mut text = self.desk.text(&command.output().unwrap().stdout);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// Until it listens; `script` (bsdutils, on every Debian) gives it a terminal, of which
    /// it is the one process: a shell above it would answer Ctrl-C with a status of its own.
    fn up(&mut self) -> String {
        let log = std::fs::File::create(self.desk.path(LOG)).unwrap();
        let mut command = self
            .desk
            .shell("exec script -qefc 'exec botswain up' /dev/null");
        command.stdin(Stdio::piped()).stdout(log);
        self.up = Some(command.env("NO_COLOR", "1").spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.logged();
            if let Some(last) = said.rfind("listens on")
                && said[last..].ends_with('\n')
            {
                self.seen = said.len();
                return said;
            }
            assert!(Instant::now() < deadline, "it does not listen:\n{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn logged(&self) -> String {
        let said = self.desk.read(LOG).replace('\r', "");
        self.desk.text(said.as_bytes())
    }

    /// Presses Ctrl-C, and gives what it says from then on.
    fn interrupt(&mut self) -> String {
        let mut child = self.up.take().expect("`botswain up` before `^C`");
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(b"\x03").unwrap();
        assert!(child.wait().unwrap().success());
        let said = self.logged();
        // The terminal shows the key.
        said[self.seen..].trim_start_matches("^C").to_owned()
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.up.take() {
            // Without its terminal the daemon is told to stop.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// What is typed: lines after `$ `, and `^C`. Everything else has come out.
fn commands(body: &str) -> Vec<&str> {
    let typed = |line| (line == "^C").then_some(line);
    let commands = body
        .lines()
        .filter_map(|line| line.strip_prefix("$ ").or_else(|| typed(line)));
    commands.collect()
}

/// Whether it is what the page says, where `…` alone stands for any lines.
fn fits(came: &str, said: &str) -> bool {
    let (came, said) = (plain(came), plain(said));
    let said: Vec<&str> = said.lines().collect();
    let mut parts = said.split(|line| *line == "…");
    let mut rest: Vec<&str> = came.lines().collect();
    let Some(first) = parts.next().filter(|first| rest.starts_with(first)) else {
        return false;
    };
    rest.drain(..first.len());
    for part in parts {
        let places = 0..=rest.len().saturating_sub(part.len());
        match places.into_iter().rfind(|at| rest[*at..].starts_with(part)) {
            Some(at) => rest.drain(..at + part.len()),
            None => return false,
        };
    }
    rest.is_empty() || said.last() == Some(&"…")
}

/// Without what differs each time.
fn plain(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rules = [
            (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT"),
            (r"\d{4}-\d\d-\d\d", "DAY"),
            (r"\d{2}\.\d\d\.\d{4}", "DAY"),
            (r"\b\d\d:\d\d(:\d\d)?\b", "CLOCK"),
            (r"\bnow\b|\b\d+ (s|min) ago", "AGO"),
            (r"\bin \d+ (s|min|h|days?|weeks?)\b", "LATER"),
            (r"\b\d+(\.\d+)? s\b", "LENGTH"),
            (r"pid=\d+|process \d+", "PID"),
            (r"[0-9a-f]{64}", "HASH"),
            (r"[ ]{2,}", "  "),
            // Over the socket somebody goes by the name that the machine has for them.
            (r"\S+  socket\b", "SOMEBODY  socket"),
            (r"[ ]+\n", "\n"),
        ];
        rules
            .map(|(rule, word)| (Regex::new(rule).unwrap(), word))
            .into()
    });
    let one =
        |text: String, (rule, word): &(Regex, &str)| rule.replace_all(&text, *word).into_owned();
    RULES.iter().fold(text.to_owned(), one)
}
