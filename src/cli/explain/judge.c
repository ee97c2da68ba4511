/* Each statement of a text, judged as a session that sends it on its own would have it judged (session/judge.c, decide.c). */
#include "explain.h"

#include <stdio.h>

enum { TREE_BYTES_MAX = 64 << 20, TREE_ARENA_MAX = 256 << 20 };

void explain_refuse(struct explain_statement *s, const struct explain_refusal *why)
{
	if (!s->refusal.rule)
		s->refusal = *why;
	s->verdict.effect = POLICY_DENY;
}

/* ---- acts ---- */

static const char *class_of(struct explanation *e, const struct qw_act *a)
{
	char class[160];

	if (a->kind == QW_OBJECT_SETTING && a->name)
		return policy_setting_class(a->name);
	if (a->verb != QW_VERB_CALL || !a->name || (a->schema && strcmp(a->schema, "pg_catalog") != 0))
		return NULL;
	if (!policy_function_class(a->name, class, sizeof(class)))
		return "not built in";
	return qw_arena_strdup(e->arena, qw_bytes_from(class));
}

/* An act alone, and what it makes of the statement's verdict. */
static void judge_act(struct explanation *e, struct explain_statement *s, const struct qw_act *act, struct explain_act *out)
{
	struct policy_verdict v;

	policy_judge_act(e->policy, e->role, e->database, act, &v);
	*out = (struct explain_act){.act = *act, .effect = v.effect, .rule = v.rule, .class = class_of(e, act)};
	limits_tighten(&s->verdict.limits, &v.limits);
	if (v.effect < s->verdict.effect) {
		v.limits = s->verdict.limits;
		v.act = &out->act;
		s->verdict = v;
	}
}

/* x.f and (x).f may call a function f: judged as a call where nothing shows that it is a column. */
static bool may_call(const struct explanation *e, const struct qw_statement *st, size_t i)
{
	const struct qw_colref *c = &st->columns[i];
	char class[160];

	return c->name && ((c->is_deep && policy_function_class(c->name, class, sizeof(class))) || labels_may_call(e->labels, st, i));
}

static int judge_text(struct explanation *e, struct explain_statement *s)
{
	const struct qw_statement *st = s->st;

	s->acts = qw_arena_alloc(e->arena, (st->act_count + st->column_count + 1) * sizeof(*s->acts));
	if (!s->acts)
		return QW_E_NOMEM;
	policy_judge(e->policy, e->role, e->database, st, 1, &s->verdict);
	for (size_t i = 0; i < st->act_count; i++)
		judge_act(e, s, &st->acts[i], &s->acts[s->act_count++]);
	for (size_t i = 0; i < st->column_count; i++) {
		const struct qw_act call = {.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function",
			.name = st->columns[i].name};

		if (may_call(e, st, i))
			judge_act(e, s, &call, &s->acts[s->act_count++]);
	}
	return 0;
}

static int judge_resolved(struct explanation *e, struct explain_statement *s)
{
	s->resolved = qw_arena_alloc(e->arena, (s->flow.act_count + 1) * sizeof(*s->resolved));
	if (!s->resolved)
		return QW_E_NOMEM;
	for (size_t i = 0; i < s->flow.act_count; i++) {
		struct explain_statement unbound = {.verdict = s->verdict};

		judge_act(e, s->needs_tree ? s : &unbound, &s->flow.acts[i], &s->resolved[s->resolved_count++]);
	}
	return 0;
}

/* ---- the tree ---- */

static bool is_query(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_SELECT || v == QW_VERB_SELECT_LOCK || v == QW_VERB_INSERT || v == QW_VERB_UPDATE ||
			v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE)
			return true;
	}
	return false;
}

static bool copies_in(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == QW_VERB_COPY_IN)
			return true;
	return false;
}

/* The text whose tree tells of the statement; n == 0: none, *impossible says whether it should have one. */
static struct qw_bytes text_of(const struct qw_statement *st, bool *impossible)
{
	*impossible = st->inner_kind == QW_INNER_UNKNOWN;
	if (st->inner_kind != QW_INNER_NONE)
		return *impossible ? qw_bytes(NULL, 0) : st->inner;
	if (st->is_ddl || is_query(st))
		return st->is_ddl ? qw_bytes(NULL, 0) : st->text;
	*impossible = copies_in(st);
	return qw_bytes(NULL, 0);
}

static void refuse_impossible(struct explain_statement *s)
{
	explain_refuse(s,
		&(struct explain_refusal){.rule = "flow.tree", .sqlstate = "0A000",
			.reason = "It wraps a query that the gateway cannot show to the server by itself.",
			.instead = "Send the query itself, on its own."});
}

