/*
 * What columns a statement will give: asked before it runs (stages DESCRIBE and DESCRIBING), and understood when the
 * server answers. What cannot be masked is refused here.
 */
#include "../machine.h"

#include <stdlib.h>

/* ---- to the server ---- */

/*
 * A text that was described under these labels and settings gives the same columns again, so nobody waits for that a second
 * time. This only spares the wait: each result's own description still decides about its rows, before any of them.
 */
static void prove(const struct session *s, struct judged *j)
{
	if (j->labels != s->labels)
		return;
	for (size_t i = 0; i < j->facts.count; i++)
		if (j->facts.list[i].named_op != QW_NAMED_NONE)
			return; /* PREPARE has no columns, what it prepares has */
	j->is_proven = true;
	memcpy(j->proven_under, s->settings_digest, sizeof(j->proven_under));
}

static bool is_proven(const struct session *s, const struct judged *j)
{
	return j->is_proven && j->labels == s->labels &&
		memcmp(j->proven_under, s->settings_digest, sizeof(j->proven_under)) == 0;
}

static bool needs_preflight(const struct session *s, const struct judged *j)
{
	return s->labels && j->touched && !j->is_ddl && !is_proven(s, j);
}

static void preflight_one(struct session *s, struct qw_bytes text)
{
	struct qw_buf *out = &s->out[SESSION_UPSTREAM];
	struct builder b;
	static const enum pending_kind kinds[] = {PENDING_PARSE, PENDING_DESCRIBE_STATEMENT, PENDING_SYNC};

	prepared_drop(s, ""); /* the server's unnamed statement is ours from here on, whoever made it before */
	bld_init(&b, out);
	bld_begin(&b, 'P');
	bld_cstr(&b, "");
	bld_bytes(&b, text);
	bld_u8(&b, 0);
	bld_be16(&b, 0);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
	session_put(s, SESSION_UPSTREAM, pgwire_put_describe(out, 'S', ""));
	session_put(s, SESSION_UPSTREAM, pgwire_put_sync(out));
	for (size_t i = 0; i < QW_COUNT(kinds) && s->state == STATE_READY; i++) {
		struct pending *p = pending_push(s, kinds[i]);

		if (!p)
			return;
		p->is_ours = p->is_preflight = true;
		p->unit = unit_ref(s->run.unit);
	}
}

static void describe_query(struct session *s)
{
	struct run *r = &s->run;
	const struct qw_statements *facts = &r->judged->facts;
	const char *which;

	if (question_close(s) || s->pending_count)
		return;
	if (s->tx_status == 'E' && facts->count == 1) {
		r->stage = RUN_FORWARD; /* the server refuses it itself */
		return;
	}
	while (r->preflight_index < facts->count) {
		const struct qw_statement *st = &facts->list[r->preflight_index++];

		if (!labels_touched(s->labels, st, &which) || st->is_ddl)
			continue;
		preflight_one(s, st->text);
		r->stage = RUN_DESCRIBING;
		return;
	}
	prove(s, r->judged);
	r->stage = RUN_FORWARD;
}

/*
 * What is computed may hold something sensitive, and so it may where a relation is unknown. Of several statements only in those
 * that mention something sensitive; not so where one can pass it to the next, by a name or by a relation that it makes.
 */
static bool is_strict(const struct session *s, const struct judged *j, size_t statement)
{
	const char *which;

	if (!j || j->is_unparsed || j->names_unknown)
		return true;
	if (s->labels && !j->by_name && statement < j->facts.count && !j->is_clear[statement] && j->labels == s->labels &&
		resolution_is_possible(&j->facts.list[statement]) && j->facts.list[statement].inner_kind != QW_INNER_EXPLAIN)
		return true; /* its tree should have told */
	if (!j->touched || !s->labels || j->by_name || j->is_ddl || statement >= j->facts.count)
		return j->touched;
	return labels_touched(s->labels, &j->facts.list[statement], &which);
}

