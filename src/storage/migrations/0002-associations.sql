-- DTLS associations, sealed. The columns a message moves stand beside the seal, so that a keep-alive over
-- DTLS rewrites some forty octets and not the whole snapshot.

CREATE TABLE association (
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

CREATE UNIQUE INDEX association_by_cid ON association (cid) WHERE cid <> '';
CREATE INDEX association_by_address ON association (address, port) WHERE cid = '';
CREATE INDEX association_by_endpoint ON association (endpoint) WHERE endpoint IS NOT NULL;
