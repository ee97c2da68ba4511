-- Traps beside the corpus's sample; loaded as a superuser, everything belongs to app.
CREATE SCHEMA app AUTHORIZATION app;
SET ROLE app;
-- Two relations of one name: which one is meant depends on search_path ("$user" is app). Secret is public.people.code only.
CREATE TABLE app.people (id int PRIMARY KEY, code text);
CREATE TABLE public.people (id int PRIMARY KEY, code text, region text DEFAULT 'eu');
INSERT INTO app.people VALUES (1, 'plain-one'), (2, 'plain-two');
INSERT INTO public.people VALUES (1, 'canary-819QJX44'), (2, 'canary-273KZQ91');
CREATE TABLE public.traces (what text);
-- A partitioned table with a secret
CREATE TABLE public.parts (id int, region text, serial text) PARTITION BY LIST (region);
CREATE TABLE public.parts_eu PARTITION OF public.parts FOR VALUES IN ('eu');
CREATE TABLE public.parts_us PARTITION OF public.parts FOR VALUES IN ('us');
INSERT INTO public.parts VALUES (1, 'eu', 'canary-55ZKM731'), (2, 'us', 'canary-66QJX842');
-- Code that types run
CREATE FUNCTION public.notes_it(text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
  BEGIN INSERT INTO public.traces VALUES ($1); RETURN true; END $$;
CREATE FUNCTION public.is_customer(text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
  BEGIN RETURN EXISTS (SELECT FROM public.customers WHERE email = $1); END $$;
CREATE DOMAIN public.noted AS text CHECK (public.notes_it(VALUE));
CREATE DOMAIN public.known_email AS text CHECK (public.is_customer(VALUE));
CREATE TYPE public.noted_pair AS (a int, b public.noted);
CREATE TABLE public.pairs (id int PRIMARY KEY, p public.noted_pair, list public.noted[]);
-- Views
CREATE VIEW public.v_plain AS SELECT id, name FROM public.customers;
CREATE VIEW public.v_orders AS SELECT id, status AS code FROM public.orders;
CREATE VIEW public.v_order_codes AS SELECT id, upper(status) AS code FROM public.orders;
RESET ROLE;
