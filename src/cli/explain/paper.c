/* An explanation for people. Names and texts are the agent's and the database's: they go through page_safe. */
#include "explain.h"

#include "../page.h"

enum { SQL_SHOWN_MAX = 200 };

const char *explain_wrapper(enum qw_inner_kind kind)
{
	switch (kind) {
	case QW_INNER_NONE: return NULL;
	case QW_INNER_EXPLAIN: return "explain";
	case QW_INNER_COPY: return "copy";
	case QW_INNER_COPY_IN: return "copy.in";
	case QW_INNER_PREPARE: return "prepare";
	case QW_INNER_DECLARE: return "declare";
	case QW_INNER_CREATE_AS: return "create_as";
	case QW_INNER_UNKNOWN: return "unknown";
	}
	return NULL;
}

const char *explain_tree_word(const struct explain_statement *s)
{
	switch (s->tree) {
	case EXPLAIN_TREE_NONE: return "none";
	case EXPLAIN_TREE_SHOWN: return "shown";
	case EXPLAIN_TREE_IMPOSSIBLE: return "impossible";
	case EXPLAIN_TREE_ERROR: return "error";
	case EXPLAIN_TREE_FAILED: return "failed";
	}
	return "failed";
}

static void safe(struct page *p, const char *s)
{
	page_safe(p, qw_bytes_from(s));
}

static void put_name(struct page *p, const char *schema, const char *name)
{
	safe(p, schema);
	page_text(p, schema ? "." : "");
	safe(p, name);
}

static void put_acts(struct page *p, const struct explain_act *acts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct qw_act *a = &acts[i].act;

		page_printf(p, "    %-6s  %-16s ", policy_effect_name(acts[i].effect), qw_verb_name(a->verb));
		page_text(p, a->kind_name);
		page_text(p, a->name ? " " : "");
		put_name(p, a->name ? a->schema : NULL, a->name);
		page_text(p, a->value ? " = " : "");
		safe(p, a->value);
		page_text(p, acts[i].class ? "  " : "");
		safe(p, acts[i].class);
		page_text(p, "  <- ");
		safe(p, acts[i].rule);
		page_text(p, "\n");
	}
}

static void put_facts(struct page *p, const struct qw_statement *st)
{
	for (size_t i = 0; i < st->relation_count; i++) {
		const struct qw_relation *r = &st->relations[i];

		page_text(p, r->is_written ? "    writes  " : "    reads   ");
		put_name(p, r->schema, r->name);
		page_text(p, r->alias ? " as " : "");
		safe(p, r->alias);
		page_text(p, "\n");
	}
	for (size_t i = 0; i < st->column_count; i++) {
		const struct qw_colref *c = &st->columns[i];

		page_text(p, i ? ", " : "    columns ");
		put_name(p, c->qualifier, c->name ? c->name : "*");
		page_text(p, c->is_deep ? "..." : "");
	}
	page_text(p, st->column_count ? "\n" : "");
}

static void put_wrapped(struct page *p, const struct explain_statement *s)
{
	const char *wrapper = explain_wrapper(s->st->inner_kind);
	const struct qw_statement *source = s->source;

	if (wrapper) {
		page_printf(p, "  wraps (%s): ", wrapper);
		page_safe_cut(p, s->st->inner, SQL_SHOWN_MAX);
		page_text(p, s->st->inner.n ? "\n" : "a query whose text cannot be given\n");
	}
	if (source) {
		page_text(p, "  stands for: ");
		page_safe_cut(p, source->inner.n ? source->inner : source->text, SQL_SHOWN_MAX);
		page_text(p, "\n");
	}
}

static void put_tree(struct page *p, const struct explain_statement *s)
{
	static const char *const words[] = {[EXPLAIN_TREE_NONE] = "there is nothing that the server would analyse",
		[EXPLAIN_TREE_SHOWN] = "shown by the server",
		[EXPLAIN_TREE_IMPOSSIBLE] = "what it does cannot be shown to the server",
		[EXPLAIN_TREE_ERROR] = "the server refuses the statement",
		[EXPLAIN_TREE_FAILED] = "the server showed none that can be read"};

	page_printf(p, "  tree: %s, %s", s->needs_tree ? "needed" : "not needed", words[s->tree]);
	if (s->error) {
		page_text(p, ": ");
		safe(p, s->sqlstate);
		page_text(p, s->sqlstate ? " " : "");
		safe(p, s->error);
	}
	page_text(p, "\n");
}

static void put_reads(struct page *p, const struct explanation *e, const struct flow_result *f)
{
	const char *schema, *name;

	for (size_t i = 0; i < f->read_count; i++) {
		page_text(p, i ? ", " : "    reads   ");
		if (labels_relation(e->labels, f->reads[i], &schema, &name))
			put_name(p, schema, name);
		else
			page_printf(p, "relation %u", f->reads[i]);
	}
	page_text(p, f->read_count ? "\n" : "");
}

static void put_mask(struct page *p, const struct label *l)
{
	page_printf(p, "masked  %s, mask \"", mask_kind_name(l->spec->kind));
	safe(p, l->spec->name);
	page_text(p, "\" of ");
	safe(p, l->column);
	if (mask_needs_key(l->spec->kind)) {
		page_text(p, ", joins with ");
		safe(p, l->domain);
	}
}

