//! A polar code with list decoding (Arikan 2009; Tal, Vardy 2015; metric by Balatsoukas-Stimming et al. 2015).

/// A polar code of length `2^log_length`; the frozen positions are the least reliable by polarisation weight
/// (He et al. 2017, beta = 2^(1/4)).
pub(crate) struct PolarCode {
    log_length: u32,
    /// Whether a position carries information.
    free: Vec<bool>,
}

impl PolarCode {
    /// # Panics
    /// When more information bits are asked for than the code has positions.
    pub fn new(log_length: u32, information: usize) -> Self {
        let length = 1usize << log_length;
        assert!(information <= length);
        let weight = |position: usize| -> f64 {
            (0..log_length)
                .filter(|bit| position >> bit & 1 == 1)
                .map(|bit| 2f64.powf(f64::from(bit) / 4.0))
                .sum()
        };
        let mut order: Vec<usize> = (0..length).collect();
        order.sort_by(|&a, &b| weight(a).total_cmp(&weight(b)).then(a.cmp(&b)));
        let mut free = vec![false; length];
        for &position in &order[length - information..] {
            free[position] = true;
        }
        Self { log_length, free }
    }

    /// The code word of `information`, in natural (not bit-reversed) order.
    ///
    /// # Panics
    /// When the number of information bits is not the code's.
    pub fn encode(&self, information: &[bool]) -> Vec<bool> {
        assert_eq!(information.len(), self.free.iter().filter(|free| **free).count());
        let mut bits = information.iter().copied();
        let mut word: Vec<bool> = self.free.iter().map(|&free| free && bits.next() == Some(true)).collect();
        for level in 0..self.log_length {
            let half = 1 << level;
            for block in word.chunks_exact_mut(2 * half) {
                let (left, right) = block.split_at_mut(half);
                for (left, right) in left.iter_mut().zip(right) {
                    *left ^= *right;
                }
            }
        }
        word
    }

    /// The `list` likeliest information words found, best first.
    ///
    /// `likelihoods[i]` is the log-likelihood ratio of code bit `i`: positive means 0.
    ///
    /// # Panics
    /// When the number of likelihoods is not the code's length.
    pub fn decode(&self, likelihoods: &[f32], list: usize) -> Vec<Vec<bool>> {
        assert_eq!(likelihoods.len(), self.free.len());
        let mut paths = vec![Path::new(likelihoods, self.log_length)];
        for (position, &free) in self.free.iter().enumerate() {
            for path in &mut paths {
                path.descend(position);
            }
            if !free {
                for path in &mut paths {
                    path.decide(position, false, false);
                }
                continue;
            }
            // Each path goes on both ways; only the best survive.
            let mut ways: Vec<(f32, usize, bool)> = paths
                .iter()
                .enumerate()
                .flat_map(|(index, path)| {
                    [false, true].map(|bit| (path.metric + path.penalty(bit), index, bit))
                })
                .collect();
            ways.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            ways.truncate(list);
            let mut next = Vec::with_capacity(ways.len());
            for (_, index, bit) in ways {
                let mut path = paths[index].clone();
                path.decide(position, bit, true);
                next.push(path);
            }
            paths = next;
        }
        paths.sort_by(|a, b| a.metric.total_cmp(&b.metric));
        paths.into_iter().map(|path| path.bits).collect()
    }
}

#[derive(Clone)]
struct Path {
    /// `likelihoods[level]` holds the `2^level` values of the node on the way to the current position.
    likelihoods: Vec<Vec<f32>>,
    /// `left[level]` holds the code bits of the finished left sibling at that level.
    left: Vec<Vec<bool>>,
    bits: Vec<bool>,
    metric: f32,
}

impl Path {
    fn new(received: &[f32], log_length: u32) -> Self {
        let mut likelihoods: Vec<_> = (0..log_length).map(|level| vec![0.0; 1 << level]).collect();
        likelihoods.push(received.to_vec());
        let left = (0..log_length).map(|level| vec![false; 1 << level]).collect();
        Self { likelihoods, left, bits: Vec::new(), metric: 0.0 }
    }

