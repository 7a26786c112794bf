-- What an operator gives a device to fetch: one JSON document a device.

CREATE TABLE configuration (
  device_id   INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  document    TEXT NOT NULL,
  changed_at  REAL NOT NULL
) STRICT;
