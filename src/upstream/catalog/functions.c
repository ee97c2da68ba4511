/*
 * Which functions, operators and types there are beyond those of the server's version. The fixed functions (OID below 10000) are
 * thousands and never change: the server adds up what defines them, and only when the sum is not that of its version we look
 * which of them differ. What defines a user's function is hashed by the server, so that no text of it comes here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"
#include "qw/functions.h"

enum { SQL_MAX = 65536 };

static int take_checksum(struct reading *rd, const PGresult *r, int row)
{
	const char *wanted = functions_checksum(rd->major);

	rd->is_verified = wanted && strcmp(PQgetvalue(r, row, 0), wanted) == 0;
	return 0;
}

static int take_pin(struct reading *rd, const PGresult *r, int row)
{
	uint32_t oid = reading_oid(r, row, 0);
	const struct functions_entry *e = functions_by_oid(rd->major, oid);

	if (e && strtoull(PQgetvalue(r, row, 1), NULL, 16) == e->pin)
		return 0;
	return reading_oids_add(&rd->changed, oid);
}

static int verify(struct reading *rd)
{
	char sql[1024];
	int err;

	if (!functions_checksum(rd->major))
		return 0; /* a version that we do not know: nothing of it is plain */
	(void)snprintf(sql, sizeof(sql),
		"select encode(sha256(convert_to(string_agg(%s, '' order by p.oid), 'SQL_ASCII')), 'hex') from pg_proc p"
		" where p.oid < %d", functions_pin_sql(), FUNCTIONS_FIXED_BELOW);
	err = reading_rows(rd, sql, take_checksum);
	if (err || rd->is_verified)
		return err;
	(void)snprintf(sql, sizeof(sql), "select p.oid, %s from pg_proc p where p.oid < %d order by p.oid", functions_pin_sql(),
		FUNCTIONS_FIXED_BELOW);
	err = reading_rows(rd, sql, take_pin);
	rd->is_verified = !err;
	return err;
}

/* ---- functions that are not fixed, or not as they were ---- */

static int take_function(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_function f = {
		.oid = reading_oid(r, row, 0),
		.schema = PQgetvalue(r, row, 1),
		.name = PQgetvalue(r, row, 2),
		.args = PQgetvalue(r, row, 3),
		.language = PQgetvalue(r, row, 4),
		.owner = PQgetvalue(r, row, 5),
		.extension = PQgetisnull(r, row, 6) ? NULL : PQgetvalue(r, row, 6),
		.kind = *PQgetvalue(r, row, 7),
		.volatility = *PQgetvalue(r, row, 8),
		.is_security_definer = *PQgetvalue(r, row, 9) == 't',
		.sha256 = PQgetvalue(r, row, 11),
	};
	const struct functions_entry *e = functions_by_name(rd->major, f.schema, f.name, f.args);

	f.is_builtin = e && f.oid >= FUNCTIONS_FIXED_BELOW && strtoull(PQgetvalue(r, row, 10), NULL, 16) == e->pin;
	return catalog_add_function_known(rd->b, &f);
}

/* row(...)::text quotes, so that no two definitions have the same text. An aggregate is also what its parts are. */
static const char known_sql[] =
	"select p.oid, n.nspname, p.proname, oidvectortypes(p.proargtypes), l.lanname, pg_get_userbyid(p.proowner), e.extname,"
	" p.prokind, p.provolatile, p.prosecdef, %s, encode(sha256(convert_to(row(n.nspname, p.proname,"
	" oidvectortypes(p.proargtypes), p.proargmodes, (select array_agg(format_type(t, null)) from unnest(p.proallargtypes) t),"
	" format_type(p.prorettype, null), p.proretset, l.lanname, pg_get_userbyid(p.proowner), e.extname, p.prokind,"
	" p.provolatile, p.prosecdef, p.proisstrict, p.proleakproof, p.prosrc, p.probin, p.proconfig, %s,"
	" (select row(a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,"
	" a.aggminvtransfn, a.aggmfinalfn, a.agginitval, a.aggminitval, a.aggfinalextra, format_type(a.aggtranstype, null),"
	" (select array_agg(row(f.prosrc, f.probin, f.prolang, f.proconfig, f.prosecdef, pg_get_userbyid(f.proowner))::text"
	" order by f.proname) from pg_proc f where f.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,"
	" a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)))::text from pg_aggregate a where a.aggfnoid = p.oid)"
	")::text, 'SQL_ASCII')), 'hex')"
	" from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang"
	" left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'"
	" left join pg_extension e on e.oid = d.refobjid"
	" where p.oid >= %d";

