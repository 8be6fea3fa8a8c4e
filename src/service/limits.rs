use std::time::Duration;

/// Bounds on what callers together may make the service spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLimits {
    /// Connections at a time; further ones wait to be taken.
    pub connections: usize,
    /// Longest that a connection lives, whatever goes on over it.
    pub connection_life: Duration,
    /// Longest wait for the header of a request, and for a caller who takes nothing in.
    pub patience: Duration,
    /// Longest time for a request, its body included.
    pub request: Duration,
    /// The same for a request with a video, which has to be sent and looked at.
    pub content: Duration,
    /// Look-ups in the registry at a time; further requests are turned away.
    pub lookups: usize,
    /// Manifests in memory at a time, on their way in or out.
    pub manifests: usize,
    /// Videos at a time, being received or looked at.
    pub videos: usize,
    /// Largest JSON body, bytes.
    pub json_bytes: usize,
    /// Largest manifest store taken in, bytes.
    pub manifest_bytes: usize,
    /// Largest video, bytes.
    pub video_bytes: u64,
    /// Most matches in one answer.
    pub matches: usize,
    /// Longest time for a request with a video for the newsroom; what did not come can be sent on later.
    pub upload: Duration,
    /// Videos being received by the newsroom at a time.
    pub uploads: usize,
    /// Largest video taken by the newsroom, bytes.
    pub upload_bytes: u64,
    /// Videos worked on at a time.
    pub workers: usize,
    /// Most videos that wait for their turn.
    pub backlog: u64,
    /// Most bytes of videos kept.
    pub kept_bytes: u64,
    /// How long videos are kept after they came; without, until somebody removes them.
    pub kept_for: Option<Duration>,
    /// Callers that watch the progress of a job at a time.
    pub watchers: usize,
    /// Most requests of one caller to the newsroom in a minute.
    pub requests_a_minute: u32,
}

impl Default for ServiceLimits {
    /// For one small machine: two videos at a time in look-ups, of 1 GiB and five minutes of work each; one in the newsroom.
    fn default() -> Self {
        Self {
            connections: 512,
            connection_life: Duration::from_secs(3600),
            patience: Duration::from_secs(15),
            request: Duration::from_secs(30),
            content: Duration::from_secs(5 * 60),
            lookups: 32,
            manifests: 16,
            videos: 2,
            json_bytes: 2 << 20,
            manifest_bytes: 16 << 20,
            video_bytes: 1 << 30,
            matches: 64,
            upload: Duration::from_secs(3600),
            uploads: 64,
            upload_bytes: 4 << 30,
            workers: 1,
            backlog: 512,
            kept_bytes: 64 << 30,
            kept_for: None,
            watchers: 128,
            requests_a_minute: 1200,
        }
    }
}
