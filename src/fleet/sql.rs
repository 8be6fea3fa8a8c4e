//! What is asked of the two databases, in the words of each. River's tables are read, and written by River alone.

/// Statements whose parameters and columns are alike on both.
pub(crate) struct Sql {
    /// Keys as a JSON array: keys and ids of those that have a result.
    pub known: &'static str,
    /// Ids as a JSON array: those that have a result.
    pub kept: &'static str,
    /// Ids as a JSON array and a bound: ids and documents, of at most so many.
    pub results: &'static str,
    /// How many results there are of the last minute.
    pub lately: &'static str,
    /// Kind and a bound: how many tasks wait, as far as the bound.
    pub waiting: &'static str,
    /// Id: state and try of a job, which is held until the transaction ends.
    pub held: &'static str,
    /// Id, key, tenant, SHA-256, document.
    pub store: &'static str,
    /// Id: whether it has a result.
    pub stored: &'static str,
    /// Id: the result goes.
    pub forget: &'static str,
    /// Kind: states and counts.
    pub states: &'static str,
    /// Kind: seconds since the oldest of those that wait came, and since the database's epoch.
    pub oldest: &'static str,
    /// Kind: engine, policy, how many wait, how many run.
    pub loads: &'static str,
    /// Seconds since 1970 by the database's clock.
    pub clock: &'static str,
}

pub(crate) const POSTGRES: Sql = Sql {
    known: "SELECT key, job_id FROM filigrane_result
        WHERE key IN (SELECT jsonb_array_elements_text($1::jsonb))",
    kept: "SELECT job_id FROM filigrane_result
        WHERE job_id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))",
    results: "SELECT job_id, document::text FROM filigrane_result
        WHERE job_id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) ORDER BY job_id LIMIT $2",
    lately: "SELECT count(*) FROM filigrane_result WHERE finished_at > now() - interval '60 seconds'",
    waiting: "SELECT count(*) FROM (SELECT 1 FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND kind = $1 LIMIT $2) AS some_of_them",
    held: "SELECT state::text, attempt::bigint FROM river_job WHERE id = $1 FOR UPDATE",
    store: "INSERT INTO filigrane_result (job_id, key, tenant, sha256, document)
        VALUES ($1, $2, $3, $4, $5::json)",
    stored: "SELECT count(*) FROM filigrane_result WHERE job_id = $1",
    forget: "DELETE FROM filigrane_result WHERE job_id = $1",
    states: "SELECT state::text, count(*) FROM river_job WHERE kind = $1 GROUP BY state",
    oldest: "SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND kind = $1",
    loads: "SELECT args->>'engine', args->>'policy', count(*) FILTER (WHERE state <> 'running'),
        count(*) FILTER (WHERE state = 'running') FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND kind = $1
        GROUP BY 1, 2 ORDER BY 1, 2",
    clock: "SELECT extract(epoch FROM clock_timestamp())::float8",
};

pub(crate) const SQLITE: Sql = Sql {
    known: "SELECT key, job_id FROM filigrane_result WHERE key IN (SELECT value FROM json_each($1))",
    kept: "SELECT job_id FROM filigrane_result WHERE job_id IN (SELECT value FROM json_each($1))",
    results: "SELECT job_id, document FROM filigrane_result
        WHERE job_id IN (SELECT value FROM json_each($1)) ORDER BY job_id LIMIT $2",
    lately: "SELECT count(*) FROM filigrane_result
        WHERE finished_at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-60 seconds')",
    waiting: "SELECT count(*) FROM (SELECT 1 FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND kind = $1 LIMIT $2)",
    // The transaction has the whole database already.
    held: "SELECT state, attempt FROM river_job WHERE id = $1",
    store: "INSERT INTO filigrane_result (job_id, key, tenant, sha256, document)
        VALUES ($1, $2, $3, $4, $5)",
    stored: "SELECT count(*) FROM filigrane_result WHERE job_id = $1",
    forget: "DELETE FROM filigrane_result WHERE job_id = $1",
    states: "SELECT state, count(*) FROM river_job WHERE kind = $1 GROUP BY state",
    oldest: "SELECT (julianday('now') - julianday(min(created_at))) * 86400.0 FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'scheduled') AND kind = $1",
    loads: "SELECT json_extract(args, '$.engine'), json_extract(args, '$.policy'),
        count(*) FILTER (WHERE state <> 'running'), count(*) FILTER (WHERE state = 'running') FROM river_job
        WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND kind = $1
        GROUP BY 1, 2 ORDER BY 1, 2",
    clock: "SELECT unixepoch('subsec') + 0.0",
};