static int read_tree(struct explanation *e, struct explain_statement *s, struct qw_bytes text)
{
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	const struct world ground = {.labels = e->labels, .policy = e->policy};
	struct flow_world world;
	struct qtree_value trees;
	struct qw_arena scratch;
	const char *problem = NULL;
	int err;

	world_open(&ground, &world);
	qw_arena_init(&scratch, TREE_ARENA_MAX);
	err = qtree_read(e->server_major, text, &limits, &scratch, &trees, &problem);
	if (!err)
		err = flow_judge(e->server_major, &trees, &world, e->arena, &s->flow);
	if (err && err != QW_E_NOMEM) {
		s->tree = EXPLAIN_TREE_FAILED;
		s->error = qw_arena_strdup(e->arena, qw_bytes_from(problem ? problem : qw_error_text(err)));
		err = 0;
	}
	qw_arena_fini(&scratch);
	return err;
}

/* 0 also when the server shows nothing: s->tree tells. */
static int ask(struct explanation *e, struct explain_statement *s, const struct upstream_question *q, struct upstream_failure *failure)
{
	struct qw_buf tree;
	int err;

	qw_buf_init(&tree, TREE_BYTES_MAX);
	err = upstream_tree_show(e->server, q, &tree, failure);
	s->tree = err == 0 ? EXPLAIN_TREE_SHOWN : err == QW_E_MALFORMED ? EXPLAIN_TREE_ERROR : EXPLAIN_TREE_FAILED;
	if (!err) {
		err = read_tree(e, s, qw_buf_pending(&tree));
	} else if (err != QW_E_IO && err != QW_E_NOMEM) {
		s->sqlstate = qw_arena_strdup(e->arena, qw_bytes_from(failure->sqlstate));
		s->error = qw_arena_printf(e->arena, "%s", failure->detail[0] ? failure->detail : failure->message);
		err = 0;
	}
	qw_buf_fini(&tree);
	return err;
}

static void refuse_tree(struct explain_statement *s)
{
	explain_refuse(s,
		&(struct explain_refusal){.rule = "flow.tree", .sqlstate = "42501", .object = "the statement", .reason = s->error,
			.instead = "Write it more simply, or ask the operator: the gateway cannot follow what it would do."});
}

static bool any_masked(const struct flow_result *f)
{
	for (size_t i = 0; i < f->output_count; i++)
		if (f->outputs[i].label.kind == LABEL_MASK)
			return true;
	return false;
}

/* Where the rows go decides what may be in them. */
static void judge_rows(struct explain_statement *s)
{
	struct explain_refusal why = {.rule = "masks", .sqlstate = "42501",
		.instead = "Select sensitive columns bare (they come masked), or leave them out.",
		.object = s->flow.reads_labelled_count ? s->flow.reads_labelled[0] : NULL};

	if (!any_masked(&s->flow))
		return;
	if (s->st->inner_kind == QW_INNER_COPY)
		why.reason = "COPY of a sensitive column is refused: its rows cannot be masked";
	else if (s->st->inner_kind == QW_INNER_CREATE_AS && s->verdict.effect != POLICY_REVIEW)
		why.reason = "a sensitive column may not be copied into another relation";
	else
		return;
	explain_refuse(s, &why);
}

/* Code of users runs only when somebody has read it, and it is still what was read. */
static void judge_unreviewed(struct explanation *e, struct explain_statement *s)
{
	for (size_t i = 0; i < s->flow.act_count && e->role->unreviewed_code != POLICY_ALLOW; i++) {
		const struct qw_act *a = &s->flow.acts[i];
		const struct catalog_function *f =
			a->verb == QW_VERB_CALL && a->schema && a->name ? labels_unreviewed(e->labels, a->schema, a->name) : NULL;

		if (f && e->role->unreviewed_code == POLICY_REVIEW && s->verdict.effect == POLICY_ALLOW) {
			s->verdict.effect = POLICY_REVIEW;
			s->verdict.rule = "unreviewed_code";
			s->verdict.message = NULL;
			s->verdict.act = a;
		} else if (f && e->role->unreviewed_code == POLICY_DENY) {
			explain_refuse(s,
				&(struct explain_refusal){.rule = "unreviewed_code", .sqlstate = "42501", .verb = qw_verb_name(a->verb),
					.object = qw_arena_printf(e->arena, "%s.%s", f->schema, f->name),
					.reason = qw_arena_printf(e->arena,
						"What it does is not known to the gateway: function: %s.%s(%s), sha256: %s", f->schema,
						f->name, f->args, f->sha256),
					.instead = "The operator reads the function and names it, with this sha256, under `reviewed` in "
						   "the policy."});
			return;
		}
	}
}

