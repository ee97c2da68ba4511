/* What the server's trees say of a text's statements: what to ask, what was answered, and for how long that holds. */
#include "../machine.h"

#include <stdlib.h>

enum { RESOLUTION_ARENA_MAX = 64 << 20, TREE_ARENA_MAX = 256 << 20 };

struct resolution *resolution_ref(struct resolution *r)
{
	r->refs++;
	return r;
}

void resolution_unref(struct resolution *r)
{
	if (!r || --r->refs)
		return;
	labels_unref(r->labels);
	qw_arena_fini(&r->arena);
	free(r);
}

/* ---- what to ask ---- */

static bool is_query_verb(enum qw_verb v)
{
	return v == QW_VERB_SELECT || v == QW_VERB_SELECT_LOCK || v == QW_VERB_INSERT || v == QW_VERB_UPDATE ||
		v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE;
}

static bool has_verb(const struct qw_statement *st, bool (*is)(enum qw_verb))
{
	for (size_t i = 0; i < st->act_count; i++)
		if (is(st->acts[i].verb))
			return true;
	return false;
}

static bool is_copy_in(enum qw_verb v)
{
	return v == QW_VERB_COPY_IN;
}

static void need_types(const struct qw_statement *st, struct resolution_need *out)
{
	if (st->inner_type_count > RESOLUTION_TYPES_MAX) {
		out->ask = RESOLUTION_IMPOSSIBLE;
		return;
	}
	for (size_t i = 0; i < st->inner_type_count; i++)
		for (size_t k = 0; k < 4; k++)
			out->made_types[4 * i + k] = (uint8_t)(st->inner_types[i] >> (24 - 8 * k));
	out->types = qw_bytes(out->made_types, 4 * st->inner_type_count);
}

/* The text whose tree tells of statement `i` of `j`: its own, or of the query that it wraps. */
static void need_text(const struct judged *j, size_t i, struct resolution_need *out)
{
	const struct qw_statement *st = &j->facts.list[i];

	out->ask = RESOLUTION_TEXT;
	switch (st->inner_kind) {
	case QW_INNER_EXPLAIN:
	case QW_INNER_COPY:
	case QW_INNER_DECLARE:
	case QW_INNER_CREATE_AS:
	case QW_INNER_COPY_IN:
		out->text = st->inner;
		return;
	case QW_INNER_PREPARE:
		out->text = st->inner;
		need_types(st, out);
		return;
	case QW_INNER_UNKNOWN:
		out->ask = RESOLUTION_IMPOSSIBLE;
		return;
	case QW_INNER_NONE:
		break;
	}
	out->text = st->text;
	if (!has_verb(st, is_query_verb))
		out->ask = has_verb(st, is_copy_in) ? RESOLUTION_IMPOSSIBLE : RESOLUTION_NOTHING;
}

bool resolution_is_possible(const struct qw_statement *st)
{
	if (st->inner_kind != QW_INNER_NONE)
		return st->inner_kind != QW_INNER_UNKNOWN && (!st->is_ddl || st->inner_kind == QW_INNER_CREATE_AS);
	return !st->is_ddl && has_verb(st, is_query_verb);
}

static void need_of_prepared(const struct session *s, const struct prepared *p, struct resolution_need *out)
{
	out->is_named = true;
	if (!p || !p->judged->facts.count) {
		out->ask = RESOLUTION_IMPOSSIBLE;
		return;
	}
	out->owner = p->judged;
	out->index = p->index;
	if (p->judged->is_clear[out->index] && p->judged->labels == s->labels)
		return;
	out->types = qw_bytes(p->types, p->type_bytes);
	need_text(p->judged, out->index, out);
}

static bool was_declared_clear(const struct portal *c)
{
	const struct judged *j = c->judged;

	for (size_t i = 0; i < j->facts.count; i++) {
		const struct qw_statement *st = &j->facts.list[i];
		bool is_it = c->by_sql ? st->named_op == QW_NAMED_DECLARE && st->named && strcmp(st->named, c->name) == 0 : i == 0;

		if (is_it && !j->is_clear[i])
			return false;
	}
	return true;
}

