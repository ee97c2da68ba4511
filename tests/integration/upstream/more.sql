-- Beyond the shop: everything whose origin is harder to see.
SET ROLE app;
CREATE VIEW v_vip AS SELECT id, tax_id AS t, upper(email) AS loud, created_at FROM v_customers WHERE id < 3; -- a view on a view
CREATE VIEW v_natural AS SELECT * FROM customers NATURAL JOIN scratch;
CREATE VIEW v_full AS SELECT id, s.t FROM customers c FULL JOIN scratch s USING (id);
CREATE VIEW v_union AS SELECT email FROM customers UNION ALL SELECT t FROM scratch;
CREATE VIEW v_row AS SELECT c, to_jsonb(c) AS j FROM customers c;
CREATE VIEW v_sub AS SELECT x.mail, (SELECT max(card) FROM customers) AS top FROM (SELECT email AS mail FROM customers) x;
CREATE VIEW v_cte AS WITH w AS (SELECT id, phone FROM customers) SELECT phone, id FROM w;
CREATE VIEW v_filter AS SELECT o.id FROM orders o WHERE o.customer_id IN (SELECT id FROM customers WHERE ssn LIKE '078%');
CREATE VIEW v_function AS SELECT f_get_ssn(1) AS s, 1 AS one;
CREATE VIEW v_auth AS SELECT rolname, left(rolpassword, 3) AS p FROM pg_authid;
CREATE MATERIALIZED VIEW mv_contacts AS SELECT id, phone AS number, coalesce(card, '-') AS c FROM customers;
CREATE VIEW v_mv AS SELECT number FROM mv_contacts;
CREATE VIEW v_renamed AS SELECT id, email FROM customers;
ALTER VIEW v_renamed RENAME COLUMN email TO contact;
CREATE TABLE dropped (a int, b text, c text);
ALTER TABLE dropped DROP COLUMN b;
CREATE VIEW v_dropped AS SELECT * FROM dropped;
CREATE TABLE events (id int, email text, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE archived () INHERITS (orders, scratch);
CREATE VIEW empty_view AS SELECT;
RESET ROLE;
CREATE SCHEMA "Odd ""schema";
CREATE TABLE "Odd ""schema"."sel'ect ü" ("a b" int, "ü;--" text);
CREATE VIEW "Odd ""schema".v AS SELECT "ü;--" AS "x y", "a b" AS "a:relid 1260 :selectedCols (b 13)" FROM "Odd ""schema"."sel'ect ü";
GRANT USAGE ON SCHEMA "Odd ""schema" TO app;
CREATE SCHEMA hidden; -- app may not look inside: its views cannot be described
CREATE TABLE hidden.secrets (a text);
CREATE VIEW v_hidden AS SELECT a FROM hidden.secrets;
