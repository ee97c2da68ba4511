/*
 * Where the columns of a view come from: we let the server parse the view's own text (pg_get_viewdef) as a statement and
 * describe its result, without ever running it. Many views to a round trip: libpq's pipeline mode, one Sync for each view,
 * so that a view that fails spoils no other.
 */
#include <limits.h>
#include <stdlib.h>

#include "../internal.h"

enum {
	WINDOW = 64,
	SLACK_MS = 20000, /* more than one window of lock timeouts takes */
	PINNED_BELOW = 16384, /* FirstNormalObjectId */
};

struct describing {
	PGconn *pg;
	struct catalog_builder *b;
	int64_t deadline_ms;
};

static uint32_t oid_at(const PGresult *r, int row, int column)
{
	return (uint32_t)strtoul(PQgetvalue(r, row, column), NULL, 10);
}

static int set_unresolved(struct catalog_builder *b, uint32_t oid)
{
	int err = catalog_set_unresolved(b, oid);

	return err == QW_E_NOTFOUND ? 0 : err; /* no such relation: nothing to protect */
}

static int send_one(PGconn *pg, const PGresult *defs, int row)
{
	if (PQgetisnull(defs, row, 2))
		return 0;
	return PQsendPrepare(pg, "", PQgetvalue(defs, row, 2), 0, NULL) == 1 && PQsendDescribePrepared(pg, "") == 1 &&
	       PQpipelineSync(pg) == 1 ? 0 : QW_E_IO;
}

/* Fields and columns are the same in number and order: a view's columns can be added and renamed, not dropped. */
static int take_fields(const PGresult *described, uint32_t oid, int natts, struct catalog_builder *b)
{
	int err = 0;

	if (PQresultStatus(described) != PGRES_COMMAND_OK || PQnfields(described) != natts)
		return set_unresolved(b, oid);
	for (int i = 0; !err && i < natts; i++) {
		int column = PQftablecol(described, i);
		struct catalog_origin from = {PQftable(described, i), 0};

		if (from.relation_oid == InvalidOid || column == 0)
			continue;
		if (column < SHRT_MIN || column > SHRT_MAX)
			return set_unresolved(b, oid);
		from.attnum = (int16_t)column;
		err = catalog_set_origin(b, oid, (int16_t)(i + 1), from);
	}
	return err == QW_E_NOTFOUND ? set_unresolved(b, oid) : err;
}

/* Parse's answer and Describe's, each followed by a NULL, then the answer to Sync. After a failed Parse, Describe is skipped. */
static int receive_one(struct describing *d, uint32_t oid, int natts)
{
	bool is_parsed = false, is_described = false;
	int err = 0, nulls = 0;

	while (!err) {
		PGresult *r = NULL;
		ExecStatusType status;

		err = upstream_result(d->pg, d->deadline_ms, &r);
		if (err)
			break;
		status = r ? PQresultStatus(r) : PGRES_EMPTY_QUERY;

		if (!r && ++nulls > 2)
			err = QW_E_IO; /* never in a pipeline that is in order */
		if (r && status == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			break;
		}
		if (r && !is_parsed) {
			is_parsed = true;
		} else if (r && !is_described) {
			is_described = true;
			err = take_fields(r, oid, natts, d->b);
		}
		PQclear(r);
		if (PQstatus(d->pg) != CONNECTION_OK)
			err = QW_E_IO;
	}
	return err || is_described ? err : set_unresolved(d->b, oid);
}

static int receive_row(struct describing *d, const PGresult *defs, int row)
{
	uint32_t oid = oid_at(defs, row, 0);

	if (PQgetisnull(defs, row, 2))
		return set_unresolved(d->b, oid);
	return receive_one(d, oid, (int)strtol(PQgetvalue(defs, row, 1), NULL, 10));
}

static int describe_window(struct describing *d, const PGresult *defs, int from, int to)
{
	int err = 0;

	for (int i = from; !err && i < to; i++)
		err = send_one(d->pg, defs, i);
	for (int i = from; !err && i < to; i++)
		err = receive_row(d, defs, i);
	return err;
}

static int leave_window(struct describing *d, const PGresult *defs, int from, int to)
{
	int err = 0;

	for (int i = from; !err && i < to; i++)
		err = set_unresolved(d->b, oid_at(defs, i, 0));
	return err;
}

/* A server in which everything waits for a lock uses up our time: what we cannot ask any more stays unresolved. */
int upstream_describe_views(PGconn *pg, const PGresult *defs, struct catalog_builder *b, int64_t deadline_ms)
{
	struct describing d = {pg, b, deadline_ms};
	int err = 0, count = PQntuples(defs);

	if (PQenterPipelineMode(pg) != 1)
		return QW_E_STATE;
	for (int i = 0; !err && i < count; i += WINDOW) {
		int to = count - i < WINDOW ? count : i + WINDOW;

		if (upstream_now_ms() < deadline_ms - SLACK_MS)
			err = describe_window(&d, defs, i, to);
		else
			err = leave_window(&d, defs, i, to);
	}
	return err || PQexitPipelineMode(pg) == 1 ? err : QW_E_IO;
}

/* ---- pinned relations: pg_depend does not mention the system catalogs, the stored rule does ---- */

/* "(b 8 9 10)": attribute numbers, shifted by 7 so that system columns fit (FirstLowInvalidHeapAttributeNumber). */
static int add_columns(uint32_t view_oid, uint32_t relation_oid, const char *set, struct catalog_builder *b)
{
	int err = 0;

	while (!err && *set == ' ') {
		char *end;
		long bit = strtol(set + 1, &end, 10);

		if (end == set + 1 || bit < 0 || bit - 7 > SHRT_MAX)
			return QW_E_MALFORMED;
		err = catalog_add_depend(b, view_oid, (struct catalog_origin){relation_oid, (int16_t)(bit - 7)});
		set = end;
	}
	return err;
}

/*
 * In the text of the rule every relation is ":relid N" and, after it, ":selectedCols (b ...)": in the range table entry itself
 * up to PostgreSQL 15, in a permission entry of its own from 16 on. Names in that text have their blanks escaped, so that
 * they cannot imitate either.
 */
int upstream_pinned_depends(uint32_t view_oid, const char *action, bool perminfos, struct catalog_builder *b)
{
	static const char relid[] = ":relid ", selected[] = ":selectedCols (b";
	const char *p = strstr(action, relid), *next;
	int err = 0;

	for (; !err && p; p = next) {
		uint32_t oid = (uint32_t)strtoul(p + sizeof(relid) - 1, NULL, 10);
		const char *set = strstr(p, selected);

		next = strstr(p + 1, relid);
		if (oid == 0 || oid >= PINNED_BELOW || oid == view_oid)
			continue;
		if (set && (!next || set < next))
			err = add_columns(view_oid, oid, set + sizeof(selected) - 1, b);
		else if (!perminfos)
			err = catalog_add_depend(b, view_oid, (struct catalog_origin){oid, 0});
	}
	return err;
}
