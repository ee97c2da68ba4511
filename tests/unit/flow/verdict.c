#include "verdict.h"

static const char *joined(
	struct qw_arena *arena, const char *before, const char *word, const char *more)
{
	const char *s = *before ? qw_arena_printf(arena, "%s,%s", before, more)
				: qw_arena_printf(arena, " %s=%s", word, more);

	return s ? s : "out of memory";
}

static const char *act_text(struct qw_arena *arena, const struct qw_act *a)
{
	const char *s =
		qw_arena_printf(arena, "%s:%s.%s", qw_verb_name(a->verb), a->schema, a->name);

	return s ? s : "";
}

static const char *say(struct world *w, struct qw_arena *arena, const struct flow_result *r)
{
	char letters[200] = ".";
	const char *acts = "", *writes = "", *equalities = "", *said;

	for (size_t i = 0; i < r->output_count && i < sizeof(letters) - 1; i++)
		letters[i] = r->outputs[i].label.kind == LABEL_PLAIN  ? 'p'
			     : r->outputs[i].label.kind == LABEL_MASK ? 'm'
								      : '?';
	for (size_t i = 0; i < r->act_count; i++)
		acts = joined(arena, acts, "acts", act_text(arena, &r->acts[i]));
	for (size_t i = 0; i < r->write_count; i++)
		writes = joined(arena, writes, "writes",
			world_column(w, r->writes[i].relation_oid, r->writes[i].attnum));
	if (r->equalities)
		equalities = qw_arena_printf(arena, " eq=%u", r->equalities);
	said = qw_arena_printf(arena, "out %s%s%s%s", letters, acts, writes, equalities);
	return said ? said : "out of memory";
}

const char *verdict_of(unsigned major, const char *tree, struct world *w, struct qw_arena *arena,
	struct flow_result *out)
{
	const struct flow_world world = world_of(w);
	const char *problem = NULL, *said;
	struct qtree_value trees;
	int rc = qtree_read(
		major, qw_bytes_from(tree), &QTREE_LIMITS_DEFAULT, arena, &trees, &problem);

	*out = (struct flow_result){.is_refused = true};
	if (rc)
		said = qw_arena_printf(
			arena, "unread %s: %s", qw_error_name(rc), problem ? problem : "");
	else if ((rc = flow_judge(major, &trees, &world, arena, out)) != 0)
		said = qw_arena_printf(arena, "error %s", qw_error_name(rc));
	else if (out->is_refused)
		said = qw_arena_printf(arena, "refuse %s", out->refusal.rule);
	else
		said = say(w, arena, out);
	return said ? said : "out of memory";
}
