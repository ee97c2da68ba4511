/* The tables by version and type, and what a reader of the tree asks. */
#include "reader.h"

const struct node_table *qtree_table(unsigned major)
{
	for (size_t i = 0; i < node_table_count; i++)
		if (node_tables[i].major == major)
			return &node_tables[i];
	return NULL;
}

bool qtree_knows(unsigned server_major)
{
	return qtree_table(server_major) != NULL;
}

const struct node_type *qtree_type(const struct node_table *t, struct qw_bytes printed)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct node_type *at = &t->types[middle];
		int order = printed.n == at->printed_n ? memcmp(printed.p, at->printed, printed.n)
						       : (printed.n < at->printed_n ? -1 : 1);

		if (order == 0)
			return at;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const struct qtree_field *find(const struct qtree_node *n, const char *field)
{
	for (size_t i = 0; i < n->field_count; i++)
		if (strcmp(n->fields[i].name, field) == 0)
			return &n->fields[i];
	return NULL;
}

const struct qtree_value *qtree_get(const struct qtree_node *n, const char *field)
{
	static const struct qtree_value none = {.kind = QTREE_NONE};
	const struct qtree_field *f = find(n, field);

	return f ? &f->value : &none;
}

bool qtree_has(const struct qtree_node *n, const char *field)
{
	return find(n, field) != NULL;
}

bool qtree_is(const struct qtree_value *v, const char *type)
{
	return v && v->kind == QTREE_NODE && strcmp(v->node->type, type) == 0;
}

bool qtree_int(const struct qtree_value *v, int64_t *out)
{
	bool is_negative;
	int64_t n = 0;

	if (!v || v->kind != QTREE_TOKEN || v->token.n == 0)
		return false;
	is_negative = v->token.p[0] == '-';
	if (v->token.n == (size_t)is_negative)
		return false;
	for (size_t i = is_negative; i < v->token.n; i++) {
		int digit = v->token.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
			__builtin_sub_overflow(n, digit, &n)) /* downwards: INT64_MIN has no positive */
			return false;
	}
	if (!is_negative && n == INT64_MIN)
		return false;
	*out = is_negative ? n : -n;
	return true;
}

bool qtree_bool(const struct qtree_value *v, bool *out)
{
	if (!v || v->kind != QTREE_TOKEN)
		return false;
	*out = qw_bytes_equal(v->token, QW_LIT("true"));
	return *out || qw_bytes_equal(v->token, QW_LIT("false"));
}
