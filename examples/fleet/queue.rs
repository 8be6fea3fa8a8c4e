use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use crate::load::{AGAIN, TRIES, Upload};

/// What was seen of a queue.
pub struct Course {
    /// Waits of all first tries that were counted, seconds, in order.
    waits: Vec<f64>,
    /// Share of the time that a core works.
    pub busy: f64,
    /// Most tasks that waited at once.
    pub most_waiting: usize,
    /// Tasks that failed in all their tries.
    pub given_up: usize,
}

impl Course {
    /// The wait that a share of the tasks does not exceed, seconds.
    pub fn wait(&self, share: f64) -> f64 {
        let last = self.waits.len().saturating_sub(1);
        let index = (share * self.waits.len() as f64).ceil() as usize;
        self.waits.get(index.saturating_sub(1).min(last)).copied().unwrap_or(0.0)
    }
}

#[derive(Debug, Clone, Copy)]
struct Task {
    upload: Upload,
    tries: u32,
}

/// What happens next: a core is through with a task, or a task that failed is to be tried again.
#[derive(Debug)]
enum Next {
    Done(Task),
    Again(Task),
}

/// When something happens; those of one time in the order in which they were planned.
struct Event(f64, u64, Next);

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

/// First come, first served by so many cores; tasks that come before `counted` (seconds) only fill the queue.
pub fn run(uploads: Vec<Upload>, cores: usize, counted: f64) -> Course {
    let end = uploads.last().map_or(0.0, |upload| upload.at);
    let mut coming = uploads.into_iter().peekable();
    let mut events: BinaryHeap<Reverse<Event>> = BinaryHeap::new();
    let (mut planned, mut free, mut worked) = (0, cores, 0.0);
    let mut waiting: VecDeque<(f64, Task)> = VecDeque::new();
    let mut course = Course { waits: Vec::new(), busy: 0.0, most_waiting: 0, given_up: 0 };
    let mut plan = |events: &mut BinaryHeap<_>, at: f64, next: Next| {
        planned += 1;
        events.push(Reverse(Event(at, planned, next)));
    };
    loop {
        let due = events.peek().map_or(f64::INFINITY, |Reverse(event)| event.0);
        let now = match coming.next_if(|upload| upload.at <= due) {
            Some(upload) => {
                waiting.push_back((upload.at, Task { upload, tries: 0 }));
                upload.at
            }
            None => match events.pop() {
                Some(Reverse(Event(at, _, Next::Again(task)))) => {
                    waiting.push_back((at, task));
                    at
                }
                Some(Reverse(Event(at, _, Next::Done(mut task)))) => {
                    free += 1;
                    task.tries += 1;
                    if task.upload.poison && task.tries < TRIES {
                        let pause = AGAIN.get(task.tries as usize - 1).copied().unwrap_or(0.0);
                        plan(&mut events, at + pause, Next::Again(task));
                    } else if task.upload.poison {
                        course.given_up += 1;
                    }
                    at
                }
                None => break,
            },
        };
        while free > 0
            && let Some((since, task)) = waiting.pop_front()
        {
            free -= 1;
            if task.tries == 0 && task.upload.at >= counted {
                course.waits.push(now - since);
            }
            worked += (now + task.upload.service).min(end) - now.min(end);
            plan(&mut events, now + task.upload.service, Next::Done(task));
        }
        course.most_waiting = course.most_waiting.max(waiting.len());
    }
    course.waits.sort_by(f64::total_cmp);
    course.busy = if end > 0.0 { worked / end / cores as f64 } else { 0.0 };
    course
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Line;
    use crate::load::{Kind, Uploads};

    fn upload(at: f64, service: f64, poison: bool) -> Upload {
        Upload { at, service, poison }
    }

    #[test]
    fn tasks_wait_for_a_free_core_in_the_order_in_which_they_came() {
        let course =
            run(vec![upload(0.0, 3.0, false), upload(1.0, 1.0, false), upload(2.0, 1.0, false)], 1, 0.0);
        assert_eq!(course.waits, [0.0, 2.0, 2.0]);
        assert_eq!(course.most_waiting, 2);
        assert_eq!(run(vec![upload(0.0, 3.0, false), upload(1.0, 1.0, false)], 2, 0.0).waits, [0.0, 0.0]);
    }

    #[test]
    fn poison_takes_three_tries_and_is_given_up() {
        let course = run(vec![upload(0.0, 5.0, true), upload(60.0, 1.0, false)], 1, 0.0);
        // Tries at 0, 15 and 50; the other comes when the last is through.
        assert_eq!((course.given_up, course.waits.as_slice()), (1, [0.0, 0.0].as_slice()));
        let course = run(vec![upload(0.0, 5.0, true), upload(51.0, 1.0, false)], 1, 0.0);
        assert_eq!(course.waits, [0.0, 4.0]);
    }

    #[test]
    fn the_wait_is_that_of_the_formula_for_one_core_and_services_of_one_length() {
        // Pollaczek and Khinchine: half of rho / (1 - rho) services, for services of one length.
        let uploads = Uploads {
            median: 60.0,
            spread: 0.0,
            signed: 0.0,
            poison: 0.0,
            timeout: 600.0,
            seconds_a_second: 42.0,
            seed: 3,
        };
        let line = Line { start: 1.0, slope: 0.0 };
        let course = run(uploads.arrivals(Kind::Steady, &line, &line, 400_000.0), 1, 1000.0);
        let mean = course.waits.iter().sum::<f64>() / course.waits.len() as f64;
        assert!((course.busy - 0.7).abs() < 0.01, "{}", course.busy);
        assert!((mean / (0.5 * 0.7 / 0.3) - 1.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn bursts_leave_the_number_of_uploads_and_lengthen_the_wait() {
        let uploads = Uploads {
            median: 60.0,
            spread: 1.0,
            signed: 0.0,
            poison: 0.0,
            timeout: 600.0,
            seconds_a_second: 600.0,
            seed: 5,
        };
        let line = Line { start: 0.1, slope: 0.005 };
        let course = |kind| {
            let coming = uploads.arrivals(kind, &line, &line, 200_000.0);
            (coming.len() as f64, run(coming, 6, 0.0))
        };
        let ((steady, calm), (bursty, busy)) = (course(Kind::Steady), course(Kind::Bursty));
        assert!((steady / (200_000.0 * uploads.rate()) - 1.0).abs() < 0.02, "{steady}");
        assert!((bursty / steady - 1.0).abs() < 0.15, "{bursty} to {steady}");
        assert!(busy.wait(0.99) > 3.0 * calm.wait(0.99), "{} and {}", busy.wait(0.99), calm.wait(0.99));
    }
}
