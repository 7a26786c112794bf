-- Public keys firmware images are signed with.
CREATE TABLE signing_key (
  name         TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  pem          TEXT NOT NULL,
  product      TEXT,
  added_at     REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- What makes one image out of another; without either of them it is of no use.
CREATE TABLE image_delta (
  from_sha256  TEXT NOT NULL REFERENCES image ON DELETE CASCADE,
  to_sha256    TEXT NOT NULL REFERENCES image ON DELETE CASCADE,
  sha256       TEXT NOT NULL,
  key          TEXT NOT NULL UNIQUE,
  size         INTEGER NOT NULL,
  made_by      TEXT NOT NULL,
  added_at     REAL NOT NULL,
  PRIMARY KEY (from_sha256, to_sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX image_delta_to ON image_delta (to_sha256);

-- JSON.
ALTER TABLE image ADD COLUMN dependencies TEXT;
