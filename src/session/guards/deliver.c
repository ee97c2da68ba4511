/* Limits while a statement runs: rows and bytes as they pass, rows written as the server tells, seconds. */
#include "../machine.h"

#include <stdio.h>

enum { CANCEL_AGAIN_US = 2000000 };

/* ---- what is over ---- */

static void cancel(struct session *s)
{
	s->cut.again_us = s->now.mono_us + CANCEL_AGAIN_US;
	if (s->cancel_in_flight)
		return;
	s->cancel_in_flight = true;
	(void)session_queue(s, SESSION_DO_CANCEL_UPSTREAM);
}

static void set_over(struct session *s, struct unit *u, enum limits_kind kind)
{
	s->cut = (struct cut){.is_on = true, .kind = kind, .limit = limits_get(&u->guard.limits, kind),
		.again_us = s->now.mono_us + CANCEL_AGAIN_US};
	u->guard.is_over = kind != LIMITS_STATEMENT_S; /* until it is stopped, its rows are as good as any */
}

static void tell(struct session *s, struct unit *u)
{
	struct refusal *r = guards_refusal(s->cut.kind, s->cut.limit);

	if (!r) {
		session_out_of_memory(s);
		return;
	}
	if (u) {
		result_attach(s, u);
		u->failed = true;
		u->rule = limits_rule(s->cut.kind);
		(void)snprintf(u->tag, sizeof(u->tag), "%s", r->sqlstate);
	}
	refusal_put(s, r);
	refusal_free(r);
	if (s->tx_settings)
		settings_extend(s, QW_LIT("failed")); /* whatever was set in this transaction may not hold */
	s->cut.is_told = true;
	s->info.refused++;
}

/* ---- rows ---- */

/* A portal or cursor is one statement, in however many parts its rows are fetched. */
static struct spent *spent_of(struct session *s, struct pending *p)
{
	struct unit *u = p->unit;
	const struct qw_statement *st = u->statement_index < u->judged->facts.count ? &u->judged->facts.list[u->statement_index] : NULL;
	struct portal *c = st && st->named_op == QW_NAMED_FETCH ? portal_find(s, st->named) : NULL;

	if (!c && p->kind == PENDING_EXECUTE)
		c = p->portal;
	return c ? &c->spent : &u->guard.spent;
}

bool guards_row(struct session *s, struct pending *p, size_t bytes)
{
	struct guard *g = &p->unit->guard;
	struct spent *spent = spent_of(s, p);

	if (g->is_over || g->rest_dropped)
		return false;
	if (!limits_allow(&g->limits, LIMITS_ROWS_RETURNED, spent->rows + 1)) {
		set_over(s, p->unit, LIMITS_ROWS_RETURNED);
	} else if (!limits_allow(&g->limits, LIMITS_BYTES_RETURNED, spent->bytes + bytes)) {
		set_over(s, p->unit, LIMITS_BYTES_RETURNED);
	} else if (g->rows_wanted && g->rows_given >= g->rows_wanted) {
		g->rest_dropped = true;
		return false;
	}
	if (g->is_over) {
		cancel(s);
		return false;
	}
	g->rows_given++;
	spent->rows++;
	spent->bytes += bytes;
	return true;
}

/* ---- ends ---- */

static void note_time(struct session *s, struct pending *p)
{
	struct guard *g = &p->unit->guard;

	if (g->since_us)
		spent_of(s, p)->us += s->now.mono_us - g->since_us;
	g->since_us = 0;
}

static bool writes_rows(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_INSERT || v == QW_VERB_UPDATE || v == QW_VERB_DELETE || v == QW_VERB_MERGE || v == QW_VERB_COPY_IN ||
			v == QW_VERB_DDL_CREATE_AS)
			return true;
	}
	return false;
}

static bool is_word(const char *tag, const char *word)
{
	size_t n = strlen(word);

	return strncmp(tag, word, n) == 0 && (tag[n] == ' ' || tag[n] == '\0');
}

/* Rows written, as the command tag counts them. */
static uint64_t affected(const struct unit *u, const char *tag)
{
	static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "MERGE"};
	size_t i = u->statement_index;

	for (size_t k = 0; k < QW_COUNT(words); k++)
		if (is_word(tag, words[k]))
			return pgwire_tag_rows(tag);
	if (i < u->judged->facts.count && writes_rows(&u->judged->facts.list[i]) && (is_word(tag, "COPY") || is_word(tag, "SELECT")))
		return pgwire_tag_rows(tag);
	return 0;
}

enum guard_answer guards_on_end(struct session *s, struct pending *p, const char *tag)
{
	struct unit *u = p->unit;
	struct guard *g = u ? &u->guard : NULL;

	if (p->guard)
		return GUARD_TAKEN;
	if (!g || !g->is_on)
		return GUARD_PASS;
	note_time(s, p);
	if (g->is_muted || (s->cut.is_told && p->kind == PENDING_QUERY))
		return GUARD_QUIET;
	if (!g->is_over && tag && !limits_allow(&g->limits, LIMITS_ROWS_AFFECTED, affected(u, tag)))
		set_over(s, u, LIMITS_ROWS_AFFECTED);
	if (g->is_over) {
		tell(s, u);
		return GUARD_QUIET;
	}
	g->spent = (struct spent){0};
	if (!g->rest_dropped)
		return GUARD_PASS;
	if (p->portal)
		p->portal->is_cut_off = true;
	return GUARD_SUSPEND;
}

