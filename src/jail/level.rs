use std::str::FromStr;

/// Whether hostile bytes are read in a jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// In a whole one, or not at all.
    Required,
    /// In as much of one as this system has.
    BestEffort,
    /// In the program itself.
    Off,
}

impl FromStr for Demand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "required" => Ok(Self::Required),
            "best-effort" => Ok(Self::BestEffort),
            "off" => Ok(Self::Off),
            _ => Err("one of required, best-effort, off".to_owned()),
        }
    }
}

/// How far a jail is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Memory, processor time, size and number of files are bounded.
    pub limits: bool,
    /// No file can be opened (Landlock).
    pub landlock: bool,
    /// No other system calls than those that decoding needs (seccomp).
    pub seccomp: bool,
}

impl Level {
    /// All that there is.
    pub const WHOLE: Self = Self { limits: true, landlock: true, seccomp: true };

    /// Whether nothing is lacking.
    pub fn is_whole(self) -> bool {
        self == Self::WHOLE
    }

    /// What both have.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self::from_byte(self.to_byte() & other.to_byte())
    }

    /// Names of the parts that this system does not have.
    pub fn lacks(self) -> impl Iterator<Item = &'static str> {
        [("limits", self.limits), ("landlock", self.landlock), ("seccomp", self.seccomp)]
            .into_iter()
            .filter_map(|(name, there)| (!there).then_some(name))
    }

    /// One byte for the pipe.
    pub fn to_byte(self) -> u8 {
        u8::from(self.limits) | u8::from(self.landlock) << 1 | u8::from(self.seccomp) << 2
    }

    /// What a byte from the pipe says; unknown bits are left out.
    pub fn from_byte(byte: u8) -> Self {
        let bit = |place: u8| byte >> place & 1 == 1;
        Self { limits: bit(0), landlock: bit(1), seccomp: bit(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_pass_through_a_byte_and_name_what_they_lack() {
        for byte in 0..8 {
            assert_eq!(Level::from_byte(byte).to_byte(), byte);
        }
        assert_eq!(Level::from_byte(0xff), Level::WHOLE);
        assert_eq!(Level { landlock: false, ..Level::WHOLE }.lacks().collect::<Vec<_>>(), ["landlock"]);
        assert_eq!(Level::WHOLE.least(Level::from_byte(5)), Level::from_byte(5));
        assert!(Level::WHOLE.is_whole() && Level::WHOLE.lacks().next().is_none());
    }
}
