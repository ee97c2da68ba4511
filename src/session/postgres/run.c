/*
 * One client message that carries SQL goes through the rooms once, in this order:
 *
 *   JUDGE -> RESOLVE [-> RESOLVING] -> REVIEW [-> HOLDING] -> RECORD -> RECORDING -> DESCRIBE [-> DESCRIBING] -> FORWARD
 *      \__________\___________________________\________________________________________________\-> REFUSE -> ..RECORDING -> ..INJECT
 *
 * The message stays at the front of the client's buffer until it is done; every stage may wait for an event.
 */
#include "../machine.h"

void run_reset(struct session *s)
{
	struct run *r = &s->run;

	judged_unref(r->judged);
	portal_unref(r->portal);
	unit_unref(r->unit);
	refusal_free(r->refusal);
	columns_unref(r->described);
	resolution_unref(r->resolution);
	*r = (struct run){.stage = RUN_IDLE};
}

void run_skipped(struct session *s)
{
	struct run *r = &s->run;

	if (!r->is_recorded || r->unit->is_done)
		return;
	r->unit->is_done = true;
	ledger_result(s, r->unit, "skipped");
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

/* ---- REVIEW ---- */

static void stage_review(struct session *s)
{
	struct run *r = &s->run;

	if (question_close(s)) /* no lock waits for a person */
		return;
	if (s->pending_count) {
		/* Answers of what runs before must not wait for a person, nor the notice stand in the middle of a row. */
		pending_flush(s);
		return;
	}
	if (s->tx_status == 'E' && r->is_query) {
		run_refuse(s,
			refusal_new("25P02", "transaction",
				"current transaction is aborted, commands ignored until end of transaction block", NULL, NULL));
		return;
	}
	if (s->tx_wrote && !s->role->hold_in_transaction) {
		run_refuse(s,
			refusal_new("55006", r->verdict.rule, "a statement that needs approval cannot wait here",
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
	r->is_recorded = true;
	r->stage = RUN_RECORDING;
}

/* ---- FORWARD ---- */

static bool depends_on_data(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++) {
		const struct qw_statement *st = &j->facts.list[i];
		size_t calls = 0;

		for (size_t k = 0; k < st->act_count; k++)
			calls += st->acts[k].verb == QW_VERB_CALL || st->acts[k].verb == QW_VERB_DO;
		if (st->relation_count || st->column_count || calls > 1 || j->by_name)
			return true;
	}
	return false;
}

static void note_forwarded(struct session *s, const struct judged *j)
{
	if (j->changes_settings) {
		if (depends_on_data(j)) /* the same text may come to another setting in another session */
			settings_extend(s, qw_bytes(s->options->id, sizeof(s->options->id)));
		settings_extend(s, j->sql);
		s->tx_settings = true;
	}
	if (j->ends_tx && s->tx_settings)
		settings_extend(s, j->sql); /* COMMIT keeps them, ROLLBACK does not */
	if (j->is_ddl || j->is_unparsed) /* it may have made a temporary relation: its names are nobody else's from here on */
		settings_extend(s, qw_bytes(s->options->id, sizeof(s->options->id)));
	if (j->writes && !j->is_ddl)
		s->tx_wrote = true;
	if (j->is_ddl || j->is_unparsed)
		s->tx_ddl = true;
	if (j->changes_settings || j->writes || j->is_ddl || j->is_unparsed)
		s->tx_noted = s->pushed;
}

/* The portal is planned: its Execute waits until it is known that nothing was analysed anew for that. */
static void forward_bind(struct session *s, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct pending *p = pending_push(s, PENDING_BIND);

	if (!p)
		return;
	p->portal = portal_ref(r->portal);
	p->is_watched = p->portal->is_watched = r->is_printing;
	s->statement_count--; /* its Execute will be one */
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'B', body));
	if (r->is_printing)
		question_watched(s);
	run_reset(s);
}

/*
 * BEGIN stands at the beginning. PostgreSQL 18 makes an implicit block of what is behind an Execute, and a Query of one statement does
 * not end that: it would not be committed (measured; start_xact_command() in its postgres.c).
 */
static bool fits_behind(const struct session *s, const struct judged *j)
{
	return !judged_has_transaction_verb(j) &&
		(s->connected.server_version < 180000 || j->facts.count > 1 || s->tx_status == 'T' || guards_begin(s));
}

/* A rule of the database may make several of it. */
static bool is_one_query(const struct run *r)
{
	return r->resolution && r->resolution->notes[r->unit->resolved_index].query_count == 1;
}

/* True: the server has to be heard first. */
static bool forward_waits(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_open && !r->is_carried && !fits_behind(s, r->judged))
		return question_close(s);
	if (!r->is_query || !r->is_printing)
		return false;
	if (guards_want_undo(s) || !is_one_query(r))
		r->is_carried = false;
	r->stage = RUN_BINDING;
	if (r->is_carried)
		question_bind(s);
	else
		question_quiet(s);
	return true;
}

