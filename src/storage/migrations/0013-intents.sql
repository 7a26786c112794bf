-- What observers want of notifications (attributes), when a failed operation is tried again, the profile a
-- device registered with, and devices without a credential found again by their address.

ALTER TABLE observation ADD COLUMN attributes TEXT;
ALTER TABLE observation_rule ADD COLUMN attributes TEXT;

ALTER TABLE operation ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN not_before REAL;
CREATE INDEX operation_by_retry ON operation (not_before)
  WHERE not_before IS NOT NULL AND state IN ('queued', 'sent');

ALTER TABLE registration ADD COLUMN profile_id TEXT;

-- Known by nothing but the address it speaks from.
ALTER TABLE contact ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;
UPDATE contact SET plain = 1 WHERE device_id IN (SELECT device_id FROM registration WHERE secured = 0);
CREATE INDEX contact_by_address ON contact (address, port) WHERE plain = 1;
