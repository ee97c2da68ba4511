/*
 * What a name of a column means, as Item_field::fix_fields() and its kin find out: the tables of the query, then the select list where
 * it may be named, then the queries around it, each in that order. Where the server would choose between readings by rules that differ
 * from version to version, all readings count: they must be the same, or plain.
 */
#include "../room.h"

struct found {
	struct column column;
	size_t count;
	bool is_unclear; /* readings that differ, one of them sensitive */
	bool may_match; /* a name that we cannot compare */
};

const struct column *names_at(const struct scope *s, struct ref r)
{
	return &s->ranges[r.range].columns->items[r.at];
}

static void take(struct found *found, const struct column *c)
{
	if (found->count++ == 0)
		found->column = *c;
	else if (!lineage_same_column(&found->column, c)) {
		found->is_unclear |= lineage_is_sensitive(&found->column) || lineage_is_sensitive(c);
		found->column = lineage_plain(c->name);
	}
}

/* What has no name of ours has one of the server's: the text of the expression. */
static void take_named(struct found *found, const struct column *c, const char *name)
{
	enum match m = c->name ? names_match(c->name, name) : MATCH_MAYBE;

	if (m == MATCH_YES)
		take(found, c);
	else if (m == MATCH_MAYBE && (c->name || lineage_is_sensitive(c)))
		found->may_match = true;
}

static enum match match_range(const struct lineage *f, const struct range *r, const char *schema, const char *name)
{
	enum match m = names_match_table(f, r->alias, name), of_schema;

	if (m == MATCH_NO || !schema)
		return m;
	if (!r->schema) /* a subquery is in no database; some versions take it all the same */
		return MATCH_MAYBE;
	of_schema = strcmp(r->schema, "information_schema") == 0 ? names_match(r->schema, schema) : names_match_table(f, r->schema, schema);
	return of_schema < m ? of_schema : m;
}

static void look_from(const struct lineage *f, const struct scope *s, const struct visible *v, const struct my_column *c,
	struct found *found)
{
	for (size_t i = 0; !c->table && i < v->count; i++)
		take_named(found, names_at(s, v->items[i]), c->name);
	for (size_t i = v->first; c->table && i < v->end; i++) {
		enum match m = match_range(f, &s->ranges[i], c->schema, c->table);

		found->may_match |= m == MATCH_MAYBE;
		for (size_t k = 0; m == MATCH_YES && k < s->ranges[i].columns->count; k++)
			take_named(found, &s->ranges[i].columns->items[k], c->name);
	}
}

static void look_items(const struct scope *s, const struct my_column *c, struct found *found)
{
	for (size_t i = 0; i < s->item_count; i++) {
		const struct item *item = &s->items[i];
		enum match m = item->alias ? names_match(item->alias, c->name) : MATCH_MAYBE;

		if (m == MATCH_YES)
			take(found, &item->column);
		else if (m == MATCH_MAYBE && (item->alias || lineage_is_sensitive(&item->column)))
			found->may_match = true;
	}
}

/* An alias that is not to be seen from here, or not yet. */
static bool is_written(const struct scope *s, const char *name)
{
	for (const struct my_item *i = s->written; i; i = i->next)
		if (i->alias && names_match(i->alias, name) != MATCH_NO)
			return true;
	return false;
}

static const char *spelled(struct lineage *f, const struct my_column *c)
{
	return qw_arena_printf(f->arena, "%s%s%s%s%s", c->schema ? c->schema : "", c->schema ? "." : "", c->table ? c->table : "",
		c->table ? "." : "", c->name ? c->name : "*");
}

static int unknown(struct lineage *f, const struct my_column *c, const char *why)
{
	return lineage_refuse(
		f, "flow.unknown", spelled(f, c), qw_arena_printf(f->arena, "the column %s %s", c->name ? c->name : "*", why));
}

/* One query. found->count 0: go on in the one around it. */
static int look(struct lineage *f, const struct scope *at, bool is_own, const struct my_column *c, struct found *found)
{
	bool names_items = is_own ? at->sees_items : at->shows_items;
	size_t before = found->count;
	int rc = lineage_work(f, at->visible.count + at->item_count);

	if (rc)
		return rc;
	look_from(f, at, &at->visible, c, found);
	if (!c->table && names_items) /* HAVING looks here first, all else last */
		look_items(at, c, found);
	if (found->count == before && at->all.count) {
		struct found elsewhere = {0};

		look_from(f, at, &at->all, c, &elsewhere);
		found->may_match |= elsewhere.count || elsewhere.may_match;
	}
	if (found->is_unclear)
		return unknown(f, c, "may mean several columns, one of which is sensitive");
	if (found->count == before && found->may_match)
		return unknown(f, c, "cannot be told from others by its letters");
	if (found->count == before && !c->table && !is_own && is_written(at, c->name))
		return unknown(f, c, "is an alias that may not be used here");
	return 0;
}

/* The server's own name for a key of the table: which column that is, the catalog does not tell. */
static bool is_rowid(const struct my_column *c)
{
	return names_match(c->name, "_rowid") != MATCH_NO;
}

int names_column(struct lineage *f, struct scope *s, const struct my_column *c, struct column *out)
{
	struct found found = {0};

	for (const struct scope *at = s; at && !is_rowid(c); at = at->up) {
		size_t before = found.count;
		int rc = look(f, at, at == s, c, &found);

		if (rc)
			return rc;
		if (at->is_loose && !found.count) {
			found.column = lineage_plain(c->name);
			found.count = 1;
		}
		/* HAVING does not see a table's column that is not selected, but what is called so in the query around */
		if (found.count > before && !(at == s && s->is_having))
			break;
	}
	if (!found.count)
		return unknown(f, c, "is not one of the tables that the catalog knows");
	*out = found.column;
	out->name = c->name;
	out->is_hidden = false;
	if (f->is_blind)
		out->label = (struct label){.kind = LABEL_PLAIN};
	return 0;
}

int names_range(struct lineage *f, const struct scope *s, const char *schema, const char *name, size_t *out)
{
	size_t count = 0;

	for (size_t i = s->visible.first; i < s->visible.end; i++) {
		enum match m = match_range(f, &s->ranges[i], schema, name);

		if (m == MATCH_MAYBE)
			count = 2;
		if (m == MATCH_YES && count++ == 0)
			*out = i;
	}
	if (count == 1)
		return 0;
	return lineage_refuse(f, "flow.unknown", name, qw_arena_printf(f->arena, "the table %s is not, or more than once, in FROM", name));
}

int names_star(struct lineage *f, struct scope *s, const struct my_column *star, struct visible *out)
{
	size_t range = 0, n = 0;
	int rc = star->table ? names_range(f, s, star->schema, star->table, &range) : 0;

	if (rc)
		return rc;
	if (!s->range_count)
		return unknown(f, star, "stands where there is no table");
	*out = s->visible;
	if (star->table)
		out->count = s->ranges[range].columns->count;
	out->items = qw_arena_alloc(f->arena, (out->count + 1) * sizeof(struct ref));
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < out->count; i++) {
		struct ref r = star->table ? (struct ref){(uint32_t)range, (uint32_t)i} : s->visible.items[i];

		if (!names_at(s, r)->is_hidden)
			out->items[n++] = r;
	}
	out->count = n;
	return 0;
}
