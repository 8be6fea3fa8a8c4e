/// What went wrong while reading, counted by sort, in words.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    counts: [(u64, f64); 5],
    ends: Vec<String>,
    lines: Vec<String>,
}

/// Sorts of damage that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Undecodable,
    Concealed,
    Torn,
    Unwritable,
    Unhearable,
}

/// Most remarks kept on how the file ends.
const MOST_ENDS: usize = 8;

impl Damage {
    /// Counts one flaw near `time` seconds.
    pub(crate) fn count(&mut self, flaw: Flaw, time: f64) {
        let (count, first) = &mut self.counts[flaw as usize];
        if *count == 0 {
            *first = time;
        }
        *count += 1;
        self.rewrite();
    }

    /// Adds a remark, once.
    pub(crate) fn remark(&mut self, remark: String) {
        if self.ends.len() < MOST_ENDS && !self.ends.contains(&remark) {
            self.ends.push(remark);
            self.rewrite();
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    fn rewrite(&mut self) {
        self.lines.clear();
        let flaws = [Flaw::Undecodable, Flaw::Concealed, Flaw::Torn, Flaw::Unwritable, Flaw::Unhearable];
        for (flaw, (count, first)) in flaws.into_iter().zip(self.counts) {
            if count == 0 {
                continue;
            }
            let (one, many) = match flaw {
                Flaw::Undecodable => ("packet could not be decoded", "packets could not be decoded"),
                Flaw::Concealed => ("picture is damaged", "pictures are damaged"),
                Flaw::Torn => ("packet is incomplete", "packets are incomplete"),
                Flaw::Unwritable => ("packet could not be copied", "packets could not be copied"),
                Flaw::Unhearable => {
                    ("packet of sound could not be decoded", "packets of sound could not be decoded")
                }
            };
            self.lines.push(if count == 1 {
                format!("1 {one} (near {first:.1} s)")
            } else {
                format!("{count} {many} (first near {first:.1} s)")
            });
        }
        self.lines.extend(self.ends.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flaws_are_counted_into_one_line_a_sort_and_remarks_kept_once() {
        let mut damage = Damage::default();
        damage.count(Flaw::Undecodable, 1.24);
        assert_eq!(damage.lines(), ["1 packet could not be decoded (near 1.2 s)"]);
        for _ in 0..1000 {
            damage.count(Flaw::Undecodable, 9.0);
            damage.remark("the file ends early".to_owned());
        }
        assert_eq!(
            damage.lines(),
            ["1001 packets could not be decoded (first near 1.2 s)", "the file ends early"]
        );
    }
}
