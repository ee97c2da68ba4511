/* What the client says, message by message. Each stays at the front until it is done. */
#include "../machine.h"
#include "../mysql/conversation.h"

/* COPY data as it comes: judged when the COPY was, counted by nobody but the server. */
static bool pass_copy_data(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in);
	size_t n = have.n < s->pass_through[SESSION_CLIENT] ? have.n : (size_t)s->pass_through[SESSION_CLIENT];

	if (n == 0)
		return false;
	if (s->copy_data_goes_on)
		session_put(s, SESSION_UPSTREAM, qw_buf_append(&s->out[SESSION_UPSTREAM], have.p, n));
	s->pass_through[SESSION_CLIENT] -= n;
	if (s->state == STATE_READY)
		qw_buf_consume(in, n);
	if (s->pass_through[SESSION_CLIENT] == 0)
		guards_try_end(s);
	return s->state == STATE_READY;
}

static enum step copy_end(struct session *s, uint8_t type, struct qw_bytes body)
{
	struct pending *p = pending_front(s);

	if (!s->copy_in)
		return STEP_DONE; /* the server ignores these outside of COPY */
	s->copy_in = false;
	if (p && p->kind == PENDING_QUERY)
		p->copy_may_start = true; /* its next statement may be one more COPY */
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], type, body));
	return STEP_DONE;
}

static enum step flush(struct session *s)
{
	if (!s->copy_in)
		session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'H', qw_bytes(NULL, 0)));
	return STEP_DONE;
}

static enum step sync(struct session *s)
{
	if (s->copy_in)
		return STEP_DONE; /* the server ignores it while COPY data may come */
	return extended_sync(s);
}

static enum step terminate(struct session *s)
{
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'X', qw_bytes(NULL, 0)));
	session_close(s, "the client said goodbye");
	return STEP_CLOSED;
}

static bool is_extended(uint8_t type)
{
	return type == 'P' || type == 'B' || type == 'D' || type == 'C' || type == 'E' || type == 'H';
}

static bool is_known(uint8_t type)
{
	return type && strchr("QPBDECHSFdcfX", type);
}

static enum step unknown_type(struct session *s)
{
	session_fatal(s, "08P01", "invalid frontend message type", NULL);
	return STEP_CLOSED;
}

static enum step on_message(struct session *s, uint8_t type, struct qw_bytes body)
{
	if (guards_must_wait(s, type) || emulate_must_wait(s, type))
		return STEP_WAIT;
	if (is_extended(type)) {
		if (s->copy_in && type != 'H')
			return unknown_type(s);
		s->unsynced = s->unsynced || !s->copy_in;
		s->unsynced_portals |= type == 'B' || type == 'E';
		if (s->skipping && s->run.stage == RUN_IDLE)
			return STEP_DONE; /* the server would drop it too */
	}
	switch (type) {
	case 'Q':
		return run_query(s, body);
	case 'P':
		return run_parse(s, body);
	case 'B':
		return extended_bind(s, body);
	case 'D':
		return extended_describe(s, body);
	case 'E':
		return run_execute(s, body);
	case 'C':
		return extended_close(s, body);
	case 'H':
		return flush(s);
	case 'S':
		return sync(s);
	case 'F':
		return run_fastpath(s, body);
	case 'c':
	case 'f':
		return copy_end(s, type, body);
	case 'X':
		return terminate(s);
	default:
		return unknown_type(s);
	}
}

static bool start_copy_data(struct session *s, const struct pgwire_frame *f)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];

	/* All of a frame or nothing: COPY may begin or fail in its middle, and its rest must never be read as messages. */
	s->copy_data_goes_on = s->copy_in;
	if (s->copy_in)
		session_put(s, SESSION_UPSTREAM, qw_buf_append(&s->out[SESSION_UPSTREAM], in->p + in->off, PGWIRE_HEADER));
	s->pass_through[SESSION_CLIENT] = f->body_bytes;
	if (s->state == STATE_READY)
		qw_buf_consume(in, PGWIRE_HEADER);
	return s->state == STATE_READY;
}

/* False: nothing more to do now. */
static bool one_message(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in);
	struct pgwire_frame f;
	int err = pgwire_frame_peek(have, &f);
	enum step step;

	s->front_waits = false;
	if (err == QW_E_INCOMPLETE)
		return false;
	if (err) {
		session_fatal(s, "08P01", "invalid message length", NULL);
		return false;
	}
	if (!is_known(f.type)) { /* at once, as the server does: its length may never be reached */
		(void)unknown_type(s);
		return false;
	}
	if (f.type == 'd')
		return start_copy_data(s, &f);
	if (f.body_bytes > s->config->limits.frame_bytes_max) {
		session_fatal(s, "54000", "the message is larger than this gateway takes", "Send less at once, or use COPY.");
		return false;
	}
	if (have.n - PGWIRE_HEADER < f.body_bytes)
		return false;
	step = on_message(s, f.type, qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes));
	s->front_waits = step == STEP_WAIT;
	if (step != STEP_DONE || s->state != STATE_READY)
		return false;
	qw_buf_consume(in, PGWIRE_HEADER + (size_t)f.body_bytes);
	return true;
}

void client_pump(struct session *s)
{
	while (s->state == STATE_READY && !s->cancel_in_flight && !pending_may_start_copy(s)) {
		if (s->pass_through[SESSION_CLIENT] ? !pass_copy_data(s) : !one_message(s))
			break;
	}
}

bool client_waits(const struct session *s)
{
	return s->state != STATE_READY || s->cancel_in_flight || pending_may_start_copy(s) || s->front_waits;
}

bool client_is_idle(const struct session *s)
{
	return s->pending_count == 0 && s->tx_status == 'I' && s->run.stage == RUN_IDLE && !s->unsynced;
}

void client_policy_changed(struct session *s)
{
	if (s->state < STATE_CONNECTING || s->state == STATE_CLOSED)
		return;
	s->role = s->my ? my_role(s) :
			  policy_role_find(s->policy, s->user, s->database, s->principal.claims, s->principal.claim_count);
	if (!s->role) {
		session_fatal(s, "28000", "the policy no longer admits this session", NULL);
		return;
	}
	login_rights(s);
	s->labels_stale = true;
	guards_role(s);
	if (!s->wants_trees) {
		labels_unref(s->labels);
		s->labels = NULL;
	}
	if (s->run.stage == RUN_HOLDING) {
		hold_end(s, "the policy changed");
		s->run.stage = RUN_JUDGE;
	}
}
