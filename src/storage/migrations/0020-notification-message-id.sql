-- The message id of the newest notification: with its number it says whether one is the same message again.

ALTER TABLE observation ADD COLUMN last_message_id INTEGER;
