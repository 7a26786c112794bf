-- What was learned of a device by talking with it: the formats it speaks, how long it listens after an
-- uplink and how often it wakes. JSON; the cores treat it as one value.

ALTER TABLE device ADD COLUMN learned TEXT;
