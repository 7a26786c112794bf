-- Who said what a device is: operator, credential or model (/3/0/1). Of products known before, nobody kept it.

ALTER TABLE device ADD COLUMN product_from TEXT;
