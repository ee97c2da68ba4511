/*
 * What writing to a relation runs besides the statement: triggers, CHECK constraints, generated columns, index expressions,
 * partition keys, foreign tables; what foreign keys do is in rules.c. Defaults and rules are in the tree of the statement (row security,
 * too), but not in that of COPY and of what a foreign key does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"

enum { EVERY_WRITE = CATALOG_ON_INSERT | CATALOG_ON_UPDATE, NEXTVAL = 1574 };

static const char *field(const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

/* An expression that runs nothing but what is plain is no hazard. Its casts bring the hazards of their types. */
static int add_expression(struct reading *rd, struct catalog_hazard *h, const struct reading_expression *e)
{
	int err = 0;

	h->functions = e->functions.list;
	h->function_count = e->functions.count;
	if (h->function_count)
		err = catalog_add_hazard(rd->b, h);
	for (size_t i = 0; !err && i < e->types.count; i++) {
		struct catalog_hazard of_type = *h;

		of_type.text = of_type.detail = NULL;
		of_type.functions = NULL;
		of_type.function_count = 0;
		of_type.type = e->types.list[i];
		err = catalog_add_hazard(rd->b, &of_type);
	}
	return err;
}

static int add_tree(struct reading *rd, struct catalog_hazard *h)
{
	struct reading_expression e = {0};
	int err = reading_expression_scan(rd, h->detail, &e);

	if (!err)
		err = add_expression(rd, h, &e);
	reading_expression_fini(&e);
	return err;
}

/* ---- triggers: relation, function, type, tgqual, text, definition ---- */

static unsigned trigger_events(long type) /* TRIGGER_TYPE_* of pg_trigger.h */
{
	return (type & 4 ? CATALOG_ON_INSERT : 0u) | (type & 8 ? CATALOG_ON_DELETE : 0u) | (type & 16 ? CATALOG_ON_UPDATE : 0u) |
		(type & 32 ? CATALOG_ON_TRUNCATE : 0u);
}

static int take_trigger(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {
		.subject = reading_oid(r, row, 0),
		.on = trigger_events(strtol(PQgetvalue(r, row, 2), NULL, 10)),
		.text = PQgetvalue(r, row, 4),
		.detail = PQgetvalue(r, row, 5),
	};
	struct reading_expression e = {0};
	int err = reading_oids_add(&e.functions, reading_oid(r, row, 1));

	if (!err && field(r, row, 3))
		err = reading_expression_scan(rd, field(r, row, 3), &e);
	if (!err)
		err = add_expression(rd, &h, &e);
	reading_expression_fini(&e);
	return err;
}

/* ---- relation, text, expression ---- */

static int take_check(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .on = EVERY_WRITE, .text = PQgetvalue(r, row, 1),
		.detail = PQgetvalue(r, row, 2)};

	return add_tree(rd, &h);
}

static int take_partition_key(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .on = EVERY_WRITE, .for_children = true,
		.text = PQgetvalue(r, row, 1), .detail = PQgetvalue(r, row, 2)};

	return add_tree(rd, &h);
}

/* relation, text, expression, attnum, attgenerated */
static int take_default(struct reading *rd, const PGresult *r, int row)
{
	int16_t attnum = reading_attnum(r, row, 3);
	bool is_generated = *PQgetvalue(r, row, 4) != '\0';
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .on = EVERY_WRITE, .is_shown = !is_generated,
		.text = PQgetvalue(r, row, 1), .detail = PQgetvalue(r, row, 2)};
	struct reading_expression e = {0};
	int err = reading_expression_scan(rd, h.detail, &e);

	if (!is_generated) /* a sequence moves where its column is filled: that is what it is for */
		reading_oids_drop(&e.functions, NEXTVAL);
	if (!err)
		err = add_expression(rd, &h, &e);
	for (size_t i = 0; !err && is_generated && i < e.columns.count; i++)
		err = catalog_add_generated(rd->b, h.subject, (struct catalog_generated){attnum, (int16_t)e.columns.list[i]});
	reading_expression_fini(&e);
	return err == QW_E_NOTFOUND ? 0 : err; /* of a relation that cannot be selected from */
}

/* relation, text, function: the server compares by it, unseen */
static int take_operator_class(struct reading *rd, const PGresult *r, int row)
{
	uint32_t function = reading_oid(r, row, 2);
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .on = EVERY_WRITE, .trusts_extensions = true,
		.text = PQgetvalue(r, row, 1), .functions = &function, .function_count = 1};

	return catalog_add_hazard(rd->b, &h);
}

/* relation, text, ev_type */
static int take_rule(struct reading *rd, const PGresult *r, int row)
{
	char type = *PQgetvalue(r, row, 2);
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .is_shown = true, .text = PQgetvalue(r, row, 1),
		.detail = PQgetvalue(r, row, 3),
		.on = type == '2' ? CATALOG_ON_UPDATE : type == '3' ? CATALOG_ON_INSERT : CATALOG_ON_DELETE};

	return catalog_add_hazard(rd->b, &h);
}

