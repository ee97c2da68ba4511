#include "shape.h"

struct fields {
	const char *type;
	const char *const *names;
	size_t count;
};

#define NAME(shape, field) #field,
#define X(shape, type) static const char *const shape##_names[] = {shape##_FIELDS(NAME)};
SHAPES(X)
#undef X

static const struct fields shapes[] = {
#define X(shape, type) [SHAPE_##shape] = {type, shape##_names, shape##_FIELD_COUNT},
	SHAPES(X)
#undef X
};

const char *shape_type(const struct qtree_node *n)
{
	static const char *const renamed[][2] = {/* 13 and 14, and since */
		{"ARRAY", "ARRAYEXPR"}, {"CASE", "CASEEXPR"}, {"COALESCE", "COALESCEEXPR"},
		{"COLLATE", "COLLATEEXPR"}, {"MINMAX", "MINMAXEXPR"}, {"ROW", "ROWEXPR"},
		{"ROWCOMPARE", "ROWCOMPAREEXPR"}, {"RTE", "RANGETBLENTRY"}, {"WHEN", "CASEWHEN"}};

	for (size_t i = 0; i < QW_COUNT(renamed); i++)
		if (strcmp(n->type, renamed[i][0]) == 0)
			return renamed[i][1];
	return n->type;
}

bool shape_read(enum shape shape, const struct qtree_value *v, const struct qtree_value **slots)
{
	static const struct qtree_value none;
	const struct fields *want = &shapes[shape];
	const struct qtree_node *n;
	size_t at = 0;

	if (v->kind != QTREE_NODE || strcmp(shape_type(v->node), want->type) != 0)
		return false;
	for (size_t i = 0; i < want->count; i++)
		slots[i] = &none;
	n = v->node;
	for (size_t i = 0; i < n->field_count; i++) {
		size_t tried = 0;

		/* Servers print in one order, so the next name is mostly the one. */
		while (strcmp(want->names[at], n->fields[i].name) != 0) {
			at = (at + 1) % want->count;
			if (++tried == want->count)
				return false;
		}
		if (slots[at] != &none)
			return false;
		slots[at] = &n->fields[i].value;
		at = (at + 1) % want->count;
	}
	return true;
}
