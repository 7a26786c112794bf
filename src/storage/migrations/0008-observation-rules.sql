-- What is to be observed on every device of a product or with certain tags.

CREATE TABLE observation_rule (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  product     TEXT,
  tags        TEXT NOT NULL,
  path        TEXT NOT NULL,
  created_at  REAL NOT NULL
) STRICT;
