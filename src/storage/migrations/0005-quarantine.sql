-- Devices nobody vouched for yet: registered, and left alone until an operator accepts them.

ALTER TABLE device ADD COLUMN quarantined_at REAL;