/* The rest of the pipeline runs, or does not: for the client it is skipped, so the server must fail as well. */
void guards_mute_rest(struct session *s)
{
	struct pending *p;

	for (size_t i = 0; i < s->pending_count; i++) {
		p = &s->pending[(s->pending_head + i) % s->pending_cap];
		if (p->kind == PENDING_SYNC)
			return;
		p->is_ours = true;
		if (p->unit)
			p->unit->guard.is_on = p->unit->guard.is_over = p->unit->guard.is_muted = true;
	}
	if (s->cut.is_poisoned || s->skipping)
		return;
	s->cut.is_poisoned = true;
	p = pending_push(s, PENDING_DESCRIBE_STATEMENT);
	if (!p)
		return;
	p->is_ours = p->is_poison = true;
	session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'S', s->poison));
	s->skipping = true;
}

static bool is_cancelled(struct qw_bytes body)
{
	struct pgwire_error e;

	return !pgwire_error_decode(body, &e) && e.sqlstate && strcmp(e.sqlstate, "57014") == 0;
}

bool guards_on_error(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct unit *u = p ? p->unit : NULL;

	if (p && p->guard == GUARD_BEGIN) {
		session_fatal(s, "08P01", "the database would not begin a transaction", NULL);
		return true;
	}
	if (p && p->guard == GUARD_FAIL)
		return true;
	if (u && u->guard.is_on && !p->guard)
		note_time(s, p);
	if (!s->cut.is_on || (!s->cut.is_told && s->cut.kind == LIMITS_STATEMENT_S && !is_cancelled(body)))
		return false;
	ledger_error(s, u ? u->id : 0, body);
	if (!s->cut.is_told)
		tell(s, u);
	return true;
}

bool guards_swallow(struct session *s, struct pending *p, uint8_t type)
{
	struct unit *u = p ? p->unit : NULL;
	struct guard *g = u ? &u->guard : NULL;

	if (!g || !g->is_on || p->guard)
		return false;
	if (type == 'D' || type == 'c')
		return g->is_over || g->rest_dropped || (s->cut.is_told && p->kind == PENDING_QUERY);
	if (!g->is_muted && !(s->cut.is_told && p->kind == PENDING_QUERY))
		return false;
	if (type == 'H')
		s->copy_out = true;
	if (type == 'G')
		session_put(s, SESSION_UPSTREAM, pgwire_put_copy_fail(&s->out[SESSION_UPSTREAM], "the statement has failed"));
	return type == 'T' || type == 'n' || type == 'N' || type == 'H' || type == 'G';
}

bool guards_on_ready(struct session *s, enum guard_step step, bool is_ours, uint8_t status)
{
	if (step == GUARD_BEGIN || (step == GUARD_NONE && is_ours))
		return step == GUARD_BEGIN;
	if (step == GUARD_NONE && status != 'I' && (s->carried || (s->cut.is_told && status == 'T'))) {
		s->carried_status = status;
		s->end_waits = s->cancel_in_flight;
		if (!s->end_waits)
			guards_end(s);
		return true;
	}
	if (s->carried && s->unit) /* the server ended the transaction itself */
		result_finish(s, s->carried->failed ? "failed" : "done");
	unit_unref(s->carried);
	s->carried = NULL;
	s->cut = (struct cut){0};
	if (step == GUARD_NONE)
		return false;
	session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], status));
	return true;
}

void guards_cancelled(struct session *s)
{
	if (s->state == STATE_READY && s->end_waits)
		guards_end(s);
}

/* ---- time ---- */

/* What the server is at. It keeps the answers of Parse and Bind to itself until more is to be said: they take no time. */
static struct pending *timed(struct session *s)
{
	for (size_t i = 0; s->state == STATE_READY && i < s->pending_count; i++) {
		struct pending *p = &s->pending[(s->pending_head + i) % s->pending_cap];

		if (p->kind == PENDING_SYNC)
			return NULL;
		if (p->kind == PENDING_EXECUTE || p->kind == PENDING_QUERY || p->kind == PENDING_FASTPATH)
			return p->unit && !p->guard && !p->is_ours && p->unit->guard.is_on ? p : NULL;
	}
	return NULL;
}

uint64_t guards_deadline(struct session *s)
{
	struct pending *p = timed(s);
	struct guard *g = p ? &p->unit->guard : NULL;
	uint64_t most, used;

	if (!p)
		return 0;
	if (s->cut.is_on)
		return s->cut.again_us;
	if (!g->limits.statement_s)
		return 0;
	if (!g->since_us)
		g->since_us = s->now.mono_us;
	most = g->limits.statement_s * 1000000u;
	used = spent_of(s, p)->us;
	return g->since_us + (used < most ? most - used : 0);
}

void guards_tick(struct session *s)
{
	struct pending *p = timed(s);

	if (!p || s->now.mono_us < guards_deadline(s) || !guards_deadline(s))
		return;
	if (!s->cut.is_on)
		set_over(s, p->unit, LIMITS_STATEMENT_S);
	cancel(s);
}
