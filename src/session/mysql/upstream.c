/* What the server answers, packet by packet: written again as the client's link has it, numbered by us. */
#include "conversation.h"

#include <stdio.h>

static void unexpected(struct session *s)
{
	session_fatal(s, "08P01", "the database sent something out of place", "Connect again; tell the operator if it stays so.");
}

/* The server speaks unasked only to say goodbye. */
static void on_unasked(struct session *s, struct qw_bytes payload)
{
	struct myreply_error e;

	if (payload.n && payload.p[0] == 0xff && !myreply_error_decode(payload, &e)) {
		s->was_fatal = true;
		session_fatal(s, "57P01", "the database ended the session", "Connect again.");
		return;
	}
	unexpected(s);
}

static bool is_last(const struct session *s)
{
	return myreply_is_done(&s->my->reply);
}

/* Further statements of the same text follow: for the client it is one answer. */
static uint16_t status_of(const struct session *s, uint16_t status)
{
	const struct my_conversation *my = s->my;

	return is_last(s) && my->part + 1 < my->part_count ? (uint16_t)(status | MYWIRE_MORE_RESULTS) : status;
}

static void note_status(struct session *s, uint16_t status)
{
	s->my->status = status;
	s->tx_status = status & MYWIRE_IN_TRANSACTION ? 'T' : 'I';
	if (s->tx_status == 'I')
		s->tx_wrote = false;
}

/* RESET_CONNECTION undid what upstream/ had made so: it is made so again before anything else runs. */
static void settings_again(struct session *s)
{
	settings_extend(s, qw_bytes(s->options->id, sizeof(s->options->id)));
	my_prepared_drop_all(s);
	my_state_again(s);
}

static void finish(struct session *s, const char *outcome, bool failed)
{
	if (s->my->work == MY_WORK_PREPARE)
		my_prepared_done(s, failed);
	if (s->my->work == MY_WORK_RESET && !failed)
		settings_again(s);
	s->my->is_muted = false;
	s->my->limit_us = 0;
	result_finish(s, outcome);
	s->my->turn = MY_TURN_NONE;
	my_finish_part(s, failed);
}

static void on_ok(struct session *s, struct myreply_item *item)
{
	struct unit *u = s->unit;

	note_status(s, item->ok.status);
	if (!my_take_changes(s, &item->ok) || (s->my->work != MY_WORK_RESET && !my_status_agrees(s)))
		return;
	if (u && u->judged->is_ddl) {
		(void)session_queue(s, SESSION_DO_CATALOG_STALE);
		s->labels_stale = true;
	}
	if (u)
		(void)snprintf(u->tag, sizeof(u->tag), "OK %llu", (unsigned long long)item->ok.affected_rows);
	item->ok.status = status_of(s, item->ok.status);
}

static void on_rows_end(struct session *s, struct myreply_item *item)
{
	struct unit *u = s->unit;

	note_status(s, item->eof.status);
	s->my->is_further = true;
	if (item->eof.status & MYWIRE_STATE_CHANGED)
		s->my->is_resync = true;
	else if (!my_status_agrees(s))
		return;
	if (u)
		(void)snprintf(u->tag, sizeof(u->tag), "ROWS %llu", (unsigned long long)u->rows);
	item->eof.status = status_of(s, item->eof.status);
}

/* The server wants a file of the client. It gets an empty one, and nobody talks with it any more. */
static void on_infile(struct session *s)
{
	uint8_t seq = s->my->seq_up;

	session_put(s, SESSION_UPSTREAM, mywire_put_packet(&s->out[SESSION_UPSTREAM], &seq, qw_bytes(NULL, 0)));
	session_log(s, "attack.infile", "the database asked for a file of the client");
	session_fatal(s, "42501", "the database asked for a file of the client: LOCAL INFILE is never answered", NULL);
}

static void pass(struct session *s, const struct myreply_item *item)
{
	struct my_conversation *my = s->my;

	if (my->is_hidden)
		return;
	session_put(s, SESSION_CLIENT, myreply_put(&s->out[SESSION_CLIENT], &my->seq_out, my->client, item));
}

/* What may be the last packet of the answer. */
static void pass_end(struct session *s, const struct myreply_item *item)
{
	if (s->state != STATE_READY)
		return;
	pass(s, item);
	if (item->kind == MYREPLY_ROWS_END)
		s->my->is_hidden = false;
	if (is_last(s) && s->state == STATE_READY)
		finish(s, "done", false);
}

/* MariaDB leaves the columns of a prepared statement away when they are as it sent them last. */
static void keep_definition(struct session *s, const struct myreply_item *item)
{
	struct my_conversation *my = s->my;
	struct my_prepared *p = my->work == MY_WORK_EXECUTE ? my->executing : NULL;

	if (item->kind == MYREPLY_COUNT && !item->metadata_follows) {
		if (!p || my->is_further || !my_prepared_definitions(s, p, item->count))
			unexpected(s);
		return;
	}
	if (!p || my->is_further)
		return;
	if (item->kind == MYREPLY_COUNT) {
		qw_buf_clear(&p->definitions);
		p->columns = (uint16_t)item->count;
	} else if (!my_prepared_keep(p, item->payload)) {
		session_out_of_memory(s);
	}
}

