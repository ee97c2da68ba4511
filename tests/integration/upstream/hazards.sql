-- What runs besides a statement's own work; all in the schema hz.
CREATE SCHEMA hz;
CREATE FUNCTION hz.log() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION hz.ok(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION hz.pay(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION hz.key(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE hz.total(int) (SFUNC = hz.pay, STYPE = int);
CREATE OPERATOR hz.### (LEFTARG = int, RIGHTARG = int, FUNCTION = hz.pay);
CREATE DOMAIN hz.checked AS text CHECK (hz.ok(VALUE));
CREATE DOMAIN hz.twice AS hz.checked CHECK (length(VALUE) < 9);
CREATE DOMAIN hz.harmless AS text CHECK (length(VALUE) < 9);
CREATE TYPE hz.mood AS ENUM ('good', 'bad');
CREATE TYPE hz.pair AS (a hz.checked, b int);
CREATE FUNCTION hz.pair_json(hz.pair) RETURNS json LANGUAGE sql AS 'SELECT NULL::json';
CREATE CAST (hz.pair AS json) WITH FUNCTION hz.pair_json(hz.pair);
CREATE TABLE hz.triggered (a int, b text);
CREATE TRIGGER t_log BEFORE INSERT OR UPDATE ON hz.triggered FOR EACH ROW EXECUTE FUNCTION hz.log();
CREATE TRIGGER t_when AFTER DELETE ON hz.triggered FOR EACH ROW WHEN (hz.ok(OLD.b)) EXECUTE FUNCTION hz.log();
CREATE TRIGGER t_off BEFORE TRUNCATE ON hz.triggered EXECUTE FUNCTION hz.log();
ALTER TABLE hz.triggered DISABLE TRIGGER t_off;
CREATE TABLE hz.checks (a text CHECK (length(a) < 9), b text CONSTRAINT b_ok CHECK (hz.ok(b)), c int,
	d int GENERATED ALWAYS AS (c + 1) STORED, e int GENERATED ALWAYS AS (hz.key(c)) STORED, f int DEFAULT hz.key(7),
	g bigserial, h text CONSTRAINT cast_h CHECK (h::hz.checked IS NOT NULL));
CREATE TABLE hz.indexed (a text, b int);
CREATE INDEX i_plain ON hz.indexed (lower(a)) WHERE b > 3;
CREATE INDEX i_user ON hz.indexed (hz.key(b));
CREATE INDEX i_where ON hz.indexed (b) WHERE hz.ok(a);
CREATE TABLE hz.parted (a int, b text) PARTITION BY RANGE (hz.key(a));
CREATE TABLE hz.part PARTITION OF hz.parted FOR VALUES FROM (1) TO (9);
CREATE TRIGGER t_part BEFORE INSERT ON hz.part FOR EACH ROW EXECUTE FUNCTION hz.log();
CREATE TABLE hz.top (id int PRIMARY KEY);
CREATE TABLE hz.below (id int PRIMARY KEY REFERENCES hz.top ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE hz.nulled (id int REFERENCES hz.below ON DELETE SET NULL);
CREATE TRIGGER t_nulled BEFORE UPDATE ON hz.nulled FOR EACH ROW EXECUTE FUNCTION hz.log();
CREATE TABLE hz.restricted (id int REFERENCES hz.top);
CREATE TABLE hz.ruled (id int);
CREATE RULE r_gone AS ON DELETE TO hz.ruled DO INSTEAD NOTHING;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE hz.away (a int) SERVER elsewhere;
CREATE TABLE hz.plain (id int PRIMARY KEY, a text NOT NULL UNIQUE, b timestamptz DEFAULT now(), c int CHECK (c > 0));
-- Somebody's own version of a built-in function: the number stays.
CREATE OR REPLACE FUNCTION pg_catalog.quote_ident(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
