/* What a node calls: functions, operators' functions, and the code of types. */
#include "room.h"

enum { NEXTVAL_OID = 1574 }; /* the same in every version: pg_proc.dat */

int flow_function(struct flow *f, uint32_t oid)
{
	const struct flow_world *w = f->world;

	if (oid == 0)
		return flow_refuse(f, "flow.call", "function 0",
			"a function that the catalog does not know would be called");
	if (oid == NEXTVAL_OID &&
		f->is_default) /* a serial column's default is part of the INSERT */
		return 0;
	if (w->function_is_plain(w->ctx, oid))
		return 0;
	return flow_add_act(f, QW_VERB_CALL, QW_OBJECT_FUNCTION, oid);
}

int flow_operator(struct flow *f, uint32_t oid)
{
	uint32_t function = oid ? f->world->operator_function(f->world->ctx, oid) : 0;

	if (function == 0)
		return flow_refuse(f, "flow.call", qw_arena_printf(f->arena, "operator %u", oid),
			"an operator that the catalog does not know would be used");
	return flow_function(f, function);
}

int flow_type(struct flow *f, uint32_t oid)
{
	const char *hazard = f->world->type_hazard(f->world->ctx, oid);

	if (!hazard)
		return 0;
	return flow_refuse(f, "flow.type", qw_arena_printf(f->arena, "type %u", oid),
		qw_arena_printf(f->arena, "code that was not reviewed would run: %s", hazard));
}

int flow_sort_operators(struct flow *f, const struct qtree_value *clauses)
{
	const struct qtree_value *slots[SORT_FIELD_COUNT];
	int64_t eq, sort;
	int rc = 0;

	if (clauses->kind == QTREE_NONE)
		return 0;
	if (clauses->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "a sort clause");
	for (size_t i = 0; i < clauses->list.count && rc == 0; i++) {
		if (!shape_read(SHAPE_SORT, &clauses->list.items[i], slots) ||
			!qtree_int(SLOT(slots, SORT, eqop), &eq) ||
			!qtree_int(SLOT(slots, SORT, sortop), &sort))
			return flow_unsupported(f, "another node", "a sort clause");
		rc = flow_operator(f, (uint32_t)eq);
		if (rc == 0 && sort) /* 0: it can only be hashed */
			rc = flow_operator(f, (uint32_t)sort);
	}
	return rc;
}
