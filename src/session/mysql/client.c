/* What the client says, command by command: each is taken whole, done and answered before the next is looked at. */
#include "conversation.h"

#include <stdio.h>

void my_done(struct session *s)
{
	struct my_conversation *my = s->my;

	my->work = MY_WORK_NONE;
	my->executing = NULL;
	my->parts = NULL;
	my->part = my->part_count = 0;
	my->seq_out = 0;
	qw_arena_reset(&my->arena);
}

void my_finish_part(struct session *s, bool failed)
{
	struct my_conversation *my = s->my;

	my->part++;
	if (failed || my->part >= my->part_count)
		my_done(s);
}

bool my_is_idle(const struct session *s)
{
	const struct my_conversation *my = s->my;

	return my->work == MY_WORK_NONE && my->turn == MY_TURN_NONE && my->own_count == 0 && !(my->status & MYWIRE_IN_TRANSACTION);
}

bool my_client_waits(const struct session *s)
{
	return s->state != STATE_READY || s->my->work != MY_WORK_NONE || s->my->turn != MY_TURN_NONE;
}

/* ---- commands ---- */

static struct judged *no_facts(struct session *s, const char *text)
{
	struct judged *j = judged_stub(qw_bytes_from(text));

	if (!j || judged_unparsed(j)) {
		judged_unref(j);
		session_out_of_memory(s);
		return NULL;
	}
	return j;
}

/* A command that is no statement: recorded by its name, answered by an error. */
static void refuse_command(struct session *s, const struct mywire_command *c)
{
	char message[120];

	(void)snprintf(message, sizeof(message), "%s is refused by this gateway", c->name);
	s->my->work = MY_WORK_PLAIN;
	s->my->part_count = 1;
	s->run.judged = no_facts(s, c->name);
	if (!s->run.judged)
		return;
	s->run.is_query = true;
	run_refuse(s, refusal_new("0A000", c->policy == MYWIRE_RAW ? "raw" : "command", message, NULL, NULL));
	if (c->policy == MYWIRE_RAW)
		session_log(s, "attack.raw", c->name);
}

static bool uses_database(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		for (size_t k = 0; k < j->facts.list[i].act_count; k++)
			if (j->facts.list[i].acts[k].verb == QW_VERB_SET)
				return true;
	return false;
}

static bool split(struct session *s, const struct judged *j)
{
	struct my_conversation *my = s->my;
	struct qw_bytes *parts = qw_arena_alloc(&my->arena, j->facts.count * sizeof(*parts));

	for (size_t i = 0; parts && i < j->facts.count; i++) {
		struct qw_bytes text = j->facts.list[i].text;

		parts[i] = qw_bytes(qw_arena_strdup(&my->arena, text), text.n);
		if (!parts[i].p)
			parts = NULL;
	}
	if (!parts) {
		session_out_of_memory(s);
		return false;
	}
	my->parts = parts;
	my->part_count = j->facts.count;
	my->parted_under = my->dialect;
	return true;
}

static void on_query(struct session *s, struct qw_bytes sql)
{
	struct my_conversation *my = s->my;
	struct judged *j = my_judge(s, sql);

	if (!j)
		return;
	my->work = MY_WORK_TEXT;
	my->part_count = 1;
	if (j->facts.count == 0 && !j->is_unparsed) {
		judged_unref(j);
		my_error(s, 1065, "42000", "Query was empty");
		my_done(s);
	} else if (j->facts.count <= 1 || (j->verdict.effect == POLICY_DENY && !uses_database(j))) {
		my_run_start(s, j);
	} else if (!my->multi_statements) {
		my_run_start(s, j);
		run_refuse(s, refusal_new("42601", "statements", "several statements in one text", NULL,
				      "Send them one by one, or connect with multi-statements on."));
	} else {
		(void)split(s, j);
		judged_unref(j);
	}
}

static void on_init_db(struct session *s, struct qw_bytes name)
{
	char database[MY_DATABASE_MAX + 1];
	struct judged *j;

	if (name.n == 0 || name.n > MY_DATABASE_MAX) {
		my_error(s, 1046, "3D000", "No database selected");
		my_done(s);
		return;
	}
	memcpy(database, name.p, name.n);
	database[name.n] = '\0';
	j = my_judge_use(s, database);
	if (!j)
		return;
	s->my->work = MY_WORK_DATABASE;
	s->my->part_count = 1;
	my_run_start(s, j);
}

/* The command line client asks for every table, to complete names. */
static void on_fields(struct session *s, const struct mywire_command *c)
{
	struct my_conversation *my = s->my;
	struct qw_buf sql;
	struct judged *j = NULL;
	char *body = qw_arena_alloc(&my->arena, c->text.n + c->rest.n + 1);
	int err;

	qw_buf_init(&sql, 1024);
	err = body ? qw_buf_printf(&sql, "SHOW COLUMNS FROM `") : QW_E_NOMEM;
	for (size_t i = 0; !err && i < c->text.n; i++)
		err = qw_buf_append(&sql, c->text.p[i] == '`' ? "``" : (const char *)&c->text.p[i], c->text.p[i] == '`' ? 2 : 1);
	if (!err)
		err = qw_buf_append(&sql, "`", 1);
	if (!err && c->text.n)
		memcpy(body, c->text.p, c->text.n);
	if (!err && c->rest.n)
		memcpy(body + c->text.n + 1, c->rest.p, c->rest.n);
	my->work = MY_WORK_FIELDS;
	my->part_count = 1;
	my->fields = qw_bytes(body, c->text.n + c->rest.n + 1);
	if (!err)
		j = my_judge(s, qw_buf_pending(&sql));
	qw_buf_fini(&sql);
	if (err)
		session_out_of_memory(s);
	else if (j)
		my_run_start(s, j);
}

