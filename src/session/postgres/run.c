/*
 * One client message that carries SQL goes through the rooms once, in this order:
 *
 *   JUDGE -> REVIEW [-> HOLDING] -> RECORD -> RECORDING -> DESCRIBE [-> DESCRIBING] -> FORWARD
 *      \_________\______________________________________________\-> REFUSE -> ..RECORDING -> ..INJECT
 *
 * The message stays at the front of the client's buffer until it is done; every stage may wait for an event.
 */
#include "../machine.h"

enum { LABELS_AGAIN_US = 1000000 };

void run_reset(struct session *s)
{
	struct run *r = &s->run;

	judged_unref(r->judged);
	portal_unref(r->portal);
	unit_unref(r->unit);
	refusal_free(r->refusal);
	columns_unref(r->described);
	*r = (struct run){.stage = RUN_IDLE};
}

void run_refuse(struct session *s, struct refusal *why)
{
	if (!why) {
		session_out_of_memory(s);
		return;
	}
	refusal_free(s->run.refusal);
	s->run.refusal = why;
	s->run.stage = RUN_REFUSE;
}

static void refuse_masking(struct session *s, const char *message, const char *what)
{
	const char *hint = "Select sensitive columns bare (they come masked), or leave them out.";
	char detail[400];

	(void)snprintf(detail, sizeof(detail), "The statement mentions %.300s.", what ? what : "a sensitive column");
	run_refuse(s, refusal_new("42501", "masks", message, detail, hint));
}

/* ---- JUDGE ---- */

/* Labels may be old (DDL went through) or not know a relation: then the catalog is read again first. */
static bool labels_ready(struct session *s)
{
	if (s->labels_pending)
		return false;
	if (!s->labels_stale)
		return true;
	s->labels_stale = false;
	if (!policy_has_masks(s->policy, s->role))
		return true;
	(void)session_queue(s, SESSION_DO_CATALOG);
	s->labels_pending = true;
	return false;
}

static bool make_current(struct session *s)
{
	struct run *r = &s->run;
	struct judged *j;

	if (judge_is_current(s, r->judged))
		return true;
	j = judge_parsed(s, r->judged->sql, &r->judged->facts);
	judged_unref(r->judged);
	r->judged = j;
	if (r->portal && j) {
		judged_unref(r->portal->judged);
		r->portal->judged = judged_ref(j);
	}
	return j != NULL;
}

static bool names_relations(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		if (j->facts.list[i].relation_count)
			return true;
	return false;
}

/* What masking itself forbids, whatever the rules say. */
static bool object_for_masks(struct session *s)
{
	const struct judged *j = s->run.judged;

	if (!s->labels)
		return false;
	if (j->copies_out && j->touched)
		refuse_masking(s, "COPY of a sensitive column is refused: its rows cannot be masked", j->touched_name);
	else if (j->changes_rows && j->touched && !j->is_ddl)
		refuse_masking(s, "a statement that writes may not read a sensitive column", j->touched_name);
	else if (s->tx_ddl && !j->is_ddl && names_relations(j))
		run_refuse(s,
			refusal_new("55000", "masks", "this transaction has changed the schema: commit before reading",
				"What the uncommitted schema exposes cannot be known yet, so nothing can be masked.",
				"COMMIT, then repeat the statement."));
	else
		return false;
	return true;
}

static void stage_judge(struct session *s)
{
	struct run *r = &s->run;
	struct policy_verdict v;
	bool was_current;

	if (!labels_ready(s))
		return;
	was_current = judge_is_current(s, r->judged);
	if (!make_current(s))
		return;
	if (!was_current)
		r->approved = false;
	if (r->judged->names_unknown && !r->labels_asked) {
		r->labels_asked = true; /* once: what is unknown then does not exist, or is refused when it shows up */
		if (s->now.mono_us - s->labels_at_us > LABELS_AGAIN_US) {
			(void)session_queue(s, SESSION_DO_CATALOG_STALE);
			s->labels_stale = true;
			(void)labels_ready(s);
			return;
		}
	}
	if (r->judged->by_name && !r->is_parse && s->pending_count)
		return; /* what a name stands for is certain only when nothing is in flight */
	v = r->judged->verdict;
	if (!r->is_parse && !r->unit && !(r->unit = unit_new(s, r->judged, r->is_query)))
		return;
	if (r->judged->by_name && !r->is_parse && !judge_resolve(s, r->judged, &v) && !s->unparsed_ok) {
		run_refuse(s,
			refusal_new("26000", "names", "unknown prepared statement or cursor",
				"The gateway has not seen it being made in this session, so it cannot be judged.",
				"PREPARE or DECLARE it through this session first."));
		return;
	}
	if (v.effect == POLICY_DENY)
		run_refuse(s, refusal_of_verdict(&v, r->judged));
	else if (!object_for_masks(s))
		r->stage = v.effect == POLICY_REVIEW && !r->is_parse && !r->approved ? RUN_REVIEW :
			r->is_parse						      ? RUN_FORWARD :
										RUN_RECORD;
}

