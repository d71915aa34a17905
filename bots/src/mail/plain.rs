//! The plain text of an HTML mail, for readers that show no HTML.
//!
//! In goes HTML of our own templates; out comes its text: blocks become lines,
//! cells are set apart, links are followed by their address. It is a reading
//! aid and no renderer; what it does not know it leaves out.

/// The text of `html`.
pub(super) fn text(html: &str) -> String {
    let mut out = Text::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.words(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = rest.find('>') else {
            break;
        };
        let (tag, after) = (&rest[1..end], &rest[end + 1..]);
        rest = match name(tag).as_str() {
            hidden @ ("script" | "style" | "head" | "title") => past(after, hidden),
            tag_name => {
                out.tag(tag_name, tag);
                after
            }
        };
    }
    out.words(if rest.starts_with('<') { "" } else { rest });
    out.finish()
}

/// The name of a tag in lower case, `/` included.
fn name(tag: &str) -> String {
    let name = tag
        .split(|c: char| c.is_whitespace())
        .next()
        .unwrap_or_default();
    let name = name.strip_suffix('/').unwrap_or(name);
    name.to_ascii_lowercase()
}

fn past<'a>(html: &'a str, name: &str) -> &'a str {
    let end = html.to_ascii_lowercase().find(&format!("</{name}"));
    let rest = end.map_or("", |end| &html[end..]);
    rest.split_once('>').map_or("", |(_, after)| after)
}

#[derive(Default)]
struct Text {
    lines: Vec<String>,
    line: String,
    /// Where the open link leads.
    link: Option<String>,
}

impl Text {
    fn words(&mut self, html: &str) {
        let text = entities(html);
        if text.starts_with(char::is_whitespace) {
            self.space();
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        self.line.push_str(&words.join(" "));
        if text.ends_with(char::is_whitespace) {
            self.space();
        }
    }

    fn space(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        match name {
            "br" | "tr" | "/tr" | "div" | "/div" | "ul" | "/ul" | "ol" | "/ol" | "/li" => {
                self.end()
            }
            "li" => {
                self.end();
                self.line.push_str("- ");
            }
            "p" | "/p" | "table" | "/table" | "h1" | "h2" | "h3" | "h4" | "/h1" | "/h2" | "/h3"
            | "/h4" | "hr" => self.paragraph(),
            "/td" | "/th" => self.line.push_str("  "),
            "a" => self.link = address(tag),
            "/a" => {
                if let Some(link) = self.link.take().filter(|link| !self.line.ends_with(link)) {
                    self.line.extend([" (", &link, ")"]);
                }
            }
            _ => (),
        }
    }

    fn end(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.trim().is_empty() {
            self.lines.push(line.trim().to_owned());
        }
    }

    fn paragraph(&mut self) {
        self.end();
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn finish(mut self) -> String {
        self.end();
        let text = self.lines.join("\n");
        format!("{}\n", text.trim_end())
    }
}

/// The address of a link, unless it leads nowhere outside of the mail.
fn address(tag: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find("href=")? + 5;
    let quote = tag[at..].chars().next().filter(|c| "\"'".contains(*c))?;
    let value = tag[at + 1..].split(quote).next()?;
    (!value.starts_with('#')).then(|| entities(value))
}

/// The characters that entities stand for; what is none stays.
fn entities(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(';').filter(|end| *end <= 10);
        match end.and_then(|end| Some((end, character(&rest[..end])?))) {
            Some((end, character)) => {
                text.push(character);
                rest = &rest[end + 1..];
            }
            None => text.push('&'),
        }
    }
    text + rest
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "euro" => '€',
        "ndash" => '–',
        "mdash" => '—',
        "middot" => '·',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    #[test]
    fn a_mail_can_be_read_without_html() {
        let html = r#"<!doctype html><html><head><title>x</title><style>p { a: "<b>" }</style></head>
<body><!-- not > this --><h1>Orders&nbsp;entered</h1>
<p>42 of <b>43</b> lines; one waits
for <a href="https://office/?a=1&amp;b=2">you</a>.</p>
<table><tr><th>Order</th><th>Why</th></tr><tr><td>1002</td><td>M&#252;ller &lt;x&gt; &amp;lt; &unknown;</td></tr></table>
<ul><li>one<li>two</ul>bye<br/>now <"#;
        expect![[r#"
            Orders entered

            42 of 43 lines; one waits for you (https://office/?a=1&b=2).

            Order  Why
            1002  Müller <x> &lt; &unknown;

            - one
            - two
            bye
            now
        "#]]
        .assert_eq(&super::text(html).replace('\u{a0}', " "));
    }

    #[test]
    fn what_is_cut_off_ends() {
        for html in [
            "<",
            "<style>",
            "a<!--",
            "&",
            "<a href=",
            "<a href=\"",
            "&#xffffffff;",
        ] {
            assert!(super::text(html).ends_with('\n'), "{html}");
        }
    }
}
