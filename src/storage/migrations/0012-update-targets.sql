-- Updates of other objects than 5, pushed ones, the health window, and why one failed as a word. The table is
-- made anew because an update outlives its device: one that was under way when the device was deleted is gone,
-- and whoever asked for it has to be able to see that.

CREATE TABLE firmware_update_next (
  id                      INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id               INTEGER NOT NULL,
  endpoint                TEXT NOT NULL,
  sha256                  TEXT NOT NULL,
  version                 TEXT NOT NULL,
  size                    INTEGER NOT NULL,
  target                  TEXT NOT NULL,
  options                 TEXT,
  delivery                TEXT,
  state                   TEXT NOT NULL,
  fetched                 INTEGER NOT NULL,
  resumes                 INTEGER NOT NULL,
  block_size              INTEGER,
  from_version            TEXT,
  result                  INTEGER,
  failure                 TEXT,
  reason                  TEXT,
  created_at              REAL NOT NULL,
  changed_at              REAL NOT NULL,
  finished_at             REAL,
  due_at                  REAL,
  registration_at_update  TEXT,
  registration_at_offer   TEXT,
  attempts                INTEGER NOT NULL,
  install_command         TEXT,
  proving_since           REAL,
  uplinks                 INTEGER NOT NULL,
  registration            TEXT,
  seen                    TEXT
) STRICT;

INSERT INTO firmware_update_next (id, device_id, endpoint, sha256, version, size, target, state, fetched, resumes,
  block_size, from_version, result, reason, created_at, changed_at, finished_at, due_at, registration_at_update,
  registration_at_offer, attempts, uplinks, registration, seen)
SELECT id, device_id, endpoint, sha256, version, size, '/5/0', state, fetched, resumes,
  block_size, from_version, result, reason, created_at, changed_at, finished_at, confirm_by, registration_at_update,
  registration_at_offer, attempts, 0, registration, seen
FROM firmware_update;

UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'firmware_update')
  WHERE name = 'firmware_update_next' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'firmware_update');
INSERT INTO sqlite_sequence (name, seq)
  SELECT 'firmware_update_next', seq FROM sqlite_sequence WHERE name = 'firmware_update'
    AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'firmware_update_next');

DROP TABLE firmware_update;
ALTER TABLE firmware_update_next RENAME TO firmware_update;

CREATE INDEX firmware_update_by_device ON firmware_update (device_id, id);
CREATE INDEX firmware_update_open ON firmware_update (device_id)
  WHERE state NOT IN ('confirmed', 'failed', 'cancelled', 'gone');
CREATE INDEX firmware_update_of_image ON firmware_update (sha256)
  WHERE state NOT IN ('confirmed', 'failed', 'cancelled', 'gone');
CREATE INDEX firmware_update_due ON firmware_update (due_at)
  WHERE due_at IS NOT NULL AND state NOT IN ('confirmed', 'failed', 'cancelled', 'gone');