static int known_statement(const struct reading *rd, struct qw_buf *sql)
{
	int err = qw_buf_printf(sql, known_sql, functions_pin_sql(), rd->major >= 14 ? "p.prosqlbody::text" : "null",
		FUNCTIONS_FIXED_BELOW);

	for (size_t i = 0; !err && i < rd->changed.count; i++)
		err = qw_buf_printf(sql, "%s%u", i ? "," : " or p.oid in (", (unsigned)rd->changed.list[i]);
	if (!err && rd->changed.count)
		err = qw_buf_append(sql, ")", 1);
	return err ? err : qw_buf_append(sql, "", 1);
}

static int read_known(struct reading *rd)
{
	struct qw_buf sql;
	int err;

	qw_buf_init(&sql, SQL_MAX);
	err = known_statement(rd, &sql);
	err = err ? reading_fail_build(rd, err) : reading_rows(rd, (const char *)sql.p, take_function);
	qw_buf_fini(&sql);
	return err;
}

/* ---- names by which a function may be called, operators, types ---- */

static int take_name(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_function(rd->b, PQgetvalue(r, row, 0));
}

static int take_operator(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_operator(rd->b, reading_oid(r, row, 0), reading_oid(r, row, 1),
		PQgetisnull(r, row, 2) ? NULL : PQgetvalue(r, row, 2));
}

static int take_type(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_type(rd->b, reading_oid(r, row, 0), PQgetisnull(r, row, 1) ? NULL : PQgetvalue(r, row, 1));
}

static int take_part(struct reading *rd, const PGresult *r, int row)
{
	return catalog_add_type_part(rd->b, reading_oid(r, row, 0), reading_oid(r, row, 1));
}

static const char names_sql[] =
	"select distinct p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
	" where n.nspname not in ('pg_catalog', 'information_schema')";
/* An operator on a user's type is only meant where such a type is, unless the server's own become it without being told. */
static const char operators_sql[] =
	"select o.oid, o.oprcode::oid, case when o.oid >= 10000 and not exists (select from pg_type t"
	" where t.oid in (o.oprleft, o.oprright) and t.oid >= 10000 and t.typtype <> 'd' and not exists (select from pg_cast k"
	" where k.casttarget = t.oid and k.castsource < 10000 and k.castcontext = 'i')) then o.oprname end from pg_operator o";
static const char types_sql[] =
	"select t.oid, case when t.typnamespace <> 11 and t.typcategory <> 'A' and (c.oid is null or c.relkind = 'c')"
	" then t.typname end from pg_type t left join pg_class c on c.oid = t.typrelid where t.oid >= 10000"
	/* the named marker of the door: a cast between the server's own types */
	" union all select 0, '' where exists (select from pg_cast where oid >= 16384 and castsource < 10000 and casttarget < 10000)";
static const char parts_sql[] =
	"select oid, typbasetype from pg_type where typtype = 'd' and oid >= 10000 and typbasetype >= 10000"
	" union all select oid, typelem from pg_type where oid >= 10000 and typelem >= 10000"
	" union all select c.reltype, a.atttypid from pg_attribute a join pg_class c on c.oid = a.attrelid"
	" where c.reltype <> 0 and a.attnum > 0 and not a.attisdropped and a.atttypid >= 10000"
	" union all select rngtypid, rngsubtype from pg_range where rngtypid >= 10000 and rngsubtype >= 10000";
static const char multiranges_sql[] = "select rngmultitypid, rngtypid from pg_range where rngmultitypid >= 10000";

int reading_functions(struct reading *rd)
{
	int err = verify(rd);

	if (!err)
		err = read_known(rd);
	if (!err)
		err = reading_rows(rd, names_sql, take_name);
	if (!err)
		err = reading_rows(rd, operators_sql, take_operator);
	if (!err)
		err = reading_rows(rd, types_sql, take_type);
	if (!err)
		err = reading_rows(rd, parts_sql, take_part);
	if (!err && rd->major >= 14)
		err = reading_rows(rd, multiranges_sql, take_part);
	if (!err)
		catalog_set_server(rd->b, rd->major, rd->is_verified);
	return err;
}