static void judge_taint(struct explanation *e, struct explain_statement *s)
{
	for (size_t i = 0; i < s->flow.read_count && !s->taint; i++) {
		struct policy_column c = {.column = NULL};

		if (labels_relation(e->labels, s->flow.reads[i], &c.schema, &c.table) &&
			policy_taints(e->policy, e->role, e->database, &c))
			s->taint = qw_arena_printf(e->arena, "%s.%s", c.schema, c.table);
	}
}

static int judge_tree(struct explanation *e, struct explain_statement *s)
{
	const struct flow_refusal *why = &s->flow.refusal;

	if (s->tree == EXPLAIN_TREE_FAILED && s->needs_tree)
		refuse_tree(s);
	if (s->tree != EXPLAIN_TREE_SHOWN)
		return 0;
	judge_taint(e, s);
	if (!s->needs_tree)
		return judge_resolved(e, s);
	if (s->flow.is_refused)
		explain_refuse(s,
			&(struct explain_refusal){.rule = why->rule, .sqlstate = "42501", .object = why->object, .reason = why->reason,
				.instead = why->instead});
	else
		judge_rows(s);
	if (!s->flow.is_refused)
		judge_unreviewed(e, s);
	return judge_resolved(e, s);
}

/* ---- one statement ---- */

/* What an EXECUTE or FETCH runs, made earlier in the same text. */
static void find_source(const struct explanation *e, struct explain_statement *s)
{
	enum qw_named_op wanted = s->st->named_op == QW_NAMED_EXECUTE ? QW_NAMED_PREPARE : QW_NAMED_DECLARE;

	for (const struct explain_statement *t = e->list; t < s; t++)
		if (t->st->named_op == wanted && t->st->named && s->st->named && strcmp(t->st->named, s->st->named) == 0)
			s->source = t->st;
	if (s->source)
		return;
	explain_refuse(s,
		&(struct explain_refusal){.rule = "names", .sqlstate = "26000", .object = s->st->named,
			.reason = "What the name stands for is not in this text, so it cannot be judged here.",
			.instead = "Explain it together with its PREPARE or DECLARE, in one text."});
}

static void refuse_verdict(struct explain_statement *s)
{
	const struct policy_verdict *v = &s->verdict;
	const struct qw_act *a = v->act;

	explain_refuse(s,
		&(struct explain_refusal){.rule = v->rule, .sqlstate = "42501", .verb = a ? qw_verb_name(a->verb) : NULL,
			.reason = v->message ? v->message : "No rule of the policy allows it.",
			.instead = strcmp(v->rule, "default") == 0
				? "Nothing in the policy allows this to your role. Ask for a rule, or use what is allowed."
				: "This rule holds for your role; repeating the statement will not help."});
}

static const char *object_of(struct explanation *e, const struct qw_act *a)
{
	if (!a || !a->name)
		return NULL;
	return qw_arena_printf(e->arena, "%s%s%s", a->schema ? a->schema : "", a->schema ? "." : "", a->name);
}

/* The policy's verdict in words; what was refused before keeps its own. */
static void close_verdict(struct explanation *e, struct explain_statement *s)
{
	struct qw_statement both[2] = {*s->st, {.acts = s->flow.acts, .act_count = s->flow.act_count}};
	struct policy_moment now = e->moment;
	bool had = s->refusal.rule != NULL;

	now.reads_secret |= s->flow.reads_labelled_count > 0 || s->flow.equalities > 0 || s->flow.applied > 0;
	policy_judge_moment(e->policy, e->role, e->database, &now, both, s->needs_tree && s->flow.act_count ? 2 : 1, &s->verdict);
	if (had || s->verdict.effect != POLICY_DENY)
		return;
	refuse_verdict(s);
	s->refusal.object = object_of(e, s->verdict.act);
}

/* Without a tree the names of the text are all there is. */
static void judge_touched(struct explanation *e, struct explain_statement *s)
{
	struct explain_refusal why = {.rule = "masks", .sqlstate = "42501",
		.reason = "a sensitive column may not be read by this statement: what it gives cannot be masked",
		.instead = "Select sensitive columns bare (they come masked), or leave them out."};

	for (size_t i = 0; i < s->st->act_count; i++) {
		enum qw_verb v = s->st->acts[i].verb;
		bool leaves = v == QW_VERB_COPY_OUT || v == QW_VERB_SET || v == QW_VERB_SET_ROLE;

		if (leaves && !s->st->is_ddl && labels_touched(e->labels, s->st, &why.object)) {
			explain_refuse(s, &why);
			return;
		}
	}
}