/* Only a tree that was judged under these labels tells; without one it was clear, or never ran. */
static void need_of_cursor(const struct session *s, const struct portal *c, struct resolution_need *out)
{
	out->is_named = true;
	if (!c) {
		out->ask = RESOLUTION_IMPOSSIBLE;
	} else if (c->resolution && c->resolution->labels == s->labels) {
		out->ask = RESOLUTION_KNOWN;
		out->known = c->resolution;
		out->index = c->resolved_index;
	} else if (c->resolution || c->judged->labels != s->labels || !was_declared_clear(c)) {
		out->ask = RESOLUTION_IMPOSSIBLE;
	}
}

/* It runs as it was planned when it was bound, which was judged. */
static void need_of_bound(const struct portal *p, struct resolution_need *out)
{
	out->ask = RESOLUTION_KNOWN;
	out->known = p->resolution;
	out->index = p->resolved_index;
	out->is_named = portal_is_named(p);
}

void resolution_need(struct session *s, const struct judged *j, size_t i, struct resolution_need *out)
{
	const struct qw_statement *st = &j->facts.list[i];

	const struct portal *portal = s->run.portal;

	*out = (struct resolution_need){.ask = RESOLUTION_NOTHING, .owner = (struct judged *)j, .index = i};
	if (!s->labels || j->is_unparsed)
		return;
	if (portal && !s->run.is_bind && !portal->by_sql && portal->resolution && portal->resolution->labels == s->labels) {
		if (i == 0)
			need_of_bound(portal, out);
		return;
	}
	if (portal && portal->by_sql) { /* an Execute that names an SQL cursor */
		if (i == 0)
			need_of_cursor(s, portal, out);
		return;
	}
	if (portal && portal->statement && portal->statement->by_sql) { /* a Bind of what SQL prepared */
		if (i == 0)
			need_of_prepared(s, portal->statement, out);
		return;
	}
	if (st->named_op == QW_NAMED_EXECUTE || st->named_op == QW_NAMED_FETCH) {
		if (!j->is_clear[i])
			out->ask = RESOLUTION_IMPOSSIBLE; /* what it computes its parameters with */
		else if (st->named_op == QW_NAMED_EXECUTE)
			need_of_prepared(s, prepared_find(s, st->named), out);
		else
			need_of_cursor(s, portal_find(s, st->named), out);
		return;
	}
	if (st->is_ddl && st->inner_kind == QW_INNER_UNKNOWN && s->run.verdict.effect == POLICY_ALLOW) {
		out->ask = RESOLUTION_IMPOSSIBLE; /* SELECT INTO: nobody was asked whether what it copies may be copied */
		return;
	}
	if ((j->is_clear[i] && !copyout_wants_columns(s, j, st)) || (st->is_ddl && st->inner_kind != QW_INNER_CREATE_AS))
		return;
	if (portal && portal->statement)
		out->types = qw_bytes(portal->statement->types, portal->statement->type_bytes);
	need_text(j, i, out);
}

static bool disturbs(enum qw_verb v)
{
	return v == QW_VERB_SET || v == QW_VERB_SET_PINNED || v == QW_VERB_SET_ROLE || v == QW_VERB_RESET_ALL ||
		v == QW_VERB_DISCARD || v == QW_VERB_DO || v == QW_VERB_UNPARSED || v == QW_VERB_TX_ROLLBACK ||
		v == QW_VERB_TX_ROLLBACK_TO;
}

bool resolution_is_disturbed(const struct judged *j, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		const struct qw_statement *st = &j->facts.list[k];

		if (st->is_ddl || has_verb(st, disturbs) || (!j->is_clear[k] && !resolution_is_possible(st)))
			return true;
	}
	return false;
}

/* ---- what is kept ---- */

/*
 * Settings as they were when the server analysed it: a portal's, at its Bind. They are told by their history, and the same
 * history may have come to other settings in another session (defaults of the role, set_config() of what a query found): what
 * a name meant to one session is never believed for another.
 */