static void put_columns(struct page *p, const struct flow_result *f)
{
	for (size_t i = 0; i < f->output_count; i++) {
		const struct flow_output *o = &f->outputs[i];
		size_t width = page_width(qw_bytes_from(o->name));

		page_text(p, i ? "            " : "    gives   ");
		safe(p, o->name);
		page_fill(p, ' ', width < 20 ? 20 - width : 1);
		if (o->label.kind == LABEL_MASK && o->label.spec)
			put_mask(p, &o->label);
		else
			page_text(p, o->label.kind == LABEL_PLAIN ? "plain" : "refused");
		page_text(p, "\n");
	}
}

static void put_flow(struct page *p, const struct explanation *e, const struct explain_statement *s)
{
	const struct flow_result *f = &s->flow;

	if (s->tree != EXPLAIN_TREE_SHOWN)
		return;
	page_text(p, "  resolved\n");
	put_reads(p, e, f);
	put_acts(p, s->resolved, s->resolved_count);
	put_columns(p, f);
	for (size_t i = 0; i < f->write_count; i++) {
		page_text(p, "    writes  sensitive column ");
		safe(p, f->writes[i].label.column);
		page_text(p, "\n");
	}
	if (f->equalities)
		page_printf(p, "    compares sensitive columns for equality %u times, as the policy lets it\n", f->equalities);
	if (s->taint) {
		page_text(p, "    taints  the session: reads ");
		safe(p, s->taint);
		page_text(p, "\n");
	}
}

static void put_refusal(struct page *p, const struct explain_refusal *r, const char *indent)
{
	const struct {
		const char *name, *value;
	} fields[] = {{"object ", r->object}, {"because", r->reason}, {"instead", r->instead}};

	page_printf(p, "%srefused by ", indent);
	safe(p, r->rule);
	page_printf(p, " (%s)\n", r->sqlstate);
	for (size_t i = 0; i < QW_COUNT(fields); i++) {
		if (!fields[i].value)
			continue;
		page_printf(p, "%s  %s ", indent, fields[i].name);
		safe(p, fields[i].value);
		page_text(p, "\n");
	}
}

static void put_statement(struct page *p, const struct explanation *e, size_t i)
{
	const struct explain_statement *s = &e->list[i];

	page_printf(p, "statement %zu: ", i + 1);
	page_safe_cut(p, s->st->text, SQL_SHOWN_MAX);
	page_text(p, "\n");
	put_wrapped(p, s);
	page_text(p, "  text\n");
	put_facts(p, s->st);
	put_acts(p, s->acts, s->act_count);
	put_tree(p, s);
	put_flow(p, e, s);
	if (s->refusal.rule)
		put_refusal(p, &s->refusal, "  ");
}

static void put_limits(struct page *p, const struct limits *l)
{
	bool any = false;

	for (int k = 0; k < LIMITS_COUNT; k++) {
		uint64_t max = limits_get(l, (enum limits_kind)k);

		if (!max)
			continue;
		page_printf(p, "%s%s %llu", any ? ", " : "limits: ", limits_rule((enum limits_kind)k) + strlen("limit."),
			(unsigned long long)max);
		any = true;
	}
	page_text(p, any ? "\n" : "");
}

static bool any_error(const struct explanation *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->list[i].tree == EXPLAIN_TREE_ERROR)
			return true;
	return false;
}

static void put_verdict(struct page *p, const struct explanation *e)
{
	const struct policy_verdict *v = &e->verdict;

	page_printf(p, "verdict: %s by rule ", policy_effect_name(v->effect));
	safe(p, e->refusal ? e->refusal->rule : v->rule);
	if (!e->refusal && v->message) {
		page_text(p, ": ");
		safe(p, v->message);
	}
	page_text(p, v->effect == POLICY_REVIEW ? " (a person is asked)" : "");
	page_text(p, v->effect != POLICY_DENY && any_error(e) ? "; but the database refuses it\n" : "\n");
	if (v->effect == POLICY_DENY)
		return;
	put_limits(p, &v->limits);
	if (policy_has_detectors(e->policy, e->role))
		page_text(p, "detectors look at what is not masked\n");
}

int explain_print(const struct explanation *e)
{
	struct page p;
	int err;

	page_init(&p);
	page_text(&p, "role ");
	safe(&p, e->role->name);
	page_text(&p, ", target ");
	safe(&p, e->target);
	page_text(&p, ", database ");
	safe(&p, e->database);
	page_printf(&p, " (PostgreSQL %u), policy %s\n", e->server_major, policy_revision(e->policy));
	if (e->problem) {
		page_text(&p, "the text cannot be described: ");
		safe(&p, e->problem);
		page_text(&p, "\n");
		put_acts(&p, e->list[0].acts, e->list[0].act_count);
	}
	for (size_t i = 0; i < e->count && !e->problem; i++)
		put_statement(&p, e, i);
	put_verdict(&p, e);
	err = page_flush(&p, stdout);
	page_fini(&p);
	return err;
}
