//! What differs between two texts, line by line.

use botswain_views::{LineKind, LineView};

/// Longer middles are compared as a whole: the table below grows with the product.
const LINES: usize = 2000;
/// How many equal lines are shown around what differs.
const AROUND: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Only(&'a str),
    New(&'a str),
}

/// The lines that are only in one of the two: `-` what was expected, `+` what came.
pub(crate) fn lines(expected: &str, came: &str) -> String {
    told(&views(expected, came))
}

/// Each line with its sign.
pub(crate) fn told(lines: &[LineView]) -> String {
    let shown = lines.iter().map(|line| {
        let text = match line.kind {
            LineKind::Gap => return "  …".to_owned(),
            _ => format!("{} {}", line.kind.sign(), line.text),
        };
        match line.kind {
            LineKind::Same => text.trim_end().to_owned(),
            _ => text,
        }
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The same with the numbers of the lines, for those who draw it.
pub(crate) fn views(old: &str, new: &str) -> Vec<LineView> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let all = whole(&old, &new);
    let differs = |at: usize| !matches!(all[at], Line::Same(_));
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(all.len());
        (from..to).any(differs)
    };
    let (mut shown, mut left_out) = (Vec::new(), false);
    let (mut older, mut newer) = (0, 0);
    for (at, line) in all.iter().enumerate() {
        older += usize::from(!matches!(line, Line::New(_)));
        newer += usize::from(!matches!(line, Line::Only(_)));
        if !near(at) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            shown.push(view(LineKind::Gap, (None, None), ""));
        }
        shown.push(match line {
            Line::Same(text) => view(LineKind::Same, (Some(older), Some(newer)), text),
            Line::Only(text) => view(LineKind::Removed, (Some(older), None), text),
            Line::New(text) => view(LineKind::Added, (None, Some(newer)), text),
        });
    }
    shown
}

fn view(kind: LineKind, (old, new): (Option<usize>, Option<usize>), text: &str) -> LineView {
    LineView {
        kind,
        old,
        new,
        text: text.to_owned(),
    }
}

/// What is equal at both ends is not compared.
fn whole<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let equal = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(new).take_while(equal).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let back = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = back.take_while(equal).count();
    let (old_middle, end) = old_rest.split_at(old_rest.len() - tail);
    let new_middle = &new_rest[..new_rest.len() - tail];
    let same = |line: &&'a str| Line::Same(line);
    let mut all: Vec<Line<'a>> = old[..head].iter().map(same).collect();
    match old_middle.len() > LINES || new_middle.len() > LINES {
        true => {
            all.extend(old_middle.iter().map(|line| Line::Only(line)));
            all.extend(new_middle.iter().map(|line| Line::New(line)));
        }
        false => all.extend(compared(old_middle, new_middle)),
    }
    all.extend(end.iter().map(same));
    all
}

/// The longest common lines of both, and what is between them.
fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        let same = i < old.len() && j < new.len() && old[i] == new[j];
        let drop = j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1];
        match (same, drop) {
            (true, _) => {
                lines.push(Line::Same(old[i]));
                (i, j) = (i + 1, j + 1);
            }
            (false, true) => {
                lines.push(Line::Only(old[i]));
                i += 1;
            }
            (false, false) => {
                lines.push(Line::New(new[j]));
                j += 1;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_differs_is_shown_with_a_little_around_it() {
        let old = "a\nb\nc\nd\ne\nf\n";
        expect![[r#"
              …
              c
              d
            - e
            + E
            + x
              f"#]]
        .assert_eq(&lines(old, "a\nb\nc\nd\nE\nx\nf\n"));
        assert_eq!(lines(old, old), "");
    }

    #[test]
    fn lines_have_the_numbers_of_both_texts() {
        let told = |it: LineView| {
            let number = |it: Option<usize>| it.map_or_else(|| ".".to_owned(), |it| it.to_string());
            let sign = it.kind.sign();
            format!("{}{}{sign}{}", number(it.old), number(it.new), it.text)
        };
        let views = views("a\nb\nc\nd\ne\n", "x\na\nb\nc\nd\nE\n").into_iter();
        expect![[r#"
            .1+x
            12 a
            23 b
            34 c
            45 d
            5.-e
            .6+E"#]]
        .assert_eq(&views.map(told).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn long_texts_are_compared_between_what_is_equal_at_both_ends() {
        let long = |middle: &str| format!("{}{middle}\n{}", "a\n".repeat(5000), "b\n".repeat(5000));
        let shown = lines(&long("one"), &long("two"));
        assert!(shown.contains("- one\n+ two"), "{shown}");
    }
}
