use std::time::{SystemTime, UNIX_EPOCH};

use riverqueue::sqlx;

use crate::store::{Store, on};
use crate::{Error, Pace};

impl Store {
    /// How far this machine's clock and the database's are apart at least, seconds.
    pub async fn clocks_apart(&self) -> sqlx::Result<f64> {
        let before = seconds();
        let theirs: f64 =
            on!(self, |pool, sql| sqlx::query_scalar::<_, f64>(sql.clock).fetch_one(pool).await)?;
        Ok(apart(before, theirs, seconds()))
    }

    /// Refuses clocks that are further apart than the pace allows.
    pub fn check_clocks(&self, pace: Pace, apart: f64) -> Result<(), Error> {
        let most = pace.clocks().as_secs_f64();
        if apart <= most {
            return Ok(());
        }
        Err(Error::Clocks { place: self.place().to_owned(), seconds: apart, most })
    }
}

/// The database looked at its clock somewhen between two looks at this one: a slow answer is no wrong clock.
fn apart(before: f64, theirs: f64, after: f64) -> f64 {
    (before - theirs).max(theirs - after).max(0.0)
}

fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_apart_by_what_the_time_of_the_answer_does_not_explain() {
        assert_eq!(apart(10.0, 12.0, 15.0), 0.0);
        assert_eq!(apart(10.0, 7.0, 15.0), 3.0);
        assert_eq!(apart(10.0, 18.0, 15.0), 3.0);
    }
}
