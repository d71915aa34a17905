//! The global numbers of facts: each once, none missing.

use crate::verify::Finding;

/// Which numbers were seen, one bit each.
#[derive(Default)]
pub(super) struct Numbers {
    seen: Vec<u64>,
    twice: Vec<Finding>,
}

impl Numbers {
    pub(super) fn see(&mut self, number: u64, key: &[u8]) {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit != 0 {
            let problem = format!("its global number {number} is another fact's too");
            let run = crate::key::run_of(key);
            self.twice
                .push(Finding::of_record(key, run.as_ref(), problem));
        }
        self.seen[word] |= bit;
    }

    /// What is wrong with the numbers below `total`, of which `pruned` are gone rightly.
    pub(super) fn missing(&mut self, total: u64, pruned: u64) -> Vec<Finding> {
        let absent = |number: &u64| {
            let word = self.seen.get((number / 64) as usize).copied();
            word.unwrap_or(0) & (1 << (number % 64)) == 0
        };
        let gone: Vec<u64> = (0..total).filter(absent).collect();
        let mut findings = std::mem::take(&mut self.twice);
        if gone.len() as u64 != pruned {
            let (first, last) = (gone.first(), gone.last());
            let range = first.zip(last).map_or_else(String::new, |(first, last)| {
                format!(", with global numbers from {first} to {last}")
            });
            let problem = format!(
                "{} of {total} facts are not there{range}; {pruned} were pruned",
                gone.len()
            );
            let about = "the facts".to_owned();
            findings.push(Finding {
                about,
                run: None,
                problem,
            });
        }
        findings
    }
}
