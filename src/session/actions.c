/* What the session wants done, in order. */
#include "machine.h"
#include "mysql/conversation.h"

#include <stdlib.h>

struct session_action *session_queue(struct session *s, enum session_action_kind kind)
{
	struct queued_action *q;

	if (s->queue_count == s->queue_cap) {
		size_t cap = s->queue_cap ? s->queue_cap * 2 : 4; /* one is all that an idle client needs */
		struct queued_action *grown = calloc(cap, sizeof(*grown));

		if (!grown) {
			session_out_of_memory(s);
			return NULL;
		}
		for (size_t i = 0; i < s->queue_count; i++)
			grown[i] = s->queue[(s->queue_head + i) % s->queue_cap];
		free(s->queue);
		s->queue = grown;
		s->queue_cap = cap;
		s->queue_head = 0;
	}
	q = &s->queue[(s->queue_head + s->queue_count++) % s->queue_cap];
	*q = (struct queued_action){.action = {.kind = kind}};
	return &q->action;
}

/* The bytes are copied: what they were borrowed from may change before the street looks. */
void session_queue_bytes(struct session *s, enum session_action_kind kind, struct qw_bytes b)
{
	size_t at = s->blob.n;
	struct session_action *a;

	if (qw_buf_append(&s->blob, b.p, b.n)) {
		session_out_of_memory(s);
		return;
	}
	a = session_queue(s, kind);
	if (!a)
		return;
	struct queued_action *q = (struct queued_action *)(void *)a;
	q->has_blob = true;
	q->bytes_at = at;
	q->bytes_n = b.n;
}

void session_want_send(struct session *s, enum session_side side)
{
	struct session_action *a;

	if (s->send_queued[side])
		return;
	a = session_queue(s, SESSION_DO_SEND);
	if (!a)
		return;
	a->side = side;
	s->send_queued[side] = true;
}

void session_put(struct session *s, enum session_side side, int err)
{
	if (err)
		session_out_of_memory(s);
	else
		session_want_send(s, side);
}

void session_log(struct session *s, const char *event, const char *detail)
{
	struct session_action *a = session_queue(s, SESSION_DO_LOG);

	if (!a)
		return;
	a->text = event;
	a->detail = detail;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return a < b ? a : b;
}

void session_arm(struct session *s)
{
	uint64_t at = sooner(s->login_deadline_us, s->session_deadline_us);
	struct session_action *a;

	if (s->run.stage == RUN_HOLDING)
		at = sooner(at, sooner(s->run.hold_until_us, s->run.next_notice_us));
	at = sooner(at, s->my ? my_limits_deadline(s) : guards_deadline(s));
	if (at == s->armed_us || s->state == STATE_CLOSED)
		return;
	a = session_queue(s, SESSION_DO_ARM);
	if (!a)
		return;
	a->deadline_us = at;
	s->armed_us = at;
}

void session_out_of_memory(struct session *s)
{
	s->state = STATE_CLOSED;
	s->was_fatal = true;
}

bool session_next(struct session *s, struct session_action *out)
{
	struct queued_action *q;

	if (s->queue_count == 0) {
		if (s->wipe_blob && s->blob.p)
			qw_wipe(s->blob.p, s->blob.cap);
		s->wipe_blob = false;
		qw_buf_clear(&s->blob);
		if (s->state != STATE_CLOSED || s->is_closed_recorded)
			return false;
		/* Closed for lack of memory: the street still learns of it. */
		s->is_closed_recorded = true;
		*out = (struct session_action){.kind = SESSION_DO_CLOSE};
		return true;
	}
	q = &s->queue[s->queue_head];
	s->queue_head = (s->queue_head + 1) % s->queue_cap;
	s->queue_count--;
	*out = q->action;
	if (q->has_blob)
		out->bytes = qw_bytes(q->bytes_n ? s->blob.p + q->bytes_at : NULL, q->bytes_n);
	if (out->kind == SESSION_DO_SEND)
		s->send_queued[out->side] = false;
	return true;
}
