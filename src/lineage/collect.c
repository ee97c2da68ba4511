/* What a judgement gathers: acts, reads, writes, sensitive columns that leave; each thing once. */
#include "room.h"

/* Room for one more behind `count` items; the old ones stay in the arena. */
static void *grown(struct lineage *f, void *items, size_t count, size_t *max, size_t item_bytes)
{
	size_t more = *max ? *max * 2 : 8;
	void *p;

	if (count < *max)
		return items;
	p = qw_arena_alloc(f->arena, more * item_bytes);
	if (!p)
		return NULL;
	if (count)
		memcpy(p, items, count * item_bytes);
	*max = more;
	return p;
}

static bool act_same(const struct qw_act *a, const struct qw_act *b)
{
	return a->verb == b->verb && a->kind == b->kind && strcmp(a->schema, b->schema) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

int lineage_add_act(struct lineage *f, enum qw_verb verb, enum qw_object_kind kind, const char *schema, const char *name)
{
	struct flow_result *out = f->out;
	struct qw_act act = {.verb = verb, .kind = kind, .schema = schema, .name = name};

	act.kind_name = kind == QW_OBJECT_FUNCTION ? "function" : "table";
	for (size_t i = 0; i < out->act_count; i++)
		if (act_same(&out->acts[i], &act))
			return 0;
	out->acts = grown(f, out->acts, out->act_count, &f->act_max, sizeof(act));
	if (!out->acts)
		return QW_E_NOMEM;
	out->acts[out->act_count++] = act;
	return 0;
}

int lineage_add_read(struct lineage *f, uint32_t relation_oid)
{
	struct flow_result *out = f->out;
	uint32_t *reads = (uint32_t *)(uintptr_t)out->reads;

	for (size_t i = 0; i < out->read_count; i++)
		if (reads[i] == relation_oid)
			return 0;
	reads = grown(f, reads, out->read_count, &f->read_max, sizeof(*reads));
	if (!reads)
		return QW_E_NOMEM;
	reads[out->read_count++] = relation_oid;
	out->reads = reads;
	return 0;
}

int lineage_add_write(struct lineage *f, uint32_t relation_oid, int16_t attnum, const struct label *label)
{
	struct flow_result *out = f->out;

	for (size_t i = 0; i < out->write_count; i++)
		if (out->writes[i].relation_oid == relation_oid && out->writes[i].attnum == attnum)
			return 0;
	out->writes = grown(f, out->writes, out->write_count, &f->write_max, sizeof(*out->writes));
	if (!out->writes)
		return QW_E_NOMEM;
	out->writes[out->write_count++] = (struct flow_write){
		.relation_oid = relation_oid, .attnum = attnum, .label = *label};
	return 0;
}

int lineage_add_labelled(struct lineage *f, const char *column)
{
	struct flow_result *out = f->out;

	for (size_t i = 0; i < out->reads_labelled_count; i++)
		if (strcmp(out->reads_labelled[i], column) == 0)
			return 0;
	out->reads_labelled = grown(f, out->reads_labelled, out->reads_labelled_count,
		&f->labelled_max, sizeof(char *));
	if (!out->reads_labelled)
		return QW_E_NOMEM;
	out->reads_labelled[out->reads_labelled_count++] = column;
	return 0;
}

int lineage_add_compared(struct lineage *f, const struct mask_spec *spec)
{
	struct flow_result *out = f->out;

	out->compared = grown(f, out->compared, out->equalities, &f->compared_max, sizeof(*out->compared));
	if (!out->compared)
		return QW_E_NOMEM;
	out->compared[out->equalities++] = spec;
	return 0;
}

int lineage_add_call(struct lineage *f, const struct flow_call *call)
{
	struct flow_result *out = f->out;
	struct flow_call *calls = (struct flow_call *)(uintptr_t)out->calls;

	calls = grown(f, calls, out->call_count, &f->call_max, sizeof(*calls));
	if (!calls)
		return QW_E_NOMEM;
	calls[out->call_count++] = *call;
	out->calls = calls;
	return 0;
}