static int take_foreign_table(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .text = PQgetvalue(r, row, 1),
		.on = EVERY_WRITE | CATALOG_ON_DELETE | CATALOG_ON_TRUNCATE};

	return catalog_add_hazard(rd->b, &h);
}

/* The policies are in the tree of a statement, but not in its text. */
static int take_row_security(struct reading *rd, const PGresult *r, int row)
{
	struct catalog_hazard h = {.subject = reading_oid(r, row, 0), .text = PQgetvalue(r, row, 1)};

	return catalog_add_hazard(rd->b, &h);
}

#define ON " on '||n.nspname||'.'||c.relname"
#define OF " of '||n.nspname||'.'||c.relname"
#define NAMED(relation) " join pg_class c on c.oid = " relation " join pg_namespace n on n.oid = c.relnamespace"

/* Internal triggers are those of constraints, and until 14 the copies on partitions, which have no constraint. */
static const char triggers_sql[] =
	"select t.tgrelid, t.tgfoid, t.tgtype, t.tgqual::text, 'trigger '||t.tgname||'" ON ","
	" row(t.tgtype, t.tgenabled, t.tgattr, t.tgargs, t.tgdeferrable, t.tgoldtable, t.tgnewtable, t.tgqual)::text"
	" from pg_trigger t" NAMED("t.tgrelid") " where (not t.tgisinternal or t.tgconstraint = 0) and t.tgenabled <> 'D'";
static const char checks_sql[] =
	"select k.conrelid, 'CHECK constraint '||k.conname||'" OF ", k.conbin::text"
	" from pg_constraint k" NAMED("k.conrelid") " where k.contype = 'c' and k.conrelid <> 0 and k.conbin is not null";
static const char defaults_sql[] =
	"select d.adrelid, case when a.attgenerated = '' then 'default' else 'generated column' end||' '||a.attname||'" OF ","
	" d.adbin::text, d.adnum, a.attgenerated from pg_attrdef d"
	" join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum" NAMED("d.adrelid");
static const char indexes_sql[] =
	"select i.indrelid, 'index '||x.relname||'" OF ", concat(i.indexprs::text, ' ', i.indpred::text)"
	" from pg_index i join pg_class x on x.oid = i.indexrelid" NAMED("i.indrelid")
	" where i.indexprs is not null or i.indpred is not null";
static const char partition_keys_sql[] =
	"select p.partrelid, 'partition key" OF ", p.partexprs::text from pg_partitioned_table p" NAMED("p.partrelid")
	" where p.partexprs is not null";
static const char operator_classes_sql[] =
	"with f as materialized (select o.oid, a.amproc::oid as proc from pg_opclass o join pg_amproc a on a.amprocfamily = o.opcfamily"
	" where a.amproc::oid >= 10000), k as (select i.indrelid as relation, i.indclass as classes, x.relname as name from pg_index i"
	" join pg_class x on x.oid = i.indexrelid where exists (select from f) union all"
	" select partrelid, partclass, 'partition key' from pg_partitioned_table where exists (select from f))"
	" select distinct k.relation, 'index '||k.name||'" OF ", f.proc from k join f on f.oid = any (k.classes::oid[])"
	NAMED("k.relation");
static const char rules_sql[] =
	"select w.ev_class, 'rule '||w.rulename||'" ON ", w.ev_type, encode(sha256(convert_to(concat(w.ev_qual::text,"
	" w.ev_action::text, w.is_instead), 'SQL_ASCII')), 'hex') from pg_rewrite w" NAMED("w.ev_class")
	" where w.ev_type in ('2','3','4') and w.ev_enabled <> 'D'";
static const char foreign_tables_sql[] =
	"select f.ftrelid, n.nspname||'.'||c.relname||' is a foreign table of server '||s.srvname from pg_foreign_table f"
	" join pg_foreign_server s on s.oid = f.ftserver" NAMED("f.ftrelid");
static const char row_security_sql[] =
	"select c.oid, 'row security of '||n.nspname||'.'||c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
	" where c.relrowsecurity";

int reading_hazards(struct reading *rd)
{
	static const struct {
		const char *sql;
		reading_row_fn take;
	} parts[] = {
		{triggers_sql, take_trigger},
		{checks_sql, take_check},
		{defaults_sql, take_default},
		{indexes_sql, take_check},
		{partition_keys_sql, take_partition_key},
		{operator_classes_sql, take_operator_class},
		{rules_sql, take_rule},
		{foreign_tables_sql, take_foreign_table},
		{row_security_sql, take_row_security},
	};
	int err = 0;

	for (size_t i = 0; !err && i < QW_COUNT(parts); i++)
		err = reading_rows(rd, parts[i].sql, parts[i].take);
	if (!err)
		err = reading_rules(rd);
	return err ? err : reading_type_hazards(rd);
}
