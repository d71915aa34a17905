//! What differs between two texts, line by line.

/// Larger texts are compared as a whole: the table below grows with the product.
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
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), came.lines().collect());
    let all = match old.len() > LINES || new.len() > LINES {
        true => {
            let old = old.into_iter().map(Line::Only);
            old.chain(new.into_iter().map(Line::New)).collect()
        }
        false => compared(&old, &new),
    };
    shown(&all)
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

fn shown(all: &[Line<'_>]) -> String {
    let differs = |at: usize| !matches!(all[at], Line::Same(_));
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(all.len());
        (from..to).any(differs)
    };
    let (mut text, mut left_out) = (Vec::new(), false);
    for (at, line) in all.iter().enumerate() {
        if !near(at) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            text.push("  …".to_owned());
        }
        text.push(match line {
            Line::Same(line) => format!("  {line}").trim_end().to_owned(),
            Line::Only(line) => format!("- {line}"),
            Line::New(line) => format!("+ {line}"),
        });
    }
    text.join("\n")
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
}
