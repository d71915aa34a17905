//! Tables, fitted to the terminal's width; without a terminal each row is one line.
//!
//! Where the width does not suffice the last column gives way, which holds
//! prose, then the widest, each down to its longest word, so that words are broken
//! only when no column has room left. A column with nothing in it is left out.

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use unicode_width::UnicodeWidthStr as _;

use super::output::{Paint, tame};

/// A last column that is narrower is hard to read, so columns that can be spared go first.
const READABLE: usize = 40;

/// Between two columns.
const GAP: usize = 2;

/// A cell of no more than this is kept in one line: a time, a number, a state.
const SHORT: usize = 12;

/// No column becomes narrower than this.
const NARROWEST: usize = 8;

/// The last column becomes no narrower than this as long as another can give way.
const PROSE: usize = 16;

/// Rows under a header, without the blanks at the ends of lines.
pub(super) fn of<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows = rows.into_iter().map(Vec::from).collect();
    arranged(Some(header.map(str::to_owned).into()), rows)
}

/// Rows under a header. On a narrow terminal the columns in `spare` go, one after the other, until
/// the last one can be read.
pub(super) fn sparing<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    spare: &[&str],
) -> String {
    let mut lines = vec![Vec::from(header.map(str::to_owned))];
    lines.extend(rows.into_iter().map(Vec::from));
    if let Some(width) = terminal() {
        spared(&mut lines, spare, width);
    }
    let rows = lines.split_off(1);
    arranged(lines.pop(), rows)
}

/// Names and what belongs to them, without a header.
pub(super) fn pairs(rows: impl IntoIterator<Item = (String, String)>) -> String {
    of_parts(rows.into_iter().map(|(name, value)| [name, value]))
}

/// Rows without a header.
pub(super) fn of_parts<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    arranged(None, rows.into_iter().map(Vec::from).collect())
}

