#include "walk.h"

#include "facts.h"
#include "handlers.h"

enum { FRAMES_FIRST = 64 };

void spg_walk_init(struct walk *w, struct qw_arena *arena, const struct sqlparse_limits *limits)
{
	*w = (struct walk){.arena = arena, .limits = limits};
}

void spg_walk_refuse(struct walk *w, const char *problem)
{
	if (!problem)
		w->err = QW_E_NOMEM;
	else if (!w->problem)
		w->problem = problem;
}

static bool grow(struct walk *w)
{
	size_t cap = w->frame_cap ? w->frame_cap * 2 : FRAMES_FIRST;
	struct frame *more = qw_arena_alloc(w->arena, cap * sizeof(*more));

	if (!more) {
		w->err = QW_E_NOMEM;
		return false;
	}
	if (w->frame_count)
		memcpy(more, w->frames, w->frame_count * sizeof(*more));
	w->frames = more;
	w->frame_cap = cap;
	return true;
}

void spg_walk_push(struct walk *w, const void *node, struct ctx ctx, uint32_t depth)
{
	if (!node || w->err)
		return;
	if (w->frame_count == w->frame_cap && !grow(w))
		return;
	w->frames[w->frame_count++] = (struct frame){.node = node, .ctx = ctx, .depth = depth};
}

static const void *child_at(const void *node, uint16_t offset)
{
	const void *child;

	memcpy(&child, (const char *)node + offset, sizeof(child));
	return child;
}

void spg_walk_children(struct walk *w, const struct frame *f, struct ctx ctx, const void *except)
{
	const struct node_shape *shape = node_shape_of(nodeTag(f->node));

	if (!shape)
		return;
	for (size_t i = shape->slot_count; i-- > 0;) {
		const void *child = child_at(f->node, shape->slots[i]);

		if (child && child != except)
			spg_walk_push(w, child, ctx, f->depth + 1);
	}
}

void spg_walk_aim(struct walk *w, const void *child, struct ctx ctx)
{
	if (!child || w->err)
		return;
	for (size_t i = w->frame_count; i-- > 0;) {
		if (w->frames[i].node == child) {
			w->frames[i].ctx = ctx;
			return;
		}
	}
}

/* True when a list frame has more to give; its next element is then on the stack. */
static void step_list(struct walk *w, struct frame *f)
{
	const List *list = f->node;
	const struct ctx ctx = f->ctx;
	const uint32_t depth = f->depth;
	const void *element;

	if (f->index >= (uint32_t)list->length) {
		w->frame_count--;
		return;
	}
	element = list->elements[f->index++].ptr_value;
	spg_walk_push(w, element, ctx, depth);
}

static bool within_limits(struct walk *w, const struct frame *f)
{
	if (++w->nodes > w->limits->nodes_max)
		spg_walk_refuse(w, qw_arena_printf(w->arena,
					   "the text has more than %zu parts (limit nodes_max): "
					   "send it in smaller pieces",
					   w->limits->nodes_max));
	else if (f->depth > w->limits->depth_max)
		spg_walk_refuse(
			w, qw_arena_printf(w->arena,
				   "the statement is nested more than %zu levels deep (limit "
				   "depth_max): "
				   "use a list such as IN (...) or VALUES, or several statements",
				   w->limits->depth_max));
	return !w->problem && !w->err;
}

static void visit(struct walk *w, const struct frame *f)
{
	const NodeTag tag = nodeTag(f->node);
	const struct node_shape *shape = node_shape_of(tag);
	node_handler *handler;

	if (!within_limits(w, f))
		return;
	if (!shape) {
		spg_walk_refuse(
			w, qw_arena_printf(w->arena,
				   "the statement holds a part that the gateway does not know "
				   "(node %d)",
				   (int)tag));
		return;
	}
	if (w->tag_counts)
		w->tag_counts[tag]++;
	w->shape = (w->shape ^ (uint32_t)tag ^ (f->depth << 12)) * 16777619u;
	spg_facts_spelled(w, f->node);
	handler = spg_handler_of(tag);
	if (handler)
		handler(w, f);
	else if (shape->is_statement)
		spg_walk_refuse(w, qw_arena_printf(w->arena,
					   "the gateway does not know this kind of statement (%s)",
					   shape->name));
	else if (shape->slot_count)
		spg_walk_children(w, f, f->ctx, NULL);
}

static void walk_tree(struct walk *w)
{
	while (w->frame_count && !w->err && !w->problem) {
		struct frame *top = &w->frames[w->frame_count - 1];
		struct frame f;

		if (IsA(top->node, List)) {
			step_list(w, top);
			continue;
		}
		f = *top;
		w->frame_count--;
		visit(w, &f);
	}
}

void spg_walk_statement(struct walk *w, const Node *statement, struct qw_statement *out)
{
	const struct ctx ctx = {
		.flags = CTX_TOP, .verb = QW_VERB_SELECT, .object = OBJECT_ANY_RELATION};

	w->frame_count = 0;
	w->acts = w->relations = w->columns = w->operators = w->types = (struct fact_set){0};
	w->literal_count = 0;
	w->has_query = w->reads = w->join_renames = false;
	w->shape = 0;
	w->out = out;
	spg_walk_push(w, statement, ctx, 1);
	walk_tree(w);
	if (!w->err && !w->problem)
		spg_facts_finish(w);
}
