-- What is known of an image beside its name: what it may be installed over and on, and what is in its octets.
ALTER TABLE image ADD COLUMN format TEXT NOT NULL DEFAULT 'opaque';
ALTER TABLE image ADD COLUMN from_versions TEXT;
-- JSON, an array of texts.
ALTER TABLE image ADD COLUMN hardware TEXT;
ALTER TABLE image ADD COLUMN security_counter INTEGER;
-- JSON.
ALTER TABLE image ADD COLUMN signature TEXT;
