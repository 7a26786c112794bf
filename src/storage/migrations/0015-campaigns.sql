-- Campaigns: what was defined, every device's way through, how many are where, and who did what.

-- Few and read whole: what the cores keep of one is JSON.
CREATE TABLE campaign (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  name   TEXT NOT NULL UNIQUE,
  state  TEXT NOT NULL,
  body   TEXT NOT NULL
) STRICT;

CREATE INDEX campaign_active ON campaign (id) WHERE state NOT IN ('draft', 'completed', 'aborted');

-- Evidence: it stays when its device is deleted, so nothing refers to device.
CREATE TABLE campaign_device (
  campaign_id   INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
  device_id     INTEGER NOT NULL,
  endpoint      TEXT NOT NULL,
  rank          INTEGER NOT NULL,
  stage         INTEGER,
  state         TEXT NOT NULL,
  reason        TEXT,
  detail        TEXT,
  attempts      INTEGER NOT NULL,
  touched       INTEGER NOT NULL,
  update_id     INTEGER,
  from_version  TEXT,
  to_version    TEXT,
  result        INTEGER,
  bytes         INTEGER NOT NULL,
  resumes       INTEGER NOT NULL,
  cell          INTEGER,
  prefix        TEXT,
  enrolled_at   REAL NOT NULL,
  started_at    REAL,
  finished_at   REAL,
  due_at        REAL,
  asked_at      REAL,
  PRIMARY KEY (campaign_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX campaign_device_by_state ON campaign_device (campaign_id, state, device_id);
CREATE INDEX campaign_device_by_rank ON campaign_device (campaign_id, rank) WHERE state = 'waiting';
CREATE INDEX campaign_device_due ON campaign_device (campaign_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX campaign_device_touched ON campaign_device (campaign_id, device_id) WHERE touched = 1;
CREATE INDEX campaign_device_open ON campaign_device (device_id)
  WHERE state IN ('waiting', 'updating', 'ended', 'retrying');
CREATE INDEX campaign_device_place ON campaign_device (cell, prefix) WHERE state = 'updating';
CREATE INDEX campaign_device_finished ON campaign_device (campaign_id, finished_at, bytes)
  WHERE finished_at IS NOT NULL;

-- Moved with every change of a row above, in its transaction. Stage -1 and reason '' stand for none.
CREATE TABLE campaign_count (
  campaign_id  INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
  stage        INTEGER NOT NULL,
  state        TEXT NOT NULL,
  reason       TEXT NOT NULL,
  count        INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, stage, state, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_entry (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  campaign_id  INTEGER NOT NULL REFERENCES campaign ON DELETE CASCADE,
  at           REAL NOT NULL,
  what         TEXT NOT NULL,
  author       TEXT NOT NULL,
  why          TEXT
) STRICT;

CREATE INDEX campaign_entry_of ON campaign_entry (campaign_id, id);

ALTER TABLE firmware_update ADD COLUMN campaign_id INTEGER;
