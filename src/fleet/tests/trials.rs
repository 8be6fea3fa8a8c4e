use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use riverqueue::sqlx;

use super::rig::{Counting, Rig, crew, document, task, until};
use crate::store::on;
use crate::{Crew, Error, Fault, Fleet, Job, News, Outcome, Pace, Page, State, Stop, Task};

fn job(fleet: &Fleet, id: i64) -> Job {
    let page = Page { states: Vec::new(), after: Some(id - 1), most: 1 };
    fleet.list(&page).unwrap().into_iter().next().unwrap()
}

fn submit(fleet: &Fleet, task: Task) -> i64 {
    fleet.submit(&[task]).unwrap()[0].id()
}

fn change(fleet: &Fleet, statement: &'static str, id: i64) {
    let done = fleet.block_on(async {
        on!(&fleet.store, |pool, _sql| {
            sqlx::query(statement).bind(id).execute(pool).await.map(|done| done.rows_affected())
        })
    });
    assert_eq!(done.unwrap(), 1);
}

fn asleep_until_asked(stop: &Stop) -> Fault {
    while !stop.is_asked() {
        sleep(Duration::from_millis(5));
    }
    Fault::Stopped
}

#[test]
fn a_task_is_tried_three_times_then_dead_and_by_hand_again() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let well = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&well);
        let bench = Counting::new(move |task, tries, _| match seen.load(Ordering::SeqCst) {
            true => Ok(document(task)),
            false if tries == 2 => panic!("planted"),
            false => Err(Fault::Passing(format!("no such mount, {tries}\0"))),
        });
        let id = submit(&fleet, task(1));
        let worker = rig.worker(crew(1), bench.clone());
        until("death", || job(&fleet, id).state == State::Dead);
        let dead = job(&fleet, id);
        assert_eq!((dead.tries, bench.tries(&task(1))), (3, 3));
        assert!(dead.error.unwrap().contains("no such mount, 3") && dead.worker.is_some());
        well.store(true, Ordering::SeqCst);
        sleep(Duration::from_secs(1));
        assert_eq!(bench.tries(&task(1)), 3, "dead is dead");
        fleet.retry(id).unwrap();
        until("a result", || job(&fleet, id).state == State::Done);
        let news = worker.dismiss().1;
        let last = |news: &&News| matches!(news, News::Failed { dead: true, .. });
        assert_eq!(news.iter().filter(last).count(), 1, "{news:?}");
        assert_eq!(fleet.outcomes(&[id]).unwrap(), [(id, Outcome::Done(document(&task(1))))]);
        assert!(matches!(fleet.retry(id), Err(Error::State { state: State::Done, .. })));
    }
}

#[test]
fn a_worker_that_stops_finishes_what_it_can_and_gives_the_rest_back_at_no_cost() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let (short, long) = (submit(&fleet, task(1)), submit(&fleet, task(2)));
        let first = Counting::new(|task, _, stop| {
            if task.sha256.ends_with('1') {
                sleep(Duration::from_millis(150));
                return Ok(document(task));
            }
            Err(asleep_until_asked(stop))
        });
        let worker = rig.worker(crew(2), first.clone());
        until("both", || first.all_tries() == 2);
        let start = Instant::now();
        let (ended, news) = worker.dismiss();
        ended.unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(news.contains(&News::GivenBack { id: long }), "{news:?}");
        assert_eq!(job(&fleet, short).state, State::Done);
        let back = job(&fleet, long);
        assert_eq!((back.state, back.tries, back.error), (State::Waiting, 0, None));
        let worker = rig.worker(crew(1), Counting::plain());
        until("its result", || job(&fleet, long).state == State::Done);
        assert_eq!(job(&fleet, long).tries, 1);
        worker.dismiss().0.unwrap();
    }
}

#[test]
fn work_that_takes_too_long_is_stopped_and_counts() {
    let rig = Rig::sqlite();
    let fleet = rig.fleet();
    let id = submit(&fleet, task(1));
    let pace = Pace { longest: Duration::from_millis(300), slack: Duration::from_millis(300) };
    let bench = Counting::new(|_, _, stop| Err(asleep_until_asked(stop)));
    let worker = rig.worker(Crew { pace, ..crew(1) }, bench.clone());
    until("death", || job(&fleet, id).state == State::Dead);
    assert_eq!(bench.tries(&task(1)), 3);
    assert!(job(&fleet, id).error.unwrap().contains("took longer than 0.6 s"));
    worker.dismiss().0.unwrap();
}

