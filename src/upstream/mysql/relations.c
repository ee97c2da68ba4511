/* Tables, views and their columns. OIDs are numbers of ours, in the order of the names: system schemas from 1, others from 16384. */
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "reading.h"

enum { FIRST_USER_OID = 16384 };

static bool is_system_schema(const char *schema)
{
	static const char *const names[] = {"information_schema", "mysql", "performance_schema", "sys"};

	for (size_t i = 0; i < QW_COUNT(names); i++)
		if (strcmp(schema, names[i]) == 0)
			return true;
	return false;
}

/* ---- relations: schema, name, type, engine ---- */

static int take_relation(struct my_reading *rd, const char *const *row)
{
	struct my_relation *list = my_grown(rd, rd->relations, rd->relation_count, &rd->relation_cap, sizeof(*list));
	bool is_information = row[0] && strcasecmp(row[0], "information_schema") == 0, folds = is_information || rd->folds_tables;
	struct my_relation r = {0};

	if (!row[0] || !row[1] || !row[2])
		return QW_E_MALFORMED;
	r.schema = my_keep(rd, row[0], folds);
	r.name = my_keep(rd, row[1], folds);
	r.kind = my_keep(rd, row[2], false);
	r.engine = my_keep(rd, row[3] ? row[3] : "", false);
	if (!list || !r.schema || !r.name || !r.kind || !r.engine)
		return QW_E_NOMEM;
	r.is_system = is_system_schema(r.schema);
	rd->relations = list;
	list[rd->relation_count++] = r;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct my_relation *left = a, *right = b;
	int order = strcmp(left->schema, right->schema);

	return order ? order : strcmp(left->name, right->name);
}

static bool is_view(const struct my_relation *r)
{
	return strcmp(r->kind, "VIEW") == 0;
}

/* Engines that keep rows themselves. What comes from a file, a server, or other tables (MERGE) is foreign until it was reviewed. */
static enum catalog_relkind kind_of(const struct my_relation *r)
{
	static const char *const engines[] = {"InnoDB", "MyISAM", "Aria", "MEMORY", "ARCHIVE", "BLACKHOLE", "RocksDB", "ROCKSDB",
		"ndbcluster", "Columnstore", "TokuDB", "PERFORMANCE_SCHEMA", "SEQUENCE"};

	if (is_view(r))
		return CATALOG_VIEW;
	if (strstr(r->kind, "SEQUENCE") || strstr(r->kind, "SYSTEM VIEW"))
		return CATALOG_OTHER;
	for (size_t i = 0; i < QW_COUNT(engines); i++)
		if (strcmp(r->engine, engines[i]) == 0)
			return CATALOG_TABLE;
	return r->is_system ? CATALOG_TABLE : CATALOG_FOREIGN;
}

/* Sorts them, gives them numbers, and builds them. A temporary table, which newer servers list, hides a table of the same name. */
static int number_relations(struct my_reading *rd)
{
	uint32_t system = 1, user = FIRST_USER_OID;
	size_t n = 0;
	int err = 0;

	if (rd->relation_count > 1)
		qsort(rd->relations, rd->relation_count, sizeof(*rd->relations), by_name);
	for (size_t i = 0; !err && i < rd->relation_count; i++) {
		struct my_relation *r = &rd->relations[i];

		if ((n && by_name(&rd->relations[n - 1], r) == 0) || strstr(r->kind, "TEMPORARY"))
			continue;
		if (r->is_system && system == FIRST_USER_OID)
			return QW_E_LIMIT;
		r->oid = r->is_system ? system++ : user++;
		err = catalog_add_relation(rd->b, r->oid, r->schema, r->name, kind_of(r));
		rd->relations[n++] = *r;
	}
	rd->relation_count = n;
	return err;
}

struct my_relation *my_relation(const struct my_reading *rd, const char *schema, const char *name)
{
	bool folds = rd->folds_tables || strcasecmp(schema, "information_schema") == 0;
	size_t low = 0, high = rd->relation_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct my_relation *r = &rd->relations[middle];
		int order = folds ? strcasecmp(schema, r->schema) : strcmp(schema, r->schema);

		if (order == 0)
			order = folds ? strcasecmp(name, r->name) : strcmp(name, r->name);
		if (order == 0)
			return r;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- columns: schema, table, position, name, data type, extra, expression ---- */

/* Column types of the protocol. With BINARY their bytes are no text. */
static uint32_t type_of(const char *name)
{
	enum { BINARY = 256 };
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{"tinyint", 1}, {"smallint", 2}, {"int", 3}, {"float", 4}, {"double", 5}, {"timestamp", 7}, {"bigint", 8}, {"mediumint", 9},
		{"date", 10}, {"time", 11}, {"datetime", 12}, {"year", 13}, {"bit", 16 + BINARY}, {"vector", 242 + BINARY}, {"json", 245},
		{"decimal", 246}, {"enum", 254}, {"set", 254}, {"char", 254}, {"binary", 254 + BINARY}, {"varchar", 253},
		{"varbinary", 253 + BINARY}, {"tinytext", 252}, {"text", 252}, {"mediumtext", 252}, {"longtext", 252},
		{"tinyblob", 252 + BINARY}, {"blob", 252 + BINARY}, {"mediumblob", 252 + BINARY}, {"longblob", 252 + BINARY},
		{"uuid", 254}, {"inet4", 254}, {"inet6", 254}, {"geometry", 255 + BINARY}, {"point", 255 + BINARY},
		{"linestring", 255 + BINARY}, {"polygon", 255 + BINARY}, {"multipoint", 255 + BINARY}, {"multilinestring", 255 + BINARY},
		{"multipolygon", 255 + BINARY}, {"geometrycollection", 255 + BINARY}, {"geomcollection", 255 + BINARY},
	};

