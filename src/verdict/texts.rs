//! All texts of answers and pages, each beside its French translation.

mod codes;
mod page;
mod phrases;
mod report;

/// English and French.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

pub(crate) const ALL: [Pairs; 5] =
    [phrases::PAIRS, codes::PAIRS, report::FINDINGS, report::WORDS, page::PAIRS];