static int judge_one(struct explanation *e, struct explain_statement *s, struct upstream_failure *failure)
{
	bool by_name = s->st->named_op == QW_NAMED_EXECUTE || s->st->named_op == QW_NAMED_FETCH, impossible = false, clear;
	const struct qw_statement *of;
	struct upstream_question q = {.sql = {NULL, 0}};
	int err = judge_text(e, s);

	if (err)
		return err;
	s->is_denied_by_text = s->verdict.effect == POLICY_DENY;
	if (s->is_denied_by_text) { /* said first, as the session does; the tree is shown all the same */
		refuse_verdict(s);
		s->refusal.object = object_of(e, s->verdict.act);
	}
	if (by_name)
		find_source(e, s);
	of = s->source ? s->source : s->st;
	clear = explain_is_clear(e, s, s->st);
	if (by_name && !clear)
		refuse_impossible(s); /* what computes its parameters cannot be shown */
	if (s->source && clear)
		clear = explain_is_clear(e, s, of);
	if (!by_name || s->source)
		q = (struct upstream_question){.sql = text_of(of, &impossible), .types = of->inner_types,
			.type_count = of->inner_type_count};
	s->needs_tree = !clear && (q.sql.n || impossible);
	s->tree = impossible ? EXPLAIN_TREE_IMPOSSIBLE : EXPLAIN_TREE_NONE;
	if (impossible && !clear)
		refuse_impossible(s);
	if (q.sql.n)
		err = ask(e, s, &q, failure);
	else if (!clear && !impossible)
		judge_touched(e, s);
	if (!err)
		err = judge_tree(e, s);
	if (!err) {
		close_verdict(e, s);
		explain_weigh(s);
	}
	return err;
}

/* ---- all ---- */

static const struct qw_statement *unparsed(struct explanation *e)
{
	struct qw_statement *st = qw_arena_alloc(e->arena, sizeof(*st));
	struct qw_act *act = qw_arena_alloc(e->arena, sizeof(*act));

	if (!st || !act)
		return NULL;
	*act = (struct qw_act){.verb = QW_VERB_UNPARSED, .kind_name = "statement"};
	*st = (struct qw_statement){.acts = act, .act_count = 1};
	return st;
}

static void collect(struct explanation *e, const struct explain_statement *s)
{
	limits_tighten(&e->verdict.limits, &s->verdict.limits);
	if (s->verdict.effect < e->verdict.effect) {
		struct limits all = e->verdict.limits;

		e->verdict = s->verdict;
		e->verdict.limits = all;
	}
	if (s->refusal.rule && (!e->refusal || (s->is_denied_by_text && !e->is_denied_by_text)))
		e->refusal = &s->refusal;
	e->is_denied_by_text |= s->is_denied_by_text;
}

static int judge_problem(struct explanation *e)
{
	struct explain_statement *s = &e->list[0];

	s->st = unparsed(e);
	if (!s->st || judge_text(e, s))
		return QW_E_NOMEM;
	e->count = 1;
	if (s->verdict.effect == POLICY_DENY)
		explain_refuse(s,
			&(struct explain_refusal){.rule = s->verdict.rule, .sqlstate = "42601", .verb = qw_verb_name(QW_VERB_UNPARSED),
				.reason = e->problem,
				.instead = "The gateway refuses what it cannot read. Correct or simplify the statement."});
	e->verdict = s->verdict;
	e->refusal = s->refusal.rule ? &s->refusal : NULL;
	return 0;
}

int explain_judge(struct explanation *e, const struct qw_statements *facts, struct upstream_failure *failure)
{
	int err = 0;

	e->problem = facts->problem;
	e->list = qw_arena_alloc(e->arena, (facts->count + 1) * sizeof(*e->list));
	if (!e->list)
		return QW_E_NOMEM;
	if (e->problem)
		return judge_problem(e);
	policy_judge(e->policy, e->role, e->database, facts->list, facts->count, &e->verdict);
	for (; e->count < facts->count && !err; e->count++) {
		e->list[e->count].st = &facts->list[e->count];
		err = judge_one(e, &e->list[e->count], failure);
		if (!err)
			collect(e, &e->list[e->count]);
	}
	return err;
}
