/*
 * What views are made of. The server keeps a definition in which * is written out and tables have their databases; so a view reads
 * no column but those whose names occur in it. Whatever is not understood leaves the view unresolved: all of it is sensitive then.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "looking.h"

enum { WORDS_MAX = 20000 };

static int split(struct my_looking *k, const char *text)
{
	struct my_scan scan = {.p = text};
	size_t cap = 0;
	struct my_word w;

	do {
		w = my_scan_next(&scan);
		k->words = my_grown(k->rd, k->words, k->count, &cap, sizeof(w));
		if (!k->words)
			return QW_E_NOMEM;
		k->words[k->count++] = w;
		if (k->count > WORDS_MAX)
			scan.is_broken = true;
	} while (w.kind != MY_END && !scan.is_broken);
	k->is_unclear = scan.is_broken;
	return 0;
}

static bool is_same(const struct my_word *a, const struct my_word *b)
{
	return my_is_name(a) && a->text.n == b->text.n && strncasecmp((const char *)a->text.p, (const char *)b->text.p, a->text.n) == 0;
}

/* A name that stands alone, and not as the heading of a column: of a table, an alias, a table of WITH. */
static bool is_declared(const struct my_looking *k, const struct my_word *name)
{
	for (size_t i = 0; i + 1 < k->count; i++) {
		const struct my_word *w = &k->words[i];

		if (!is_same(w, name) || my_is_sign(w + 1, '.') || (i > 0 && (my_is_sign(w - 1, '.') || my_word_is(w - 1, "as"))))
			continue;
		return true;
	}
	return false;
}

static int use(struct my_looking *k, const struct my_relation *r)
{
	for (size_t i = 0; i < k->used_count; i++)
		if (k->used[i] == r)
			return 0;
	k->used = my_grown(k->rd, k->used, k->used_count, &k->used_cap, sizeof(*k->used));
	if (!k->used)
		return QW_E_NOMEM;
	k->used[k->used_count++] = r;
	return 0;
}

static bool is_used_name(const struct my_looking *k, const char *name)
{
	for (size_t i = 0; i < k->used_count; i++)
		if (strcasecmp(k->used[i]->name, name) == 0)
			return true;
	return false;
}

/* "a.b" where a word begins that no dot precedes: a table of a database, or a column of what is called a. */
static int take_pair(struct my_looking *k, size_t at)
{
	char schema[MY_NAME_MAX], name[MY_NAME_MAX];
	const struct my_relation *r;

	if (!my_word_name(&k->words[at], schema) || !my_word_name(&k->words[at + 2], name)) {
		k->is_unclear = true;
		return 0;
	}
	r = my_relation(k->rd, schema, name);
	return r ? use(k, r) : 0;
}

/* After all tables are known: what else has a dot must be a column of one of them, or of an alias. */
static void check_pair(struct my_looking *k, size_t at)
{
	char schema[MY_NAME_MAX], name[MY_NAME_MAX];

	if (my_is_sign(&k->words[at + 3], '(') || !my_word_name(&k->words[at], schema) || !my_word_name(&k->words[at + 2], name))
		return; /* a call: take_call() sees it */
	if (!my_relation(k->rd, schema, name) && !is_used_name(k, schema) && !is_declared(k, &k->words[at]))
		k->is_unclear = true;
}

/* Is it a table of WITH that names its columns: `a` (`b`,`c`) as (? */
static bool is_with_table(const struct my_looking *k, size_t at)
{
	size_t depth = 0, i = at + 1;

	for (; i < k->count; i++) {
		depth += my_is_sign(&k->words[i], '(');
		depth -= depth && my_is_sign(&k->words[i], ')');
		if (depth == 0)
			break;
	}
	return i + 2 < k->count && my_word_is(&k->words[i + 1], "as") && my_is_sign(&k->words[i + 2], '(');
}

/* A word before a parenthesis: a stored function of whatever database, or the server's own, whose names have no quotes. */
static void take_call(struct my_looking *k, size_t at)
{
	bool is_known = false, has_schema = at > 0 && my_is_sign(&k->words[at - 1], '.');
	char name[MY_NAME_MAX];

	if (!my_word_name(&k->words[at], name))
		k->is_unclear = true;
	for (size_t i = 0; !k->is_unclear && i < k->rd->routine_count; i++) {
		if (strcasecmp(k->rd->routines[i].name, name) != 0)
			continue;
		is_known = true;
		if (k->function_count < MY_FUNCTIONS_MAX)
			k->functions[k->function_count++] = k->rd->routines[i].oid;
		else
			k->is_unclear = true;
	}
	if (!is_known && (has_schema || (k->words[at].kind == MY_QUOTED && !is_with_table(k, at))))
		k->is_unclear = true;
}

static int look(struct my_looking *k)
{
	int err = 0;

	for (size_t i = 0; !err && i < k->count; i++)
		if (my_begins_pair(k, i))
			err = take_pair(k, i);
	for (size_t i = 0; !err && i + 1 < k->count; i++) {
		if (my_begins_pair(k, i))
			check_pair(k, i);
		if (my_is_name(&k->words[i]) && my_is_sign(&k->words[i + 1], '('))
			take_call(k, i);
	}
	return err;
}

/* Every column of what it reads whose name occurs. */
static int add_depends(const struct my_looking *k, const char *text)
{
	int err = 0;

	for (size_t i = 0; !err && i < k->used_count; i++) {
		const struct my_relation *r = k->used[i];

		for (size_t c = 0; !err && c < r->count; c++) {
			const struct my_column *column = &k->rd->columns[r->first + c];

			if (my_mentions(text, column->name))
				err = catalog_add_depend(k->rd->b, k->view->oid, (struct catalog_origin){r->oid, column->attnum});
		}
		if (!err && r->count == 0) /* its columns are not known */
			err = catalog_add_depend(k->rd->b, k->view->oid, (struct catalog_origin){r->oid, 0});
	}
	return err;
}

static int add_calls(const struct my_looking *k)
{
	struct catalog_hazard h = {.subject = k->view->oid, .functions = k->functions, .function_count = k->function_count};

	if (!k->function_count)
		return 0;
	h.text = qw_arena_printf(&k->rd->arena, "view %s.%s", k->view->schema, k->view->name);
	return h.text ? catalog_add_hazard(k->rd->b, &h) : QW_E_NOMEM;
}

/* schema, name, definition: empty where it may not be seen */
int my_take_view(struct my_reading *rd, const char *const *row)
{
	struct my_looking k = {.rd = rd, .view = row[0] && row[1] ? my_relation(rd, row[0], row[1]) : NULL};
	int err;

	if (!k.view)
		return 0;
	if (!row[2] || !*row[2])
		return catalog_set_unresolved(rd->b, k.view->oid);
	err = catalog_set_definition(rd->b, k.view->oid, row[2]);
	if (!err)
		err = split(&k, row[2]);
	if (!err)
		err = look(&k);
	if (!err && k.is_unclear)
		err = catalog_set_unresolved(rd->b, k.view->oid);
	else if (!err)
		err = my_view_columns(&k);
	if (!err)
		err = add_depends(&k, row[2]);
	return err ? err : add_calls(&k);
}

static const char views_sql[] = "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS";

int my_read_views(struct my_reading *rd)
{
	return my_rows(rd, views_sql, 3, my_take_view);
}
