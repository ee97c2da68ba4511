/* Reads what a database contains: one consistent snapshot of the system catalogs, then the description of every view. */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

enum { DEADLINE_MS = 60000 };

/* What can be selected from; the tables that hold long values (toast) are there to be known as such. */
#define KINDS "('r','p','v','m','f','S','t')"

struct reading {
	PGconn *pg;
	struct catalog_builder *b;
	struct upstream_failure *f;
	int64_t deadline_ms;
};

static int fail_query(struct reading *rd, const char *what)
{
	(void)upstream_fail_text(rd->f, PQerrorMessage(rd->pg), qw_bytes(NULL, 0));
	(void)snprintf(rd->f->sqlstate, sizeof(rd->f->sqlstate), "08001");
	(void)snprintf(rd->f->message, sizeof(rd->f->message), "the gateway could not read what the database contains");
	if (!*rd->f->detail)
		(void)snprintf(rd->f->detail, sizeof(rd->f->detail), "no answer in time: %s", what);
	return QW_E_IO;
}

static int fail_build(struct reading *rd, int err)
{
	return upstream_fail(rd->f, err, "08001", "the gateway could not read what the database contains",
		"building the snapshot: %s", qw_error_text(err));
}

static uint32_t oid_at(const PGresult *r, int row, int column)
{
	return (uint32_t)strtoul(PQgetvalue(r, row, column), NULL, 10);
}

static int16_t attnum_at(const PGresult *r, int row, int column)
{
	return (int16_t)strtol(PQgetvalue(r, row, column), NULL, 10);
}

/* One command; its last result, which is PQcleared by the caller. */
static int run(struct reading *rd, const char *sql, ExecStatusType wanted, PGresult **out)
{
	PGresult *r = NULL;
	int err = PQsendQuery(rd->pg, sql) == 1 ? upstream_result(rd->pg, rd->deadline_ms, &r) : QW_E_IO;

	*out = NULL;
	while (!err && r) {
		PQclear(*out);
		*out = r;
		err = upstream_result(rd->pg, rd->deadline_ms, &r);
	}
	return err || PQresultStatus(*out) != wanted ? QW_E_IO : 0;
}

static int execute(struct reading *rd, const char *sql)
{
	PGresult *r = NULL;
	int err = run(rd, sql, PGRES_COMMAND_OK, &r);

	PQclear(r);
	return err ? fail_query(rd, sql) : 0;
}

typedef int (*row_fn)(struct reading *rd, const PGresult *r, int row);

/* Row by row as they arrive: a large catalog is never in memory twice. */
static int each_row(struct reading *rd, const char *sql, row_fn take)
{
	int err = 0, lost = PQsendQuery(rd->pg, sql) == 1 && PQsetSingleRowMode(rd->pg) == 1 ? 0 : QW_E_IO;
	bool done = false;
	PGresult *r = NULL;

	while (!lost && !(lost = upstream_result(rd->pg, rd->deadline_ms, &r)) && r) {
		ExecStatusType status = PQresultStatus(r);

		if (status == PGRES_SINGLE_TUPLE && !err)
			err = take(rd, r, 0);
		done = done || status == PGRES_TUPLES_OK;
		PQclear(r);
	}
	if (lost || !done)
		return fail_query(rd, sql);
	return err ? fail_build(rd, err) : 0;
}

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
	uint32_t oid = oid_at(r, row, 0);
	int err = catalog_add_relation(rd->b, oid, PQgetvalue(r, row, 1), PQgetvalue(r, row, 2), kind_of(kind));

	return err || kind != 't' ? err : catalog_set_unresolved(rd->b, oid);
}

static int take_column(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_column(rd->b, oid_at(r, row, 0), attnum_at(r, row, 1), PQgetvalue(r, row, 2), oid_at(r, row, 3));
}

static int take_parent(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_parent(rd->b, oid_at(r, row, 0), oid_at(r, row, 1));
}

static int take_depend(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_depend(rd->b, oid_at(r, row, 0), (struct catalog_origin){oid_at(r, row, 1), attnum_at(r, row, 2)});
}

static int take_function(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_function(rd->b, PQgetvalue(r, row, 0));
}

