-- What devices are to hold, and how far each has come. Keys in the documents are sealed.

CREATE TABLE bootstrap_template (
  name      TEXT PRIMARY KEY,
  document  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bootstrap_run (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint  TEXT NOT NULL,
  state     TEXT NOT NULL,
  document  TEXT NOT NULL
) STRICT;

CREATE INDEX bootstrap_run_by_endpoint ON bootstrap_run (endpoint, id);
CREATE INDEX bootstrap_run_open ON bootstrap_run (id) WHERE state = 'running';
CREATE INDEX bootstrap_run_failed ON bootstrap_run (id) WHERE state = 'failed';

-- As `association`, of the bootstrap listener alone.
CREATE TABLE bootstrap_association (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  cid             TEXT NOT NULL,
  identity        TEXT NOT NULL,
  endpoint        TEXT,
  address         TEXT NOT NULL,
  port            INTEGER NOT NULL,
  sealed          BLOB NOT NULL,
  reserved_up_to  INTEGER NOT NULL,
  window_edge     INTEGER NOT NULL,
  window_bitmap   INTEGER NOT NULL,
  opened_at       REAL NOT NULL,
  heard_at        REAL NOT NULL
) STRICT;

CREATE UNIQUE INDEX bootstrap_association_by_cid ON bootstrap_association (cid) WHERE cid <> '';
CREATE INDEX bootstrap_association_by_address ON bootstrap_association (address, port) WHERE cid = '';
CREATE INDEX bootstrap_association_by_endpoint ON bootstrap_association (endpoint) WHERE endpoint IS NOT NULL;
CREATE INDEX bootstrap_association_by_identity ON bootstrap_association (identity);
CREATE INDEX bootstrap_association_by_opened ON bootstrap_association (opened_at);
