/*
 * What using a type runs unseen: a domain's CHECK when a value is coerced, input and output, comparing and hashing where SQL
 * sorts or groups, and the cast that to_json() looks up by itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"

/* domain, text, expression */
static int take_domain(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .text = PQgetvalue(r, row, 1), .detail = PQgetvalue(r, row, 2)};
	struct reading_expression e = {0};
	int err = reading_expression_scan(rd, h.detail, &e);

	h.functions = e.functions.list;
	h.function_count = e.functions.count;
	if (!err && h.function_count)
		err = catalog_add_hazard(rd->b, &h);
	for (size_t i = 0; !err && i < e.types.count; i++)
		err = catalog_add_type_part(rd->b, h.subject, e.types.list[i]);
	reading_expression_fini(&e);
	return err;
}

/* type, text, function */
static int take_support(struct reading *rd, const PGresult *r, int row)
{
	uint32_t function = reading_oid(r, row, 2);
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .trusts_extensions = true, .text = PQgetvalue(r, row, 1),
		.functions = &function, .function_count = 1};

	return catalog_add_hazard(rd->b, &h);
}

#define TYPE "n.nspname||'.'||t.typname"
#define NAMED " join pg_namespace n on n.oid = t.typnamespace"

static const char domains_sql[] =
	"select k.contypid, 'CHECK constraint '||k.conname||' of domain '||" TYPE ", k.conbin::text"
	" from pg_constraint k join pg_type t on t.oid = k.contypid" NAMED " where k.contypid <> 0 and k.conbin is not null";
/* Typed apart: what is not a function of PostgreSQL's own; `%s` is typsubscript, which came with 14. */
static const char io_sql[] =
	"select t.oid, 'type '||" TYPE ", f from pg_type t" NAMED
	" cross join lateral unnest(array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout%s]::oid[]) f"
	" where t.oid >= 10000 and t.typtype in ('b', 'r', 'm') and f >= 10000";
static const char classes_sql[] =
	"select distinct o.opcintype, 'operator class '||o.opcname||' of '||" TYPE ", a.amproc::oid from pg_opclass o"
	" join pg_amproc a on a.amprocfamily = o.opcfamily join pg_type t on t.oid = o.opcintype" NAMED
	" where a.amproc::oid >= 10000";
static const char json_sql[] =
	"select k.castsource, 'cast to json of '||" TYPE ", k.castfunc from pg_cast k join pg_type t on t.oid = k.castsource" NAMED
	" where k.casttarget in (114, 3802) and k.castfunc >= 10000";
static const char ranges_sql[] =
	"select t.oid, 'range type '||" TYPE ", f from pg_range r join pg_type t on t.oid = r.rngtypid" NAMED
	" cross join lateral unnest(array[r.rngcanonical, r.rngsubdiff]::oid[]) f where f >= 10000";

int reading_type_hazards(struct reading *rd)
{
	char io[sizeof(io_sql) + 32];
	int err;

	(void)snprintf(io, sizeof(io), io_sql, rd->major >= 14 ? ", t.typsubscript" : "");
	err = reading_rows(rd, domains_sql, take_domain);
	if (!err)
		err = reading_rows(rd, io, take_support);
	if (!err)
		err = reading_rows(rd, classes_sql, take_support);
	if (!err)
		err = reading_rows(rd, json_sql, take_support);
	return err ? err : reading_rows(rd, ranges_sql, take_support);
}