/* ---- REVIEW ---- */

static void stage_review(struct session *s)
{
	struct run *r = &s->run;

	if (s->pending_count) {
		/* Answers of what runs before must not wait for a person: let the server send them. */
		if (s->unsynced && !r->flushed) {
			r->flushed = true;
			session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'H', qw_bytes(NULL, 0)));
		}
		if (r->is_query)
			return;
	}
	if (s->tx_status == 'E' && r->is_query) {
		run_refuse(s, refusal_new("25P02", "transaction", "current transaction is aborted, commands ignored until end of transaction block", NULL, NULL));
		return;
	}
	if (s->tx_wrote && !s->role->hold_in_transaction) {
		run_refuse(s,
			refusal_new("55006", r->judged->verdict.rule, "a statement that needs approval cannot wait here",
				"The open transaction has written already; it would hold its locks while a person decides.",
				"COMMIT first, then send the statement on its own."));
		return;
	}
	hold_start(s);
}

/* ---- RECORD ---- */

static void stage_record(struct session *s)
{
	struct run *r = &s->run;
	enum session_wait wait = ledger_wait_for(s, r->judged);

	s->info.statements++;
	ledger_statement(s, r, r->approved ? "review" : "allow", wait);
	r->audit_seq_wanted = s->audit_waits;
	r->stage = RUN_RECORDING;
}

/* ---- DESCRIBE: what columns will come, before anything runs ---- */

static bool needs_preflight(const struct session *s, const struct judged *j)
{
	return s->labels && j->touched && !j->is_ddl;
}

static void preflight_one(struct session *s, struct qw_bytes text)
{
	struct qw_buf *out = &s->out[SESSION_UPSTREAM];
	struct builder b;
	static const enum pending_kind kinds[] = {PENDING_PARSE, PENDING_DESCRIBE_STATEMENT, PENDING_SYNC};

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

	if (s->pending_count)
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
	r->stage = RUN_FORWARD;
}

static void describe_portal(struct session *s)
{
	struct run *r = &s->run;
	struct portal *p = r->portal;
	struct pending *pend;

	if (!p->describe_sent) {
		session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'P', p->name));
		pend = pending_push(s, PENDING_DESCRIBE_PORTAL);
		if (!pend)
			return;
		pend->is_ours = true;
		pend->portal = portal_ref(p);
		p->describe_sent = true;
	}
	if (!needs_preflight(s, r->judged)) {
		r->stage = RUN_FORWARD;
		return;
	}
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'H', qw_bytes(NULL, 0)));
	r->stage = RUN_DESCRIBING;
}

static void stage_describe(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_fastpath || !s->labels || r->judged->facts.count == 0)
		r->stage = RUN_FORWARD;
	else if (!r->is_query)
		describe_portal(s);
	else if (!needs_preflight(s, r->judged))
		r->stage = RUN_FORWARD;
	else
		describe_query(s);
}

/* Waits for the portal's own description; the preflight of a Query answers through run_described(). */
static bool stage_describing(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_query)
		return false;
	if (r->portal->refusal) {
		run_refuse(s,
			refusal_new(r->portal->refusal->sqlstate, r->portal->refusal->rule, r->portal->refusal->message,
				r->portal->refusal->detail, r->portal->refusal->hint));
		return true;
	}
	if (!r->portal->columns)
		return false;
	r->stage = RUN_FORWARD;
	return true;
}