static int take_action(struct reading *rd, const PGresult *r, int row)
{
	return upstream_pinned_depends(oid_at(r, row, 0), PQgetvalue(r, row, 1), PQserverVersion(rd->pg) >= 160000, rd->b);
}

/* ---- queries: search_path is pg_catalog alone, so bare names are the server's own ---- */

static const char relations_sql[] =
	"select c.oid, n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	" where c.relkind in " KINDS " order by c.relnamespace";
static const char columns_sql[] =
	"select a.attrelid, a.attnum, a.attname, a.atttypid from pg_attribute a join pg_class c on c.oid = a.attrelid"
	" where c.relkind in " KINDS " and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum";
static const char parents_sql[] =
	"select i.inhrelid, i.inhparent from pg_inherits i join pg_class c on c.oid = i.inhrelid"
	" where c.relkind in " KINDS " order by i.inhrelid, i.inhseqno";
static const char depends_sql[] =
	"select distinct r.ev_class, d.refobjid, d.refobjsubid from pg_rewrite r join pg_depend d on d.objid = r.oid"
	" where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass"
	" and r.ev_type = '1' and d.refobjid <> r.ev_class";
static const char actions_sql[] = "select ev_class, ev_action::text from pg_rewrite where ev_type = '1'";
static const char functions_sql[] =
	"select distinct p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
	" where n.nspname not in ('pg_catalog', 'information_schema')";
static const char views_sql[] = "select oid from pg_class where relkind in ('v','m')";
static const char definitions_sql[] =
	"select oid, relnatts, pg_get_viewdef(oid) from pg_class where relkind in ('v','m')";

static int read_relations(struct reading *rd)
{
	int err = each_row(rd, relations_sql, take_relation);

	if (!err)
		err = each_row(rd, columns_sql, take_column);
	if (!err)
		err = each_row(rd, parents_sql, take_parent);
	if (!err)
		err = each_row(rd, depends_sql, take_depend);
	if (!err)
		err = each_row(rd, functions_sql, take_function);
	return err ? err : each_row(rd, actions_sql, take_action);
}

static int describe(struct reading *rd, const PGresult *definitions)
{
	int err = upstream_describe_views(rd->pg, definitions, rd->b, rd->deadline_ms);

	if (err == QW_E_IO || err == QW_E_EXPIRED)
		return fail_query(rd, "describing views");
	return err ? fail_build(rd, err) : 0;
}

/* One view's text by itself; a text that cannot be had leaves that view unresolved. */
static int describe_one(struct reading *rd, const char *oid)
{
	char sql[160];
	PGresult *r = NULL;
	int err;

	(void)snprintf(sql, sizeof(sql), "%s and oid = %s", definitions_sql, oid);
	if (run(rd, sql, PGRES_TUPLES_OK, &r) == 0)
		err = describe(rd, r);
	else if (PQstatus(rd->pg) != CONNECTION_OK || PQtransactionStatus(rd->pg) != PQTRANS_IDLE)
		err = fail_query(rd, sql);
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

	if (run(rd, definitions_sql, PGRES_TUPLES_OK, &views) == 0) {
		err = describe(rd, views);
		PQclear(views);
		return err;
	}
	PQclear(views);
	if (run(rd, views_sql, PGRES_TUPLES_OK, &views) != 0)
		err = fail_query(rd, views_sql);
	for (int i = 0; !err && i < PQntuples(views); i++)
		err = describe_one(rd, PQgetvalue(views, i, 0));
	PQclear(views);
	return err;
}

static int read_all(struct reading *rd)
{
	int err = execute(rd, "begin isolation level repeatable read, read only");

	if (!err)
		err = read_relations(rd);
	if (!err)
		err = execute(rd, "commit");
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
	rd.b = catalog_builder_new(generation);
	err = rd.b ? upstream_open(v, &request, extra, &rd.pg, failure) : fail_build(&rd, QW_E_NOMEM);
	if (!err && PQsetnonblocking(rd.pg, 1) != 0)
		err = fail_query(&rd, "non-blocking mode");
	if (!err)
		err = read_all(&rd);
	upstream_drop(rd.pg);
	if (err) {
		catalog_builder_free(rd.b);
		return err;
	}
	*out = catalog_builder_finish(rd.b);
	return *out ? 0 : fail_build(&rd, QW_E_NOMEM);
}
