-- What devices prove themselves with. Keys of devices are sealed; the store key itself is never here, only
-- what tells whether it is still the same.

CREATE TABLE credential (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  endpoint         TEXT NOT NULL,
  kind             TEXT NOT NULL,
  identity         BLOB NOT NULL,
  sealed_key       BLOB,
  key_fingerprint  TEXT,
  product          TEXT,
  tags             TEXT NOT NULL,
  state            TEXT NOT NULL,
  created_at       REAL NOT NULL,
  last_used_at     REAL,
  accepted_until   REAL,
  revoked_at       REAL,
  replaces         INTEGER,
  rule             INTEGER
) STRICT;

-- The newest of an identity decides; only it may not be revoked.
CREATE INDEX credential_by_identity ON credential (identity, kind, id);
CREATE UNIQUE INDEX credential_identity_live ON credential (identity, kind) WHERE state <> 'revoked';
CREATE UNIQUE INDEX credential_active ON credential (endpoint) WHERE state = 'active' AND kind <> 'certificate-name';
CREATE INDEX credential_by_endpoint ON credential (endpoint, id);
CREATE INDEX credential_by_key ON credential (key_fingerprint, id) WHERE key_fingerprint IS NOT NULL;
CREATE INDEX credential_names ON credential (kind, id) WHERE kind = 'certificate-name' AND state <> 'revoked';
CREATE INDEX credential_of_rule ON credential (rule, id) WHERE rule IS NOT NULL AND state <> 'revoked';
CREATE INDEX credential_over ON credential (accepted_until) WHERE accepted_until IS NOT NULL AND state = 'retiring';
CREATE INDEX credential_by_state ON credential (state, id);
CREATE INDEX credential_by_kind ON credential (kind, id);
CREATE INDEX credential_by_product ON credential (product, id) WHERE product IS NOT NULL;

CREATE TABLE store_key (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  check_value  BLOB NOT NULL
) STRICT;
