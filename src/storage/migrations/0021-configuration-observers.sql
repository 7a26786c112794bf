-- Devices that observe their configuration: where and how each is told, and of which change it was told last.

CREATE TABLE configuration_observer (
  id            INTEGER PRIMARY KEY,
  device_id     INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
  token         TEXT NOT NULL,
  -- Of its association, or NULL where it is told at an address.
  association   INTEGER,
  address       TEXT,
  port          INTEGER,
  claimed       INTEGER NOT NULL,
  registration  BLOB NOT NULL,
  format        INTEGER NOT NULL,
  told_at       REAL NOT NULL,
  UNIQUE (device_id, token)
) STRICT;
