use std::collections::BTreeMap;

use riverqueue::sqlx;
use riverqueue::{JobArgs as _, JobState};
use serde::Serialize;

use crate::fleet::Fleet;
use crate::store::on;
use crate::task::Args;
use crate::{Error, State};

/// How much there is to do, and how fast it is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// How many jobs are in each state.
    pub states: BTreeMap<State, u64>,
    /// How long the oldest of those that wait has waited, seconds; none when none waits.
    pub oldest_waiting_s: Option<f64>,
    /// Results in the last minute, a second.
    pub finished_per_second: f64,
    /// What is to do for each engine and policy: a worker takes what is of its own.
    pub loads: Vec<Load>,
}

/// What is to do for workers of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Which program and models.
    pub engine: String,
    /// Digest of the settings.
    pub policy: String,
    /// How many wait, for their first try or the next.
    pub waiting: i64,
    /// How many workers have.
    pub running: i64,
}

impl Fleet {
    /// How much there is to do, and how fast it is done.
    ///
    /// # Errors
    /// The database fails.
    pub fn stats(&self) -> Result<Stats, Error> {
        let counted = async {
            on!(&self.store, |pool, sql| {
                let states = sqlx::query_as::<_, (String, i64)>(sql.states).bind(Args::KIND);
                let states = states.fetch_all(pool).await?;
                let oldest = sqlx::query_scalar::<_, Option<f64>>(sql.oldest).bind(Args::KIND);
                let oldest = oldest.fetch_one(pool).await?;
                let lately = sqlx::query_scalar::<_, i64>(sql.lately).fetch_one(pool).await?;
                type Row = (Option<String>, Option<String>, i64, i64);
                let loads = sqlx::query_as::<_, Row>(sql.loads).bind(Args::KIND).fetch_all(pool).await?;
                sqlx::Result::Ok((states, oldest, lately, loads))
            })
        };
        let counted = self.ask(async { counted.await.map_err(|error| self.store.failed(error)) });
        let (counts, oldest, lately, loads) = counted?;
        let mut states: BTreeMap<State, u64> = State::ALL.into_iter().map(|state| (state, 0)).collect();
        for (state, count) in counts {
            let state = state.parse::<JobState>().map_err(|error| self.store.broken(&error))?;
            *states.entry(State::of(state)).or_default() += count.unsigned_abs();
        }
        let loads = loads.into_iter().map(|(engine, policy, waiting, running)| Load {
            engine: engine.unwrap_or_default(),
            policy: policy.unwrap_or_default(),
            waiting,
            running,
        });
        Ok(Stats {
            states,
            oldest_waiting_s: oldest.map(|seconds| seconds.max(0.0)),
            finished_per_second: lately as f64 / 60.0,
            loads: loads.collect(),
        })
    }
}
