-- Credentials for the bootstrap listener beside those for the others.

ALTER TABLE credential ADD COLUMN purpose TEXT NOT NULL DEFAULT 'management';

DROP INDEX credential_by_identity;
DROP INDEX credential_identity_live;
DROP INDEX credential_active;
CREATE INDEX credential_by_identity ON credential (identity, kind, purpose, id);
CREATE UNIQUE INDEX credential_identity_live ON credential (identity, kind, purpose) WHERE state <> 'revoked';
CREATE UNIQUE INDEX credential_active ON credential (endpoint, purpose)
  WHERE state = 'active' AND kind <> 'certificate-name';
CREATE INDEX credential_by_purpose ON credential (purpose, id);
