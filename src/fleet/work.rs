use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use riverqueue::jiff::Timestamp;
use riverqueue::{Job, WorkCancelled, WorkContext, WorkError, WorkOutcome, Worker, WorkerTimeout};
use tokio::sync::mpsc::Sender;

use crate::finish::{Ending, Try};
use crate::jobs::REASON;
use crate::link::Link;
use crate::store::{passes, told};
use crate::task::{Args, TRIES};
use crate::{Bench, Fault, News, Pace, Stop};

/// Largest document kept, bytes.
const LARGEST: usize = 16 << 20;
/// Longest reason kept, characters.
const LONGEST_REASON: usize = 500;

/// Takes River's jobs to the bench and what comes of them to the database.
pub(crate) struct Hand {
    pub bench: Arc<dyn Bench>,
    pub link: Link,
    /// Tasks at work.
    pub busy: Arc<AtomicUsize>,
    pub pace: Pace,
    /// Set when this worker is to stop.
    pub stopping: Arc<AtomicBool>,
    pub tell: Sender<News>,
}

/// How a try ends without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It costs a try.
    #[error("{0}")]
    Failed(String),
    /// It is given back.
    #[error("given back")]
    GivenBack(#[source] WorkCancelled),
}

impl Worker<Args> for Hand {
    type Error = Trouble;

    fn timeout(&self, _: &Job<Args>) -> WorkerTimeout {
        WorkerTimeout::After(self.pace.a_try())
    }

    fn next_retry(&self, job: &Job<Args>, _: &WorkError, _: Timestamp) -> Option<Duration> {
        Some(self.pace.again(job.row.attempt))
    }

    async fn work(&self, context: WorkContext, job: Job<Args>) -> Result<WorkOutcome, Trouble> {
        let begun = Instant::now();
        let _busy = Busy::with(&self.busy);
        let own =
            Try { link: &self.link, context: &context, id: job.row.id, number: i64::from(job.row.attempt) };
        let answer = self.answer(&context, &job).await;
        let result = answer.as_ref().ok().map(|document| (&job.args, document.as_str()));
        match own.end(result).await {
            Ok(Ending::Own) => match answer {
                Ok(_) => {
                    self.say(News::Done { id: own.id, seconds: begun.elapsed().as_secs_f64() });
                    Ok(WorkOutcome::Complete)
                }
                Err(fault) => self.end(&context, &job, fault, begun),
            },
            Ok(Ending::Others) => {
                self.say(News::TakenOver { id: own.id });
                own.yield_to_other(&self.stopping).await;
                // Changes nothing, as the job is not running now; should it be again, it is tried once more, which a
                // completion without a result would prevent.
                Err(Trouble::Failed("taken over by another worker".to_owned()))
            }
            // The database's fault, not the task's: it is given back when the database is there again.
            Err(riverqueue::Error::Database(error)) if passes(&error) => {
                self.say(News::GivenBack { id: own.id });
                Ok(WorkOutcome::Snooze(Duration::ZERO))
            }
            Err(error) => {
                let why = format!("the result could not be kept: {}", told(&error));
                self.end(&context, &job, Fault::Passing(why), begun)
            }
        }
    }
}

impl Hand {
    /// Has the bench do the work on a thread of its own.
    async fn answer(&self, context: &WorkContext, job: &Job<Args>) -> Result<String, Fault> {
        let task = job.args.task(job.row.priority).map_err(|error| Fault::Lasting(error.to_string()))?;
        let stop = Arc::new(Stop::default());
        let (bench, asked) = (Arc::clone(&self.bench), Arc::clone(&stop));
        let mut work = tokio::task::spawn_blocking(move || bench.answer(&task, &asked));
        let cancelled = context.cancellation_token();
        let done = tokio::select! {
            done = &mut work => done,
            () = cancelled.cancelled() => {
                stop.ask();
                work.await
            }
        };
        let document =
            done.unwrap_or_else(|error| Err(Fault::Passing(format!("the work broke off: {error}"))))?;
        if document.len() > LARGEST {
            return Err(Fault::Lasting(format!("its result has over {} MiB", LARGEST >> 20)));
        }
        Ok(document)
    }

    fn end(
        &self,
        context: &WorkContext,
        job: &Job<Args>,
        fault: Fault,
        begun: Instant,
    ) -> Result<WorkOutcome, Trouble> {
        let cancelled = context.cancellation_token().is_cancelled();
        let stopping = self.stopping.load(Ordering::SeqCst);
        let (id, tries) = (job.row.id, job.row.attempt);
        let late = cancelled && begun.elapsed() >= self.pace.a_try();
        match fault {
            Fault::Stopped if late => {
                let why = format!("took longer than {} s", self.pace.a_try().as_secs_f64());
                Err(self.failed(id, tries, why))
            }
            Fault::Passing(why) if late => Err(self.failed(id, tries, why)),
            // A fault of one that is being stopped anyway is no fault of the task.
            Fault::Stopped | Fault::Passing(_) if cancelled => {
                self.say(News::GivenBack { id });
                Err(Trouble::GivenBack(WorkCancelled))
            }
            Fault::Stopped if stopping => {
                self.say(News::GivenBack { id });
                Ok(WorkOutcome::Snooze(Duration::ZERO))
            }
            Fault::Stopped => Err(self.failed(id, tries, "stopped for no reason".to_owned())),
            Fault::Passing(why) => Err(self.failed(id, tries, why)),
            Fault::Lasting(why) => {
                let why = shortened(&why);
                // Text that can't be kept is left out.
                let _ = context.metadata_set(REASON, &why);
                self.say(News::Failed { id, dead: true, why });
                Ok(WorkOutcome::Discard)
            }
        }
    }

    fn failed(&self, id: i64, tries: i32, why: String) -> Trouble {
        let why = shortened(&why);
        self.say(News::Failed { id, dead: tries >= TRIES, why: why.clone() });
        Trouble::Failed(why)
    }

    /// What nobody listens to in time is left out.
    fn say(&self, news: News) {
        let _ = self.tell.try_send(news);
    }
}

/// Counts one who works, until it goes.
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn with(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// PostgreSQL keeps no zero characters.
fn shortened(why: &str) -> String {
    why.chars().filter(|character| *character != '\0').take(LONGEST_REASON).collect()
}
