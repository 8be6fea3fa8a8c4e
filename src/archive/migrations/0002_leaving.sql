-- Videos whose records are gone and whose folders may not be: written down together with the end of the record, so that what a
-- crash leaves is found.
CREATE TABLE leaving (clip TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TRIGGER clips_leave AFTER DELETE ON clips BEGIN
    INSERT OR IGNORE INTO leaving (clip) VALUES (OLD.id);
END;
CREATE INDEX clips_by_age ON clips (created_at);
