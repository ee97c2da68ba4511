/* Text -> facts and trees -> verdict, and the decision on one statement. */
#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- names ---- */

static const char *folded(struct qw_arena *a, const char *name, int *err)
{
	char *copy = qw_arena_strdup(a, qw_bytes_from(name));

	if (!copy) {
		*err = QW_E_NOMEM;
		return name;
	}
	for (char *c = copy; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	return copy;
}

/* Of these the server compares names without regard to letter case, wherever it runs. */
static bool is_folded_always(const char *schema)
{
	return strcasecmp(schema, "information_schema") == 0 || strcasecmp(schema, "performance_schema") == 0;
}

/* As the server resolves them: a name without a database is of the current one, and where letter case does not count it is lower. */
static void resolve(struct session *s, struct qw_arena *a, const char **schema, const char **name, int *err)
{
	bool folds;

	if (*name && !*schema && *s->database) {
		*schema = qw_arena_strdup(a, qw_bytes_from(s->database));
		*err = *schema ? *err : QW_E_NOMEM;
	}
	folds = s->my->folds_tables || (*schema && is_folded_always(*schema));
	if (folds && *schema)
		*schema = folded(a, *schema, err);
	if (folds && *name)
		*name = folded(a, *name, err);
}

static int resolve_names(struct session *s, struct judged *j)
{
	int err = 0;

	for (size_t i = 0; i < j->facts.count; i++) {
		struct qw_statement *st = &j->facts.list[i];

		for (size_t k = 0; k < st->act_count; k++)
			if (st->acts[k].kind == QW_OBJECT_RELATION)
				resolve(s, &j->arena, &st->acts[k].schema, &st->acts[k].name, &err);
		for (size_t k = 0; k < st->relation_count; k++)
			resolve(s, &j->arena, &st->relations[k].schema, &st->relations[k].name, &err);
	}
	return err;
}

static bool is_database(const struct qw_act *act)
{
	return act->kind == QW_OBJECT_OTHER && act->kind_name && strcmp(act->kind_name, "database") == 0;
}

const char *my_use_target(const struct judged *j)
{
	const struct qw_statement *st = j->facts.count == 1 ? &j->facts.list[0] : NULL;

	return st && st->act_count == 1 && st->acts[0].verb == QW_VERB_SET && is_database(&st->acts[0]) ? st->acts[0].name : NULL;
}

/* KILL QUERY of a number: 0 for anything else. */
uint32_t my_kill_target(const struct judged *j)
{
	const struct qw_statement *st = j->facts.count == 1 ? &j->facts.list[0] : NULL;
	const struct qw_act *a = st && st->act_count == 1 ? &st->acts[0] : NULL;
	uint64_t id = 0;

	if (!a || a->verb != QW_VERB_KILL || !a->kind_name || strcmp(a->kind_name, "query") != 0 || !a->name)
		return 0;
	for (const char *c = a->name; *c; c++) {
		if (*c < '0' || *c > '9' || id > UINT32_MAX)
			return 0;
		id = id * 10 + (uint64_t)(*c - '0');
	}
	return id <= UINT32_MAX ? (uint32_t)id : 0;
}

/* ---- verdict ---- */

/* Functions of the server that do nothing but compute need no rule; what they are applied to is lineage's business. */
static void drop_plain_calls(const struct session *s, struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++) {
		struct qw_statement *st = &j->facts.list[i];
		size_t kept = 0;

		for (size_t k = 0; k < st->act_count; k++)
			if (!my_is_plain_call(s, &st->acts[k]) || (kept == 0 && k + 1 == st->act_count))
				st->acts[kept++] = st->acts[k];
		st->act_count = kept;
	}
}

static struct judged *finish(struct session *s, struct judged *j, int err)
{
	if (!err)
		err = resolve_names(s, j);
	drop_plain_calls(s, j);
	if (!err)
		err = judged_settle(s, j);
	if (!err && my_kill_target(j)) /* only statements of the same principal are ever cancelled */
		j->verdict = (struct policy_verdict){.effect = POLICY_ALLOW, .rule = "own", .limits = j->verdict.limits};
	if (!err && my_use_target(j)) /* who reaches it may use it: what is done there is judged by itself */
		j->verdict = (struct policy_verdict){.effect = POLICY_ALLOW, .rule = "reaches", .limits = j->verdict.limits};
	if (!err)
		return j;
	judged_unref(j);
	session_out_of_memory(s);
	return NULL;
}

struct judged *my_judge(struct session *s, struct qw_bytes sql)
{
	struct judged *j = judged_stub(sql);
	struct mysql_parsed parsed = {.trees = NULL};
	struct mysql_dialect dialect = s->my->dialect;
	int err;

	if (!j) {
		session_out_of_memory(s);
		return NULL;
	}
	dialect.prepares = s->my->work == MY_WORK_PREPARE || s->my->work == MY_WORK_EXECUTE;
	err = sqlparse_mysql(j->sql, &dialect, &s->config->limits.sql, &j->arena, &parsed);
	if (err == QW_E_LIMIT) {
		parsed.facts = (struct qw_statements){.problem = "it is larger than this gateway reads"};
		err = 0;
	}
	j->facts = parsed.facts;
	j->trees = parsed.trees;
	return finish(s, j, err);
}