void run_described(struct session *s, struct columns *c)
{
	struct run *r = &s->run;

	columns_unref(r->described);
	r->described = c;
	if (r->stage == RUN_DESCRIBING && r->is_query)
		r->stage = r->preflight_failed ? RUN_FAILED : RUN_DESCRIBE;
}

/* ---- FORWARD ---- */

static void note_forwarded(struct session *s, const struct judged *j)
{
	if (j->changes_settings) {
		settings_extend(s, j->sql);
		s->tx_settings = true;
	}
	if (j->ends_tx && s->tx_settings) {
		settings_extend(s, QW_LIT("end of transaction"));
		s->tx_settings = false;
	}
	if (j->writes && !j->is_ddl)
		s->tx_wrote = true;
	if (j->is_ddl || j->is_unparsed)
		s->tx_ddl = true;
}

static void stage_forward(struct session *s, uint8_t type, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct pending *p = pending_push(s, r->is_fastpath ? PENDING_FASTPATH :
			r->is_query			   ? PENDING_QUERY :
			r->is_parse			   ? PENDING_PARSE :
							     PENDING_EXECUTE);

	if (!p)
		return;
	if (r->is_parse) {
		struct pgwire_parse parse;

		if (pgwire_parse_decode(body, &parse) || !(p->prepared = prepared_new(parse.name, r->judged))) {
			session_out_of_memory(s);
			return;
		}
	} else {
		p->unit = unit_ref(r->unit);
		p->portal = r->portal ? portal_ref(r->portal) : NULL;
		r->unit->started_us = s->now.mono_us;
		note_forwarded(s, r->judged);
		s->copy_may_start = r->judged->copies_in && !r->is_query;
	}
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], type, body));
	run_reset(s);
}

/* ---- REFUSE ---- */

static void stage_refuse(struct session *s)
{
	struct run *r = &s->run;
	enum session_wait wait = s->config->audit_mode == AUDIT_STRICT ? SESSION_WAIT_DISK : SESSION_WAIT_RING;

	s->info.refused++;
	if (!r->unit && !(r->unit = unit_new(s, r->judged, r->is_query)))
		return;
	ledger_statement(s, r, "deny", wait);
	r->audit_seq_wanted = s->audit_waits;
	r->stage = RUN_REFUSE_RECORDING;
}

static bool stage_inject(struct session *s)
{
	struct run *r = &s->run;

	if (!refuse_inject(s, r->refusal, r->is_query || r->is_fastpath))
		return false;
	r->refusal = NULL;
	run_reset(s);
	return true;
}

/* The preflight failed as the statement itself would have: its error was passed on already. */
static bool stage_failed(struct session *s)
{
	if (s->pending_count)
		return false;
	session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], s->tx_status));
	run_reset(s);
	return true;
}

/* ---- the loop ---- */

/* Something earlier in the pipeline failed: the server drops this message, and so do we. */
static bool dropped(struct session *s)
{
	struct run *r = &s->run;

	if (!s->skipping || r->is_query || r->is_fastpath || r->stage == RUN_PARSING)
		return false;
	if (r->stage == RUN_HOLDING)
		hold_end(s, "an earlier statement of the pipeline failed");
	if (r->unit && (r->stage == RUN_FORWARD || r->stage == RUN_DESCRIBE || r->stage == RUN_DESCRIBING))
		ledger_result(s, r->unit, "skipped");
	run_reset(s);
	return true;
}

static enum step go(struct session *s, uint8_t type, struct qw_bytes body)
{
	for (;;) {
		if (dropped(s))
			return STEP_DONE;
		enum run_stage before = s->run.stage;

		switch (before) {
		case RUN_JUDGE:
			stage_judge(s);
			break;
		case RUN_REVIEW:
			stage_review(s);
			break;
		case RUN_RECORD:
			stage_record(s);
			break;
		case RUN_DESCRIBE:
			stage_describe(s);
			break;
		case RUN_DESCRIBING:
			if (!stage_describing(s))
				return STEP_WAIT;
			break;
		case RUN_FORWARD:
			if (!s->run.is_parse && !s->run.was_described) {
				s->run.was_described = true;
				s->run.stage = RUN_DESCRIBE;
				break;
			}
			stage_forward(s, type, body);
			break;
		case RUN_REFUSE:
			stage_refuse(s);
			break;
		case RUN_REFUSE_INJECT:
			if (!stage_inject(s))
				return STEP_WAIT;
			break;
		case RUN_FAILED:
			if (!stage_failed(s))
				return STEP_WAIT;
			break;
		case RUN_PARSING:
		case RUN_HOLDING:
		case RUN_RECORDING:
		case RUN_REFUSE_RECORDING:
			return STEP_WAIT;
		case RUN_IDLE:
			return STEP_DONE;
		}
		if (s->state != STATE_READY)
			return STEP_CLOSED;
		if (s->run.stage == RUN_IDLE)
			return STEP_DONE;
		if (s->run.stage == before)
			return STEP_WAIT;
	}
}

