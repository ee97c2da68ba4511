/* What is kept of a tree besides its flow: which relations its rows come from, each as often as it is read. */
#include "../machine.h"

enum { DEPTH_MAX = 1000 };

struct noting {
	struct qw_arena *arena;
	struct tree_notes *notes;
	size_t cap;
	bool is_broken;
};

static void note_relation(struct noting *n, uint32_t oid)
{
	if (n->notes->relation_count == n->cap) {
		size_t cap = n->cap ? n->cap * 2 : 8;
		uint32_t *more = qw_arena_alloc(n->arena, cap * sizeof(*more));

		if (!more) {
			n->is_broken = true;
			return;
		}
		if (n->notes->relation_count)
			memcpy(more, n->notes->relations, n->notes->relation_count * sizeof(*more));
		n->notes->relations = more;
		n->cap = cap;
	}
	n->notes->relations[n->notes->relation_count++] = oid;
}

static void note_range(struct noting *n, const struct qtree_node *node)
{
	int64_t oid;

	if (qtree_int(qtree_get(node, "relid"), &oid) && oid > 0 && oid <= UINT32_MAX)
		note_relation(n, (uint32_t)oid);
	if (qtree_get(node, "ctename")->kind != QTREE_NONE)
		n->notes->has_cte = true;
}

static void walk(struct noting *n, const struct qtree_value *v, unsigned depth)
{
	if (depth > DEPTH_MAX)
		n->is_broken = true;
	if (n->is_broken)
		return;
	if (v->kind == QTREE_LIST)
		for (size_t i = 0; i < v->list.count; i++)
			walk(n, &v->list.items[i], depth + 1);
	if (v->kind != QTREE_NODE)
		return;
	if (qtree_is(v, "RANGETBLENTRY"))
		note_range(n, v->node);
	for (size_t i = 0; i < v->node->field_count; i++)
		walk(n, &v->node->fields[i].value, depth + 1);
}

void tree_notes_take(struct qw_arena *arena, const struct qtree_value *trees, struct tree_notes *out)
{
	struct noting n = {.arena = arena, .notes = out};

	walk(&n, trees, 0);
	out->query_count = trees->kind == QTREE_LIST ? trees->list.count : 0;
	out->is_whole = !n.is_broken;
}
