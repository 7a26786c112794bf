-- Updates that are hops of a way over several images, and where the devices of campaigns are on theirs.

ALTER TABLE firmware_update ADD COLUMN journey TEXT;
ALTER TABLE campaign_device ADD COLUMN way TEXT;

-- Few: whoever asks what still needs an image or a delta looks through them.
CREATE INDEX firmware_update_on_its_way ON firmware_update (id)
  WHERE journey IS NOT NULL AND state NOT IN ('confirmed', 'failed', 'cancelled', 'gone');