static enum step start(struct session *s, uint8_t type, struct qw_bytes body, struct qw_bytes sql)
{
	struct run *r = &s->run;

	r->stage = RUN_JUDGE;
	r->judged = judge_text(s, sql);
	if (!r->judged && s->state == STATE_READY) {
		r->judged = judged_stub(sql);
		r->stage = RUN_PARSING;
		if (r->judged)
			session_queue_bytes(s, SESSION_DO_PARSE, r->judged->sql);
	}
	if (!r->judged) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	return go(s, type, body);
}

static enum step protocol_violation(struct session *s, const char *what)
{
	session_fatal(s, "08P01", what, NULL);
	return STEP_CLOSED;
}

enum step run_query(struct session *s, struct qw_bytes body)
{
	struct qw_bytes sql;

	if (s->run.stage != RUN_IDLE)
		return go(s, 'Q', body);
	if (s->unsynced || s->copy_in)
		return protocol_violation(s, "a simple query may not stand inside a pipeline or COPY");
	if (pgwire_query_decode(body, &sql))
		return protocol_violation(s, "invalid query message");
	s->run.is_query = true;
	return start(s, 'Q', body, sql);
}

enum step run_parse(struct session *s, struct qw_bytes body)
{
	struct pgwire_parse parse;

	if (s->run.stage != RUN_IDLE)
		return go(s, 'P', body);
	if (pgwire_parse_decode(body, &parse))
		return protocol_violation(s, "invalid Parse message");
	s->run.is_parse = true;
	return start(s, 'P', body, parse.sql);
}

enum step run_execute(struct session *s, struct qw_bytes body)
{
	struct pgwire_execute ex;
	bool uncertain;
	struct portal *p;

	if (s->run.stage != RUN_IDLE)
		return go(s, 'E', body);
	if (pgwire_execute_decode(body, &ex))
		return protocol_violation(s, "invalid Execute message");
	p = pending_portal(s, ex.portal, &uncertain);
	if (uncertain)
		return STEP_WAIT;
	if (!p) {
		s->run.judged = judged_stub(qw_bytes_from(""));
		if (!s->run.judged)
			return STEP_CLOSED;
		run_refuse(s, refusal_new("34000", "names", "unknown portal or cursor",
			"The gateway has not seen it being opened in this session.", "Bind or DECLARE it first."));
		return go(s, 'E', body);
	}
	s->run.portal = portal_ref(p);
	s->run.judged = judged_ref(p->judged);
	s->run.stage = RUN_JUDGE;
	return go(s, 'E', body);
}

enum step run_fastpath(struct session *s, struct qw_bytes body)
{
	struct qw_act act = {.verb = QW_VERB_FASTPATH, .kind_name = "function"};
	struct policy_verdict v;

	if (s->run.stage != RUN_IDLE)
		return go(s, 'F', body);
	if (s->unsynced || s->copy_in)
		return protocol_violation(s, "FunctionCall may not stand inside a pipeline or COPY");
	s->run.is_fastpath = true;
	s->run.judged = judged_stub(qw_bytes_from("FunctionCall"));
	if (!s->run.judged || !(s->run.unit = unit_new(s, s->run.judged, true))) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	judge_acts(s, &act, 1, &v);
	if (v.effect == POLICY_ALLOW)
		s->run.stage = RUN_RECORD;
	else
		run_refuse(s,
			refusal_new("42501", v.rule, "FunctionCall messages are refused",
				"They call a function by number, without SQL that could be judged. Large-object calls of libpq (psql \\lo_*) use them.",
				"Call the function in a SELECT."));
	return go(s, 'F', body);
}
