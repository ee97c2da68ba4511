/*
 * What the server compares or computes for a write, and so what a failure tells: unique indexes, exclusion constraints, foreign
 * keys, checks, generated columns, partition keys. Also what foreign keys do to other relations.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "reading.h"

enum { COLUMNS_MAX = 256 }; /* a key has at most 32 (INDEX_MAX_KEYS), unless the server was built otherwise */

struct numbers {
	int16_t list[COLUMNS_MAX];
	size_t count;
	bool has_expression; /* a 0 was among them */
};

/* "{1,2}", "1 0 3": attribute numbers. False: more than we can keep. */
static bool numbers_read(const char *text, struct numbers *n)
{
	*n = (struct numbers){.count = 0};
	while (*text) {
		char *end;
		long value = strtol(text, &end, 10);

		if (end == text) {
			text++;
			continue;
		}
		text = end;
		n->has_expression |= value == 0;
		if (value <= 0 || value > SHRT_MAX) /* system columns are no secret */
			continue;
		if (n->count == COLUMNS_MAX)
			return false;
		n->list[n->count++] = (int16_t)value;
	}
	return true;
}

static bool is_true(const PGresult *r, int row, int column)
{
	return *PQgetvalue(r, row, column) == 't';
}

/* Columns of the expression join `others`: all of them when there are too many to name. */
static int add_rule(struct reading *rd, struct catalog_hazard *h, struct catalog_rule *rule, const char *tree)
{
	static const int16_t any = 0;
	struct reading_expression e = {0};
	int16_t others[COLUMNS_MAX];
	size_t count = 0;
	int err = reading_expression_scan(rd, tree, &e);

	for (size_t i = 0; i < e.columns.count && count < COLUMNS_MAX; i++)
		others[count++] = (int16_t)e.columns.list[i];
	rule->others = e.columns.count > COLUMNS_MAX ? &any : others;
	rule->other_count = e.columns.count > COLUMNS_MAX ? 1 : count;
	reading_expression_fini(&e);
	h->rule = rule;
	return err ? err : catalog_add_hazard(rd->b, h);
}

/* ---- relation, text, definition, expressions; keys, is_equality, nulls_differ, expressions that only fold case ---- */

/* lower(x) is compared like x, and NULL where x is. */
static bool add_folded(struct reading *rd, const char *tree, struct numbers *keys)
{
	struct reading_expression e = {0};
	bool is_kept = reading_expression_scan(rd, tree, &e) == 0 && keys->count + e.columns.count <= COLUMNS_MAX;

	for (size_t i = 0; is_kept && i < e.columns.count; i++)
		keys->list[keys->count++] = (int16_t)e.columns.list[i];
	reading_expression_fini(&e);
	return is_kept;
}

static int take_unique(struct reading *rd, const PGresult *r, int row)
{
	struct numbers keys;
	bool is_known = numbers_read(PQgetvalue(r, row, 4), &keys) && add_folded(rd, PQgetvalue(r, row, 7), &keys);
	struct catalog_rule rule = {.kind = CATALOG_UNIQUE, .relation = reading_oid(r, row, 0), .keys = keys.list,
		.key_count = keys.count, .is_equality = is_known && is_true(r, row, 5),
		.nulls_differ = is_known && is_true(r, row, 6)};
	struct catalog_hazard h = {.subject = rule.relation, .on = CATALOG_ON_INSERT | CATALOG_ON_UPDATE,
		.text = PQgetvalue(r, row, 1), .detail = PQgetvalue(r, row, 2)};

	return add_rule(rd, &h, &rule, PQgetvalue(r, row, 3));
}

/* ---- relation, text, definition, expression; is_fixed, numbers of further columns; for the children, too? ---- */

static int take_computed(struct reading *rd, const PGresult *r, int row)
{
	struct numbers more;
	bool is_known = numbers_read(PQgetvalue(r, row, 5), &more);
	struct catalog_rule rule = {.kind = CATALOG_CHECK, .relation = reading_oid(r, row, 0), .is_fixed = is_known && is_true(r, row, 4),
		.keys = more.list, .key_count = more.count};
	struct catalog_hazard h = {.subject = rule.relation, .on = CATALOG_ON_UPDATE, .text = PQgetvalue(r, row, 1),
		.detail = PQgetvalue(r, row, 2), .for_children = is_true(r, row, 6)};

	return add_rule(rd, &h, &rule, PQgetvalue(r, row, 3));
}

/* ---- foreign keys: referenced, referencing, confdeltype, confupdtype, text, definition, their columns, is_equality ---- */

static unsigned action_on(char action, unsigned cascade)
{
	switch (action) {
	case 'c': return cascade;
	case 'n': /* SET NULL, SET DEFAULT */
	case 'd': return CATALOG_ON_UPDATE;
	default: return 0; /* NO ACTION, RESTRICT */
	}
}

