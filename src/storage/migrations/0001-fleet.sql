-- The fleet: devices, what they registered, what is asked of them, what happened.
-- Instants are REAL milliseconds since 1970, stored exactly as the cores count them; a whole number of
-- them takes six octets on disk. JSON columns hold what the cores treat as opaque values.

CREATE TABLE device (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint    TEXT NOT NULL UNIQUE,
  product     TEXT,
  profile     TEXT,
  tags        TEXT NOT NULL,
  created_at  REAL NOT NULL,
  first_seen  REAL,
  retired_at  REAL,
  quirks      TEXT
) STRICT;

-- One row a tag, in the order lists are paged in; the product is the tag without a name.
CREATE TABLE device_tag (
  name       TEXT NOT NULL,
  value      TEXT NOT NULL,
  endpoint   TEXT NOT NULL,
  device_id  INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
  PRIMARY KEY (name, value, endpoint)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_tag_by_device ON device_tag (device_id);

-- When and where a device was last heard. The one row every keep-alive rewrites, so it is narrow: some
-- sixty share a page. due_at is never later than expires_at and a keep-alive leaves it alone; whoever
-- looks for ended registrations moves it on.
CREATE TABLE contact (
  device_id   INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  last_seen   REAL,
  updated_at  REAL,
  expires_at  REAL,
  due_at      REAL,
  address     TEXT,
  port        INTEGER
) STRICT;

CREATE INDEX contact_by_due ON contact (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE registration (
  device_id      INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  id             TEXT NOT NULL UNIQUE,
  lwm2m_version  TEXT NOT NULL,
  lifetime       REAL NOT NULL,
  binding        TEXT NOT NULL,
  queue_mode     INTEGER NOT NULL,
  sms_number     TEXT,
  links          TEXT NOT NULL,
  registered_at  REAL NOT NULL,
  message_id     INTEGER NOT NULL,
  token          TEXT NOT NULL,
  secured        INTEGER NOT NULL
) STRICT;

CREATE TABLE operation (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id        INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
  endpoint         TEXT NOT NULL,
  kind             TEXT NOT NULL,
  path             TEXT NOT NULL,
  value            TEXT,
  priority         INTEGER NOT NULL,
  state            TEXT NOT NULL,
  attempts         INTEGER NOT NULL,
  reason           TEXT,
  detail           TEXT,
  code             TEXT,
  result           TEXT,
  created_at       REAL NOT NULL,
  sent_at          REAL,
  finished_at      REAL,
  deadline         REAL NOT NULL,
  idempotency_key  TEXT,
  origin           TEXT NOT NULL,
  message_id       INTEGER,
  token            TEXT
) STRICT;

CREATE INDEX operation_by_device ON operation (device_id, id);
CREATE INDEX operation_by_state ON operation (state, id);
CREATE INDEX operation_open ON operation (device_id, priority, id) WHERE state IN ('queued', 'sent');
CREATE INDEX operation_by_deadline ON operation (deadline) WHERE state IN ('queued', 'sent');
CREATE INDEX operation_by_key ON operation (device_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE observation (
  device_id          INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
  path               TEXT NOT NULL,
  token              TEXT NOT NULL,
  created_at         REAL NOT NULL,
  origin             TEXT NOT NULL,
  state              TEXT NOT NULL,
  reason             TEXT,
  last_notification  REAL,
  last_sequence      INTEGER,
  PRIMARY KEY (device_id, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX observation_by_token ON observation (token);

CREATE TABLE image (
  sha256    TEXT PRIMARY KEY,
  key       TEXT NOT NULL UNIQUE,
  size      INTEGER NOT NULL,
  version   TEXT NOT NULL,
  product   TEXT NOT NULL,
  notes     TEXT,
  added_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX image_by_version ON image (version);

CREATE TABLE firmware_update (
  id                      INTEGER PRIMARY KEY AUTOINCREMENT,
  device_id               INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
  endpoint                TEXT NOT NULL,
  sha256                  TEXT NOT NULL,
  version                 TEXT NOT NULL,
  size                    INTEGER NOT NULL,
  state                   TEXT NOT NULL,
  fetched                 INTEGER NOT NULL,
  resumes                 INTEGER NOT NULL,
  block_size              INTEGER,
  from_version            TEXT,
  result                  INTEGER,
  reason                  TEXT,
  created_at              REAL NOT NULL,
  changed_at              REAL NOT NULL,
  finished_at             REAL,
  confirm_by              REAL,
  registration_at_update  TEXT,
  registration_at_offer   TEXT,
  attempts                INTEGER NOT NULL,
  registration            TEXT,
  seen                    TEXT
) STRICT;

CREATE INDEX firmware_update_by_device ON firmware_update (device_id, id);
CREATE INDEX firmware_update_open ON firmware_update (device_id)
  WHERE state NOT IN ('confirmed', 'failed', 'cancelled');
CREATE INDEX firmware_update_of_image ON firmware_update (sha256)
  WHERE state NOT IN ('confirmed', 'failed', 'cancelled');
CREATE INDEX firmware_update_due ON firmware_update (confirm_by)
  WHERE confirm_by IS NOT NULL AND state NOT IN ('confirmed', 'failed', 'cancelled');

-- Append-only; no reference to device, because events outlive it.
CREATE TABLE event (
  id         INTEGER PRIMARY KEY,
  at         REAL NOT NULL,
  kind       TEXT NOT NULL,
  device_id  INTEGER,
  endpoint   TEXT,
  cause      TEXT NOT NULL,
  detail     TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_device ON event (device_id, id) WHERE device_id IS NOT NULL;
CREATE INDEX event_by_kind ON event (kind, id);