struct judged *my_judge_use(struct session *s, const char *database)
{
	struct judged *j = judged_stub(qw_bytes_from(database));
	struct qw_statement *st = j ? qw_arena_alloc(&j->arena, sizeof(*st)) : NULL;
	struct qw_act *act = j ? qw_arena_alloc(&j->arena, sizeof(*act)) : NULL;

	if (!st || !act) {
		judged_unref(j);
		session_out_of_memory(s);
		return NULL;
	}
	*act = (struct qw_act){.verb = QW_VERB_SET, .kind = QW_OBJECT_OTHER, .kind_name = "database", .name = (const char *)j->sql.p};
	*st = (struct qw_statement){.text = j->sql, .acts = act, .act_count = 1};
	j->facts = (struct qw_statements){.list = st, .count = 1};
	return finish(s, j, 0);
}

/* ---- decision ---- */

static bool is_open_to_all(const char *schema)
{
	return strcasecmp(schema, "information_schema") == 0;
}

/* A database that neither role nor target has, wherever the statement names it. */
static const char *beyond_reach(const struct session *s, const struct qw_statement *st)
{
	for (size_t i = 0; i < st->relation_count; i++)
		if (st->relations[i].schema && !is_open_to_all(st->relations[i].schema) && !my_reaches(s, st->relations[i].schema))
			return st->relations[i].schema;
	for (size_t i = 0; i < st->act_count; i++) {
		const char *name = is_database(&st->acts[i]) ? st->acts[i].name : st->acts[i].schema;

		if (name && !is_open_to_all(name) && !my_reaches(s, name))
			return name;
	}
	return NULL;
}

static const struct qw_act *act_of(const struct qw_statement *st, enum qw_verb verb)
{
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == verb)
			return &st->acts[i];
	return NULL;
}

static struct refusal *not_yet(const char *what)
{
	char message[200];

	(void)snprintf(message, sizeof(message), "%s is refused by this gateway", what);
	return refusal_new("0A000", "mysql", message, NULL, NULL);
}

/* What no rule can allow, since nobody could follow it. */
static struct refusal *object(struct session *s, const struct qw_statement *st)
{
	const struct limits *l = &s->run.verdict.limits;
	const char *schema = beyond_reach(s, st), *masked;
	const struct flow_result *f = s->run.resolution ? &s->run.resolution->flows[0] : NULL;
	const struct qw_act *pinned = act_of(st, QW_VERB_SET_PINNED);
	char message[400];

	if (schema) {
		(void)snprintf(message, sizeof(message), "database \"%.200s\" is not within reach of this role", schema);
		return refusal_about(refusal_new("42501", "reaches", message, NULL, NULL), NULL, schema);
	}
	if (pinned)
		return refusal_about(refusal_new("42501", "pinned", "this setting changes how statements are read, and stays as it is",
			NULL, "Leave sql_mode, character sets and session tracking to the gateway."), NULL, pinned->name);
	if (st->named_op != QW_NAMED_NONE)
		return not_yet("PREPARE, EXECUTE and DEALLOCATE as SQL");
	if (act_of(st, QW_VERB_KILL) && !my_kill_target(s->run.judged))
		return not_yet("KILL, but for KILL QUERY of a number,");
	if (act_of(st, QW_VERB_COPY_IN))
		return not_yet("LOAD DATA LOCAL");
	masked = s->labels ? my_object_for_masks(s, st, f) : NULL;
	if (masked) {
		(void)snprintf(message, sizeof(message), "blocked by rule \"masks\": %.200s is refused while masks apply", masked);
		return refusal_new("42501", "masks", message, NULL, NULL);
	}
	if (l->rows_affected && st->writes)
		return not_yet("a write under a limit of affected rows");
	return NULL;
}

static bool judged_anew(struct session *s)
{
	struct run *r = &s->run;
	const char *use = my_use_target(r->judged);
	struct judged *j = use && s->my->work == MY_WORK_DATABASE ? my_judge_use(s, use) : my_judge(s, r->judged->sql);

	judged_unref(r->judged);
	r->judged = j;
	return j != NULL;
}

void my_decide(struct session *s)
{
	struct run *r = &s->run;
	struct refusal *why;

	if (!decide_labels_ready(s))
		return;
	if (memcmp(r->judged->policy_revision, policy_revision(s->policy), 16) != 0 || r->judged->role_bit != s->role->id_bit) {
		r->approved = false;
		if (!judged_anew(s))
			return;
	}
	r->verdict = r->judged->verdict;
	if (!r->unit && !r->is_parse && !(r->unit = unit_new(s, r->judged, true)))
		return;
	if (!r->is_parse && !guards_count(s))
		return;
	if (r->judged->is_unparsed || r->verdict.effect == POLICY_DENY || r->judged->facts.count != 1) {
		run_refuse(s, refusal_of_verdict(&r->verdict, r->judged));
		return;
	}
	if (!my_resolve(s))
		return;
	why = object(s, &r->judged->facts.list[0]);
	if (why)
		run_refuse(s, why);
	else if (r->is_parse) /* each EXECUTE is judged whole */
		r->stage = RUN_FORWARD;
	else
		decide_resolved(s); /* as on the PostgreSQL side: REVIEW, RECORD or REFUSE; or JUDGE again with newer labels */
}
