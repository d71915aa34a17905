//! `botswain audit`

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    /// Only what this person has done.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: Option<String>,
    /// Only this kind of act, as in `decide`, `sign_in` or `change_person`.
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(names()))]
    pub(in crate::cli) act: Option<String>,
    /// Only what is about this, as in `exception 12` or a part of it.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) on: Option<String>,
    /// As in `2026-03-29T14:00`, in your zone, or `2026-03-29T14:00:00Z`.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<String>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<String>,
    /// How many to list at most.
    #[arg(long, default_value_t = 50, value_parser = super::at_least_one)]
    pub(in crate::cli) limit: usize,
    /// Give all that fits as CSV, for a spreadsheet.
    #[arg(long, conflicts_with = "limit")]
    pub(in crate::cli) csv: bool,
}

fn names() -> Vec<&'static str> {
    let acts = botswain_views::Act::ALL;
    acts.into_iter().map(botswain_views::Act::name).collect()
}
