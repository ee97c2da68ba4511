/* Asking the server, while the catalog is read. */
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"

int reading_fail(struct reading *rd, const char *what)
{
	(void)upstream_fail_text(rd->f, PQerrorMessage(rd->pg), qw_bytes(NULL, 0));
	(void)snprintf(rd->f->sqlstate, sizeof(rd->f->sqlstate), "08001");
	(void)snprintf(rd->f->message, sizeof(rd->f->message), "the gateway could not read what the database contains");
	if (!*rd->f->detail)
		(void)snprintf(rd->f->detail, sizeof(rd->f->detail), "no answer in time: %s", what);
	return QW_E_IO;
}

int reading_fail_build(struct reading *rd, int err)
{
	return upstream_fail(rd->f, err, "08001", "the gateway could not read what the database contains",
		"building the snapshot: %s", qw_error_text(err));
}

uint32_t reading_oid(const PGresult *r, int row, int column)
{
	return (uint32_t)strtoul(PQgetvalue(r, row, column), NULL, 10);
}

int16_t reading_attnum(const PGresult *r, int row, int column)
{
	return (int16_t)strtol(PQgetvalue(r, row, column), NULL, 10);
}

/* One command; its last result, which is PQcleared by the caller. */
int reading_run(struct reading *rd, const char *sql, ExecStatusType wanted, PGresult **out)
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

int reading_execute(struct reading *rd, const char *sql)
{
	PGresult *r = NULL;
	int err = reading_run(rd, sql, PGRES_COMMAND_OK, &r);

	PQclear(r);
	return err ? reading_fail(rd, sql) : 0;
}

/* Row by row as they arrive: a large catalog is never in memory twice. */
int reading_rows(struct reading *rd, const char *sql, reading_row_fn take)
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
		return reading_fail(rd, sql);
	return err ? reading_fail_build(rd, err) : 0;
}

int reading_oids_add(struct reading_oids *o, uint32_t oid)
{
	size_t at = o->count;

	while (at > 0 && o->list[at - 1] > oid)
		at--;
	if (at > 0 && o->list[at - 1] == oid)
		return 0;
	if (o->count == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 8;
		uint32_t *list = realloc(o->list, cap * sizeof(*list));

		if (!list)
			return QW_E_NOMEM;
		o->list = list;
		o->cap = cap;
	}
	memmove(o->list + at + 1, o->list + at, (o->count - at) * sizeof(*o->list));
	o->list[at] = oid;
	o->count++;
	return 0;
}

bool reading_oids_has(const struct reading_oids *o, uint32_t oid)
{
	for (size_t i = 0; i < o->count && o->list[i] <= oid; i++)
		if (o->list[i] == oid)
			return true;
	return false;
}

void reading_oids_drop(struct reading_oids *o, uint32_t oid)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++)
		if (o->list[i] != oid)
			o->list[n++] = o->list[i];
	o->count = n;
}

void reading_oids_fini(struct reading_oids *o)
{
	free(o->list);
	*o = (struct reading_oids){0};
}