#[test]
fn a_slow_worker_that_lives_keeps_its_task_beside_one_that_looks_for_lost_ones() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let pace = Pace { longest: Duration::from_secs(4), slack: Duration::from_secs(2) };
        let how = Crew { pace, ..crew(1) };
        let slow = Counting::new(|task, _, _| {
            sleep(Duration::from_secs(5));
            Ok(document(task))
        });
        let ids: Vec<i64> = (0..4).map(|number| submit(&fleet, task(number))).collect();
        let workers = [rig.worker(how.clone(), slow.clone()), rig.worker(how, slow.clone())];
        until("all", || fleet.outcomes(&ids).unwrap().len() == 4);
        assert_eq!(slow.all_tries(), 4);
        workers.into_iter().for_each(|worker| worker.dismiss().0.unwrap());
    }
}

#[test]
fn a_task_whose_worker_is_lost_is_tried_by_another_and_three_losses_are_its_death() {
    const LOST: &str = "UPDATE river_job SET state = 'running', attempt = attempt + 1, \
        attempted_at = '2020-01-01 00:00:00' WHERE id = $1";
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let (once, thrice) = (submit(&fleet, task(1)), submit(&fleet, task(2)));
        change(&fleet, LOST, once);
        (0..3).for_each(|_| change(&fleet, LOST, thrice));
        let bench = Counting::plain();
        let worker = rig.worker(crew(1), bench.clone());
        until("an end of both", || fleet.outcomes(&[once, thrice]).unwrap().len() == 2);
        assert_eq!((job(&fleet, once).state, job(&fleet, once).tries), (State::Done, 2));
        assert_eq!((job(&fleet, thrice).state, bench.tries(&task(2))), (State::Dead, 0));
        worker.dismiss().0.unwrap();
    }
}

#[test]
fn a_try_that_was_taken_over_leaves_neither_result_nor_trace() {
    const TAKEN: &str = "UPDATE river_job SET attempt = attempt + 1 WHERE id = $1 AND state = 'running'";
    for rig in Rig::both() {
        let fleet = rig.fleet();
        for fails in [false, true] {
            let id = submit(&fleet, task(u64::from(fails)));
            let go = Arc::new(AtomicBool::new(false));
            let wait = Arc::clone(&go);
            let bench = Counting::new(move |task, _, _| {
                while !wait.load(Ordering::SeqCst) {
                    sleep(Duration::from_millis(5));
                }
                if fails { Err(Fault::Passing("no".to_owned())) } else { Ok(document(task)) }
            });
            let worker = rig.worker(crew(1), bench.clone());
            until("its begin", || bench.all_tries() == 1);
            change(&fleet, TAKEN, id);
            go.store(true, Ordering::SeqCst);
            let over = News::TakenOver { id };
            until("the news", || worker.news.lock().unwrap().contains(&over));
            sleep(Duration::from_millis(500));
            let other = job(&fleet, id);
            assert_eq!((other.state, other.tries, other.error), (State::Running, 2, None));
            assert_eq!(fleet.outcomes(&[id]).unwrap(), []);
            // The other worker is lost, too.
            until("the third try", || job(&fleet, id).tries == 3 || job(&fleet, id).state == State::Done);
            worker.dismiss().0.unwrap();
        }
    }
}

#[test]
fn a_result_that_cannot_be_kept_completes_nothing() {
    const TAKEN: &str = "INSERT INTO filigrane_result (job_id, key, tenant, sha256, document)
        VALUES ($1, 'another', 'a', 'b', '{}')";
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let id = submit(&fleet, task(1));
        change(&fleet, TAKEN, id);
        let worker = rig.worker(crew(1), Counting::plain());
        until("death", || job(&fleet, id).state == State::Dead);
        assert!(job(&fleet, id).error.unwrap().contains("could not be kept"));
        worker.dismiss().0.unwrap();
    }
}

#[test]
fn a_document_that_is_too_large_is_a_lasting_fault() {
    let rig = Rig::sqlite();
    let fleet = rig.fleet();
    let id = submit(&fleet, task(1));
    let worker = rig.worker(crew(1), Counting::new(|_, _, _| Ok("9".repeat((16 << 20) + 1))));
    until("death", || job(&fleet, id).state == State::Dead);
    assert_eq!(job(&fleet, id).tries, 1);
    assert!(job(&fleet, id).error.unwrap().contains("16 MiB"));
    worker.dismiss().0.unwrap();
}