static bool digest_under(struct session *s, struct qw_bytes types, uint8_t out[QW_DIGEST_BYTES])
{
	const uint8_t *settings = s->run.portal && !s->run.portal->by_sql ? s->run.portal->bound_under : s->settings_digest;

	if (!s->digest)
		s->digest = qw_digest_new();
	return s->digest && !qw_digest_start(s->digest) && !qw_digest_add(s->digest, qw_bytes(settings, QW_DIGEST_BYTES)) &&
		!qw_digest_add(s->digest, qw_bytes(s->options->id, sizeof(s->options->id))) && !qw_digest_add(s->digest, types) &&
		!qw_digest_end(s->digest, out);
}

static struct resolution *resolution_new(const struct session *s, const struct judged *owner)
{
	struct resolution *r = calloc(1, sizeof(*r));
	size_t n = owner->facts.count;

	if (!r)
		return NULL;
	r->refs = 1;
	r->labels = labels_ref(s->labels);
	r->count = n;
	qw_arena_init(&r->arena, RESOLUTION_ARENA_MAX);
	r->flows = qw_arena_alloc(&r->arena, n * sizeof(*r->flows) + 1);
	r->is_asked = qw_arena_alloc(&r->arena, n * sizeof(*r->is_asked) + 1);
	r->notes = qw_arena_alloc(&r->arena, n * sizeof(*r->notes) + 1);
	if (r->flows && r->is_asked && r->notes)
		return r;
	resolution_unref(r);
	return NULL;
}

static size_t slot_of(const struct judged *owner)
{
	return ((uintptr_t)owner >> 6) % RESOLUTIONS_KEPT;
}

static void slot_clear(struct session *s, size_t slot)
{
	judged_unref(s->kept[slot].owner);
	resolution_unref(s->kept[slot].resolution);
	s->kept[slot].owner = NULL;
	s->kept[slot].resolution = NULL;
}

void resolution_keep(struct session *s, struct judged *owner, struct resolution *r)
{
	const size_t slot = slot_of(owner);

	judged_ref(owner);
	resolution_ref(r);
	slot_clear(s, slot);
	s->kept[slot].owner = owner;
	s->kept[slot].resolution = r;
}

void resolution_forget(struct session *s)
{
	for (size_t i = 0; i < RESOLUTIONS_KEPT; i++)
		slot_clear(s, i);
}

bool resolution_is_kept(struct session *s, const struct resolution_need *n)
{
	const size_t slot = slot_of(n->owner);
	const struct resolution *r = s->kept[slot].owner == n->owner ? s->kept[slot].resolution : NULL;
	uint8_t under[QW_DIGEST_BYTES];

	return r && r->labels == s->labels && n->index < r->count && r->is_asked[n->index] && !resolution_must_be_new(s, n, r) &&
		digest_under(s, n->types, under) && memcmp(r->under, under, sizeof(under)) == 0;
}

bool resolution_must_be_new(const struct session *s, const struct resolution_need *n, const struct resolution *kept)
{
	if (s->run.is_query && (s->run.judged->facts.count > 1 || s->run.approved))
		return true;
	return (s->run.is_bind || n->is_named) && !kept->forgot_plans;
}

struct resolution *resolution_for(struct session *s, const struct resolution_need *n)
{
	const size_t slot = slot_of(n->owner);
	struct resolution *r = s->kept[slot].owner == n->owner ? s->kept[slot].resolution : NULL;
	uint8_t under[QW_DIGEST_BYTES];

	if (!digest_under(s, n->types, under)) {
		session_out_of_memory(s);
		return NULL;
	}
	if (r && r->labels == s->labels && memcmp(r->under, under, sizeof(under)) == 0 && !resolution_must_be_new(s, n, r))
		return resolution_ref(r);
	r = resolution_new(s, n->owner);
	if (!r) {
		session_out_of_memory(s);
		return NULL;
	}
	memcpy(r->under, under, sizeof(under));
	return r;
}

