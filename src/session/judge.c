/* Text -> facts -> verdict. Each judged text is kept with what it was judged under. */
#include "machine.h"

#include <stdlib.h>

enum {
	FACTS_ARENA_MAX = 256 << 20,
	INLINE_BYTES_MAX = 4096 /* longer text is parsed off the loop: 110 ns a byte */
};

struct judged *judged_ref(struct judged *j)
{
	j->refs++;
	return j;
}

void judged_unref(struct judged *j)
{
	if (!j || --j->refs)
		return;
	judged_unref(j->origin);
	columns_unref(j->columns);
	labels_unref(j->labels);
	qw_arena_fini(&j->arena);
	free(j);
}

struct judged *judged_stub(struct qw_bytes sql)
{
	struct judged *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->refs = 1;
	qw_arena_init(&j->arena, FACTS_ARENA_MAX);
	j->sql = qw_bytes(qw_arena_strdup(&j->arena, sql), sql.n);
	if (!j->sql.p) {
		judged_unref(j);
		return NULL;
	}
	return j;
}

void verdict_tighten(struct policy_verdict *v, const struct policy_verdict *other)
{
	struct limits both = v->limits;

	limits_tighten(&both, &other->limits);
	if (other->effect < v->effect)
		*v = *other;
	v->limits = both;
}

/* What cannot be described is judged as one act: the verb `unparsed`, which only an explicit rule allows. */
int judged_unparsed(struct judged *j)
{
	struct qw_statement *st = qw_arena_alloc(&j->arena, sizeof(*st));
	struct qw_act *act = qw_arena_alloc(&j->arena, sizeof(*act));

	if (!st || !act)
		return QW_E_NOMEM;
	*act = (struct qw_act){.verb = QW_VERB_UNPARSED, .kind_name = "statement"};
	*st = (struct qw_statement){.text = j->sql, .acts = act, .act_count = 1, .writes = true};
	j->facts.list = st;
	j->facts.count = 1;
	j->is_unparsed = true;
	j->writes = true;
	return 0;
}

static bool sets(enum qw_verb v)
{
	return v == QW_VERB_SET || v == QW_VERB_SET_PINNED || v == QW_VERB_SET_ROLE || v == QW_VERB_RESET_ALL ||
		v == QW_VERB_DISCARD;
}

static void note_act(struct judged *j, const struct qw_act *act)
{
	enum qw_verb v = act->verb;

	if (v == QW_VERB_COPY_IN)
		j->copies_in = true;
	if (sets(v))
		j->changes_settings = true;
	if (v == QW_VERB_TX_ROLLBACK || v == QW_VERB_TX_ROLLBACK_TO || v == QW_VERB_TX_COMMIT)
		j->ends_tx = true;
}

/* Where a value could go besides into the result, past every mask. A person decides on what DDL copies. */
static void note_secret(struct judged *j, const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count && !st->is_ddl; i++) {
		enum qw_verb v = st->acts[i].verb;

		j->secret_copied |= v == QW_VERB_COPY_OUT;
		j->secret_set |= sets(v);
		j->secret_written |= v == QW_VERB_INSERT || v == QW_VERB_UPDATE || v == QW_VERB_UPSERT ||
			v == QW_VERB_DELETE || v == QW_VERB_MERGE;
	}
}

/*
 * Attribute notation calls functions without looking like it: ('x'::text).pg_read_file, c.purge. What may be such a call is
 * judged as one. A name that is no function is a column, or the server says that it is nothing.
 */
