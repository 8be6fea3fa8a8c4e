/// The least number of cores that are enough, where more than enough are enough too.
pub fn least(mut enough: impl FnMut(usize) -> bool) -> usize {
    let mut most = 1;
    while !enough(most) {
        most *= 2;
    }
    let mut few = most / 2;
    while most - few > 1 {
        let middle = usize::midpoint(few, most);
        if enough(middle) {
            most = middle;
        } else {
            few = middle;
        }
    }
    most
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_least_number_is_found() {
        for wanted in 1..70 {
            assert_eq!(super::least(|cores| cores >= wanted), wanted);
        }
    }
}
