use crate::NAMES;

/// A gradient-boosted ensemble of regression trees (Friedman 2001) over the [`statistics`](crate::statistics).
#[derive(Debug, Clone, PartialEq)]
pub struct Trees {
    pub(crate) base: f64,
    pub(crate) trees: Vec<Vec<Node>>,
    pub(crate) camera: Option<Vec<f32>>,
}

/// A node of a tree; node 0 is the root.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    /// What a leaf adds to the log-odds; of an inner node, what its leaves add on average.
    pub value: f64,
    pub split: Option<Split>,
}

/// Where an inner node sends a burst: left when the statistic is at most the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub statistic: usize,
    pub threshold: f64,
    pub left: usize,
    pub right: usize,
    pub missing_left: bool,
}

/// What an ensemble says of a burst.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Log-odds of being generated.
    pub log_odds: f64,
    /// What each of [`NAMES`] moved it by; with [`Trees::expected`] they add up to it.
    pub by_statistic: Vec<f64>,
}

impl Trees {
    /// Log-odds of being generated where nothing is known: the mean over the training data.
    pub fn expected(&self) -> f64 {
        self.base + self.trees.iter().filter_map(|tree| tree.first()).map(|root| root.value).sum::<f64>()
    }

    /// What cameras usually measure for each of [`NAMES`], where the document tells it.
    pub fn camera(&self) -> Option<&[f32]> {
        self.camera.as_deref()
    }

    /// Log-odds of being generated for a burst's statistics, in the order of [`NAMES`], and what each statistic moved them
    /// by: each step down a tree is put down to the statistic that it asks (Saabas 2014). A statistic that is missing in
    /// the slice, or not a number, goes the way that the training chose for such.
    pub fn assess(&self, statistics: &[f32]) -> Assessment {
        let mut by_statistic = vec![0.0; NAMES.len()];
        let mut log_odds = self.base;
        for tree in &self.trees {
            let Some(mut node) = tree.first() else { continue };
            while let Some(split) = node.split {
                let value = statistics.get(split.statistic).copied().unwrap_or(f32::NAN);
                let left =
                    if value.is_nan() { split.missing_left } else { f64::from(value) <= split.threshold };
                // The document was checked: each step leads to another node of the tree.
                let Some(next) = tree.get(if left { split.left } else { split.right }) else { break };
                if let Some(sum) = by_statistic.get_mut(split.statistic) {
                    *sum += next.value - node.value;
                }
                node = next;
            }
            log_odds += node.value;
        }
        Assessment { log_odds, by_statistic }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Asks statistic 3 at 0.5, and on the right statistic 7 at -1.
    pub(crate) fn small() -> Trees {
        let leaf = |value| Node { value, split: None };
        let inner = |value, statistic, threshold, left, right| Node {
            value,
            split: Some(Split { statistic, threshold, left, right, missing_left: true }),
        };
        Trees {
            base: 0.25,
            trees: vec![
                vec![inner(0.1, 3, 0.5, 1, 2), leaf(-1.0), inner(0.6, 7, -1.0, 3, 4), leaf(2.0), leaf(0.3)],
                vec![leaf(0.5)],
            ],
            camera: None,
        }
    }

    fn with(values: &[(usize, f32)]) -> Vec<f32> {
        let mut statistics = vec![0.0; NAMES.len()];
        for &(index, value) in values {
            statistics[index] = value;
        }
        statistics
    }

    #[test]
    fn a_burst_goes_left_at_the_threshold_and_right_above_it() {
        let trees = small();
        assert_eq!(trees.assess(&with(&[(3, 0.5)])).log_odds, 0.25 - 1.0 + 0.5);
        assert_eq!(trees.assess(&with(&[(3, 0.51), (7, -1.0)])).log_odds, 0.25 + 2.0 + 0.5);
        assert_eq!(trees.assess(&with(&[(3, 0.51)])).log_odds, 0.25 + 0.3 + 0.5);
        assert_eq!(trees.assess(&with(&[(3, f32::NAN)])).log_odds, 0.25 - 1.0 + 0.5);
        assert_eq!(trees.assess(&[]).log_odds, 0.25 - 1.0 + 0.5);
    }

    proptest! {
        #[test]
        fn contributions_add_up_to_the_log_odds(third in -2.0_f32..2.0, seventh in -2.0_f32..2.0) {
            let trees = small();
            let found = trees.assess(&with(&[(3, third), (7, seventh)]));
            let sum = trees.expected() + found.by_statistic.iter().sum::<f64>();
            prop_assert!((sum - found.log_odds).abs() < 1e-12);
            prop_assert!(found.by_statistic[3] != 0.0);
            prop_assert_eq!(found.by_statistic[7] != 0.0, third > 0.5);
        }
    }
}
