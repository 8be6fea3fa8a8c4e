use std::collections::HashSet;
use std::thread::sleep;
use std::time::Duration;

use riverqueue::sqlx;

use super::rig::{Counting, Rig, crew, document, task, until};
use crate::store::Store;
use crate::{Answer, Crew, Fleet, News, Outcome, Pace, State, Task};

const TASKS: u64 = 200;

pub fn all_done(fleet: &Fleet, ids: &[i64]) -> bool {
    let states = fleet.stats().unwrap().states;
    states[&State::Done] + states[&State::Dead] == ids.len() as u64
}

/// Each task has its own result, once.
pub fn check(fleet: &Fleet, tasks: &[Task], ids: &[i64]) {
    let ends = ids.chunks(30).flat_map(|some| fleet.outcomes(some).unwrap());
    let documents: HashSet<String> = ends
        .map(|(_, end)| match end {
            Outcome::Done(document) => document,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(documents, tasks.iter().map(document).collect());
    let stats = fleet.stats().unwrap();
    assert_eq!(stats.states[&State::Done], tasks.len() as u64, "{stats:?}");
}

#[test]
fn workers_live_through_the_death_of_their_database_and_finish_each_task_once() {
    let mut rig = Rig::postgres();
    let tasks: Vec<Task> = (0..TASKS).map(task).collect();
    let ids: Vec<i64> = rig.fleet().submit(&tasks).unwrap().into_iter().map(Answer::id).collect();
    let bench = Counting::new(|task, _, _| {
        sleep(Duration::from_millis(20));
        Ok(document(task))
    });
    // Longer than the server is away, and than a test's machine may be slow.
    let pace = Pace { longest: Duration::from_secs(15), slack: Duration::from_secs(2) };
    let how = Crew { grace: Duration::from_secs(2), pace, ..crew(2) };
    let workers = [(); 3].map(|()| rig.worker(how.clone(), bench.clone()));
    // As a power cut does it, and as an operator does.
    for (signal, goal) in [("KILL", 10), ("INT", 60)] {
        until("some", || bench.all_tries() >= goal);
        let server = rig.server.as_mut().unwrap();
        server.end(signal);
        sleep(Duration::from_secs(1));
        server.start_again();
    }
    let fleet = rig.fleet();
    until("all", || all_done(&fleet, &ids));
    for worker in workers {
        let (ended, news) = worker.dismiss();
        ended.unwrap();
        assert!(!news.iter().any(|news| matches!(news, News::Failed { .. })), "{news:?}");
    }
    check(&fleet, &tasks, &ids);
}

#[test]
fn a_server_that_hangs_up_on_everybody_loses_no_task_and_repeats_no_result() {
    let rig = Rig::postgres();
    let fleet = rig.fleet();
    let tasks: Vec<Task> = (0..40).map(task).collect();
    let ids: Vec<i64> = fleet.submit(&tasks).unwrap().into_iter().map(Answer::id).collect();
    let bench = Counting::new(|task, _, _| {
        sleep(Duration::from_millis(100));
        Ok(document(task))
    });
    let worker = rig.worker(crew(4), bench.clone());
    until("some", || bench.all_tries() >= 4);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    for _ in 0..5 {
        rig.server.as_ref().unwrap().query("fleet", cut);
        sleep(Duration::from_millis(150));
    }
    let fleet = rig.fleet();
    until("all", || all_done(&fleet, &ids));
    assert!(worker.dismiss().0.is_ok());
    check(&fleet, &tasks, &ids);
    let Store::Postgres { pool, .. } = &fleet.store else { panic!("PostgreSQL") };
    let second = "SELECT count(*) FROM river_job WHERE attempt <> 1";
    let second: i64 = fleet.block_on(async { sqlx::query_scalar(second).fetch_one(pool).await }).unwrap();
    // Those that were claimed in an answer that was cut off are found by the next who looks for lost ones.
    assert!(second <= 20, "{second} of 40 were tried twice");
}

#[test]
fn many_who_send_the_same_at_once_make_one_task_of_it() {
    for rig in Rig::both() {
        let tasks: Vec<Task> = (0..50).map(task).collect();
        let ids = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| rig.fleet().submit(&tasks).unwrap()));
            threads.map(|thread| thread.join().unwrap())
        });
        let new = ids.iter().flatten().filter(|answer| matches!(answer, Answer::New(_))).count();
        assert_eq!(new, tasks.len());
        let ids = ids.map(|answers| answers.into_iter().map(Answer::id).collect::<Vec<_>>());
        assert!(ids.iter().all(|other| *other == ids[0]));
        let bench = Counting::plain();
        let workers = [(); 2].map(|()| rig.worker(crew(2), bench.clone()));
        let fleet = rig.fleet();
        until("all", || all_done(&fleet, &ids[0]));
        assert_eq!(bench.all_tries(), 50);
        workers.into_iter().for_each(|worker| worker.dismiss().0.unwrap());
        check(&fleet, &tasks, &ids[0]);
    }
}
