/*
 * Where the columns of a view come from, of those that are one column of a table or view as it is: "`a`.`b` AS `c`" in the list of
 * the one SELECT. Anything in doubt (UNION, WITH, a name that two things have) has no origin: what depends on a sensitive column is
 * then all of it.
 */
#include <stdlib.h>
#include <strings.h>

#include "looking.h"

/* What may follow a table in FROM and is no alias of it, where names have no quotes. */
static bool is_keyword(const struct my_word *w)
{
	static const char *const words[] = {"join", "left", "right", "inner", "cross", "straight_join", "natural", "full", "on", "using",
		"where", "group", "order", "limit", "having", "for", "lock", "partition", "use", "force", "ignore", "window", "procedure",
		"into", "offset", "fetch", "union", "except", "intersect", "qualify", "tablesample"};

	for (size_t i = 0; w->kind == MY_BARE && i < QW_COUNT(words); i++)
		if (my_word_is(w, words[i]))
			return true;
	return w->kind != MY_BARE && w->kind != MY_QUOTED;
}

static bool is_modifier(const struct my_word *w)
{
	static const char *const words[] = {"distinct", "all", "high_priority", "straight_join", "sql_small_result", "sql_big_result",
		"sql_buffer_result", "sql_cache", "sql_no_cache", "sql_calc_found_rows"};

	for (size_t i = 0; w->kind == MY_BARE && i < QW_COUNT(words); i++)
		if (my_word_is(w, words[i]))
			return true;
	return false;
}

/* One SELECT, whose rows are those of its FROM. */
static bool is_one_select(const struct my_looking *k)
{
	static const char *const others[] = {"union", "except", "intersect", "minus", "with", "values", "json_duality_object"};

	if (k->count == 0 || !my_word_is(&k->words[0], "select"))
		return false;
	for (size_t i = 0; i < k->count; i++)
		for (size_t n = 0; k->words[i].kind == MY_BARE && n < QW_COUNT(others); n++)
			if (my_word_is(&k->words[i], others[n]))
				return false;
	return true;
}

/* ---- which table a name stands for ---- */

static bool is_same_text(const struct my_word *a, const char *name)
{
	char other[MY_NAME_MAX];

	return my_is_name(a) && my_word_name(a, other) && strcasecmp(other, name) == 0;
}

/* The relation of the pair at i, where it stands as a table and not before a column; NULL: it is none. */
static const struct my_relation *table_at(const struct my_looking *k, size_t i)
{
	char schema[MY_NAME_MAX], name[MY_NAME_MAX];

	if (!my_begins_pair(k, i) || my_is_sign(&k->words[i + 3], '.'))
		return NULL;
	if (!my_word_name(&k->words[i], schema) || !my_word_name(&k->words[i + 2], name))
		return NULL;
	return my_relation(k->rd, schema, name);
}

/* How often the name stands alone: as an alias, a table of WITH, a derived table; not as the heading of a column. */
static size_t alone(const struct my_looking *k, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < k->count; i++) {
		const struct my_word *w = &k->words[i];

		if (is_same_text(w, name) && !my_is_sign(w + 1, '.') && (i == 0 || (!my_is_sign(w - 1, '.') && !my_word_is(w - 1, "as"))))
			n++;
	}
	return n;
}

/* The one relation that may be called so, anywhere in the definition; NULL: none, several, or something else is. */
static const struct my_relation *called(const struct my_looking *k, const char *name)
{
	const struct my_relation *found = NULL;
	size_t aliases = 0;

	for (size_t i = 0; i < k->count; i++) {
		const struct my_relation *r = table_at(k, i);
		bool has_alias = r && !is_keyword(&k->words[i + 3]);

		if (!r || !(has_alias ? is_same_text(&k->words[i + 3], name) : strcasecmp(r->name, name) == 0))
			continue;
		if (found && found != r)
			return NULL;
		found = r;
		aliases += has_alias;
	}
	return alone(k, name) == aliases ? found : NULL;
}

/* ---- the list ---- */

static int set_origin(const struct my_looking *k, int16_t attnum, const struct my_relation *r, const struct my_word *column)
{
	char name[MY_NAME_MAX];

	if (!r || r == k->view || !my_word_name(column, name))
		return 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct my_column *c = &k->rd->columns[r->first + i];

		if (strcasecmp(c->name, name) == 0)
			return catalog_set_origin(k->rd->b, k->view->oid, attnum, (struct catalog_origin){r->oid, c->attnum});
	}
	return 0;
}

/* Words from `at`, without the comma behind them. Strings are no words, so that we look for their quotes, too. */
static int take_item(const struct my_looking *k, size_t at, size_t n, int16_t attnum)
{
	const struct my_word *w = &k->words[at];
	size_t parts = n == 5 ? 2 : 3; /* a . b AS c; a . b . c AS d */
	const uint8_t *end;
	char name[MY_NAME_MAX], table[MY_NAME_MAX];

	if ((n != 5 && n != 7) || !my_begins_pair(k, at) || !my_word_is(&w[n - 2], "as") || !my_is_name(&w[n - 1]))
		return 0;
	end = w[n - 1].text.p + w[n - 1].text.n;
	if (memchr(w->text.p, '\'', (size_t)(end - w->text.p)) || memchr(w->text.p, '"', (size_t)(end - w->text.p)))
		return 0;
	if (parts == 2)
		return my_word_name(w, name) ? set_origin(k, attnum, called(k, name), &w[2]) : 0;
	if (!my_is_sign(&w[3], '.') || !my_is_name(&w[4]) || !my_word_name(w, name) || !my_word_name(&w[2], table))
		return 0;
	return set_origin(k, attnum, my_relation(k->rd, name, table), &w[4]);
}

/* Where each item begins and ends. Not as many as the view has columns: it is not understood. */
static size_t count_items(const struct my_looking *k, size_t from, size_t *end)
{
	size_t items = 1, depth = 0, i;

	for (i = from; k->words[i].kind != MY_END; i++) {
		const struct my_word *w = &k->words[i];

		depth += my_is_sign(w, '(');
		depth -= depth && my_is_sign(w, ')');
		if (depth == 0 && w->kind == MY_BARE && my_word_is(w, "from"))
			break;
		items += depth == 0 && my_is_sign(w, ',');
	}
	*end = i;
	return items;
}

int my_view_columns(const struct my_looking *k)
{
	size_t at = 1, end, depth = 0;
	int16_t attnum = 1;
	int err = 0;

	if (!is_one_select(k))
		return 0;
	while (is_modifier(&k->words[at]))
		at++;
	if (count_items(k, at, &end) != k->view->count)
		return 0;
	for (size_t i = at; !err && i <= end; i++) {
		depth += my_is_sign(&k->words[i], '(');
		depth -= depth && my_is_sign(&k->words[i], ')');
		if (i < end && !(depth == 0 && my_is_sign(&k->words[i], ',')))
			continue;
		err = take_item(k, at, i - at, attnum++);
		at = i + 1;
	}
	return err;
}
