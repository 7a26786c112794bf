-- A campaign that is removed is hidden at once; what hangs on it goes a slice at a time.

ALTER TABLE campaign ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;

CREATE INDEX campaign_over ON campaign (id) WHERE state IN ('completed', 'aborted') AND discarded = 0;
CREATE INDEX campaign_discarded ON campaign (id) WHERE discarded = 1;
