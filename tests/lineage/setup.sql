CREATE TABLE customers (id INT NOT NULL PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), ssn VARCHAR(40), age INT, salary INT, region INT);
CREATE TABLE orders (id INT NOT NULL PRIMARY KEY, customer_id INT, total INT, status VARCHAR(20), region INT);
CREATE TABLE archive (id INT NOT NULL PRIMARY KEY, name VARCHAR(40), ssn VARCHAR(40), note VARCHAR(40));
CREATE TABLE scratch (id INT NOT NULL PRIMARY KEY, t VARCHAR(60), name VARCHAR(40));
CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, `é` VARCHAR(20), Kk INT, plain INT, ssn VARCHAR(40));
CREATE TABLE shy (id INT NOT NULL PRIMARY KEY, a INT, ssn VARCHAR(40) INVISIBLE, b INT INVISIBLE);
CREATE VIEW v_customers AS SELECT id, name, email, ssn AS tax_id, region FROM customers;
CREATE VIEW v_mix AS SELECT c.id AS id, UPPER(c.ssn) AS loud, o.total AS total, c.ssn AS name FROM customers c JOIN orders o ON o.customer_id = c.id;
CREATE VIEW v_twice AS SELECT tax_id AS ssn, id FROM v_customers WHERE id < 4;
CREATE VIEW v_union AS SELECT id, ssn FROM customers UNION ALL SELECT id, NULL FROM orders;
CREATE VIEW v_agg AS SELECT region, COUNT(*) AS n, MAX(salary) AS top FROM customers GROUP BY region;
CREATE VIEW v_where AS SELECT id FROM customers WHERE salary > 50;
INSERT INTO customers VALUES (1,'ann','SECRET1','SECRET2',SECRET3,SECRET4,1),(2,'bob','SECRET5','SECRET6',SECRET7,SECRET8,1),
  (3,'cat',NULL,'SECRET9',SECRET10,SECRET11,2),(4,'dan','SECRET12',NULL,SECRET13,SECRET14,2),(5,NULL,'SECRET15','SECRET16',SECRET17,SECRET18,NULL);
INSERT INTO orders VALUES (1,1,10,'paid',1),(2,1,25,'new',2),(3,2,99,'ann',1),(4,3,5,'paid',2),(5,4,7,NULL,1),(6,NULL,1,'x',2);
INSERT INTO archive VALUES (1,'ann','SECRET19','a'),(2,'bob','SECRET20','b'),(7,'zed','SECRET21','c');
INSERT INTO scratch VALUES (1,'hello','ann'),(2,'world','bob'),(3,NULL,'x');
INSERT INTO wide VALUES (1,'u',1,2,'SECRET22'),(2,'v',3,4,'SECRET23');
INSERT INTO shy (id, a, ssn, b) VALUES (1,5,'SECRET24',6),(2,7,'SECRET25',8);
