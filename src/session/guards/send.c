/*
 * Limits and what is sent. What may have to be undone must still be open when its end is known: a simple statement that writes
 * is carried in a transaction of ours, and the Sync of a pipeline that writes waits. A cancel must hit nobody else: nothing is
 * sent behind the Sync of what it may be for.
 */
#include "../machine.h"

static const char begin_text[] = "BEGIN /* querywarden */", commit_text[] = "COMMIT /* querywarden */",
		  rollback_text[] = "ROLLBACK /* querywarden */";

static bool in_flight(const struct session *s)
{
	return s->pending_count && s->guard_last > s->pushed - s->pending_count;
}

static bool counts_rows(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_SELECT || v == QW_VERB_SELECT_LOCK || v == QW_VERB_INSERT || v == QW_VERB_UPDATE ||
			v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE || v == QW_VERB_COPY_IN ||
			v == QW_VERB_COPY_OUT || v == QW_VERB_EXECUTE || v == QW_VERB_DDL_CREATE_AS)
			return true;
	}
	return false;
}

static bool has_transaction_verb(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_TX_BEGIN || v == QW_VERB_TX_COMMIT || v == QW_VERB_TX_ROLLBACK || v == QW_VERB_TX_SAVEPOINT ||
			v == QW_VERB_TX_ROLLBACK_TO || v == QW_VERB_TX_SET || v == QW_VERB_TX_TWO_PHASE)
			return true;
	}
	return false;
}

/* Runs in a transaction block as it runs without. Several statements in one text are a block to the server anyway. */
static bool can_be_carried(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		if (has_transaction_verb(&j->facts.list[i]))
			return false;
	return !j->is_unparsed && (j->facts.count > 1 || (j->facts.count == 1 && counts_rows(&j->facts.list[0])));
}

bool judged_has_transaction_verb(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		if (has_transaction_verb(&j->facts.list[i]))
			return true;
	return false;
}

/* It may end the transaction that something before it needs, to be undone; or make a savepoint behind it. */
static bool may_end_transaction(const struct judged *j)
{
	return judged_has_transaction_verb(j) || j->is_unparsed || (j->writes && !can_be_carried(j));
}

static bool writes(const struct run *r)
{
	if (r->judged->writes || r->is_fastpath)
		return true;
	for (size_t i = 0; r->resolution && i < r->resolution->count; i++) {
		const struct flow_result *f = moments_flow(r, i);

		for (size_t k = 0; f && k < f->act_count; k++)
			if (qw_verb_writes(f->acts[k].verb))
				return true;
	}
	return false;
}

static bool has_end(const struct limits *l)
{
	return l->rows_affected || l->rows_returned || l->bytes_returned;
}

static bool needs_undo(const struct guard *g)
{
	return g->writes && has_end(&g->limits);
}

bool guards_want_undo(const struct session *s)
{
	return has_end(&s->run.verdict.limits) && writes(&s->run);
}

bool guards_begin(const struct session *s)
{
	return guards_want_undo(s) && s->tx_status == 'I' && can_be_carried(s->run.judged);
}

static struct pending *send_own(struct session *s, enum guard_step step, const char *sql)
{
	struct pending *p = pending_push(s, PENDING_QUERY);

	if (!p)
		return NULL;
	p->is_ours = true;
	p->guard = step;
	p->is_poison = step == GUARD_FAIL;
	session_put(s, SESSION_UPSTREAM, pgwire_put_query(&s->out[SESSION_UPSTREAM], sql));
	return p;
}

static void refuse_cut_off(struct session *s)
{
	run_refuse(s, refusal_new("0A000", limits_rule(LIMITS_ROWS_AFFECTED), "the rest of this portal's rows was not kept",
		"A statement that writes runs to its end, so that its rows can be counted; what the Execute did not ask for is dropped.",
		"Execute it without a row limit."));
}

bool guards_start(struct session *s)
{
	struct run *r = &s->run;
	struct guard *g = &r->unit->guard;
	const struct limits *l = &r->verdict.limits;

	if (r->portal && r->portal->is_cut_off) {
		refuse_cut_off(s);
		return false;
	}
	if (in_flight(s) && (s->guard_closed || may_end_transaction(r->judged))) {
		pending_flush(s);
		return false;
	}
	g->limits = *l;
	g->is_on = l->rows_returned || l->bytes_returned || l->rows_affected || l->statement_s;
	if (!g->is_on)
		return true;
	g->writes = writes(r);
	if (l->statement_s && in_flight(s))
		pending_flush(s); /* its end must be seen, or the time of two is taken for that of one */
	if (!r->is_query || !needs_undo(g))
		return s->state == STATE_READY;
	if (s->pending_count)
		return false;
	if (guards_begin(s) && send_own(s, GUARD_BEGIN, begin_text))
		s->carried = unit_ref(r->unit);
	return s->state == STATE_READY;
}

static void send_execute_all(struct session *s, const char *portal)
{
	struct builder b;

	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'E');
	bld_cstr(&b, portal);
	bld_be32(&b, 0);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
}

/* Of a statement that writes the server tells the number of rows only at its end. */
void guards_send(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	struct guard *g = p->unit ? &p->unit->guard : NULL;
	struct pgwire_execute ex;

	if (g && p->kind == PENDING_EXECUTE)
		s->pipe_writes |= g->writes || p->unit->judged->writes;
	if (g && g->is_on) {
		s->guard_last = s->pushed;
		s->guard_closed = p->kind != PENDING_EXECUTE;
	}
	if (g && type == 'E' && g->writes && g->limits.rows_affected && !pgwire_execute_decode(body, &ex) && ex.max_rows) {
		g->rows_wanted = ex.max_rows;
		send_execute_all(s, ex.portal);
		return;
	}
	if (p->is_carried)
		question_execute(s);
	else
		session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], type, body));
}

void guards_synced(struct session *s)
{
	s->guard_closed = true;
	s->pipe_writes = false;
}

bool guards_must_wait(struct session *s, uint8_t type)
{
	if (s->end_waits)
		return !strchr("XHcf", type);
	if (!in_flight(s) || s->run.stage != RUN_IDLE || s->copy_in || strchr("XHcf", type))
		return false;
	if (s->guard_closed)
		return true;
	if (type != 'S' || !s->pipe_writes)
		return false;
	pending_flush(s);
	return true;
}

/* The client has its error, or its answer; now the transaction. */
void guards_end(struct session *s)
{
	bool is_good = !s->cut.is_told && s->carried_status == 'T';
	struct pending *p;

	s->end_waits = false;
	if (!s->carried)
		p = send_own(s, GUARD_FAIL, s->poison);
	else
		p = send_own(s, GUARD_END, is_good ? commit_text : rollback_text);
	if (!p)
		return;
	p->unit = s->carried;
	s->carried = NULL;
	s->guard_last = s->pushed;
	s->guard_closed = true;
}
