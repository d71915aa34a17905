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
    fn texts_that_have_little_in_common_do_not_take_long() {
        let long = |step: usize| {
            let lines =
                (0..200_000_usize).map(|at| format!("{}\n", at.wrapping_mul(step) % 65_537));
            lines.collect::<String>()
        };
        let (old, new) = (long(7_919), long(104_729));
        let shown = views(&old, &new);
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        for it in shown.iter().filter(|it| it.kind != LineKind::Gap) {
            assert!(it.old.is_none_or(|number| old[number - 1] == it.text));
            assert!(it.new.is_none_or(|number| new[number - 1] == it.text));
        }
        // What is shown, and the equal lines that are not, are both texts.
        let count = |kind| shown.iter().filter(|it| it.kind == kind).count();
        assert_eq!(count(LineKind::Removed), count(LineKind::Added));
        assert!(count(LineKind::Removed) > 0);
    }
}
