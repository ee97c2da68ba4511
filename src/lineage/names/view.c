/*
 * A view: its definition, in which the server has qualified all names and written out all stars, is a query like any other. The server
 * reads it with a sql_mode of its own (mysql_make_view), which leaves out all that changes how text is read.
 */
#include "../room.h"

static int refuse(struct lineage *f, const struct catalog_relation *r, const char *rule, const char *why)
{
	const char *name = lineage_relation_name(f, r);

	return lineage_refuse(f, rule, name, name ? qw_arena_printf(f->arena, "the view %s %s", name, why) : NULL);
}

static int parse(struct lineage *f, const struct catalog_relation *r, struct mysql_parsed *out)
{
	struct mysql_dialect dialect = *f->world->dialect;
	int rc;

	if (!r->definition)
		return refuse(f, r, "flow.unknown", "has a definition that may not be seen");
	dialect.modes = 0;
	dialect.charset = MYSQL_CHARSET_UTF8;
	dialect.prepares = false;
	rc = sqlparse_mysql(qw_bytes_from(r->definition), &dialect, f->world->limits, f->arena, out);
	if (rc == QW_E_LIMIT)
		return refuse(f, r, "flow.size", "has a definition that is too long to be judged");
	if (rc)
		return rc;
	if (out->facts.problem || out->facts.count != 1 || out->trees[0]->kind != MY_STATEMENT_QUERY || out->trees[0]->query->into)
		return refuse(f, r, "flow.unsupported", "has a definition that is not understood");
	return 0;
}

/* The view's own columns: named by the catalog, in its order. */
static int columns_of(struct lineage *f, const struct catalog_relation *r, const struct columns *inside, struct columns *out)
{
	if (inside->count != r->column_count)
		return refuse(f, r, "flow.unknown", "has not the columns that its definition has: the catalog is old");
	*out = lineage_columns_new(f, r->column_count);
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < out->count; i++) {
		const struct catalog_column *c = &r->columns[i];
		struct column *column = &out->items[i];
		struct label said;

		*column = inside->items[i];
		column->name = c->name;
		column->is_hidden = c->is_hidden;
		column->relation_oid = r->oid;
		column->type_oid = c->type_oid;
		column->attnum = c->attnum;
		column->is_empty = false;
		if (labels_of_view(f->world->labels, r->oid, c->attnum, lineage_is_sensitive(column), &said))
			column->label = said;
	}
	return 0;
}

/* The judgement goes on as in a statement of its own. */
static int judge(struct lineage *f, const struct catalog_relation *r, struct columns *out)
{
	struct lineage outside = *f;
	struct mysql_parsed parsed;
	struct columns inside;
	int rc = parse(f, r, &parsed);

	if (rc)
		return rc;
	f->text = parsed.facts.list[0].text;
	f->text_at = parsed.trees[0]->at;
	f->database = NULL;
	f->running = NULL;
	f->is_blind = false; /* what is found is kept */
	f->view_depth++;
	rc = lineage_query(f, NULL, NULL, parsed.trees[0]->query, &inside);
	f->text = outside.text;
	f->text_at = outside.text_at;
	f->database = outside.database;
	f->running = outside.running;
	f->is_blind = outside.is_blind;
	f->view_depth--;
	return rc ? rc : columns_of(f, r, &inside, out);
}

int names_view(struct lineage *f, const struct catalog_relation *r, const struct columns **out)
{
	struct view *v;
	int rc;

	for (const struct view *known = f->views; known; known = known->next)
		if (known->oid == r->oid) {
			*out = &known->columns;
			return known->is_done ? 0 : refuse(f, r, "flow.unknown", "reads itself");
		}
	if (f->view_depth >= LINEAGE_VIEWS_MAX)
		return refuse(f, r, "flow.size", "is too deep inside of others");
	v = qw_arena_alloc(f->arena, sizeof(*v));
	if (!v)
		return QW_E_NOMEM;
	v->oid = r->oid;
	v->next = f->views;
	f->views = v;
	rc = judge(f, r, &v->columns);
	v->is_done = rc == 0;
	*out = &v->columns;
	return rc;
}
