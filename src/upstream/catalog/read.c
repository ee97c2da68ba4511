/* Reads what a database contains: one consistent snapshot of the system catalogs, then the description of every view. */
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"
#include "../my.h"

enum { DEADLINE_MS = 60000 };

/* ---- rows ---- */

static enum catalog_relkind kind_of(char c)
{
	switch (c) {
	case 'r': return CATALOG_TABLE;
	case 'v': return CATALOG_VIEW;
	case 'm': return CATALOG_MATVIEW;
	case 'f': return CATALOG_FOREIGN;
	case 'p': return CATALOG_PARTITIONED;
	default: return CATALOG_OTHER;
	}
}

/* A toast table holds pieces of all long columns of its table: whoever reads it reads those. */
static int take_relation(struct reading *rd, const PGresult *r, int row)
{
	char kind = *PQgetvalue(r, row, 3);
	uint32_t oid = reading_oid(r, row, 0);
	int err = catalog_add_relation(rd->b, oid, PQgetvalue(r, row, 1), PQgetvalue(r, row, 2), kind_of(kind));

	return err || kind != 't' ? err : catalog_set_unresolved(rd->b, oid);
}

static int take_column(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_column(rd->b, reading_oid(r, row, 0), reading_attnum(r, row, 1), PQgetvalue(r, row, 2), reading_oid(r, row, 3));
}

static int take_parent(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_parent(rd->b, reading_oid(r, row, 0), reading_oid(r, row, 1));
}

static int take_depend(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_origin on = {reading_oid(r, row, 1), reading_attnum(r, row, 2)};

	return catalog_add_depend(rd->b, reading_oid(r, row, 0), on);
}

/* What a view calls, whoever reads it sets off. */
static int take_view_calls(struct reading *rd, uint32_t view, const char *action, const char *text)
{
	struct catalog_hazard h = {.subject = view, .text = text};
	struct reading_expression e = {0};
	int err = reading_expression_scan(rd, action, &e);

	h.functions = e.functions.list;
	h.function_count = e.functions.count;
	if (!err && h.function_count)
		err = catalog_add_hazard(rd->b, &h);
	reading_expression_fini(&e);
	return err;
}

static int take_action(struct reading *rd, const PGresult *r, int row)
{
	uint32_t view = reading_oid(r, row, 0);
	int err = upstream_pinned_depends(view, PQgetvalue(r, row, 1), rd->major >= 16, rd->b);

	return err ? err : take_view_calls(rd, view, PQgetvalue(r, row, 1), PQgetvalue(r, row, 2));
}

/* ---- queries: search_path is pg_catalog alone, so bare names are the server's own ---- */

static const char relations_sql[] =
	"select c.oid, n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	" where c.relkind in " READING_KINDS " order by c.relnamespace";
static const char columns_sql[] =
	"select a.attrelid, a.attnum, a.attname, a.atttypid from pg_attribute a join pg_class c on c.oid = a.attrelid"
	" where c.relkind in " READING_KINDS " and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum";
static const char parents_sql[] =
	"select i.inhrelid, i.inhparent from pg_inherits i join pg_class c on c.oid = i.inhrelid"
	" where c.relkind in " READING_KINDS " order by i.inhrelid, i.inhseqno";
static const char depends_sql[] =
	"select distinct r.ev_class, d.refobjid, d.refobjsubid from pg_rewrite r join pg_depend d on d.objid = r.oid"
	" where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass"
	" and r.ev_type = '1' and d.refobjid <> r.ev_class";
static const char actions_sql[] = "select w.ev_class, w.ev_action::text, 'view '||n.nspname||'.'||c.relname from pg_rewrite w"
	" join pg_class c on c.oid = w.ev_class join pg_namespace n on n.oid = c.relnamespace where w.ev_type = '1'";
static const char views_sql[] = "select oid from pg_class where relkind in ('v','m')";
static const char definitions_sql[] =
	"select oid, relnatts, pg_get_viewdef(oid) from pg_class where relkind in ('v','m')";

