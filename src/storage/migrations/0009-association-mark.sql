-- Goes up while the server runs, and is written down beside the database too: one that lags behind comes from
-- a backup, and what its associations have sent since is not known.

CREATE TABLE association_mark (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  mark  INTEGER NOT NULL
) STRICT;
