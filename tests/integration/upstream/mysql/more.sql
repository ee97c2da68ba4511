-- Beside the shop: what a catalog has to know of.
CREATE TABLE people (
  id INT AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(120), `full name` VARCHAR(100),
  email_lower VARCHAR(120) GENERATED ALWAYS AS (lower(email)) STORED,
  both_of VARCHAR(300) AS (concat(`full name`, '<', email, '>')) VIRTUAL,
  born INT, plain INT AS (born + 1) VIRTUAL,
  hidden INT INVISIBLE DEFAULT 1
);
CREATE TABLE audit_log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(100));
CREATE TRIGGER people_in AFTER INSERT ON people FOR EACH ROW INSERT INTO audit_log (what) VALUES (concat('new ', NEW.email));
CREATE TRIGGER people_out BEFORE DELETE ON people FOR EACH ROW BEGIN INSERT INTO audit_log (what) VALUES ('gone'); END;
CREATE TABLE pets (id INT PRIMARY KEY, owner INT, CONSTRAINT pet_owner FOREIGN KEY (owner) REFERENCES people(id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE toys (id INT PRIMARY KEY, pet INT, FOREIGN KEY (pet) REFERENCES pets(id));
CREATE TABLE types (
  c_tiny TINYINT, c_small SMALLINT UNSIGNED, c_medium MEDIUMINT, c_int INT, c_big BIGINT, c_dec DECIMAL(10,2), c_float FLOAT, c_double DOUBLE,
  c_bit BIT(4), c_year YEAR, c_date DATE, c_time TIME, c_datetime DATETIME, c_ts TIMESTAMP NULL, c_char CHAR(3), c_varchar VARCHAR(30),
  c_binary BINARY(3), c_varbinary VARBINARY(30), c_tinyblob TINYBLOB, c_blob BLOB, c_mediumblob MEDIUMBLOB, c_longblob LONGBLOB,
  c_tinytext TINYTEXT, c_text TEXT, c_mediumtext MEDIUMTEXT, c_longtext LONGTEXT, c_enum ENUM('a','b'), c_set SET('a','b'), c_point POINT,
  c_json JSON
);
CREATE VIEW v_people AS SELECT p.id, p.email AS mail, (SELECT max(id) FROM pets WHERE owner = p.id) AS pet FROM people p;
CREATE VIEW v_nested AS SELECT mail FROM v_people;
CREATE VIEW v_calls AS SELECT id, f_get_ssn(id) AS s FROM orders;
CREATE VIEW v_const AS SELECT 1 AS one, 'shop.customers' AS text;
CREATE VIEW v_gone AS SELECT id FROM scratch;
CREATE EVENT e_daily ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM scratch;
CREATE VIEW v_cte AS WITH c AS (SELECT ssn x FROM customers) SELECT x FROM c UNION ALL SELECT t FROM scratch;
CREATE VIEW v_odd AS SELECT 'it''s \\ a `shop`.`customers`' AS q, `a``b`.id FROM scratch `a``b`;
CREATE VIEW v_joined AS SELECT STRAIGHT_JOIN b.ssn AS c, a.id AS o FROM orders a LEFT JOIN (customers b JOIN scratch s ON s.id = b.id) ON b.id = a.customer_id;
CREATE VIEW v_union AS SELECT ssn AS a FROM customers UNION SELECT t FROM scratch;
CREATE VIEW v_derived AS SELECT orders.a FROM (SELECT ssn AS a FROM customers) orders;
CREATE VIEW v_twice AS SELECT x.id AS a FROM customers x WHERE x.id IN (SELECT x.id FROM orders x);
CREATE VIEW v_distinct AS SELECT DISTINCT phone AS a, card AS `from` FROM customers GROUP BY phone, card ORDER BY 1;
CREATE VIEW v_named (one, two) AS SELECT id, email FROM customers WHERE ssn <> ',';
SET sql_quote_show_create = 0;
CREATE VIEW v_unquoted AS SELECT c.id, upper(c.ssn) AS u FROM customers c NATURAL JOIN orders o WHERE EXISTS (SELECT 1 FROM scratch);