static void on_column(struct session *s, struct myreply_item *item)
{
	struct my_conversation *my = s->my;

	if (item->kind == MYREPLY_COUNT && !my_rows_begin(s, item->count))
		return;
	if (item->kind == MYREPLY_COLUMN)
		my_rows_column(s, &item->column);
	if (s->state == STATE_READY && myreply_put(&my->result.held, &my->seq_out, my->client, item))
		session_out_of_memory(s);
	if (s->state == STATE_READY)
		keep_definition(s, item);
}

static void on_described(struct session *s, struct myreply_item *item)
{
	struct my_conversation *my = s->my;

	item->eof.status = status_of(s, item->eof.status);
	if (myreply_is_hidden(my->client, &item->eof)) {
		my->is_hidden = true;
		my->seq_out = my->result.seq_before;
		return;
	}
	if (my_rows_described(s)) {
		pass_end(s, item);
		return;
	}
	if (s->state != STATE_READY)
		return;
	my->is_muted = true;
	if (s->unit)
		s->unit->rule = "masks";
	if (is_last(s))
		finish(s, "refused", true);
}

static void on_row(struct session *s, const struct myreply_item *item)
{
	const enum mywire_answer answer = s->my->reply.answer;

	if (s->my->is_hidden || !my_limits_row(s, item->payload.n) ||
		!my_rows_row(s, item, answer == MYWIRE_ANSWER_EXECUTE || answer == MYWIRE_ANSWER_FETCH))
		return;
	if (s->unit)
		s->unit->rows++;
}

static void to_client(struct session *s, struct myreply_item *item)
{
	switch (item->kind) {
	case MYREPLY_OK:
		on_ok(s, item);
		break;
	case MYREPLY_ERROR:
		my_pass_error(s, item);
		finish(s, "failed", true);
		return;
	case MYREPLY_INFILE:
		on_infile(s);
		return;
	case MYREPLY_ROW:
		on_row(s, item);
		return;
	case MYREPLY_EOF:
		note_status(s, item->eof.status);
		break;
	case MYREPLY_COLUMNS_END:
		if (s->my->reply.answer == MYWIRE_ANSWER_PREPARE || s->my->reply.answer == MYWIRE_ANSWER_FIELDS)
			break;
		on_described(s, item);
		return;
	case MYREPLY_ROWS_END:
		on_rows_end(s, item);
		break;
	case MYREPLY_COUNT:
	case MYREPLY_COLUMN:
		if (s->my->reply.answer == MYWIRE_ANSWER_FIELDS)
			break;
		if (s->my->reply.answer != MYWIRE_ANSWER_PREPARE) {
			on_column(s, item);
			return;
		}
		if (s->my->preparing && !my_prepared_keep(s->my->preparing, item->payload))
			session_out_of_memory(s);
		break;
	case MYREPLY_PREPARED:
		if (!my_prepared_answer(s, item)) {
			unexpected(s);
			return;
		}
		if (is_last(s) && s->state == STATE_READY)
			finish(s, "done", false);
		return;
	case MYREPLY_PARAMETER:
	case MYREPLY_PARAMETERS_END:
	case MYREPLY_TEXT:
	case MYREPLY_PROGRESS:
		break;
	}
	pass_end(s, item);
}

/* The client has its error: only what is to be known of the session is taken. */
static void to_nobody(struct session *s, struct myreply_item *item)
{
	if (item->kind == MYREPLY_INFILE) {
		on_infile(s);
		return;
	}
	if (item->kind == MYREPLY_OK)
		on_ok(s, item);
	if (item->kind == MYREPLY_ROWS_END)
		on_rows_end(s, item);
	if (is_last(s) && s->state == STATE_READY)
		finish(s, "refused", true);
}

/* To what we sent ourselves: only an OK lets the session go on. */
static void to_us(struct session *s, struct myreply_item *item)
{
	if (item->kind == MYREPLY_PROGRESS)
		return;
	if (item->kind != MYREPLY_OK) {
		session_fatal(s, "08006", "the session's settings could not be made as they have to be", "Connect again.");
		return;
	}
	s->my->turn = MY_TURN_NONE;
	note_status(s, item->ok.status);
	if (my_take_changes(s, &item->ok) && !s->my->own_count)
		(void)my_status_agrees(s);
}

/* False: nothing whole is there. */
static bool one_packet(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct qw_bytes have = qw_buf_pending(in), payload;
	struct my_conversation *my = s->my;
	struct mywire_packet p;
	struct myreply_item item;
	int err = mywire_packet_peek(have, my->turn == MY_TURN_NONE ? 0 : my->seq_up, s->config->limits.row_bytes_max + (1u << 20), &p);

	if (err == QW_E_INCOMPLETE)
		return false;
	if (err) {
		unexpected(s);
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
	my->seq_up = p.next;
	if (my->turn == MY_TURN_NONE)
		on_unasked(s, payload);
	else if (myreply_read(&my->reply, payload, &item))
		unexpected(s);
	else if (my->turn == MY_TURN_OWN)
		to_us(s, &item);
	else if (my->is_muted)
		to_nobody(s, &item);
	else
		to_client(s, &item);
	if (s->state != STATE_READY)
		return false;
	qw_buf_consume(in, p.wire_bytes);
	return true;
}

void my_upstream_pump(struct session *s)
{
	while (s->state == STATE_READY && one_packet(s))
		;
}