/* Columns are looked at again when the labels have changed, or only now it is known what a name stands for. */
static bool still_maskable(struct session *s)
{
	struct portal *p = s->run.portal;
	const struct judged *j = s->run.judged;
	struct columns *c;
	const char *which;

	const struct columns_source from = {p->resolution, resolution_of_portal(p), is_strict(s, j, 0),
		scan_shows_definitions(s, j, resolution_of_portal(p)), false};

	if (!p->columns || p->columns->count == 0 ||
		(p->columns->labels == s->labels && p->columns->resolution == p->resolution && !j->by_name))
		return true;
	if (columns_make(s, p->columns->description, &from, &c, &which) != COLUMNS_OK) {
		run_refuse(s, columns_refusal(which));
		return false;
	}
	columns_unref(p->columns);
	p->columns = c;
	return true;
}

static void describe_portal(struct session *s)
{
	struct run *r = &s->run;
	struct portal *p = r->portal;
	struct pending *pend;

	if (!still_maskable(s))
		return;
	if (!p->describe_sent) {
		session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'P', p->name));
		pend = pending_push(s, PENDING_DESCRIBE_PORTAL);
		if (!pend)
			return;
		pend->is_ours = true;
		pend->portal = portal_ref(p);
		p->describe_sent = true;
	}
	if (p->refusal) {
		r->stage = RUN_DESCRIBING; /* it is known already */
		return;
	}
	if (!needs_preflight(s, r->judged)) {
		r->stage = RUN_FORWARD;
		return;
	}
	pending_flush(s);
	r->stage = RUN_DESCRIBING;
}

void describe_ask(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_fastpath || !(s->labels || scan_wanted(s)) || r->judged->facts.count == 0)
		r->stage = RUN_FORWARD;
	else if (!r->is_query)
		describe_portal(s);
	else if (!needs_preflight(s, r->judged))
		r->stage = RUN_FORWARD;
	else
		describe_query(s);
}

/* Waits for the portal's own description; the preflight of a Query answers through run_described(). */
bool describe_answered(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_query)
		return false;
	if (r->portal->refusal) {
		run_refuse(s, refusal_copy(r->portal->refusal));
		return true;
	}
	if (!r->portal->columns)
		return false;
	r->stage = RUN_FORWARD;
	return true;
}

static void run_described(struct session *s, struct columns *c)
{
	struct run *r = &s->run;

	columns_unref(r->described);
	r->described = c;
	if (r->stage == RUN_DESCRIBING && r->is_query)
		r->stage = r->preflight_failed ? RUN_FAILED : RUN_DESCRIBE;
}

/* ---- from the server ---- */

/* The same description of the same text under the same labels comes to the same: columns never change once made. Not so where
   the text alone does not tell what is sensitive: by name, or one statement of several. */
static bool is_one_text(const struct judged *j)
{
	return j && !j->by_name && j->facts.count == 1;
}

static struct columns *understood_before(const struct session *s, struct qw_bytes body, const struct judged *j,
	const struct columns_source *from)
{
	if (!is_one_text(j) || !j->columns || j->labels != s->labels || j->columns->resolution != from->resolution ||
		!qw_bytes_equal(j->columns->description, body))
		return NULL;
	return columns_ref(j->columns);
}

static void remember(const struct session *s, struct judged *j, struct columns *c)
{
	j = j && j->origin ? j->origin : j;
	if (!is_one_text(j) || j->labels != s->labels)
		return;
	if (j->is_described) { /* what runs once need not keep them */
		columns_unref(j->columns);
		j->columns = columns_ref(c);
	}
	j->is_described = true;
}

/* NULL and no refusal: wait for newer labels. */
static struct columns *understand(struct session *s, struct qw_bytes body, struct judged *j, const struct columns_source *from,
	struct refusal **refused)
{
	struct columns *c = understood_before(s, body, j, from);
	const char *which = NULL;
	enum columns_answer answer = c ? COLUMNS_OK : columns_make(s, body, from, &c, &which);

	*refused = NULL;
	if (answer == COLUMNS_OK) {
		if (!j || j->columns != c)
			remember(s, j, c);
		return c;
	}
	if (answer == COLUMNS_UNKNOWN && !s->up_asked_labels && !s->labels_pending) {
		s->up_asked_labels = true;
		(void)session_queue(s, SESSION_DO_CATALOG_STALE);
		(void)session_queue(s, SESSION_DO_CATALOG);
		s->labels_pending = true;
	}
	if (answer == COLUMNS_UNKNOWN && s->labels_pending) {
		s->up_waits_labels = true;
		return NULL;
	}
	s->up_asked_labels = false;
	*refused = columns_refusal(which);
	if (!*refused)
		session_out_of_memory(s);
	return NULL;
}

