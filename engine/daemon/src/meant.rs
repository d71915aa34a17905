//! What was probably meant by the name of a workflow that is not there.

use botswain_core::language::suggest;

/// The one that was meant, or all that there are; nothing when there is none.
pub(crate) fn workflow(name: &str, known: &[&str]) -> Option<String> {
    // `check` and `test` take a path, so it is given elsewhere too.
    let bare = name.rsplit('/').next().unwrap_or(name);
    let bare = bare.trim_end_matches(".yaml");
    if bare != name && known.contains(&bare) {
        return Some(format!("name it without its folder and ending: `{bare}`"));
    }
    match suggest::nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("there are: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::workflow;

    #[test]
    fn a_path_and_a_slip_are_understood() {
        let known = ["picking", "stock"];
        let hints = ["workflows/picking.yaml", "stok", "z"].map(|name| workflow(name, &known));
        let expected = [
            "name it without its folder and ending: `picking`",
            "did you mean `stock`?",
            "there are: picking, stock",
        ];
        assert_eq!(hints, expected.map(|it| Some(it.to_owned())));
        assert_eq!(workflow("z", &[]), None);
    }
}
