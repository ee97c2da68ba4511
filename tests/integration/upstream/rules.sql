-- What is compared or computed when something is written; all in the schema rz.
CREATE SCHEMA rz;
CREATE TABLE rz.ti (id int PRIMARY KEY, a text, email text UNIQUE, b text, gone bool, r int4range, EXCLUDE USING gist (r WITH &&));
CREATE UNIQUE INDEX ti_two ON rz.ti (left(b, 2), email) WHERE a > 'x';
CREATE UNIQUE INDEX ti_folded ON rz.ti (a, lower(email)) WHERE NOT gone;
CREATE UNIQUE INDEX ti_part ON rz.ti (a) INCLUDE (email) WHERE b = 'x';
CREATE INDEX ti_harmless ON rz.ti (lower(a || b));
ALTER TABLE rz.ti ADD CONSTRAINT ti_a_email UNIQUE (a, email);
CREATE TABLE rz.tc (a int, b text, c text, g int GENERATED ALWAYS AS (a / length(b)) STORED, l text GENERATED ALWAYS AS (lower(b)) STORED);
ALTER TABLE rz.tc RENAME COLUMN g TO g_bad;
CREATE INDEX i_bad ON rz.tc ((a / length(b)));
ALTER TABLE rz.tc ADD CONSTRAINT c_two CHECK (b < c), ADD CONSTRAINT c_now CHECK (b <> now()::text), ADD CONSTRAINT c_row CHECK (tc IS NOT NULL);
ALTER TABLE rz.tc ADD CONSTRAINT c_old CHECK (b > 'x') NOT VALID;
CREATE TABLE rz.tp (a int, b text) PARTITION BY RANGE (a, left(b, 1));
CREATE TABLE rz.tf (e text, a text, email text, CONSTRAINT f_both FOREIGN KEY (a, email) REFERENCES rz.ti (a, email),
	CONSTRAINT f_email FOREIGN KEY (e) REFERENCES rz.ti (email));
CREATE TABLE rz.ts (id int PRIMARY KEY, up int CONSTRAINT f_self REFERENCES rz.ts);
