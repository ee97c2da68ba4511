/*
 * Which kinds of definitions hold nothing that looks like data in all of this database: only those may be compared and sorted
 * (flow.definition). The patterns find all that literals.c of the session and the detectors hide, and more.
 */
#include "reading.h"

enum { SQL_MAX = 16384 };

/* What an extension brought is code. */
#define OF_EXTENSION(class, oid) \
	" and not exists (select 1 from pg_depend d where d.classid = " class " and d.objid = " oid " and d.deptype = 'e')"

static const struct {
	unsigned kind, since;
	const char *from, *text; /* rows, and what of each is looked at */
} kinds[] = {
	{CATALOG_QUIET_COMMENTS, 13, "(select description from pg_description where (objoid >= 16384"
		" or classoid in ('pg_namespace'::regclass, 'pg_database'::regclass))" OF_EXTENSION("classoid", "objoid")
		" union all select description from pg_shdescription) x where true", "description"},
	{CATALOG_QUIET_DEFAULTS, 13, "pg_attrdef where adrelid >= 16384", "pg_get_expr(adbin, adrelid)"},
	{CATALOG_QUIET_ARGUMENTS, 13, "pg_proc where oid >= 16384 and proargdefaults is not null"
		OF_EXTENSION("'pg_proc'::regclass", "pg_proc.oid"), "pg_get_expr(proargdefaults, 0)"},
	{CATALOG_QUIET_CHECKS, 13, "pg_constraint where contype in ('c', 'x') and oid >= 16384", "pg_get_constraintdef(oid)"},
	{CATALOG_QUIET_INDEXES, 13, "pg_index where indexrelid >= 16384 and (indexprs is not null or indpred is not null)",
		"pg_get_indexdef(indexrelid)"},
	{CATALOG_QUIET_FILTERS, 15, "pg_publication_rel where prqual is not null", "pg_get_expr(prqual, prrelid)"},
	{CATALOG_QUIET_ENUMS, 13, "pg_enum where true", "enumlabel::text"},
};

/* What is never hidden: names of sequences, and dates that are a literal of their own. */
static const char harmless[] =
	"'nextval[(]''[^'']*''::regclass[)]|(?<!'')''[12][0-9]{3}-[0-9]{2}-[0-9]{2}[ T0-9:.+Z-]{0,22}''(?!'')'";
/* All that literals.c hides after a quote, all that detect/ finds anywhere, and more. */
static const char suspect[] =
	"E'@|''.*[0-9].*[0-9].*[0-9].*[0-9]|''.*[^\\\\x01-\\\\x7f]|[0-9]([^0-9]*[0-9]){7}"
	"|(?=[A-Za-z0-9_/+=-]{20})[A-Za-z0-9_/+=-]*[0-9]"
	"|AKIA|ASIA|AIza|gh[pousr]_|github_pat_|glpat-|[sr]k_live_|xox[a-z]-|eyJ|-----BEGIN'";

/* A definition that cannot be had (it is being dropped) is as one that holds data. */
static int statement(size_t i, struct qw_buf *sql)
{
	int err = qw_buf_printf(sql, "select not exists (select 1 from %s and coalesce(regexp_replace(%s, %s, '', 'g') ~ %s, true))",
		kinds[i].from, kinds[i].text, harmless, suspect);

	return err ? err : qw_buf_append(sql, "", 1);
}

/* 1: quiet; 0: not, or the server would not say. */
static int look(struct reading *rd, size_t i)
{
	struct qw_buf sql;
	PGresult *r = NULL;
	int out;

	if (rd->major < kinds[i].since)
		return 1; /* there is no such thing yet */
	qw_buf_init(&sql, SQL_MAX);
	out = statement(i, &sql);
	if (out)
		out = reading_fail_build(rd, out);
	else if (reading_run(rd, (const char *)sql.p, PGRES_TUPLES_OK, &r) == 0)
		out = PQntuples(r) == 1 && *PQgetvalue(r, 0, 0) == 't';
	else if (PQstatus(rd->pg) != CONNECTION_OK || PQtransactionStatus(rd->pg) != PQTRANS_IDLE)
		out = reading_fail(rd, "looking at definitions");
	PQclear(r);
	qw_buf_fini(&sql);
	return out;
}

int reading_quiet(struct reading *rd)
{
	unsigned quiet = 0;

	for (size_t i = 0; i < QW_COUNT(kinds); i++) {
		int is_quiet = look(rd, i);

		if (is_quiet < 0)
			return is_quiet;
		quiet |= is_quiet ? kinds[i].kind : 0;
	}
	catalog_set_quiet(rd->b, quiet);
	return 0;
}
