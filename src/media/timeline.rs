use crate::ffi::{Medium, Packet, Ratio, StreamFacts};

/// Microseconds: a later jump than this, in a stream whose time stamps may jump, is a cut and not a pause.
const LATER: i64 = 10_000_000;
/// Microseconds: the same for an earlier one.
const EARLIER: i64 = 100_000;

/// Joins broadcast streams whose clock starts anew in the middle: all streams move by the same amount.
#[derive(Debug)]
pub(crate) struct Clock {
    may_jump: bool,
    /// Microseconds.
    offset: i64,
    expected: Vec<Option<i64>>,
}

impl Clock {
    pub(crate) fn new(may_jump: bool, streams: usize) -> Self {
        Self { may_jump, offset: 0, expected: vec![None; streams] }
    }

    /// Moves the packet to where it belongs on the common time line.
    pub(crate) fn follow(&mut self, packet: &mut Packet, streams: &[StreamFacts]) {
        let Some(stream) = streams.get(packet.stream()).filter(|_| self.may_jump) else { return };
        let Some(expected) = self.expected.get_mut(packet.stream()) else { return };
        let tick = stream.time_base;
        if matches!(stream.medium, Medium::Video | Medium::Audio)
            && let Some(dts) = packet.dts()
        {
            let dts = tick.convert(dts, Ratio::MICROSECOND);
            if let Some(expected) = *expected {
                let ahead = dts.saturating_add(self.offset).saturating_sub(expected);
                if !(-EARLIER..=LATER).contains(&ahead) {
                    self.offset = self.offset.saturating_sub(ahead);
                }
            }
            let length = tick.convert(packet.duration(), Ratio::MICROSECOND);
            *expected = Some(dts.saturating_add(self.offset).saturating_add(length));
        }
        if self.offset != 0 {
            packet.shift(Ratio::MICROSECOND.convert(self.offset, tick));
        }
    }
}

/// Gives each picture a later place than the one before, whatever its time stamp says.
#[derive(Debug)]
pub(crate) struct Line {
    /// Ticks from one picture to the next where nothing better is known.
    nominal: i64,
    /// Ticks in a second, at least 1.
    second: i64,
    moved: i64,
    first: Option<i64>,
    last: Option<i64>,
}

impl Line {
    pub(crate) fn new(tick: Ratio, rate: Option<Ratio>) -> Self {
        let second = tick.positive().map_or(1, |tick| (1.0 / tick).round() as i64).max(1);
        let length = rate.and_then(Ratio::positive).map_or(0.04, |rate| 1.0 / rate);
        Self {
            nominal: ((length * second as f64).round() as i64).max(1),
            second,
            moved: 0,
            first: None,
            last: None,
        }
    }

    pub(crate) fn nominal(&self) -> i64 {
        self.nominal
    }

    pub(crate) fn first(&self) -> Option<i64> {
        self.first
    }

    pub(crate) fn last(&self) -> Option<i64> {
        self.last
    }

    /// The place, in ticks, of a picture with this time stamp.
    pub(crate) fn place(&mut self, stamp: Option<i64>) -> i64 {
        let stamp = stamp.map(|stamp| stamp.saturating_add(self.moved));
        let place = match (self.last, stamp) {
            (None, stamp) => stamp.unwrap_or(0),
            (Some(last), None) => last.saturating_add(self.nominal),
            (Some(last), Some(stamp)) if stamp > last => stamp,
            (Some(last), Some(stamp)) if last.saturating_sub(stamp) > self.second => {
                // A clock that went back for good: what follows goes on from here.
                let place = last.saturating_add(self.nominal);
                self.moved = self.moved.saturating_add(place.saturating_sub(stamp));
                place
            }
            (Some(last), Some(_)) => last.saturating_add(1),
        };
        self.first.get_or_insert(place);
        self.last = Some(place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new(Ratio { num: 1, den: 1000 }, Some(Ratio { num: 25, den: 1 }))
    }

    #[test]
    fn good_time_stamps_stay_as_they_are() {
        let mut line = line();
        let stamps = [80, 120, 121, 500, 20_000];
        assert_eq!(stamps.map(|stamp| line.place(Some(stamp))), stamps);
    }

    #[test]
    fn missing_repeated_and_backward_time_stamps_still_give_a_rising_line() {
        let mut line = line();
        let stamps = [None, None, Some(40), Some(39), Some(5000), Some(1000), Some(1040), None];
        assert_eq!(stamps.map(|stamp| line.place(stamp)), [0, 40, 41, 42, 5000, 5040, 5080, 5120]);
    }

    #[test]
    fn extreme_time_stamps_do_not_overflow() {
        let mut line = line();
        for stamp in [i64::MAX, i64::MIN + 1, i64::MAX, 0] {
            line.place(Some(stamp));
        }
    }
}
