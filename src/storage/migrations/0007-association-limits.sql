-- What one identity may keep is counted whenever it opens another association; what is over is looked for
-- among those that were opened long ago.

CREATE INDEX association_by_identity ON association (identity);
CREATE INDEX association_by_opened ON association (opened_at);
