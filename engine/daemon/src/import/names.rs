//! Names for workflows, inputs and secrets, made of what people and pages say.

use std::collections::BTreeSet;

/// How long a name may become.
const LONGEST: usize = 40;

/// Letters and digits of `text` in lower case, everything else as `gap`; empty when nothing is
/// left that can begin a name.
pub(super) fn slug(text: &str, gap: char) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c),
            None if slug.is_empty() || slug.ends_with(gap) => (),
            None => slug.push(gap),
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    let slug = slug.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    slug.trim_end_matches(gap).to_owned()
}

/// What is written where there are no accents.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ù' | 'ú' | 'û' => "u",
        'ç' => "c",
        'ñ' => "n",
        _ => return None,
    })
}

/// `name`, or with a number behind it when it is taken.
pub(super) fn unused(name: &str, gap: char, taken: &mut BTreeSet<String>) -> String {
    let mut numbered = (2..).map(|number| format!("{name}{gap}{number}"));
    let mut candidate = name.to_owned();
    while !taken.insert(candidate.clone()) {
        candidate = numbered.next().unwrap_or_default();
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_unique() {
        assert_eq!(slug("Größe (cm) *", '_'), "groesse_cm");
        assert_eq!(slug("2nd Street", '_'), "nd_street");
        assert_eq!(slug("数量", '_'), "");
        assert_eq!(
            slug("Recording 11/28 at 4:20", '-'),
            "recording-11-28-at-4-20"
        );
        assert_eq!(slug(&"long ".repeat(40), '-').len(), 39);
        let mut taken = BTreeSet::new();
        let names = ["sku", "sku", "sku"].map(|name| unused(name, '_', &mut taken));
        assert_eq!(names, ["sku", "sku_2", "sku_3"]);
    }
}