static void stage_forward(struct session *s, uint8_t type, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct pending *p;

	if (r->is_bind) {
		forward_bind(s, body);
		return;
	}
	if (forward_waits(s) || (!r->is_parse && !guards_start(s)))
		return;
	p = pending_push(s, r->is_fastpath ? PENDING_FASTPATH :
			r->is_query			   ? PENDING_QUERY :
			r->is_parse			   ? PENDING_PARSE :
							     PENDING_EXECUTE);

	if (!p)
		return;
	if (r->is_parse) {
		struct pgwire_parse parse;

		if (pgwire_parse_decode(body, &parse) || !(p->prepared = prepared_new(parse.name, r->judged)) ||
			!prepared_keep_types(p->prepared, parse.types)) {
			session_out_of_memory(s);
			return;
		}
	} else {
		p->unit = unit_ref(r->unit);
		p->portal = r->portal ? portal_ref(r->portal) : NULL;
		r->unit->started_us = s->now.mono_us;
		emulate_note(s, r->judged);
		note_forwarded(s, r->judged);
		/*
		 * Until the server says whether this is COPY FROM STDIN, nobody knows what the client's next messages are: some clients
		 * (asyncpg) send their data at once.
		 */
		p->copy_may_start = r->judged->copies_in;
		p->is_carried = r->is_carried;
	}
	if (!emulate_body(s, &body))
		return;
	guards_send(s, p, type, body);
	if (p->copy_may_start && r->judged->is_unparsed && !r->is_query)
		pending_flush(s); /* if it is no COPY, its answer must not wait for a Sync */
	emulate_behind(s);
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
	r->is_recorded = false;
	r->audit_seq_wanted = s->audit_waits;
	r->stage = RUN_REFUSE_RECORDING;
}

static bool stage_inject(struct session *s)
{
	struct run *r = &s->run;

	if (question_close(s) || !refuse_inject(s, r->refusal, r->is_query || r->is_fastpath))
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
	run_skipped(s);
	run_reset(s);
	return true;
}

