/*
 * The column whose value decides how far a date is shifted (mask.h, subject). It must be of the same row of the same table. A
 * description tells the table, not the row: with the table twice in a statement, one date could be shown under many subjects, and
 * the true one lies in their middle. So the tree has to show that the table is read once, and by no common table expression.
 */
#include "../machine.h"

enum { COLUMN_NAMES_MAX = 32 };

static bool is_same_table(const struct policy_column *a, const struct policy_column *b)
{
	return strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}

static bool is_read_once(const struct labels *l, const struct tree_notes *notes, const struct policy_column *table)
{
	const char *schema, *name;
	size_t times = 0;

	if (!notes->is_whole || notes->has_cte)
		return false;
	for (size_t i = 0; i < notes->relation_count; i++)
		times += labels_relation(l, notes->relations[i], &schema, &name) && strcmp(schema, table->schema) == 0 &&
			strcmp(name, table->table) == 0;
	return times == 1;
}

/* The result column that is `subject` of the table that column `i` is of; 0: none, else 1 + its index. */
static size_t find(const struct labels *l, const struct pgwire_column *cols, size_t count, size_t i, const char *subject,
	const struct tree_notes *notes)
{
	struct policy_column of[COLUMN_NAMES_MAX], other[COLUMN_NAMES_MAX];
	size_t n = labels_names_of(l, cols[i].table_oid, cols[i].attnum, of, COLUMN_NAMES_MAX);

	for (size_t k = 0; k < count && n; k++) {
		size_t m = cols[k].table_oid ? labels_names_of(l, cols[k].table_oid, cols[k].attnum, other, COLUMN_NAMES_MAX) : 0;

		for (size_t a = 0; a < n; a++)
			for (size_t b = 0; b < m; b++)
				if (is_same_table(&of[a], &other[b]) && strcmp(other[b].column, subject) == 0 &&
					is_read_once(l, notes, &of[a]))
					return k + 1;
	}
	return 0;
}

bool subjects_find(const struct session *s, struct columns *c, const struct pgwire_column *cols, const struct columns_source *from)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct mask_spec *spec = c->list[i].spec;

		if (!spec || !spec->subject)
			continue;
		if (!c->subjects)
			c->subjects = qw_arena_alloc(&c->arena, c->count * sizeof(*c->subjects));
		if (!c->subjects)
			return false;
		if (from->flow && cols[i].table_oid)
			c->subjects[i] = find(s->labels, cols, c->count, i, spec->subject,
				&from->resolution->notes[from->flow - from->resolution->flows]);
	}
	return true;
}

const struct mask_subject *subject_of_row(const struct columns *c, size_t i, struct qw_bytes body, struct mask_subject *out)
{
	size_t k = c->subjects ? c->subjects[i] : 0;
	struct pgwire_row row;
	bool is_null = true;

	if (k == 0 || pgwire_row_open(body, &row))
		return NULL;
	*out = (struct mask_subject){.type_oid = c->list[k - 1].type_oid, .format = c->list[k - 1].format};
	for (size_t at = 0; at < k; at++)
		if (pgwire_row_next(&row, &out->value, &is_null))
			return NULL;
	return is_null ? NULL : out;
}