/// Texts that are copied (commands, paths) with what they mean. Where both do not fit into a
/// line, the text has a line of its own and is never broken by us.
pub(super) fn copied(rows: &[(String, String)]) -> String {
    let longest = |of: fn(&(String, String)) -> &String| {
        rows.iter().map(|row| of(row).width()).max().unwrap_or(0)
    };
    match terminal() {
        Some(width) if longest(|row| &row.0) + GAP + longest(|row| &row.1) > width => {
            let lines = rows
                .iter()
                .map(|(text, means)| format!("{}\n    {}", tame(text), tame(means)));
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => pairs(rows.iter().cloned()),
    }
}

/// Prose whose paragraphs are filled anew where they are wider than the terminal; indented
/// lines stay what they are.
pub(super) fn prose(text: &str, indent: usize) -> String {
    let filled = |width| {
        let paragraphs = text.split("\n\n").map(|it| fill(it, width, indent));
        paragraphs.collect::<Vec<_>>().join("\n\n")
    };
    match terminal() {
        Some(width) => filled(width),
        None => text.to_owned(),
    }
}

fn fill(paragraph: &str, width: usize, indent: usize) -> String {
    let is_narrow = paragraph.lines().all(|line| line.width() + indent <= width);
    let is_list = |line: &str| line.starts_with([' ', '-', '*', '|']);
    if is_narrow || paragraph.lines().any(is_list) && paragraph.lines().count() > 1 {
        return paragraph.to_owned();
    }
    let (mut text, mut column) = (String::new(), indent);
    for word in paragraph.split_whitespace() {
        let length = word.width();
        if column > indent && column + 1 + length > width {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

fn arranged(header: Option<Vec<String>>, rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let kept: Vec<usize> = (0..columns)
        .filter(|at| rows.iter().any(|row| !row[*at].is_empty()))
        .collect();
    let of_kept =
        |row: &[String]| -> Vec<String> { kept.iter().map(|at| tame(&row[*at])).collect() };
    let header = header.map(|names| of_kept(&names));
    let rows: Vec<Vec<String>> = rows.iter().map(|row| of_kept(row)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.style_text_only();
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let paint = Paint::of_stdout();
    let texts = header.iter().chain(&rows);
    let widths = terminal().map(|width| fitted(texts.map(Vec::as_slice), width));
    if let Some(names) = &header {
        table.set_header(names.iter().map(|name| match paint.is_on() {
            true => Cell::new(name).add_attribute(Attribute::Bold),
            false => Cell::new(name),
        }));
    }
    table.add_rows(rows);
    for (at, column) in table.column_iter_mut().enumerate() {
        // Blanks are between the columns alone, not before the first.
        let before = if at == 0 { 0 } else { GAP };
        column.set_padding((u16::try_from(before).unwrap_or(0), 0));
        if let Some(width) = widths.as_ref().and_then(|widths| widths.get(at)) {
            let width = u16::try_from(width + before).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first line is the header.
fn spared(lines: &mut [Vec<String>], spare: &[&str], width: usize) {
    for name in spare {
        if last_is_readable(lines, width) {
            return;
        }
        if let Some(at) = lines[0].iter().position(|it| it == name) {
            lines.iter_mut().for_each(|line| drop(line.remove(at)));
        }
    }
}

/// Whether the other columns leave the last one the room that it needs.
fn last_is_readable(lines: &[Vec<String>], width: usize) -> bool {
    let columns = lines[0].len();
    let widest = |at: usize| {
        let widths = lines.iter().map(|line| line[at].width());
        let is_empty = lines[1..].iter().all(|line| line[at].is_empty());
        widths.max().filter(|_| !is_empty)
    };
    let others = (0..columns - 1).filter_map(widest);
    let taken: usize = others.map(|width| width + GAP).sum();
    width.saturating_sub(taken) >= widest(columns - 1).unwrap_or(0).min(READABLE)
}

/// How wide each column may be, in columns of the terminal, without what is between them.
fn fitted<'a>(rows: impl Iterator<Item = &'a [String]>, width: usize) -> Vec<usize> {
    let (mut widths, mut words): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for row in rows {
        widths.resize(row.len(), 1);
        words.resize(row.len(), 1);
        for (at, cell) in row.iter().enumerate() {
            let longest = |parts: &mut dyn Iterator<Item = &str>| {
                parts.map(|part| part.width()).max().unwrap_or(0)
            };
            widths[at] = widths[at].max(longest(&mut cell.lines()));
            let word = match longest(&mut cell.lines()) {
                short @ ..=SHORT => short,
                _ => longest(&mut cell.split_whitespace()),
            };
            words[at] = words[at].max(word);
        }
    }
    let room = width.saturating_sub(GAP * widths.len().saturating_sub(1));
    let mut least = widths.clone();
    if let (Some(least), Some(word)) = (least.last_mut(), words.last()) {
        *least = (*word).max(PROSE);
    }
    shrink(&mut widths, &least, room);
    shrink(&mut widths, &words, room);
    // No word can be kept whole any more.
    let narrowest = vec![NARROWEST; widths.len()];
    shrink(&mut widths, &narrowest, room);
    widths
}

/// Takes from the widest column that is above its least width, one character at a time.
fn shrink(widths: &mut [usize], least: &[usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let shrinkable = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
        let Some(widest) = shrinkable.max_by_key(|at| widths[*at]) else {
            return;
        };
        widths[widest] -= 1;
    }
}

/// How many characters fit into a line of the terminal that stdout is; none when it is none.
fn terminal() -> Option<usize> {
    let width = usize::from(Table::new().width()?);
    // Some terminals do not know.
    Some(if width == 0 { 80 } else { width })
}

/// How many characters fit into a line of the terminal that stderr is.
pub(super) fn width() -> usize {
    let width = Table::new().use_stderr().width().map_or(0, usize::from);
    // Some terminals do not know.
    if width == 0 { 80 } else { width }
}

/// `1 file`, `3 files`
pub(super) fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way_and_words_stay_whole() {
        let row = [
            "1002-1",
            "an account of what went wrong here",
            "office.unknown",
        ];
        let row = row.map(str::to_owned);
        let fit = |width| fitted([row.as_slice()].into_iter(), width);
        assert_eq!(fit(80), [6, 34, 14]);
        assert_eq!(fit(40), [6, 16, 14]);
        assert_eq!(fit(34), [6, 10, 14], "`office.unknown` is whole");
        assert_eq!(fit(26), [6, 7, 9], "nothing else is left to give");
    }

    #[test]
    fn what_is_two_columns_wide_counts_as_two() {
        let row = ["采购订单", "供应商"].map(str::to_owned);
        let fit = |width| fitted([row.as_slice()].into_iter(), width);
        assert_eq!(fit(80), [8, 6]);
        assert_eq!(fill("供应商 供应商", 7, 0), "供应商\n供应商");
    }

    #[test]
    fn the_last_column_gives_way_first() {
        let row = ["2026-11-23 09:08, 2 s ago", "one of its items waits"].map(str::to_owned);
        let fit = |width| fitted([row.as_slice()].into_iter(), width);
        assert_eq!(fit(45), [25, 18]);
        assert_eq!(fit(40), [22, 16]);
    }

    #[test]
    fn columns_are_spared_for_the_last_one_as_far_as_needed() {
        let lines = [
            ["id", "run", "due", "code", "message"],
            [
                "1",
                "1.enter.17",
                "",
                "browser.option",
                "there is no such entry",
            ],
        ];
        let left = |width| {
            let mut lines = lines.map(|line| Vec::from(line.map(str::to_owned)));
            spared(&mut lines, &["run", "code"], width);
            lines[0].join(" ")
        };
        assert_eq!(left(54), "id run due code message");
        assert_eq!(left(53), "id due code message");
        assert_eq!(left(20), "id due message");
    }

    #[test]
    fn prose_is_filled_and_lists_are_not() {
        assert_eq!(fill("one two\nthree four", 9, 0), "one two\nthree\nfour");
        assert_eq!(
            fill("- one two three\n- four", 9, 0),
            "- one two three\n- four"
        );
        assert_eq!(fill("one two", 80, 0), "one two");
    }
}