	for (size_t i = 0; i < QW_COUNT(types); i++)
		if (strcasecmp(name, types[i].name) == 0)
			return types[i].type;
	return 0;
}

static int remember_column(struct my_reading *rd, const struct my_relation *r, const char *name, int16_t attnum, const char *expression)
{
	struct my_column *list = my_grown(rd, rd->columns, rd->column_count, &rd->column_cap, sizeof(*list));
	struct my_column c = {.name = name, .relation = r->oid, .attnum = attnum};

	if (!list)
		return QW_E_NOMEM;
	if (expression && *expression) {
		c.generated = my_keep(rd, expression, false);
		if (!c.generated)
			return QW_E_NOMEM;
	}
	rd->columns = list;
	list[rd->column_count++] = c;
	return 0;
}

static int take_column(struct my_reading *rd, const char *const *row)
{
	struct my_relation *r = row[0] && row[1] ? my_relation(rd, row[0], row[1]) : NULL;
	long position = row[2] ? strtol(row[2], NULL, 10) : 0;
	const char *name = row[3] ? my_keep(rd, row[3], true) : NULL;
	int err;

	if (!r) /* made in between */
		return 0;
	if (!row[3] || position < 1 || position > SHRT_MAX)
		return QW_E_MALFORMED;
	if (!name)
		return QW_E_NOMEM;
	err = catalog_add_column(rd->b, r->oid, (int16_t)position, name, type_of(row[4] ? row[4] : ""));
	if (err == QW_E_DUPLICATE) /* of a table that was replaced in between */
		return 0;
	if (!err && row[5] && strstr(row[5], "INVISIBLE"))
		err = catalog_set_hidden(rd->b, r->oid, (int16_t)position);
	return err ? err : remember_column(rd, r, name, (int16_t)position, row[6]);
}

static int by_place(const void *a, const void *b)
{
	const struct my_column *left = a, *right = b;

	if (left->relation != right->relation)
		return left->relation < right->relation ? -1 : 1;
	return (left->attnum > right->attnum) - (left->attnum < right->attnum);
}

static int by_oid(const void *key, const void *item)
{
	const uint32_t *oid = key;
	const struct my_column *c = item;

	return (*oid > c->relation) - (*oid < c->relation);
}

/* So that a relation knows its columns. */
static void sort_columns(struct my_reading *rd)
{
	if (rd->column_count > 1)
		qsort(rd->columns, rd->column_count, sizeof(*rd->columns), by_place);
	for (size_t i = 0; i < rd->relation_count; i++) {
		struct my_relation *r = &rd->relations[i];
		struct my_column *c =
			rd->column_count ? bsearch(&r->oid, rd->columns, rd->column_count, sizeof(*c), by_oid) : NULL;

		if (!c)
			continue;
		while (c > rd->columns && c[-1].relation == r->oid)
			c--;
		r->first = (size_t)(c - rd->columns);
		while (r->first + r->count < rd->column_count && rd->columns[r->first + r->count].relation == r->oid)
			r->count++;
	}
}

/* A generated column is made of every column of its table that its expression names. */
static int take_generated(struct my_reading *rd, const struct my_relation *r, const struct my_column *g)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->count; i++) {
		const struct my_column *c = &rd->columns[r->first + i];

		if (c != g && my_mentions(g->generated, c->name))
			err = catalog_add_generated(rd->b, r->oid, (struct catalog_generated){g->attnum, c->attnum});
	}
	return err;
}

static int read_generated(struct my_reading *rd)
{
	int err = 0;

	for (size_t i = 0; !err && i < rd->relation_count; i++)
		for (size_t k = 0; !err && k < rd->relations[i].count; k++)
			if (rd->columns[rd->relations[i].first + k].generated)
				err = take_generated(rd, &rd->relations[i], &rd->columns[rd->relations[i].first + k]);
	return err ? my_fail_build(rd, err) : 0;
}

static const char relations_sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES";
static const char columns_sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, DATA_TYPE, EXTRA, GENERATION_EXPRESSION"
	" FROM information_schema.COLUMNS";

int my_read_relations(struct my_reading *rd)
{
	int err = my_rows(rd, relations_sql, 4, take_relation);

	if (!err) {
		err = number_relations(rd);
		if (err)
			return my_fail_build(rd, err);
	}
	if (!err)
		err = my_rows(rd, columns_sql, 7, take_column);
	if (err)
		return err;
	sort_columns(rd);
	return read_generated(rd);
}