static void on_option(struct session *s, const struct mywire_command *c)
{
	struct myreply_eof eof = {.status = s->my->status};

	s->my->multi_statements = c->number == 0;
	session_put(s, SESSION_CLIENT, myreply_put_eof(&s->out[SESSION_CLIENT], &s->my->seq_out, s->my->client, &eof));
	my_done(s);
}

static void on_plain(struct session *s, const struct mywire_command *c)
{
	if (c->code == MYWIRE_QUIT) {
		my_send(s, MY_TURN_NONE, c->code, qw_bytes(NULL, 0), c->answer);
		session_close(s, "the client said goodbye");
		return;
	}
	s->my->work = MY_WORK_PLAIN;
	s->my->part_count = 1;
	my_send(s, MY_TURN_CLIENT, c->code, qw_bytes(NULL, 0), c->answer);
}

/* False: refused. There is never a cursor to fetch from. */
static bool on_statement(struct session *s, const struct mywire_command *c, struct qw_bytes payload)
{
	switch (c->code) {
	case MYWIRE_STMT_EXECUTE:
		my_statement_execute(s, c->id, payload);
		return true;
	case MYWIRE_STMT_SEND_LONG_DATA:
		my_statement_long(s, c);
		return true;
	case MYWIRE_STMT_CLOSE:
		my_statement_close(s, c->id);
		return true;
	case MYWIRE_STMT_RESET:
		my_statement_reset(s, c->id);
		return true;
	default: /* a byte of the wire */
		return false;
	}
}

static void on_command(struct session *s, struct qw_bytes payload)
{
	struct mywire_command c;
	int err = mywire_command_decode(payload, &c);

	if (err) {
		session_fatal(s, "08P01", "a command that cannot be read", NULL);
		return;
	}
	switch (c.policy) {
	case MYWIRE_ALLOWED:
		on_plain(s, &c);
		return;
	case MYWIRE_SQL:
		if (c.code == MYWIRE_QUERY)
			on_query(s, c.text);
		else
			my_prepare(s, c.text);
		return;
	case MYWIRE_NAME:
		if (c.code == MYWIRE_INIT_DB)
			on_init_db(s, c.text);
		else
			on_fields(s, &c);
		return;
	case MYWIRE_STATE:
		if (c.code == MYWIRE_SET_OPTION) {
			on_option(s, &c);
			return;
		}
		s->my->work = MY_WORK_RESET;
		s->my->part_count = 1;
		my_send(s, MY_TURN_CLIENT, c.code, qw_bytes(NULL, 0), c.answer);
		return;
	case MYWIRE_STATEMENT:
		if (on_statement(s, &c, payload))
			return;
		break;
	case MYWIRE_UNKNOWN:
	case MYWIRE_REFUSED:
	case MYWIRE_RAW:
	case MYWIRE_KILL:
		break;
	}
	refuse_command(s, &c);
}

/* ---- the pump ---- */

/* False: nothing more to do now. */
static bool next_command(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in), payload;
	struct my_conversation *my = s->my;
	struct mywire_packet p;
	int err = mywire_packet_peek(have, 0, s->config->limits.frame_bytes_max, &p);

	if (err == QW_E_INCOMPLETE)
		return false;
	if (err) {
		session_fatal(s, err == QW_E_LIMIT ? "54000" : "08P01",
			err == QW_E_LIMIT ? "the packet is larger than this gateway takes" : "packets out of order", NULL);
		return false;
	}
	payload = p.payload;
	if (p.frames > 1) {
		qw_buf_clear(&my->joined);
		if (mywire_packet_join(have, &p, &my->joined)) {
			session_out_of_memory(s);
			return false;
		}
		payload = qw_buf_pending(&my->joined);
	}
	my->seq_out = p.next;
	on_command(s, payload);
	if (s->state == STATE_CLOSED)
		return false;
	qw_buf_consume(in, p.wire_bytes);
	qw_buf_clear(&my->joined);
	return true;
}

static void next_own(struct session *s)
{
	struct my_conversation *my = s->my;
	const char *sql = my->own[0];

	my->own_count--;
	for (size_t i = 0; i < my->own_count; i++)
		my->own[i] = my->own[i + 1];
	my_send(s, MY_TURN_OWN, MYWIRE_QUERY, qw_bytes_from(sql), MYWIRE_ANSWER_OK);
}

static void next_part(struct session *s)
{
	struct my_conversation *my = s->my;
	struct judged *j = my_judge(s, my->parts[my->part]);

	if (!j)
		return;
	my_run_start(s, j);
	if (!my_dialects_equal(&my->dialect, &my->parted_under))
		run_refuse(s, refusal_new("42601", "statements", "a statement before it in the same text changed how text is read", NULL,
				      "Send SET on its own."));
}

void my_client_pump(struct session *s)
{
	struct my_conversation *my = s->my;

	while (s->state == STATE_READY && my->turn == MY_TURN_NONE && !s->cancel_in_flight) {
		if (s->run.stage == RUN_IDLE && my->is_resync) { /* nobody said what changed: an empty statement makes the server say it */
			my->is_resync = false;
			my_own(s, "DO 0");
		} else if (s->run.stage == RUN_IDLE && my->own_count) {
			next_own(s);
		} else if (s->run.stage != RUN_IDLE) {
			my_run_go(s);
			if (s->run.stage != RUN_IDLE)
				return;
		} else if (my->work != MY_WORK_NONE) {
			next_part(s);
		} else if (!next_command(s)) {
			return;
		}
	}
}