static int add_cascade(struct reading *rd, struct catalog_hazard h, unsigned on, unsigned then_on)
{
	h.on = on;
	h.then_on = then_on;
	return then_on ? catalog_add_hazard(rd->b, &h) : 0;
}

static int add_cascades(struct reading *rd, const PGresult *r, int row, const struct catalog_rule *rule)
{
	struct catalog_hazard h = {.subject = rule->parent, .then_relation = rule->relation, .rule = rule};
	int err = add_cascade(rd, h, CATALOG_ON_DELETE, action_on(*PQgetvalue(r, row, 2), CATALOG_ON_DELETE));

	if (!err)
		err = add_cascade(rd, h, CATALOG_ON_UPDATE, action_on(*PQgetvalue(r, row, 3), CATALOG_ON_UPDATE));
	return err ? err : add_cascade(rd, h, CATALOG_ON_TRUNCATE, CATALOG_ON_TRUNCATE); /* when it says CASCADE */
}

static int take_foreign_key(struct reading *rd, const PGresult *r, int row)
{
	struct numbers keys, parent_keys = {.count = 0};
	bool is_known = numbers_read(PQgetvalue(r, row, 6), &keys) && numbers_read(PQgetvalue(r, row, 7), &parent_keys);
	struct catalog_rule rule = {.kind = CATALOG_REFERENCE, .relation = reading_oid(r, row, 1), .parent = reading_oid(r, row, 0),
		.keys = keys.list, .parent_keys = parent_keys.list, .key_count = keys.count, .is_equality = is_true(r, row, 8)};
	struct catalog_hazard h = {.subject = rule.relation, .on = CATALOG_ON_INSERT | CATALOG_ON_UPDATE, .text = PQgetvalue(r, row, 4),
		.detail = PQgetvalue(r, row, 5), .rule = &rule};
	int err;

	if (!is_known || keys.count != parent_keys.count)
		return QW_E_LIMIT;
	if (rule.parent == rule.relation)
		h.on |= CATALOG_ON_DELETE;
	err = catalog_add_hazard(rd->b, &h);
	h.subject = rule.parent;
	h.on = CATALOG_ON_UPDATE | CATALOG_ON_DELETE;
	if (!err && rule.parent != rule.relation)
		err = catalog_add_hazard(rd->b, &h);
	return err ? err : add_cascades(rd, r, row, &rule);
}

/* ---- queries; brackets and [0-9] in place of backslashes: standard_conforming_strings may be off ---- */

#define OF " of '||n.nspname||'.'||c.relname"
#define NAMED(relation) " join pg_class c on c.oid = " relation " join pg_namespace n on n.oid = c.relnamespace"
#define TREE(index) "concat(" index ".indexprs::text, ' ', " index ".indpred::text)"

/* Is it made of nodes that only call functions, where none of these is one that (is_bad)? */
#define ONLY(tree, is_bad)                                                                                                      \
	" (" tree " !~ '[{](?!(OPEXPR|FUNCEXPR|DISTINCTEXPR|NULLIFEXPR|SCALARARRAYOPEXPR|BOOLEXPR|CONST|VAR|RELABELTYPE|NULLTEST|"   \
	"BOOLEANTEST|COLLATE|COLLATEEXPR|CASE|CASEEXPR|WHEN|CASEWHEN|CASETESTEXPR|COALESCE|COALESCEEXPR|ARRAY|ARRAYEXPR) )'"          \
	" and " tree " !~ 'funcid 0 ' and not exists (select from pg_proc p where (" is_bad ") and p.oid = any (array("              \
	"select (regexp_matches(" tree ", ':(?:op)?funcid ([0-9]+)', 'g'))[1]::oid))))"
#define IS_FIXED(tree) ONLY(tree, "p.provolatile <> 'i'")
/* Nothing of it can fail, whatever its arguments are */
#define IS_TOTAL(tree)                                                                                                          \
	ONLY(tree, "p.provolatile <> 'i' or p.pronamespace <> 'pg_catalog'::regnamespace or p.proname !~ '^(lower|upper|textcat|"    \
		"[lrb]trim|length|char_length|md5|to_tsvector|setweight|tsvector_concat|(bool|int2|int4|int8|int24|int42|int48|int84|"    \
		"int28|int82|text_?|bpchar|date_?|timestamp_|timestamptz_|numeric_|uuid_)(eq|ne|lt|le|gt|ge))$'")
