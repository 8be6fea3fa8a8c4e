use super::c;

/// A fraction as FFmpeg keeps it; a zero denominator means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ratio {
    pub(crate) num: i32,
    pub(crate) den: i32,
}

impl Ratio {
    pub(crate) const MICROSECOND: Self = Self { num: 1, den: 1_000_000 };

    /// The value when both parts are positive.
    pub(crate) fn positive(self) -> Option<f64> {
        (self.num > 0 && self.den > 0).then(|| f64::from(self.num) / f64::from(self.den))
    }

    pub(crate) fn inverse(self) -> Self {
        Self { num: self.den, den: self.num }
    }

    /// `ticks` of this length, in ticks of `other`, to the nearest.
    pub(crate) fn convert(self, ticks: i64, other: Self) -> i64 {
        // SAFETY: arithmetic on values only.
        unsafe { c::av_rescale_q(ticks, self.into(), other.into()) }
    }

    /// Seconds of `ticks` ticks; 0 when the length of a tick is unknown.
    pub(crate) fn seconds(self, ticks: i64) -> f64 {
        self.positive().map_or(0.0, |tick| ticks as f64 * tick)
    }
}

impl From<c::AVRational> for Ratio {
    fn from(value: c::AVRational) -> Self {
        Self { num: value.num, den: value.den }
    }
}

impl From<Ratio> for c::AVRational {
    fn from(value: Ratio) -> Self {
        Self { num: value.num, den: value.den }
    }
}
