use std::collections::BTreeMap;

use super::rig::{Counting, Rig, crew, document, task, until};
use crate::{Answer, Error, Fault, Fleet, Job, Outcome, Page, Priority, State, Task};

fn states(fleet: &Fleet) -> BTreeMap<State, u64> {
    fleet.stats().unwrap().states
}

fn jobs(fleet: &Fleet, states: &[State]) -> Vec<Job> {
    fleet.list(&Page { states: states.to_vec(), after: None, most: 1000 }).unwrap()
}

#[test]
fn a_task_that_comes_again_is_known_by_the_first_whatever_became_of_that() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let dead = Task { tenant: "other".to_owned(), ..task(1) };
        // The third is the first, from elsewhere.
        let moved = Task { location: task(9).location, priority: Priority::new(1).unwrap(), ..task(1) };
        let answers = fleet.submit(&[task(1), dead.clone(), moved.clone()]).unwrap();
        let [Answer::New(first), Answer::New(second), third] = answers[..] else { panic!("{answers:?}") };
        assert_eq!(third, Answer::Known { id: first, state: State::Waiting });
        assert_ne!(first, second);
        let again = |task: &Task| fleet.submit(std::slice::from_ref(task)).unwrap()[0];
        assert_eq!(again(&moved), Answer::Known { id: first, state: State::Waiting });
        let bench = Counting::new(|task, _, _| {
            if task.tenant == "other" { Err(Fault::Lasting("poison".to_owned())) } else { Ok(document(task)) }
        });
        let worker = rig.worker(crew(2), bench.clone());
        until("an end of both", || fleet.outcomes(&[first, second]).unwrap().len() == 2);
        worker.dismiss().0.unwrap();
        let ends: BTreeMap<i64, Outcome> =
            fleet.outcomes(&[first, second, 999]).unwrap().into_iter().collect();
        assert_eq!(ends[&first], Outcome::Done(document(&task(1))));
        assert_eq!(ends[&second], Outcome::Dead("poison".to_owned()));
        assert_eq!(ends[&999], Outcome::Dropped);
        assert_eq!(again(&moved), Answer::Known { id: first, state: State::Done });
        assert_eq!(again(&dead), Answer::Known { id: second, state: State::Dead });
        // As River does with what was done long ago.
        fleet.block_on(async { fleet.client.jobs().delete(first).await }).unwrap();
        assert_eq!(again(&task(1)), Answer::Known { id: first, state: State::Done });
        assert_eq!(bench.tries(&task(1)), 2, "one for each tenant");
        // What was dropped is new.
        fleet.drop_job(first).unwrap();
        assert!(matches!(fleet.drop_job(first), Err(Error::Missing(_))));
        assert!(matches!(again(&task(1)), Answer::New(id) if id != first));
    }
}

#[test]
fn no_more_wait_than_may_and_a_refused_batch_leaves_nothing() {
    for rig in Rig::both() {
        let fleet = rig.fleet().with_backlog(3);
        fleet.submit(&[task(1), task(2)]).unwrap();
        let refused = fleet.submit(&[task(3), task(1), task(4)]);
        assert!(matches!(refused, Err(Error::Busy { waiting: 2, most: 3, seconds: 60 })), "{refused:?}");
        assert_eq!(jobs(&fleet, &[]).len(), 2);
        fleet.submit(&[task(3)]).unwrap();
        // Known ones need no room.
        fleet.submit(&[task(1), task(2), task(3)]).unwrap();
        assert!(matches!(fleet.submit(&[task(4)]), Err(Error::Busy { .. })));
        let many: Vec<Task> = (0..1001).map(task).collect();
        assert!(matches!(fleet.submit(&many), Err(Error::Task(_))));
        assert_eq!(fleet.submit(&[]).unwrap(), []);
    }
}

#[test]
fn two_who_submit_at_once_never_exceed_the_bound_together() {
    for rig in Rig::both() {
        let submit = |from: u64| {
            let fleet = rig.fleet().with_backlog(25);
            (from..from + 30).filter(|number| fleet.submit(&[task(*number)]).is_ok()).count()
        };
        let taken: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = [0, 100, 200].map(|from| scope.spawn(move || submit(from))).into();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 25);
        assert_eq!(jobs(&rig.fleet(), &[State::Waiting]).len(), 25);
    }
}

