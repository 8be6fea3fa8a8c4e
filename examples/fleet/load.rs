use std::f64::consts::TAU;
use std::fmt;

use rand_mt::Mt64;

use crate::costs::Line;

/// Tries of a task, and the waits before its second and third, seconds: those of the fleet.
pub const TRIES: u32 = 3;
pub const AGAIN: [f64; 2] = [10.0, 30.0];
/// Bursts: five times the uploads for three minutes, on average every half an hour. The mean rate stays.
const BURST: (f64, f64, f64) = (5.0, 180.0, 1800.0);

/// How uploads come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One after the other, independently.
    Steady,
    /// Many more at times.
    Bursty,
    /// Some of them take their worker as long as is allowed, in each of their tries.
    Poisoned,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Steady, Self::Bursty, Self::Poisoned];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Steady => "steady",
            Self::Bursty => "bursty",
            Self::Poisoned => "poisoned",
        })
    }
}

/// A task on its way to the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Upload {
    /// When it comes, seconds.
    pub at: f64,
    /// How long a try takes a core, seconds.
    pub service: f64,
    /// All its tries fail.
    pub poison: bool,
}

/// What is uploaded.
#[derive(Debug, Clone, Copy)]
pub struct Uploads {
    /// Median length, seconds, and standard deviation of its logarithm.
    pub median: f64,
    pub spread: f64,
    /// Shares that a manifest settles, and that are poison.
    pub signed: f64,
    pub poison: f64,
    /// What a try of poison takes, seconds.
    pub timeout: f64,
    /// Seconds of video that come in a second.
    pub seconds_a_second: f64,
    pub seed: u32,
}

impl Uploads {
    /// Mean length, seconds.
    pub fn mean(&self) -> f64 {
        self.median * (self.spread * self.spread / 2.0).exp()
    }

    /// Uploads a second.
    pub fn rate(&self) -> f64 {
        self.seconds_a_second / self.mean()
    }

    /// Mean seconds of processor an upload.
    pub fn service(&self, look: &Line, settled: &Line) -> f64 {
        (1.0 - self.signed) * look.at(self.mean()) + self.signed * settled.at(self.mean())
    }

    /// All that comes within so many seconds, in order.
    pub fn arrivals(&self, kind: Kind, look: &Line, settled: &Line, seconds: f64) -> Vec<Upload> {
        let mut lot = Lot(Mt64::new(u64::from(self.seed)));
        let (factor, length, every) = BURST;
        // Between bursts fewer come, so that the mean is the rate.
        let quiet = self.rate() * (every - factor * length) / (every - length);
        let (mut now, mut burst, mut turn) = (0.0, false, lot.exponential(every - length));
        let mut uploads = Vec::new();
        loop {
            let rate = match (kind, burst) {
                (Kind::Bursty, true) => self.rate() * factor,
                (Kind::Bursty, false) => quiet,
                _ => self.rate(),
            };
            let next = now + lot.exponential(1.0 / rate);
            if kind == Kind::Bursty && next > turn {
                // Without memory: what would have come after the turn is drawn anew at the new rate.
                now = turn;
                burst = !burst;
                turn += lot.exponential(if burst { length } else { every - length });
            } else {
                now = next;
                if now > seconds {
                    return uploads;
                }
                let poison = kind == Kind::Poisoned && lot.even() < self.poison;
                let line = if lot.even() < self.signed { settled } else { look };
                let length = self.median * (self.spread * lot.normal()).exp();
                let service = if poison { self.timeout } else { line.at(length) };
                uploads.push(Upload { at: now, service, poison });
            }
            if now > seconds {
                return uploads;
            }
        }
    }
}

struct Lot(Mt64);

impl Lot {
    /// Over 0, at most 1.
    fn even(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.even().ln()
    }

    /// Box and Muller 1958.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.even().ln()).sqrt() * (TAU * self.even()).cos()
    }
}