enum step run_go(struct session *s, uint8_t type, struct qw_bytes body)
{
	for (;;) {
		if (dropped(s))
			return STEP_DONE;
		enum run_stage before = s->run.stage;

		switch (before) {
		case RUN_JUDGE:
			decide(s);
			break;
		case RUN_RESOLVE:
			resolve_ask(s);
			break;
		case RUN_REVIEW:
			stage_review(s);
			break;
		case RUN_RECORD:
			stage_record(s);
			break;
		case RUN_DESCRIBE:
			describe_ask(s);
			break;
		case RUN_DESCRIBING:
			if (!describe_answered(s))
				return STEP_WAIT;
			break;
		case RUN_FORWARD:
			if (!s->run.is_parse && !s->run.is_bind && !s->run.was_described) {
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
		case RUN_RESOLVING:
		case RUN_BINDING:
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
	return run_go(s, type, body);
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
		return run_go(s, 'Q', body);
	if (s->copy_in)
		return protocol_violation(s, "a simple query may not stand inside a pipeline or COPY");
	if (pgwire_query_decode(body, &sql))
		return protocol_violation(s, "invalid query message");
	if (s->unsynced) {
		enum step step = extended_end(s);

		if (step != STEP_DONE)
			return step;
	}
	s->run.is_query = true;
	return start(s, 'Q', body, sql);
}

enum step run_parse(struct session *s, struct qw_bytes body)
{
	struct pgwire_parse parse;

	if (s->run.stage != RUN_IDLE) {
		s->run.parse_types = pgwire_parse_decode(body, &parse) ? qw_bytes(NULL, 0) : parse.types; /* the bytes may have moved */
		return run_go(s, 'P', body);
	}
	if (pgwire_parse_decode(body, &parse) || !names_are_short(parse.name))
		return protocol_violation(s, "invalid Parse message");
	s->run.is_parse = true;
	s->run.parse_types = parse.types;
	return start(s, 'P', body, parse.sql);
}

enum step run_execute(struct session *s, struct qw_bytes body)
{
	struct pgwire_execute ex;
	bool uncertain;
	struct portal *p;

	if (s->run.stage != RUN_IDLE)
		return run_go(s, 'E', body);
	if (pgwire_execute_decode(body, &ex) || !names_are_short(ex.portal))
		return protocol_violation(s, "invalid Execute message");
	p = pending_portal(s, ex.portal, &uncertain);
	if (uncertain) {
		pending_flush(s);
		return s->state == STATE_READY ? STEP_WAIT : STEP_CLOSED;
	}
	if (!p) {
		s->run.judged = judged_stub(qw_bytes_from(""));
		if (!s->run.judged) {
			session_out_of_memory(s);
			return STEP_CLOSED;
		}
		run_refuse(s, refusal_new("34000", "names", "unknown portal or cursor",
			"The gateway has not seen it being opened in this session.", "Bind or DECLARE it first."));
		return run_go(s, 'E', body);
	}
	if (p->is_watched) {
		pending_flush(s);
		return s->state == STATE_READY ? STEP_WAIT : STEP_CLOSED;
	}
	s->run.portal = portal_ref(p);
	s->run.judged = judged_ref(p->judged);
	s->run.stage = RUN_JUDGE;
	return run_go(s, 'E', body);
}

enum step run_fastpath(struct session *s, struct qw_bytes body)
{
	struct qw_act act = {.verb = QW_VERB_FASTPATH, .kind_name = "function"};
	struct policy_verdict v;

	if (s->run.stage != RUN_IDLE)
		return run_go(s, 'F', body);
	if (s->unsynced || s->copy_in)
		return protocol_violation(s, "FunctionCall may not stand inside a pipeline or COPY");
	s->run.is_fastpath = true;
	s->run.judged = judged_stub(qw_bytes_from("FunctionCall"));
	if (s->run.judged) /* any function: it may write, and set what it likes */
		s->run.judged->writes = s->run.judged->changes_settings = true;
	if (!s->run.judged || !(s->run.unit = unit_new(s, s->run.judged, true))) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	judge_acts(s, &act, 1, &v);
	moments_judge_acts(s, &act, 1, &v);
	s->run.verdict = v;
	if (!guards_count(s))
		return run_go(s, 'F', body);
	if (v.effect == POLICY_ALLOW) {
		moments_taint(s);
		s->run.stage = RUN_RECORD;
	} else {
		run_refuse(s,
			refusal_new("42501", v.rule, "FunctionCall messages are refused",
				"They call a function by number, without SQL that could be judged. "
				"Large-object calls of libpq (psql \\lo_*) use them.",
				"Call the function in a SELECT."));
	}
	return run_go(s, 'F', body);
}
