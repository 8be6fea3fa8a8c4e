use std::sync::atomic::AtomicU64;
use std::time::Duration;

use filigrane_archive::{Count, Kind};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// What is counted, in the form that Prometheus reads. Names of clips, keys and people are in none of it.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    jobs: Family<JobLabels, Counter>,
    job_seconds: Histogram,
    clips: Family<StateLabels, Gauge<i64>>,
    kept: Gauge<i64>,
    /// Videos received whole, and their bytes.
    pub received: Counter,
    pub bytes: Counter<u64, AtomicU64>,
    /// Uploads turned away because a bound was reached.
    pub refused: Counter,
    /// Failures of the archive met by the workers.
    pub failures: Counter,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("filigrane");
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Histogram::new(exponential_buckets(0.001, 4.0, 9)),
            jobs: Family::default(),
            job_seconds: Histogram::new(exponential_buckets(0.1, 2.0, 14)),
            clips: Family::default(),
            kept: Gauge::default(),
            received: Counter::default(),
            bytes: Counter::default(),
            refused: Counter::default(),
            failures: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        let seconds = metrics.request_seconds.clone();
        registry.register_with_unit("http_request", "Time to an answer's header", Unit::Seconds, seconds);
        registry.register("jobs", "Jobs ended", metrics.jobs.clone());
        let seconds = metrics.job_seconds.clone();
        registry.register_with_unit("job", "Time of work on one video", Unit::Seconds, seconds);
        registry.register("clips", "Videos kept, by state", metrics.clips.clone());
        registry.register_with_unit("kept", "Size of the videos kept", Unit::Bytes, metrics.kept.clone());
        registry.register("uploads", "Videos received whole", metrics.received.clone());
        registry.register_with_unit("uploads", "Bytes of them", Unit::Bytes, metrics.bytes.clone());
        registry.register("uploads_refused", "Uploads turned away at a bound", metrics.refused.clone());
        registry.register("archive_failures", "Failures of the archive", metrics.failures.clone());
        Self { registry, ..metrics }
    }

    /// Counts an answer. `route` is the pattern of the path, not the path.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    pub fn job(&self, kind: Kind, outcome: &'static str, took: Duration) {
        self.jobs.get_or_create(&JobLabels { kind: kind.as_str(), outcome }).inc();
        self.job_seconds.observe(took.as_secs_f64());
    }

    /// Everything as text, with the archive's counts as they are now.
    pub fn text(&self, counts: &[Count]) -> String {
        for state in filigrane_archive::State::ALL {
            let count = counts.iter().find(|count| count.state == state).map_or(0, |count| count.clips);
            self.clips
                .get_or_create(&StateLabels { state: state.as_str() })
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let kept: u64 = counts.iter().map(|count| count.bytes).sum();
        self.kept.set(i64::try_from(kept).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing into memory has no reason to fail; a part of the numbers is better than none.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_counts_what_was_told_and_names_no_path() {
        let metrics = Metrics::new();
        metrics.request("GET", "/clips/{id}", 200, Duration::from_millis(3));
        metrics.job(Kind::Check, "signed", Duration::from_secs(2));
        let count = Count { state: filigrane_archive::State::Queued, clips: 4, bytes: 9 };
        let text = metrics.text(&[count]);
        for line in [
            "filigrane_http_requests_total{method=\"GET\",route=\"/clips/{id}\",status=\"200\"} 1",
            "filigrane_jobs_total{kind=\"check\",outcome=\"signed\"} 1",
            "filigrane_clips{state=\"queued\"} 4",
            "filigrane_kept_bytes 9",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