static int read_relations(struct reading *rd)
{
	int err = reading_functions(rd);

	if (!err)
		err = reading_rows(rd, relations_sql, take_relation);
	if (!err)
		err = reading_rows(rd, columns_sql, take_column);
	if (!err)
		err = reading_rows(rd, parents_sql, take_parent);
	if (!err)
		err = reading_rows(rd, depends_sql, take_depend);
	if (!err)
		err = reading_rows(rd, actions_sql, take_action);
	return err ? err : reading_hazards(rd);
}

static int describe(struct reading *rd, const PGresult *definitions)
{
	int err = upstream_describe_views(rd->pg, definitions, rd->b, rd->deadline_ms);

	if (err == QW_E_IO || err == QW_E_EXPIRED)
		return reading_fail(rd, "describing views");
	return err ? reading_fail_build(rd, err) : 0;
}

/* One view's text by itself; a text that cannot be had leaves that view unresolved. */
static int describe_one(struct reading *rd, const char *oid)
{
	char sql[160];
	PGresult *r = NULL;
	int err;

	(void)snprintf(sql, sizeof(sql), "%s and oid = %s", definitions_sql, oid);
	if (reading_run(rd, sql, PGRES_TUPLES_OK, &r) == 0)
		err = describe(rd, r);
	else if (PQstatus(rd->pg) != CONNECTION_OK || PQtransactionStatus(rd->pg) != PQTRANS_IDLE)
		err = reading_fail(rd, sql);
	else
		err = catalog_set_unresolved(rd->b, (uint32_t)strtoul(oid, NULL, 10));
	PQclear(r);
	return err == QW_E_NOTFOUND ? 0 : err;
}

/*
 * pg_get_viewdef looks past our snapshot and waits for locks: one view that is being dropped, or a table that is being altered,
 * fails the query for all. Then we ask view by view.
 */
static int describe_views(struct reading *rd)
{
	PGresult *views = NULL;
	int err = 0;

	if (reading_run(rd, definitions_sql, PGRES_TUPLES_OK, &views) == 0) {
		err = describe(rd, views);
		PQclear(views);
		return err;
	}
	PQclear(views);
	if (reading_run(rd, views_sql, PGRES_TUPLES_OK, &views) != 0)
		err = reading_fail(rd, views_sql);
	for (int i = 0; !err && i < PQntuples(views); i++)
		err = describe_one(rd, PQgetvalue(views, i, 0));
	PQclear(views);
	return err;
}

static int read_all(struct reading *rd)
{
	int err = reading_execute(rd, "begin isolation level repeatable read, read only");

	if (!err)
		err = read_relations(rd);
	if (!err)
		err = reading_execute(rd, "commit");
	if (!err)
		err = reading_quiet(rd);
	return err ? err : describe_views(rd);
}

int upstream_read_catalog(struct vault *v, const struct upstream_target *t, const char *database, uint64_t generation,
	struct catalog **out, struct upstream_failure *failure)
{
	static const char extra[] = "-c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout=60000 "
				    "-c lock_timeout=100 -c quote_all_identifiers=off";
	struct upstream_request request = {.target = t, .database = database, .application_name = "querywarden catalog"};
	struct reading rd = {.f = failure, .deadline_ms = upstream_now_ms() + DEADLINE_MS};
	int err;

	*out = NULL;
	*failure = (struct upstream_failure){.sqlstate = ""};
	if (t->dialect == UPSTREAM_MYSQL)
		return upstream_mysql_read_catalog(v, t, generation, out, failure);
	rd.b = catalog_builder_new(generation);
	err = rd.b ? upstream_open(v, &request, extra, &rd.pg, failure) : reading_fail_build(&rd, QW_E_NOMEM);
	if (!err && PQsetnonblocking(rd.pg, 1) != 0)
		err = reading_fail(&rd, "non-blocking mode");
	if (!err)
		rd.major = (unsigned)PQserverVersion(rd.pg) / 10000;
	if (!err)
		err = read_all(&rd);
	upstream_drop(rd.pg);
	reading_oids_fini(&rd.changed);
	if (err) {
		catalog_builder_free(rd.b);
		return err;
	}
	*out = catalog_builder_finish(rd.b);
	return *out ? 0 : reading_fail_build(&rd, QW_E_NOMEM);
}
