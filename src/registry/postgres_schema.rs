use sqlx::{Connection as _, PgConnection};

/// Version of the tables.
pub(crate) const VERSION: i64 = 2;

/// Keeps two processes from laying out one database at once: "filg".
const LOCK: i64 = 0x6669_6c67;

const STATEMENTS: &str = "
CREATE TABLE manifests (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    urn TEXT NOT NULL UNIQUE,
    payload BIGINT NOT NULL,
    manifest_sha256 BYTEA,
    code BYTEA,
    fingerprint BYTEA NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    duration DOUBLE PRECISION NOT NULL,
    title TEXT NOT NULL,
    issuer TEXT,
    registered_at TEXT NOT NULL,
    lookup_keys BYTEA NOT NULL
);
CREATE INDEX manifests_by_payload ON manifests (payload);
CREATE TABLE keys (
    key BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (key, sequence)
);
CREATE TABLE codes (
    part BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (part, sequence)
);
CREATE TABLE revocations (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    urn TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    signature BYTEA NOT NULL,
    UNIQUE (urn, signature)
);
CREATE FUNCTION filigrane_keeps() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'records and revocations are never changed or removed'; END $$;
CREATE TRIGGER manifests_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON manifests
    FOR EACH STATEMENT EXECUTE FUNCTION filigrane_keeps();
CREATE TRIGGER revocations_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON revocations
    FOR EACH STATEMENT EXECUTE FUNCTION filigrane_keeps();
CREATE TABLE filigrane_registry (version BIGINT NOT NULL);
";

/// Version of the tables in a database; `None` when there are none.
pub(crate) async fn version(connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let table: Option<String> = sqlx::query_scalar("SELECT to_regclass('filigrane_registry')::text")
        .fetch_one(&mut *connection)
        .await?;
    if table.is_none() {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT version FROM filigrane_registry").fetch_optional(connection).await
}

/// Lays out a database that has no tables of a registry.
pub(crate) async fn create(connection: &mut PgConnection) -> sqlx::Result<()> {
    if version(&mut *connection).await?.is_some() {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    if version(&mut transaction).await?.is_none() {
        sqlx::raw_sql(STATEMENTS).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO filigrane_registry VALUES ($1)")
            .bind(VERSION)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}
