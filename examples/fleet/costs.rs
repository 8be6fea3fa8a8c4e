use std::fmt;
use std::path::Path;

/// Measured processor time of looking at videos, by depth and length.
pub struct Costs(Vec<Point>);

struct Point {
    depth: String,
    seconds: f64,
    cpu: f64,
}

/// Processor time as a line over the length of the video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Seconds of processor for a video of no length.
    pub start: f64,
    /// Seconds of processor a second of video.
    pub slope: f64,
}

impl Line {
    /// Seconds of processor for a video of so many seconds.
    pub fn at(&self, seconds: f64) -> f64 {
        (self.start + self.slope * seconds).max(0.0)
    }
}

/// What is wrong with a table of costs.
#[derive(Debug)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl Costs {
    /// Reads `depth,seconds,cpu_s` lines below a heading; further columns are left alone.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Fault(format!("{}: {error}", path.display())))?;
        let mut points = Vec::new();
        for (number, line) in text.lines().enumerate().skip(1) {
            let mut cells = line.split(',');
            let depth = cells.next().unwrap_or_default().to_owned();
            let mut figure =
                || cells.next().and_then(|cell| cell.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
            let (Some(seconds), Some(cpu)) = (figure(), figure()) else {
                return Err(Fault(format!(
                    "{}, line {}: no depth, seconds, cpu_s",
                    path.display(),
                    number + 1
                )));
            };
            points.push(Point { depth, seconds, cpu });
        }
        Ok(Self(points))
    }

    /// The line of least squares through what was measured at a depth; of one length alone, a constant.
    pub fn of(&self, depth: &str) -> Result<Line, Fault> {
        let points: Vec<_> = self.0.iter().filter(|point| point.depth == depth).collect();
        if points.is_empty() {
            return Err(Fault(format!("nothing was measured at the depth {depth:?}")));
        }
        let count = points.len() as f64;
        let mean = |of: fn(&Point) -> f64| points.iter().map(|point| of(point)).sum::<f64>() / count;
        let (seconds, cpu) = (mean(|point| point.seconds), mean(|point| point.cpu));
        let spread: f64 = points.iter().map(|point| (point.seconds - seconds).powi(2)).sum();
        let together: f64 = points.iter().map(|point| (point.seconds - seconds) * (point.cpu - cpu)).sum();
        let slope = if spread > 0.0 { together / spread } else { 0.0 };
        Ok(Line { start: cpu - slope * seconds, slope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_a_line_through_what_was_measured_and_faults_name_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("costs.csv");
        std::fs::write(&table, "depth,seconds,cpu_s,peak_mb\na,10,1.5,90\na,60,4,90\nb,60,0.2,80\n").unwrap();
        let costs = Costs::read(&table).unwrap();
        let line = costs.of("a").unwrap();
        assert!((line.start - 1.0).abs() < 1e-9 && (line.slope - 0.05).abs() < 1e-9, "{line:?}");
        assert!((costs.of("b").unwrap().at(1e6) - 0.2).abs() < 1e-9);
        assert!(costs.of("c").unwrap_err().to_string().contains("\"c\""));
        std::fs::write(&table, "depth,seconds,cpu_s\na,10,NaN\n").unwrap();
        assert!(Costs::read(&table).err().unwrap().to_string().contains("line 2"));
    }
}
