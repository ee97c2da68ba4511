/* Inside the upstream room: one definition of a view while it is looked at. */
#ifndef QW_UPSTREAM_MYSQL_LOOKING_H
#define QW_UPSTREAM_MYSQL_LOOKING_H

#include "reading.h"

enum { MY_FUNCTIONS_MAX = 200 };

struct my_looking {
	struct my_reading *rd;
	const struct my_relation *view;
	struct my_word *words; /* of the definition, all of them, MY_END last */
	size_t count;
	const struct my_relation **used; /* each once */
	size_t used_count, used_cap;
	uint32_t functions[MY_FUNCTIONS_MAX];
	size_t function_count;
	bool is_unclear;
};

static inline bool my_is_name(const struct my_word *w)
{
	return w->kind == MY_BARE || w->kind == MY_QUOTED;
}

static inline bool my_is_sign(const struct my_word *w, char c)
{
	return w->kind == MY_SIGN && w->text.p[0] == (uint8_t)c;
}

/* Does a.b begin here, where no dot precedes? */
static inline bool my_begins_pair(const struct my_looking *k, size_t i)
{
	return i + 2 < k->count && my_is_name(&k->words[i]) && my_is_sign(&k->words[i + 1], '.') && my_is_name(&k->words[i + 2]) &&
		(i == 0 || !my_is_sign(&k->words[i - 1], '.'));
}

int my_take_view(struct my_reading *rd, const char *const *row) QW_MUST_CHECK; /* views.c */
/* view_columns.c: where its columns come from, of those that show one column of a table. After the names are known. */
int my_view_columns(const struct my_looking *k) QW_MUST_CHECK;

#endif