    /// Brings `likelihoods[0]` to the given position, from the lowest node shared with the position before.
    fn descend(&mut self, position: usize) {
        let top = self.left.len();
        let fork = if position == 0 { top } else { position.trailing_zeros() as usize };
        if position != 0 {
            let (below, above) = self.likelihoods.split_at_mut(fork + 1);
            let (first, second) = above[0].split_at(1 << fork);
            for (index, value) in below[fork].iter_mut().enumerate() {
                let sign = if self.left[fork][index] { -1.0 } else { 1.0 };
                *value = second[index] + sign * first[index];
            }
        }
        for level in (0..fork).rev() {
            let (below, above) = self.likelihoods.split_at_mut(level + 1);
            let (first, second) = above[0].split_at(1 << level);
            for (index, value) in below[level].iter_mut().enumerate() {
                let (a, b) = (first[index], second[index]);
                *value = a.signum() * b.signum() * a.abs().min(b.abs());
            }
        }
    }

    fn penalty(&self, bit: bool) -> f32 {
        let likelihood = self.likelihoods[0][0];
        if (likelihood < 0.0) == bit { 0.0 } else { likelihood.abs() }
    }

    fn decide(&mut self, position: usize, bit: bool, free: bool) {
        self.metric += self.penalty(bit);
        if free {
            self.bits.push(bit);
        }
        let mut word = vec![bit];
        for (level, left) in self.left.iter_mut().enumerate() {
            if position >> level & 1 == 0 {
                left.copy_from_slice(&word);
                break;
            }
            let mut joined: Vec<bool> = left.iter().zip(&word).map(|(left, right)| left ^ right).collect();
            joined.append(&mut word);
            word = joined;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn clean_words_decode_first_in_the_list(bits in proptest::collection::vec(any::<bool>(), 80)) {
            let code = PolarCode::new(8, 80);
            let received: Vec<f32> = code.encode(&bits).iter().map(|&bit| if bit { -1.0 } else { 1.0 }).collect();
            prop_assert_eq!(&code.decode(&received, 4)[0], &bits);
        }
    }

    /// Random words of (256, 80) as they come through noise, with energy per code bit `es_n0` dB over the noise's density.
    fn noisy_words(es_n0: f64, count: usize) -> Vec<(Vec<bool>, Vec<f32>)> {
        let code = PolarCode::new(8, 80);
        let mut state = 1u64;
        let mut uniform = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        let sigma = (0.5 / 10f64.powf(es_n0 / 10.0)).sqrt();
        let mut word = || {
            let bits: Vec<bool> = (0..80).map(|_| uniform() < 0.5).collect();
            let received = code.encode(&bits).into_iter().map(|bit| {
                let noise = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
                ((if bit { -1.0 } else { 1.0 }) + sigma * noise) as f32
            });
            let received = received.collect();
            (bits, received)
        };
        (0..count).map(|_| word()).collect()
    }

    fn right(words: &[(Vec<bool>, Vec<f32>)], list: usize) -> usize {
        let code = PolarCode::new(8, 80);
        words.iter().filter(|(bits, received)| code.decode(received, list).contains(bits)).count()
    }

    /// At Eb/N0 = 3 dB a (256, 80) word with list 32 should fail less than once in hundreds.
    #[test]
    fn noisy_words_decode_at_three_decibels() {
        let words = noisy_words(3.0 + 10.0 * (80.0f64 / 256.0).log10(), 60);
        assert!(right(&words, 32) >= 59, "{} of 60", right(&words, 32));
    }

    #[test]
    fn a_long_list_reads_words_that_a_short_one_misses() {
        let words = noisy_words(-5.6, 40);
        let (short, long) = (right(&words, 32), right(&words, 1024));
        assert!(long >= short + 4, "{short} and {long} of 40");
    }
}