/* ---- a tree ---- */

static void refuse_tree(struct flow_result *f, const char *reason)
{
	*f = (struct flow_result){.is_refused = true,
		.refusal = {.rule = "flow.tree", .object = "the statement", .reason = reason,
			.instead = "Write it more simply, or ask the operator: the gateway cannot follow what it would do."}};
}

void resolution_keep_description(struct resolution *r, size_t i, struct qw_bytes body)
{
	char *copy = qw_arena_strdup(&r->arena, body);

	r->notes[i].description = qw_bytes(copy, copy ? body.n : 0);
}

static bool digest_tree(struct session *s, struct qw_bytes tree, uint8_t out[QW_DIGEST_BYTES])
{
	if (!s->digest)
		s->digest = qw_digest_new();
	return s->digest && !qw_digest_start(s->digest) && !qw_digest_add(s->digest, tree) && !qw_digest_end(s->digest, out);
}

bool resolution_is_same(struct session *s, const struct resolution *r, size_t i, struct qw_bytes tree)
{
	uint8_t digest[QW_DIGEST_BYTES];

	return r && i < r->count && r->is_asked[i] && digest_tree(s, tree, digest) &&
		memcmp(r->notes[i].digest, digest, sizeof(digest)) == 0;
}

void resolution_take(struct session *s, struct resolution *r, const struct resolution_need *n, struct qw_bytes tree)
{
	const size_t i = n->index;
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	unsigned major = s->connected.server_version / 10000;
	struct flow_world world;
	const struct world ground = {.labels = s->labels, .policy = s->policy,
		.is_copy_in = n->owner->facts.list[i].inner_kind == QW_INNER_COPY_IN};
	struct qtree_value trees;
	struct qw_arena scratch;
	const char *problem = NULL;
	int err;

	r->is_asked[i] = true;
	refuse_tree(&r->flows[i], "the tree was not judged"); /* until it is */
	qw_arena_init(&scratch, TREE_ARENA_MAX);
	err = qtree_read(major, tree, &limits, &scratch, &trees, &problem);
	if (!err) {
		world_open(&ground, &world);
		err = flow_judge(major, &trees, &world, &r->arena, &r->flows[i]);
		tree_notes_take(&r->arena, &trees, &r->notes[i]);
		if (!err && !digest_tree(s, tree, r->notes[i].digest))
			err = QW_E_NOMEM;
	}
	if (err == QW_E_NOMEM)
		session_out_of_memory(s);
	else if (err)
		refuse_tree(&r->flows[i], problem ? qw_arena_strdup(&r->arena, qw_bytes_from(problem)) : qw_error_text(err));
	qw_arena_fini(&scratch);
}

/* ---- for masks ---- */

static bool gives_other_rows(const struct qw_statement *st)
{
	return st->inner_kind != QW_INNER_NONE; /* a plan, or nothing at all */
}

const struct flow_result *resolution_of_unit(const struct unit *u)
{
	const struct resolution *r = u ? u->resolution : NULL;
	size_t at = u ? u->statement_index : 0, i = u && u->is_named ? u->resolved_index : at;

	if (!r || i >= r->count || !r->is_asked[i])
		return NULL;
	if (!u->is_named && (at >= u->judged->facts.count || gives_other_rows(&u->judged->facts.list[at])))
		return NULL;
	return &r->flows[i];
}

bool portal_is_named(const struct portal *p)
{
	return p->by_sql || (p->statement && p->statement->by_sql) || p->judged->by_name;
}

const struct flow_result *resolution_of_portal(const struct portal *p)
{
	const struct resolution *r = p ? p->resolution : NULL;
	size_t i = p && portal_is_named(p) ? p->resolved_index : 0;

	if (!r || i >= r->count || !r->is_asked[i])
		return NULL;
	if (!portal_is_named(p) && gives_other_rows(&p->judged->facts.list[0]))
		return NULL;
	return &r->flows[i];
}
