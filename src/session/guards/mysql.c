/* Limits of rows, bytes and time while a statement runs: what passes one is told so, and the rest of its answer goes to nobody. */
#include "../mysql/conversation.h"

static void pass_limit(struct session *s, enum limits_kind kind, uint64_t limit)
{
	struct my_conversation *my = s->my;
	struct refusal *why = guards_refusal(kind, limit);

	if (!why) {
		session_out_of_memory(s);
		return;
	}
	if (qw_buf_pending(&my->result.held).n) { /* its columns are not told yet */
		qw_buf_clear(&my->result.held);
		my->seq_out = my->result.seq_before;
	}
	my->limit_us = 0;
	my->is_muted = true;
	if (s->unit) {
		s->unit->failed = true;
		s->unit->rule = limits_rule(kind);
	}
	my_refusal_put(s, why);
	refusal_free(why);
	if (s->cancel_in_flight || s->state != STATE_READY)
		return;
	s->cancel_in_flight = true;
	(void)session_queue(s, SESSION_DO_CANCEL_UPSTREAM);
}

void my_limits_start(struct session *s, const struct limits *l)
{
	s->my->limits = *l;
	s->my->limit_us = l->statement_s ? s->now.mono_us + 1000000ull * l->statement_s : 0;
}

bool my_limits_row(struct session *s, size_t bytes)
{
	const struct limits *l = &s->my->limits;
	const struct unit *u = s->unit;

	if (!u)
		return true;
	if (l->rows_returned && u->rows >= l->rows_returned)
		pass_limit(s, LIMITS_ROWS_RETURNED, l->rows_returned);
	else if (l->bytes_returned && u->bytes + qw_buf_pending(&s->out[SESSION_CLIENT]).n - s->account_mark + bytes > l->bytes_returned)
		pass_limit(s, LIMITS_BYTES_RETURNED, l->bytes_returned);
	return !s->my->is_muted && s->state == STATE_READY;
}

void my_limits_tick(struct session *s)
{
	struct my_conversation *my = s->my;

	if (my->turn == MY_TURN_CLIENT && my->limit_us && s->now.mono_us >= my->limit_us && !my->is_muted)
		pass_limit(s, LIMITS_STATEMENT_S, my->limits.statement_s);
}

uint64_t my_limits_deadline(const struct session *s)
{
	return s->my->turn == MY_TURN_CLIENT ? s->my->limit_us : 0;
}
