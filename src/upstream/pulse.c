/*
 * Has the schema changed? Every change writes rows of the system catalogs, each with the number of the transaction that wrote it
 * (xmin), which freezing does not change. So the count and the sum of these numbers stay the same only while the rows do. The
 * statistics counters (pg_stat_sys_tables) would be cheaper, but they come late, can be off, and do not exist on a stand-by.
 * While no transaction has ended since the last look, not even that is asked: the snapshot is the same. On a stand-by a snapshot
 * does not show all transactions that are under way, so there we always look.
 */
#include <stdio.h>
#include <stdlib.h>

#include "catalog/reading.h"
#include "my.h"

enum { PULSE_MS = 10000, SNAPSHOT_MAX = 4096, SQL_MAX = 16384 };

struct upstream_pulse {
	struct upstream_mysql_pulse *my; /* or, NULL: */
	PGconn *pg;
	uint64_t beat;
	char snapshot[SNAPSHOT_MAX]; /* taken before `beat` was; "": none */
};

/* Everything that upstream_read_catalog() reads, but for names of owners and what belongs to an extension (pg_depend). */
static const char *const watched[] = {"pg_class", "pg_attribute", "pg_proc", "pg_type", "pg_constraint", "pg_rewrite", "pg_operator",
	"pg_cast", "pg_trigger", "pg_inherits", "pg_index", "pg_policy", "pg_attrdef", "pg_namespace", "pg_partitioned_table",
	"pg_foreign_table", "pg_foreign_server", "pg_range", "pg_amproc", "pg_opclass", "pg_aggregate", "pg_language",
	"pg_extension", "pg_enum", "pg_description", "pg_shdescription", "pg_publication_rel"};

/* age() of what initdb's first process wrote is always the largest integer: those rows are only counted. */
static int sums_statement(struct qw_buf *sql)
{
	int err = qw_buf_printf(sql, "select string_agg(concat(s, ' ', n), ' ' order by k) from (");

	for (size_t i = 0; !err && i < QW_COUNT(watched); i++)
		err = qw_buf_printf(sql, "%s select %zu as k, count(*) as n, sum(age('3'::xid) - age(xmin))"
			" filter (where age(xmin) < 2147483647) as s from pg_catalog.%s", i ? " union all" : "", i, watched[i]);
	if (!err)
		err = qw_buf_printf(sql, ") x");
	return err ? err : qw_buf_append(sql, "", 1);
}

static uint64_t fnv(const char *text) /* FNV-1a, 64 bits */
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return h;
}

static int look(struct reading *rd, struct upstream_pulse *p)
{
	struct qw_buf sql;
	PGresult *r = NULL;
	int err;

	qw_buf_init(&sql, SQL_MAX);
	err = sums_statement(&sql);
	if (err)
		err = reading_fail_build(rd, err);
	else if (reading_run(rd, (const char *)sql.p, PGRES_TUPLES_OK, &r) || PQntuples(r) != 1)
		err = reading_fail(rd, "the sums of the catalogs");
	else
		p->beat = fnv(PQgetvalue(r, 0, 0));
	PQclear(r);
	qw_buf_fini(&sql);
	return err;
}

static int beat(struct reading *rd, struct upstream_pulse *p)
{
	static const char sql[] = "select pg_catalog.pg_current_snapshot()::text, pg_catalog.pg_is_in_recovery()";
	char snapshot[SNAPSHOT_MAX] = "";
	PGresult *r = NULL;
	int err = reading_run(rd, sql, PGRES_TUPLES_OK, &r);

	if (err || PQntuples(r) != 1) {
		PQclear(r);
		return reading_fail(rd, sql);
	}
	if (*PQgetvalue(r, 0, 1) == 'f' && PQgetlength(r, 0, 0) < SNAPSHOT_MAX)
		(void)snprintf(snapshot, sizeof(snapshot), "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	if (*snapshot && strcmp(snapshot, p->snapshot) == 0)
		return 0;
	*p->snapshot = '\0';
	err = look(rd, p);
	if (!err)
		memcpy(p->snapshot, snapshot, sizeof(snapshot));
	return err;
}

int upstream_pulse_open(struct vault *v, const struct upstream_target *t, const char *database, struct upstream_pulse **out,
	struct upstream_failure *failure)
{
	static const char extra[] = "-c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout=10000 "
				    "-c lock_timeout=1000 -c jit=off -c max_parallel_workers_per_gather=0";
	struct upstream_request request = {.target = t, .database = database, .application_name = "querywarden pulse"};
	struct upstream_pulse *p = calloc(1, sizeof(*p));
	struct reading rd = {.f = failure};
	int err;

	*out = NULL;
	*failure = (struct upstream_failure){.sqlstate = ""};
	if (!p)
		err = reading_fail_build(&rd, QW_E_NOMEM);
	else if (t->dialect == UPSTREAM_MYSQL)
		err = upstream_mysql_pulse_open(v, t, &p->my, failure);
	else
		err = upstream_open(v, &request, extra, &p->pg, failure);
	if (!err && p->pg && PQsetnonblocking(p->pg, 1) != 0) {
		rd.pg = p->pg;
		err = reading_fail(&rd, "non-blocking mode");
	}
	if (err) {
		upstream_pulse_free(p);
		return err;
	}
	*out = p;
	return 0;
}

int upstream_pulse(struct upstream_pulse *p, uint64_t *out, struct upstream_failure *failure)
{
	struct reading rd = {.pg = p->pg, .f = failure, .deadline_ms = upstream_now_ms() + PULSE_MS};
	int err;

	*failure = (struct upstream_failure){.sqlstate = ""};
	if (p->my)
		return upstream_mysql_pulse(p->my, out, failure);
	err = beat(&rd, p);
	if (!err)
		*out = p->beat;
	return err;
}

void upstream_pulse_free(struct upstream_pulse *p)
{
	if (!p)
		return;
	upstream_drop(p->pg);
	upstream_mysql_pulse_free(p->my);
	free(p);
}