static void judge_attributes(struct session *s, struct judged *j, const struct qw_statement *st)
{
	char class[128];

	for (size_t i = 0; i < st->column_count; i++) {
		const struct qw_colref *c = &st->columns[i];
		struct qw_act *act;
		struct policy_verdict v;

		if (!c->name || !((c->is_deep && policy_function_class(c->name, class, sizeof(class))) ||
				    (j->labels && labels_may_call(j->labels, st, i))))
			continue;
		act = qw_arena_alloc(&j->arena, sizeof(*act));
		if (!act) {
			j->verdict = (struct policy_verdict){.effect = POLICY_DENY, .rule = "default"};
			return;
		}
		*act = (struct qw_act){.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function", .name = c->name};
		policy_judge_act(s->policy, s->role, s->database, act, &v);
		verdict_tighten(&j->verdict, &v);
	}
}

/* Of what touches nothing labelled the names need not be looked up again; of what shows a tree, the tree tells. */
static void note_labels(struct judged *j, const struct qw_statement *st, bool is_clear)
{
	const char *which = NULL;

	j->shows_definitions |= labels_mentions_definitions(j->labels, st);
	if (is_clear)
		return;
	if (labels_relation_touched(j->labels, st, &which))
		j->relation_touched = true;
	if (resolution_is_possible(st))
		return;
	if (!labels_knows(j->labels, st))
		j->names_unknown = true;
	if (labels_touched(j->labels, st, &which)) {
		note_secret(j, st);
		j->touched_name = j->touched ? j->touched_name : which;
		j->touched = true;
	}
}

static void note_statement(struct judged *j, const struct qw_statement *st, bool is_clear)
{
	for (size_t i = 0; i < st->act_count; i++)
		note_act(j, &st->acts[i]);
	j->writes |= st->writes;
	j->is_ddl |= st->is_ddl;
	j->by_name |= st->named_op == QW_NAMED_EXECUTE || st->named_op == QW_NAMED_FETCH;
	if (j->labels)
		note_labels(j, st, is_clear);
}

/* Rule and message are copied: the policy may be gone before this is. */
int judged_settle(struct session *s, struct judged *j)
{
	struct policy_verdict *v = &j->verdict;

	if (j->facts.problem && judged_unparsed(j))
		return QW_E_NOMEM;
	j->labels = s->labels && !s->my ? labels_ref(s->labels) : NULL; /* MySQL: lineage tells, of each statement */
	memcpy(j->policy_revision, policy_revision(s->policy), 16);
	j->role_bit = s->role->id_bit;
	j->database = qw_arena_strdup(&j->arena, qw_bytes_from(s->database));
	j->is_clear = qw_arena_alloc(&j->arena, j->facts.count * sizeof(*j->is_clear) + 1);
	policy_judge(s->policy, s->role, s->database, j->facts.list, j->facts.count, v);
	for (size_t i = 0; j->is_clear && i < j->facts.count; i++) {
		const struct qw_statement *st = &j->facts.list[i];

		j->is_clear[i] = j->labels && !j->is_unparsed && labels_provably_clear(j->labels, st) &&
			!guards_want_tree(s, st, &v->limits);
		note_statement(j, st, j->is_clear[i]);
	}
	if (j->is_unparsed)
		j->copies_in = true;
	for (size_t i = 0; i < j->facts.count; i++)
		judge_attributes(s, j, &j->facts.list[i]);
	v->rule = qw_arena_strdup(&j->arena, qw_bytes_from(v->rule));
	if (v->message)
		v->message = qw_arena_strdup(&j->arena, qw_bytes_from(v->message));
	return j->database && v->rule && j->is_clear ? 0 : QW_E_NOMEM;
}

bool judge_is_current(const struct session *s, const struct judged *j)
{
	return j->labels == s->labels && j->role_bit == s->role->id_bit &&
		strcmp(j->policy_revision, policy_revision(s->policy)) == 0 && strcmp(j->database, s->database) == 0;
}

static struct judged *finish(struct session *s, struct judged *j, int err)
{
	if (!err)
		err = judged_settle(s, j);
	if (err) {
		judged_unref(j);
		session_out_of_memory(s);
		return NULL;
	}
	if (s->options->cache && !j->by_name && !j->is_unparsed) {
		verdict_cache_put(s->options->cache, j);
		template_put(verdict_cache_templates(s->options->cache), j);
	}
	return j;
}

/* The parser leaves its own tables in the arena: what is kept is a copy of the facts alone. */
static int describe_text(const struct session *s, struct judged *j)
{
	struct verdict_cache *cache = s->options->cache;
	struct qw_statements facts;
	int err;

	if (!cache)
		return sqlparse_postgres(j->sql, &s->config->limits.sql, &j->arena, &j->facts);
	err = sqlparse_postgres(j->sql, &s->config->limits.sql, verdict_cache_scratch(cache), &facts);
	return err ? err : facts_copy(&j->arena, &facts, &j->facts);
}

struct judged *judge_text(struct session *s, struct qw_bytes sql)
{
	struct judged *j = s->options->cache ? verdict_cache_get(s->options->cache, s, sql) : NULL;

	if (j)
		return judged_ref(j);
	j = s->options->cache ? template_get(verdict_cache_templates(s->options->cache), s, sql) : NULL;
	if (j)
		return j;
	if (sql.n > INLINE_BYTES_MAX && sql.n <= s->config->limits.sql.text_bytes_max)
		return NULL;
	j = judged_stub(sql);
	if (!j) {
		session_out_of_memory(s);
		return NULL;
	}
	return finish(s, j, describe_text(s, j));
}

struct judged *judge_parsed(struct session *s, struct qw_bytes sql, const struct qw_statements *facts)
{
	struct judged *j = judged_stub(sql);

	if (!j) {
		session_out_of_memory(s);
		return NULL;
	}
	return finish(s, j, facts_copy(&j->arena, facts, &j->facts));
}

void judge_acts(struct session *s, struct qw_act *acts, size_t n, struct policy_verdict *out)
{
	struct qw_statement st = {.acts = acts, .act_count = n};

	policy_judge(s->policy, s->role, s->database, &st, n ? 1 : 0, out);
}

static bool prepared_before(const struct judged *j, size_t i, const char *name)
{
	while (i-- > 0)
		if (j->facts.list[i].named_op == QW_NAMED_PREPARE && strcmp(j->facts.list[i].named, name) == 0)
			return true;
	return false;
}

static struct judged *source_of(const struct session *s, const struct qw_statement *st)
{
	struct prepared *p = st->named_op == QW_NAMED_EXECUTE ? prepared_find(s, st->named) : NULL;
	struct portal *c = st->named_op == QW_NAMED_FETCH ? portal_find(s, st->named) : NULL;

	return p ? p->judged : c ? c->judged : NULL;
}

struct judged *judge_named(const struct session *s, const struct judged *j)
{
	return j->by_name && j->facts.count ? source_of(s, &j->facts.list[0]) : NULL;
}

static void note_source(struct judged *j, const struct judged *source)
{
	if (!source) { /* seen by nobody: it may read anything */
		j->touched = true;
		j->touched_name = "what the gateway has not seen";
		return;
	}
	for (size_t k = 0; k < source->facts.count; k++)
		note_statement(j, &source->facts.list[k], source->is_clear[k] && source->labels == j->labels);
	j->writes |= source->writes;
	j->is_unparsed |= source->is_unparsed;
}

static bool goes_by_name(const struct session *s, const struct qw_statement *st)
{
	const struct prepared *p = st->named_op == QW_NAMED_EXECUTE ? prepared_find(s, st->named) : NULL;
	const struct portal *c = st->named_op == QW_NAMED_FETCH ? portal_find(s, st->named) : NULL;
	const struct judged *source = p && !p->by_sql ? p->judged : c && !c->by_sql ? c->judged : NULL;

	return source && source->facts.count && (source->facts.list[0].named_op != QW_NAMED_NONE || emulate_is(&source->facts.list[0]));
}

bool judge_is_nested(const struct session *s, const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		if (goes_by_name(s, &j->facts.list[i]))
			return true;
	return false;
}

static int spell(struct qw_buf *out, struct qw_bytes part, bool is_exact)
{
	uint64_t n = part.n;
	int err = is_exact ? qw_buf_append(out, &n, sizeof(n)) : 0;

	return err ? err : qw_buf_append(out, part.p, part.n);
}

static int spell_one(const struct session *s, const struct qw_statement *st, struct qw_buf *out, bool is_exact)
{
	const struct portal *c = st->named_op == QW_NAMED_FETCH ? portal_find(s, st->named) : NULL;
	const struct prepared *p = st->named_op == QW_NAMED_EXECUTE ? prepared_find(s, st->named) : c ? c->statement : NULL;
	const struct judged *source = source_of(s, st);
	int err = 0;

	if (!source)
		return 0;
	if (!is_exact)
		err = qw_buf_printf(out, " -- \"%s\" stands for: ", st->named);
	if (!err)
		err = spell(out, source->sql, is_exact);
	if (!err && c && is_exact)
		err = spell(out, qw_bytes(c->binds, c->bind_bytes), true);
	if (!err && p && is_exact)
		err = spell(out, qw_bytes(p->types, p->type_bytes), true);
	if (!err && c && c->bind_bytes && !is_exact)
		err = qw_buf_printf(out, " -- with ");
	if (!err && c && c->bind_bytes && !is_exact)
		err = pgwire_binds_text(qw_bytes(c->binds, c->bind_bytes), out, 4096);
	return err;
}

int judge_spell_out(const struct session *s, const struct judged *j, struct qw_buf *out, bool is_exact)
{
	int err = 0;

	for (size_t i = 0; i < j->facts.count && !err; i++)
		err = spell_one(s, &j->facts.list[i], out, is_exact);
	return err;
}

void judge_bound(struct session *s, struct portal *p)
{
	struct judged *source = judge_named(s, p->judged);

	judged_unref(p->source);
	p->source = source ? judged_ref(source) : NULL;
	if (p->judged->by_name)
		note_source(p->judged, source);
}

static bool resolve_one(struct session *s, struct judged *j, size_t i, struct policy_verdict *v)
{
	const struct qw_statement *st = &j->facts.list[i];
	struct judged *source = source_of(s, st);
	struct policy_verdict inner;

	if (!source && st->named_op == QW_NAMED_EXECUTE && prepared_before(j, i, st->named))
		return true; /* judged where it stands in this text */
	note_source(j, source);
	if (!source)
		return false;
	policy_judge(s->policy, s->role, s->database, source->facts.list, source->facts.count, &inner);
	verdict_tighten(v, &inner);
	return true;
}

bool judge_resolve(struct session *s, struct judged *j, struct policy_verdict *v)
{
	for (size_t i = 0; i < j->facts.count; i++) {
		enum qw_named_op op = j->facts.list[i].named_op;

		if ((op == QW_NAMED_EXECUTE || op == QW_NAMED_FETCH) && !resolve_one(s, j, i, v))
			return false;
	}
	return true;
}