#[test]
fn urgent_tasks_go_first_and_those_of_other_engines_and_policies_are_left() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let with =
            |number: u64, priority: u8| Task { priority: Priority::new(priority).unwrap(), ..task(number) };
        fleet.submit(&[with(4, 4), with(3, 3), with(1, 1), with(2, 2)]).unwrap();
        let foreign = [
            Task { engine: "engine 2".to_owned(), ..task(5) },
            Task { policy: "other".to_owned(), ..task(6) },
        ];
        fleet.submit(&foreign).unwrap();
        let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&order);
        let bench = Counting::new(move |task, _, _| {
            told.lock().unwrap().push(task.priority.level());
            Ok("{}".to_owned())
        });
        let worker = rig.worker(crew(1), bench);
        until("all four", || states(&fleet)[&State::Done] == 4);
        worker.dismiss().0.unwrap();
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4]);
        let stats = fleet.stats().unwrap();
        let loads: Vec<_> = stats.loads.iter().map(|load| (load.engine.as_str(), load.waiting)).collect();
        assert_eq!(loads, [("engine 1", 1), ("engine 2", 1)]);
        assert_eq!(stats.loads[0].policy, "other");
        assert!(stats.finished_per_second > 0.05 && stats.oldest_waiting_s.unwrap() < 100.0, "{stats:?}");
    }
}

#[test]
fn jobs_are_listed_page_by_page_and_retried_or_dropped_only_where_that_makes_sense() {
    for rig in Rig::both() {
        let fleet = rig.fleet();
        let all: Vec<Task> = (0..7).map(task).collect();
        let ids: Vec<i64> = fleet.submit(&all).unwrap().into_iter().map(Answer::id).collect();
        let mut seen = Vec::new();
        let mut page = Page { states: vec![State::Waiting], after: None, most: 3 };
        loop {
            let listed = fleet.list(&page).unwrap();
            let Some(last) = listed.last() else { break };
            assert!(listed.len() <= 3);
            page.after = Some(last.id);
            seen.extend(listed.iter().map(|job| job.id));
        }
        assert_eq!(seen, ids);
        let first = &jobs(&fleet, &[])[0];
        assert_eq!((first.tries, first.location.as_str(), first.priority), (0, "/uploads/0.mp4", 2));
        assert!(first.created_at.ends_with('Z') && first.error.is_none() && first.worker.is_none());
        assert!(matches!(fleet.retry(ids[0]), Err(Error::State { state: State::Waiting, .. })));
        assert!(matches!(fleet.retry(999), Err(Error::Missing(999))));
        fleet.drop_job(ids[0]).unwrap();
        assert_eq!(jobs(&fleet, &[State::Waiting]).len(), 6);
    }
}

#[test]
fn what_is_wrong_with_a_database_is_said_in_a_line_without_its_password() {
    let rig = Rig::postgres();
    let server = rig.server.as_ref().unwrap();
    let empty = server.address("empty");
    assert!(matches!(Fleet::open(&empty), Err(Error::Unprepared { .. })));
    assert!(Fleet::prepare(&empty).unwrap() && !Fleet::prepare(&empty).unwrap());
    Fleet::open(&empty).unwrap();
    server.query("empty", "UPDATE filigrane_fleet SET version = 99");
    assert!(matches!(Fleet::open(&empty), Err(Error::Newer { version: 99, .. })));
    for nowhere in ["postgres://me:secret@localhost:1/none", "postgres:///none?host=/nowhere&password=secret"]
    {
        let error = Fleet::open(nowhere).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Unreachable { .. }) && !text.contains("secret"), "{text}");
        assert!(!text.contains('\n') && text.starts_with("postgres://"), "{text}");
    }
    assert!(matches!(Fleet::open("sqlite:/nowhere/fleet.db"), Err(Error::Unreachable { .. })));
}
