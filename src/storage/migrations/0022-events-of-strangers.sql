-- Events that carry a name and belong to no device: who was refused, or was given a credential before it came.

CREATE INDEX event_by_stranger ON event (endpoint, id) WHERE device_id IS NULL AND endpoint IS NOT NULL;
