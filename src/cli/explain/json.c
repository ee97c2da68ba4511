/* An explanation for programs: one object, docs/explain.md tells its fields. */
#include "explain.h"

#include <jansson.h>

/* What the server says may be cut in the middle of a character. */
static json_t *text(struct qw_bytes s)
{
	while (s.n && !qw_utf8_valid(s))
		s.n--;
	return json_stringn((const char *)s.p, s.n);
}

/* NULL values are left out. Errors show as a missing object in the end: json_dumps then fails. */
static int put(json_t *o, const char *key, json_t *value)
{
	return json_object_set_new(o, key, value);
}

static int put_text(json_t *o, const char *key, const char *s)
{
	return s ? put(o, key, text(qw_bytes_from(s))) : 0;
}

static json_t *name_of(const char *schema, const char *name)
{
	return schema ? json_sprintf("%s.%s", schema, name) : text(qw_bytes_from(name));
}

static json_t *acts_of(const struct explain_act *acts, size_t n)
{
	json_t *list = json_array();
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		const struct qw_act *a = &acts[i].act;
		json_t *o = json_object();

		bad |= put_text(o, "effect", policy_effect_name(acts[i].effect));
		bad |= put_text(o, "rule", acts[i].rule);
		bad |= put_text(o, "verb", qw_verb_name(a->verb));
		bad |= put_text(o, "kind", a->kind_name);
		if (a->name)
			bad |= put(o, "object", name_of(a->schema, a->name));
		bad |= put_text(o, "value", a->value);
		bad |= put_text(o, "class", acts[i].class);
		bad |= json_array_append_new(list, o);
	}
	if (!bad)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *refusal_of(const struct explain_refusal *r)
{
	json_t *o = json_object();
	int bad = put_text(o, "rule", r->rule) | put_text(o, "sqlstate", r->sqlstate) | put_text(o, "verb", r->verb) |
		put_text(o, "object", r->object) | put_text(o, "reason", r->reason) | put_text(o, "instead", r->instead);

	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *column_of(const struct flow_output *c)
{
	bool is_masked = c->label.kind == LABEL_MASK && c->label.spec;
	json_t *o = json_object();
	int bad = put_text(o, "name", c->name);

	bad |= put_text(o, "state", is_masked ? "masked" : c->label.kind == LABEL_PLAIN ? "plain" : "refused");
	if (is_masked) {
		bad |= put_text(o, "mask", c->label.spec->name) | put_text(o, "mask_kind", mask_kind_name(c->label.spec->kind));
		bad |= put_text(o, "column", c->label.column);
		bad |= mask_needs_key(c->label.spec->kind) ? put_text(o, "domain", c->label.domain) : 0;
	}
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *named(const struct explanation *e, uint32_t relation_oid)
{
	const char *schema, *name;

	return labels_relation(e->labels, relation_oid, &schema, &name) ? name_of(schema, name) : json_sprintf("relation %u", relation_oid);
}

static json_t *flow_of(const struct explanation *e, const struct explain_statement *s)
{
	const struct flow_result *f = &s->flow;
	json_t *o = json_object(), *reads = json_array(), *columns = json_array(), *writes = json_array();
	int bad = 0;

	for (size_t i = 0; i < f->read_count; i++)
		bad |= json_array_append_new(reads, named(e, f->reads[i]));
	for (size_t i = 0; i < f->output_count; i++)
		bad |= json_array_append_new(columns, column_of(&f->outputs[i]));
	for (size_t i = 0; i < f->write_count; i++)
		bad |= json_array_append_new(writes, text(qw_bytes_from(f->writes[i].label.column)));
	bad |= put(o, "reads", reads) | put(o, "acts", acts_of(s->resolved, s->resolved_count)) | put(o, "columns", columns);
	bad |= put(o, "writes_sensitive", writes) | put(o, "equalities", json_integer(f->equalities)) | put_text(o, "taints", s->taint);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *facts_of(const struct explain_statement *s)
{
	const struct qw_statement *st = s->st;
	json_t *o = json_object(), *relations = json_array(), *columns = json_array();
	int bad = 0;

	for (size_t i = 0; i < st->relation_count; i++) {
		const struct qw_relation *r = &st->relations[i];
		json_t *one = json_object();

		bad |= put(one, "name", name_of(r->schema, r->name)) | put_text(one, "alias", r->alias);
		bad |= put(one, "is_written", json_boolean(r->is_written)) | json_array_append_new(relations, one);
	}
	for (size_t i = 0; i < st->column_count; i++)
		bad |= json_array_append_new(columns, name_of(st->columns[i].qualifier, st->columns[i].name ? st->columns[i].name : "*"));
	bad |= put(o, "relations", relations) | put(o, "columns", columns) | put(o, "acts", acts_of(s->acts, s->act_count));
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *tree_of(const struct explain_statement *s)
{
	json_t *o = json_object();
	int bad = put(o, "needed", json_boolean(s->needs_tree)) | put_text(o, "state", explain_tree_word(s)) |
		put_text(o, "sqlstate", s->sqlstate) | put_text(o, "error", s->error);

	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *statement_of(const struct explanation *e, const struct explain_statement *s)
{
	const char *wrapper = explain_wrapper(s->st->inner_kind);
	json_t *o = json_object(), *wraps = wrapper ? json_object() : NULL;
	int bad = put(o, "sql", text(s->st->text));

	if (wraps) {
		bad |= put_text(wraps, "kind", wrapper) | (s->st->inner.n ? put(wraps, "sql", text(s->st->inner)) : 0);
		bad |= put(o, "wraps", wraps);
	}
	if (s->source)
		bad |= put(o, "stands_for", text(s->source->inner.n ? s->source->inner : s->source->text));
	bad |= put(o, "text", facts_of(s)) | put(o, "tree", tree_of(s));
	if (s->tree == EXPLAIN_TREE_SHOWN)
		bad |= put(o, "resolved", flow_of(e, s));
	bad |= put_text(o, "effect", policy_effect_name(s->verdict.effect));
	bad |= put_text(o, "rule", s->refusal.rule ? s->refusal.rule : s->verdict.rule);
	if (s->refusal.rule)
		bad |= put(o, "refusal", refusal_of(&s->refusal));
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *limits_of(const struct limits *l)
{
	json_t *o = json_object();

	for (int k = 0; k < LIMITS_COUNT; k++) {
		uint64_t max = limits_get(l, (enum limits_kind)k);

		if (max && put(o, limits_rule((enum limits_kind)k) + strlen("limit."), json_integer((json_int_t)max))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static int put_verdict(json_t *o, const struct explanation *e)
{
	int bad = put_text(o, "effect", policy_effect_name(e->verdict.effect));

	bad |= put_text(o, "rule", e->refusal ? e->refusal->rule : e->verdict.rule);
	bad |= put_text(o, "message", e->refusal ? NULL : e->verdict.message);
	if (e->refusal)
		bad |= put(o, "refusal", refusal_of(e->refusal));
	bad |= put(o, "limits", limits_of(&e->verdict.limits));
	return bad | put(o, "detectors", json_boolean(policy_has_detectors(e->policy, e->role)));
}

static json_t *all_of(const struct explanation *e)
{
	json_t *o = json_object(), *list = json_array();
	int bad = put(o, "version", json_integer(1));

	bad |= put_text(o, "role", e->role->name) | put_text(o, "target", e->target) | put_text(o, "database", e->database);
	bad |= put(o, "server_major", json_integer((json_int_t)e->server_major)) | put_text(o, "policy", policy_revision(e->policy));
	bad |= put_text(o, "problem", e->problem);
	for (size_t i = 0; i < e->count && !e->problem; i++)
		bad |= json_array_append_new(list, statement_of(e, &e->list[i]));
	bad |= put(o, "statements", list) | put_verdict(o, e);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

int explain_print_json(const struct explanation *e)
{
	json_t *o = all_of(e);
	char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;
	int err = !line ? QW_E_NOMEM : puts(line) < 0 ? QW_E_IO : 0;

	json_decref(o);
	free(line);
	return err;
}