#define FOLDS(tree)                                                                                                             \
	" (" tree " !~ '[{](?!(FUNCEXPR|VAR|RELABELTYPE) )' and not exists (select from pg_proc p where (p.pronamespace <>"           \
	" 'pg_catalog'::regnamespace or p.proname not in ('lower', 'upper') or p.proargtypes[0] <> 25) and p.oid = any (array("       \
	"select (regexp_matches(" tree ", ':funcid ([0-9]+)', 'g'))[1]::oid))))"

static const char uniques_sql[] =
	"select i.indrelid, case when i.indisexclusion then 'exclusion constraint ' else 'unique index ' end||x.relname||'" OF ","
	" row(i.indkey, i.indnkeyatts, i.indclass, i.indcollation, i.indexprs, i.indpred, i.indisexclusion)::text,"
	" case when" FOLDS("i.indexprs::text") " then coalesce(i.indpred::text, '') else " TREE("i") " end,"
	" array_to_string(i.indkey[0:i.indnkeyatts - 1], ' '),"
	" not i.indisexclusion or not exists (select from pg_constraint k join pg_operator o on o.oid = any (k.conexclop)"
	" where k.conrelid = i.indrelid and k.conindid = i.indexrelid"
	" and k.contype in ('x', 'p', 'u') and o.oprname <> '='), %s,"
	" case when" FOLDS("i.indexprs::text") " then i.indexprs::text else '' end"
	" from pg_index i join pg_class x on x.oid = i.indexrelid" NAMED("i.indrelid") " where i.indisunique or i.indisexclusion";
static const char indexes_sql[] =
	"select i.indrelid, 'index '||x.relname||'" OF ", row(i.indkey, i.indexprs, i.indpred)::text, " TREE("i") ", true, '', false"
	" from pg_index i join pg_class x on x.oid = i.indexrelid" NAMED("i.indrelid")
	" where not (i.indisunique or i.indisexclusion) and (i.indexprs is not null or i.indpred is not null)"
	" and not" IS_TOTAL(TREE("i"));
/* From 18 on NOT NULL is a constraint, and may be one that rows do not fulfil yet. */
static const char checks_sql[] =
	"select k.conrelid, case k.contype when 'c' then 'CHECK' else 'NOT NULL' end||' constraint '||k.conname||'" OF ","
	" row(k.conbin, k.convalidated, k.conkey)::text, coalesce(k.conbin::text, ''),"
	" k.convalidated and" IS_FIXED("coalesce(k.conbin::text, '')") ","
	" case k.contype when 'n' then k.conkey::text else '' end, false from pg_constraint k" NAMED("k.conrelid")
	" where k.conrelid <> 0 and (k.contype = 'c' and k.conbin is not null or k.contype = 'n' and not k.convalidated)";
static const char generated_sql[] =
	"select d.adrelid, 'generated column '||a.attname||'" OF ", row(d.adbin)::text, d.adbin::text, true, '', false from pg_attrdef d"
	" join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum" NAMED("d.adrelid")
	" where a.attgenerated <> '' and not" IS_TOTAL("d.adbin::text");
static const char partition_keys_sql[] =
	"select p.partrelid, 'partition key" OF ", row(p.partstrat, p.partattrs, p.partexprs)::text, coalesce(p.partexprs::text, ''),"
	" true, p.partattrs::text, true from pg_partitioned_table p" NAMED("p.partrelid");
static const char foreign_keys_sql[] =
	"select k.confrelid, k.conrelid, k.confdeltype, k.confupdtype, 'foreign key '||k.conname||'" OF "||' to '||m.nspname||'.'||"
	"f.relname, row(k.conkey, k.confkey, k.conpfeqop, k.confmatchtype, k.confdeltype, k.confupdtype)::text, k.conkey::text,"
	" k.confkey::text, not exists (select from unnest(k.conpfeqop) x join pg_operator o on o.oid = x where o.oprname <> '=')"
	" from pg_constraint k" NAMED("k.conrelid") " join pg_class f on f.oid = k.confrelid"
	" join pg_namespace m on m.oid = f.relnamespace where k.contype = 'f'";

int reading_rules(struct reading *rd)
{
	static const struct {
		const char *sql;
		reading_row_fn take;
	} parts[] = {
		{indexes_sql, take_computed},
		{checks_sql, take_computed},
		{generated_sql, take_computed},
		{partition_keys_sql, take_computed},
		{foreign_keys_sql, take_foreign_key},
	};
	char uniques[sizeof(uniques_sql) + 32];
	int err;

	(void)snprintf(uniques, sizeof(uniques), uniques_sql, rd->major >= 15 ? "not i.indnullsnotdistinct" : "true");
	err = reading_rows(rd, uniques, take_unique);
	for (size_t i = 0; !err && i < QW_COUNT(parts); i++)
		err = reading_rows(rd, parts[i].sql, parts[i].take);
	return err;
}