/* It was described before its Execute, which asks for the tree and then looks at the columns again. */
static bool is_undecided(const struct session *s, const struct portal *p)
{
	const struct judged *j = p->judged;

	return s->labels && !p->resolution && !j->by_name && j->facts.count && !j->is_clear[0] && resolution_is_possible(&j->facts.list[0]);
}

static void described_portal(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	struct portal *portal = p->portal;
	const struct columns_source from = {portal ? portal->resolution : NULL, resolution_of_portal(portal),
		portal && !is_undecided(s, portal) && is_strict(s, portal->judged, 0),
		portal && scan_shows_definitions(s, portal->judged, resolution_of_portal(portal)), false};
	struct columns *c = portal ? understand(s, body, portal->judged, &from, &refused) : NULL;

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	if (p->portal) {
		columns_unref(p->portal->columns);
		refusal_free(p->portal->refusal);
		p->portal->columns = c;
		p->portal->refusal = refused;
		if (c && !refused)
			prove(s, p->portal->judged);
	}
	if (!p->is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', body));
	pending_pop(s);
}

static void described_preflight(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	const struct columns_source from = {.is_strict = is_strict(s, p->unit->judged, s->run.preflight_index - 1)};
	struct columns *c = understand(s, body, p->unit->judged, &from, &refused);

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	columns_unref(c);
	refusal_free(s->run.refusal);
	s->run.refusal = refused;
	pending_pop(s);
}

/* The server runs those to their end, and describes their rows then. */
static bool writes_rows(const struct judged *j)
{
	const struct qw_statement *st = &j->facts.list[0];

	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_INSERT || v == QW_VERB_UPDATE || v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE)
			return true;
	}
	return false;
}

static void described_query(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	const struct columns_source from = {p->unit->resolution, resolution_of_unit(p->unit),
		is_strict(s, p->unit->judged, p->unit->statement_index),
		scan_shows_definitions(s, p->unit->judged, resolution_of_unit(p->unit)), false};
	struct columns *c = understand(s, body, p->unit->judged, &from, &refused);

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	if (refused) { /* the text did not show it: whatever runs, nothing of it leaves */
		refusal_free(refused);
		session_fatal(s, "42501", "the result holds a sensitive value that cannot be masked",
			"Select sensitive columns bare (they come masked), or leave them out.");
		return;
	}
	result_attach(s, p->unit);
	columns_unref(p->unit->columns);
	p->unit->columns = c;
	p->unit->owes_columns = true;
	if (!p->is_carried || !writes_rows(p->unit->judged))
		result_begin(s, p->unit);
}

void describe_on_columns(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (p && p->kind == PENDING_QUERY && p->unit)
		described_query(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_PORTAL)
		described_portal(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_STATEMENT && p->is_preflight)
		described_preflight(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_STATEMENT && !p->is_poison) {
		if (!p->is_ours)
			session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', body));
		pending_pop(s);
	} else
		upstream_unexpected(s);
}

static struct columns *no_columns(void)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (c)
		c->refs = 1;
	return c;
}

void describe_on_none(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (p && p->kind == PENDING_QUERY && p->is_carried)
		return; /* to a Query nobody says that there are none */
	if (!p || (p->kind != PENDING_DESCRIBE_PORTAL && p->kind != PENDING_DESCRIBE_STATEMENT) || p->is_poison) {
		upstream_unexpected(s);
		return;
	}
	if (p->portal && !p->portal->columns && !(p->portal->columns = no_columns())) {
		session_out_of_memory(s);
		return;
	}
	if (!p->is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'n', body));
	pending_pop(s);
}

void describe_over(struct session *s)
{
	struct refusal *refused = s->run.refusal;

	if (s->run.preflight_failed && s->run.unit) {
		result_attach(s, s->run.unit);
		result_finish(s, "failed");
	}
	run_described(s, NULL);
	if (refused && !s->run.preflight_failed) {
		s->run.refusal = NULL;
		run_refuse(s, refused);
	}
}
