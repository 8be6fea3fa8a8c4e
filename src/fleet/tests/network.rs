use std::thread::sleep;
use std::time::{Duration, Instant};

use super::faults::{all_done, check};
use super::rig::{Counting, Rig, crew, document, task, until};
use super::strait::{Strait, Weather};
use crate::{Answer, Crew, News, Pace, Task};

/// Work that goes on for a while, with one worker behind a strait.
struct Crossing {
    rig: Rig,
    strait: Strait,
    tasks: Vec<Task>,
    ids: Vec<i64>,
    bench: Counting,
}

impl Crossing {
    fn of(count: u64) -> Self {
        let rig = Rig::postgres();
        let strait = Strait::to(&rig.address);
        let tasks: Vec<Task> = (0..count).map(task).collect();
        let ids = rig.fleet().submit(&tasks).unwrap().into_iter().map(Answer::id).collect();
        let bench = Counting::new(|task, _, _| {
            sleep(Duration::from_millis(100));
            Ok(document(task))
        });
        Self { rig, strait, tasks, ids, bench }
    }

    fn crew() -> Crew {
        let pace = Pace { longest: Duration::from_secs(20), slack: Duration::from_secs(3) };
        Crew { pace, grace: Duration::from_secs(2), ..crew(2) }
    }

    /// Turns the weather when some tasks are done, and back after a while; then all must be done by the one worker, each once,
    /// within a time that is asked for.
    fn lives_through(&self, weather: Weather, lasting: Duration, within: Duration) -> (Vec<News>, i64) {
        let worker = self.rig.worker_at(self.strait.address("fleet"), Self::crew(), self.bench.clone());
        until("some", || self.bench.all_tries() >= 10);
        self.strait.turn(weather);
        sleep(lasting);
        let before = self.bench.all_tries();
        assert!(before < 10 + 8, "it goes on without its database: {before}");
        self.strait.turn(Weather::Fair);
        let start = Instant::now();
        let fleet = self.rig.fleet();
        until("work that goes on", || self.bench.all_tries() > before + 2);
        let back = start.elapsed();
        until("all", || all_done(&fleet, &self.ids));
        assert!(back < within, "{weather:?}: it took {back:?} to go on");
        let (ended, news) = worker.dismiss();
        ended.unwrap();
        assert!(!news.iter().any(|news| matches!(news, News::Failed { .. })), "{news:?}");
        check(&fleet, &self.tasks, &self.ids);
        println!(
            "{weather:?} for {lasting:?}: back after {back:?}, {} connections",
            self.strait.connections()
        );
        (news, self.rig.tried_again())
    }
}

/// Tasks that a worker holds, and as many that it was claiming, may be lost to the next try.
const MOST_AGAIN: i64 = 4;

#[test]
fn a_network_that_holds_everything_back_for_a_while_costs_that_while() {
    let crossing = Crossing::of(60);
    let (_, again) = crossing.lives_through(Weather::Held, Duration::from_secs(3), Duration::from_secs(5));
    assert_eq!(again, 0);
    let crossing = Crossing::of(60);
    let (news, again) =
        crossing.lives_through(Weather::Held, Duration::from_secs(14), Duration::from_secs(20));
    assert!(news.iter().any(|news| matches!(news, News::Lost(_))) && news.contains(&News::Back), "{news:?}");
    assert!(again <= MOST_AGAIN, "{again} were tried again");
}

#[test]
fn connections_that_swallow_all_that_is_sent_are_given_up_for_new_ones() {
    let crossing = Crossing::of(60);
    let before = crossing.strait.connections();
    let (_, again) =
        crossing.lives_through(Weather::Swallowed, Duration::from_secs(2), Duration::from_secs(25));
    assert!(again <= MOST_AGAIN, "{again} were tried again");
    assert!(crossing.strait.connections() > before);
    let crossing = Crossing::of(60);
    let (news, _) =
        crossing.lives_through(Weather::Swallowed, Duration::from_secs(20), Duration::from_secs(25));
    assert!(news.iter().any(|news| matches!(news, News::Lost(_))), "{news:?}");
}

#[test]
fn connections_that_are_cut_are_made_again() {
    let crossing = Crossing::of(60);
    let (_, again) = crossing.lives_through(Weather::Cut, Duration::from_secs(6), Duration::from_secs(20));
    assert!(again <= MOST_AGAIN, "{again} were tried again");
}

#[test]
fn what_was_lost_behind_a_bad_network_is_done_by_others_and_by_nobody_twice() {
    let crossing = Crossing::of(40);
    let pace = Pace { longest: Duration::from_secs(2), slack: Duration::from_secs(1) };
    let how = Crew { pace, ..Crossing::crew() };
    let behind =
        crossing.rig.worker_at(crossing.strait.address("fleet"), how.clone(), crossing.bench.clone());
    until("some", || crossing.bench.all_tries() >= 6);
    crossing.strait.turn(Weather::Swallowed);
    let other = crossing.rig.worker(how, crossing.bench.clone());
    let fleet = crossing.rig.fleet();
    until("all", || all_done(&fleet, &crossing.ids));
    crossing.strait.turn(Weather::Fair);
    // It comes back, has nothing to add to what others did, and works again.
    let late = fleet.submit(&[task(1000)]).unwrap()[0].id();
    other.dismiss().0.unwrap();
    until("the last", || fleet.outcomes(&[late]).unwrap().len() == 1);
    behind.dismiss().0.unwrap();
    let tasks: Vec<Task> = crossing.tasks.iter().cloned().chain([task(1000)]).collect();
    let ids: Vec<i64> = crossing.ids.iter().copied().chain([late]).collect();
    check(&fleet, &tasks, &ids);
}

#[test]
fn who_asks_a_database_that_stops_answering_is_told_so_in_time() {
    let rig = Rig::postgres();
    let strait = Strait::to(&rig.address);
    let patience = Duration::from_secs(2);
    let fleet = crate::Fleet::open(&strait.address("fleet")).unwrap().with_patience(patience);
    let tasks: Vec<Task> = (0..3).map(task).collect();
    let ids: Vec<i64> = fleet.submit(&tasks).unwrap().into_iter().map(Answer::id).collect();
    strait.turn(Weather::Swallowed);
    let start = Instant::now();
    let page = crate::Page { states: Vec::new(), after: None, most: 10 };
    let silences = [
        fleet.outcomes(&ids).map(drop),
        fleet.stats().map(drop),
        fleet.list(&page).map(drop),
        fleet.submit(&tasks).map(drop),
        fleet.retry(ids[0]).map(drop),
        fleet.drop_job(ids[0]),
    ];
    for silence in silences {
        let said = silence.unwrap_err().to_string();
        assert!(said.contains("can't be reached: no answer within 2 s"), "{said}");
    }
    assert!(start.elapsed() < 8 * patience, "{:?}", start.elapsed());
    strait.turn(Weather::Fair);
    let anew = crate::Fleet::open(&strait.address("fleet")).unwrap();
    assert_eq!(anew.stats().unwrap().states[&crate::State::Waiting], 3);
}
