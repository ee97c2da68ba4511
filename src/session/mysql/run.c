/*
 * One statement goes through the rooms once, in this order, as on the PostgreSQL side (postgres/run.c):
 *
 *   JUDGE -> REVIEW [-> HOLDING -> JUDGE] -> RECORD -> RECORDING -> FORWARD
 *      \-------\---------------------------------------------------------> REFUSE -> ..RECORDING -> ..INJECT
 */
#include "conversation.h"

void my_send(struct session *s, enum my_turn turn, uint8_t code, struct qw_bytes body, enum mywire_answer answer)
{
	struct my_conversation *my = s->my;
	uint8_t seq = 0;

	session_put(s, SESSION_UPSTREAM, mywire_put_command(&s->out[SESSION_UPSTREAM], &seq, code, body));
	my->seq_up = seq;
	my->turn = turn;
	my->is_hidden = my->is_further = false;
	myreply_begin(&my->reply, answer, my->upstream, 0);
}

void my_run_start(struct session *s, struct judged *j)
{
	s->run.judged = j;
	s->run.is_query = true;
	s->run.stage = RUN_JUDGE;
}

static void stage_review(struct session *s)
{
	if (s->tx_wrote && !s->role->hold_in_transaction) {
		run_refuse(s, refusal_new("55006", s->run.verdict.rule, "a statement that needs approval cannot wait here",
				      "The open transaction has written already; it would hold its locks while a person decides.",
				      "COMMIT first, then send the statement on its own."));
		return;
	}
	hold_start(s);
}

static void stage_record(struct session *s)
{
	struct run *r = &s->run;

	s->info.statements++;
	ledger_statement(s, r, r->approved ? "review" : "allow", ledger_wait_for(s, r->judged));
	r->audit_seq_wanted = s->audit_waits;
	r->is_recorded = true;
	r->stage = RUN_RECORDING;
}

static bool depends_on_data(const struct qw_statement *st)
{
	if (st->relation_count || st->column_count)
		return true;
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == QW_VERB_CALL || st->acts[i].verb == QW_VERB_DO)
			return true;
	return false;
}

static void note_forwarded(struct session *s, const struct judged *j)
{
	const struct qw_statement *st = &j->facts.list[0];

	if (j->changes_settings || j->is_ddl) {
		if (depends_on_data(st) || j->is_ddl) /* DDL: temporary tables are nobody else's */
			settings_extend(s, qw_bytes(s->options->id, sizeof(s->options->id)));
		settings_extend(s, j->sql);
	}
	if (j->writes)
		s->tx_wrote = true;
}

/* KILL QUERY deals in the numbers of our greetings, so it is done here: the other session cancels what it runs. */
static void kill_query(struct session *s, uint32_t id)
{
	struct myreply_ok ok = {.status = s->my->status};
	uint8_t key[QW_DIGEST_BYTES];

	if (!my_cancel_key(s, key))
		return;
	session_queue_bytes(s, SESSION_DO_CANCEL_REQUEST, qw_bytes(key, sizeof(key)));
	if (s->state != STATE_READY)
		return;
	s->queue[(s->queue_head + s->queue_count - 1) % s->queue_cap].action.pid = id;
	result_attach(s, s->run.unit);
	ok.status |= s->my->part + 1 < s->my->part_count ? MYWIRE_MORE_RESULTS : 0;
	session_put(s, SESSION_CLIENT, myreply_put_ok(&s->out[SESSION_CLIENT], &s->my->seq_out, s->my->client, &ok));
	result_finish(s, "done");
	run_reset(s);
	my_finish_part(s, false);
}

/* What runs is what was parsed: comments are taken out. */
static void stage_forward(struct session *s)
{
	struct run *r = &s->run;
	struct qw_bytes text = r->judged->facts.list[0].text;

	if (r->is_parse) {
		my_prepare_forward(s);
		run_reset(s);
		return;
	}
	r->unit->started_us = s->now.mono_us;
	my_limits_start(s, &r->verdict.limits);
	if (my_kill_target(r->judged)) {
		kill_query(s, my_kill_target(r->judged));
		return;
	}
	note_forwarded(s, r->judged);
	if (s->state != STATE_READY)
		return;
	result_attach(s, r->unit);
	if (s->my->work == MY_WORK_DATABASE)
		my_send(s, MY_TURN_CLIENT, MYWIRE_INIT_DB, text, MYWIRE_ANSWER_OK);
	else if (s->my->work == MY_WORK_FIELDS)
		my_send(s, MY_TURN_CLIENT, MYWIRE_FIELD_LIST, s->my->fields, MYWIRE_ANSWER_FIELDS);
	else if (s->my->work == MY_WORK_EXECUTE)
		my_execute_forward(s);
	else
		my_send(s, MY_TURN_CLIENT, MYWIRE_QUERY, text, MYWIRE_ANSWER_RESULT);
	run_reset(s);
}

static void stage_refuse(struct session *s)
{
	struct run *r = &s->run;

	s->info.refused++;
	if (!r->unit && !(r->unit = unit_new(s, r->judged, true)))
		return;
	ledger_statement(s, r, "deny", s->config->audit_mode == AUDIT_STRICT ? SESSION_WAIT_DISK : SESSION_WAIT_RING);
	r->is_recorded = false;
	r->audit_seq_wanted = s->audit_waits;
	r->stage = RUN_REFUSE_RECORDING;
}

/* Nothing of it went to the server: a transaction that is open there stays as it was, as after many an error of its own. */
static void stage_inject(struct session *s)
{
	my_refusal_put(s, s->run.refusal);
	run_reset(s);
	my_finish_part(s, true);
}

void my_run_go(struct session *s)
{
	while (s->state == STATE_READY) {
		enum run_stage before = s->run.stage;

		switch (before) {
		case RUN_JUDGE:
			my_decide(s);
			break;
		case RUN_REVIEW:
			stage_review(s);
			break;
		case RUN_RECORD:
			stage_record(s);
			break;
		case RUN_FORWARD:
			stage_forward(s);
			return;
		case RUN_REFUSE:
			stage_refuse(s);
			break;
		case RUN_REFUSE_INJECT:
			stage_inject(s);
			return;
		case RUN_IDLE:
		case RUN_PARSING:
		case RUN_RESOLVE:
		case RUN_RESOLVING:
		case RUN_DESCRIBE:
		case RUN_DESCRIBING:
		case RUN_BINDING:
		case RUN_HOLDING:
		case RUN_RECORDING:
		case RUN_REFUSE_RECORDING:
		case RUN_FAILED:
			return;
		}
		if (s->run.stage == before && (s->labels_pending || !s->labels_stale)) /* stale: asked for once more */
			return;
	}
}
