CREATE TABLE clips (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('check', 'stamp')),
    state TEXT NOT NULL CHECK (state IN ('receiving', 'queued', 'running', 'done', 'failed', 'cancelled')),
    size INTEGER NOT NULL,
    sha256 TEXT,
    owner TEXT NOT NULL,
    wish TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    verdict TEXT,
    answer TEXT,
    failure TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;
CREATE INDEX clips_by_state ON clips (state, sequence);
CREATE INDEX clips_by_digest ON clips (sha256);
-- With the sizes, so that they are summed up without a look at the answers beside them.
CREATE INDEX clips_by_owner ON clips (owner, created_at, size);
CREATE INDEX clips_by_size ON clips (state, size);
CREATE TABLE notes (
    sequence INTEGER PRIMARY KEY,
    clip TEXT NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_clip ON notes (clip, sequence);
CREATE TABLE tags (
    clip TEXT NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (clip, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags (tag, clip);
