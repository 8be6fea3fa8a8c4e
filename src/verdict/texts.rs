//! All texts of answers and pages, each beside its French translation.

pub(crate) mod clues;
mod codes;
pub(crate) mod messages;
mod page;
mod phrases;
mod report;

/// English and French.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

pub(crate) const ALL: [Pairs; 9] = [
    phrases::PAIRS,
    codes::PAIRS,
    report::FINDINGS,
    report::WORDS,
    page::PAIRS,
    clues::SENTENCES,
    clues::PARTS,
    messages::PAIRS,
    messages::FRAMES,
];
