//! What differs between two texts, line by line.

use std::time::{Duration, Instant};

use botswain_views::{LineKind, LineView};
use similar::{Algorithm, ChangeTag, capture_diff_slices_deadline, group_diff_ops};

/// How many equal lines are shown around what differs.
const AROUND: usize = 2;
/// From then on what is left is compared less closely, so that no two texts take long.
const LONGEST: Duration = Duration::from_millis(200);

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
    let until = Instant::now() + LONGEST;
    let differences = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(until));
    let (mut shown, mut seen) = (Vec::new(), 0);
    for near in group_diff_ops(differences, AROUND) {
        let first = near.first().map_or(0, |it| it.old_range().start);
        if first > seen {
            shown.push(view(LineKind::Gap, (None, None), ""));
        }
        seen = near.last().map_or(first, |it| it.old_range().end);
        for change in near.iter().flat_map(|it| it.iter_changes(&old, &new)) {
            let kind = match change.tag() {
                ChangeTag::Equal => LineKind::Same,
                ChangeTag::Delete => LineKind::Removed,
                ChangeTag::Insert => LineKind::Added,
            };
            let numbers = [change.old_index(), change.new_index()].map(|it| it.map(|at| at + 1));
            shown.push(view(kind, numbers.into(), change.value()));
        }
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
    fn in_long_texts_only_what_differs_is_shown() {
        let long = |first: &str, second: &str| {
            let (same, between) = ("a\n".repeat(5000), "b\n".repeat(5000));
            format!("{same}{first}\n{between}{second}\n{same}")
        };
        expect![[r#"
              …
              a
              a
            - one
            + two
              b
              b
              …
              b
              b
            - three
            + four
              a
              a"#]]
        .assert_eq(&lines(&long("one", "three"), &long("two", "four")));
        let numbered = |step: usize| {
            (0..3000)
                .map(|at| format!("{}\n", at * step))
                .collect::<String>()
        };
        let half = lines(&numbered(1), &numbered(2));
        assert!(half.contains("  2\n- 3\n  4"), "{}", &half[..200]);
    }

    #[test]
    fn ends_of_lines_and_texts_without_any_are_no_difference() {
        assert_eq!(lines("", ""), "");
        assert_eq!(lines("a\r\nb", "a\nb\n"), "");
        assert_eq!(lines("", "a\nb"), "+ a\n+ b");
        assert_eq!(lines("a\nb", ""), "- a\n- b");
    }
}
