/* What is known of a column, and how columns of several arms become one. */
#include "room.h"

#include "qw/mask.h"

bool column_is_sensitive(const struct column *c)
{
	return c->label.kind != LABEL_PLAIN;
}

bool column_keeps_null(const struct column *c)
{
	return c->label.kind == LABEL_MASK && c->label.spec && c->label.spec->kind != MASK_NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The client cannot tell the arms of a column: all of it is masked alike or nothing. */
static bool label_same(const struct label *a, const struct label *b)
{
	return a->kind == b->kind &&
	       (a->kind == LABEL_PLAIN || (a->kind == LABEL_MASK && a->spec == b->spec &&
						  same_text(a->domain, b->domain)));
}

bool column_join(struct column *into, const struct column *from)
{
	if (from->is_empty)
		return true;
	if (into->is_empty) {
		*into = *from;
		return true;
	}
	into->is_whole_row = into->is_whole_row || from->is_whole_row;
	into->is_composed = into->is_composed || from->is_composed;
	into->label.is_guarded = into->label.is_guarded || from->label.is_guarded;
	return label_same(&into->label, &from->label);
}

struct columns columns_new(struct flow *f, size_t count)
{
	struct columns c = {qw_arena_alloc(f->arena, (count + 1) * sizeof(struct column)), count};

	for (size_t i = 0; c.items && i < count; i++)
		c.items[i] = (struct column){.label.kind = LABEL_PLAIN, .is_empty = true};
	return c;
}
