/* What is known of a column, and how columns of several arms become one. */
#include "room.h"

#include "qw/mask.h"

bool lineage_is_sensitive(const struct column *c)
{
	return c->label.kind != LABEL_PLAIN;
}

bool lineage_keeps_null(const struct column *c)
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
	       (a->kind == LABEL_PLAIN || (a->kind == LABEL_MASK && a->spec == b->spec && same_text(a->domain, b->domain)));
}

bool lineage_same_column(const struct column *a, const struct column *b)
{
	return a->is_empty == b->is_empty && label_same(&a->label, &b->label) && a->relation_oid == b->relation_oid &&
		a->attnum == b->attnum;
}

bool lineage_join_column(struct column *into, const struct column *from)
{
	const char *name = into->name;

	if (from->is_empty)
		return true;
	if (into->is_empty) {
		*into = *from;
		into->name = name;
		into->relation_oid = 0;
		return true;
	}
	into->relation_oid = 0; /* more than one place */
	into->attnum = 0;
	into->label.is_definition |= from->label.is_definition;
	return label_same(&into->label, &from->label);
}

struct column lineage_plain(const char *name)
{
	return (struct column){.label.kind = LABEL_PLAIN, .name = name};
}

struct columns lineage_columns_new(struct lineage *f, size_t count)
{
	struct columns c = {qw_arena_alloc(f->arena, (count + 1) * sizeof(struct column)), count};

	for (size_t i = 0; c.items && i < count; i++)
		c.items[i] = lineage_plain(NULL);
	return c;
}

int lineage_clean(struct lineage *f, const struct columns *c, const struct use *use)
{
	for (size_t i = 0; i < c->count && !f->is_blind; i++)
		if (lineage_is_sensitive(&c->items[i]))
			return lineage_refuse_column(f, &c->items[i], use);
	return 0;
}
