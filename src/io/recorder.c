/*
 * Records, in order, never dropped. Who waits for the disk stands in one queue, because sequence numbers only grow. When
 * the ring is full, connections are held one record before they go on, and everybody queues up behind them.
 */
#include <stdlib.h>

#include "street.h"

struct record_wait { /* for the disk */
	struct record_wait *next; /* of all */
	struct record_wait *conn_next; /* of the same connection */
	struct conn *conn; /* NULL: gone */
	uint64_t seq, action_seq;
};

struct held_record { /* for room in the ring */
	struct held_record *next;
	struct conn *conn; /* NULL: the gateway's own, or gone */
	enum session_wait wait;
	uint64_t action_seq;
	size_t n;
	uint8_t bytes[];
};

struct recorder {
	struct street *street;
	uv_async_t async;
	atomic_bool wants_progress; /* read by the writer thread: spares it a wake-up that nobody needs */
	struct record_wait *disk, **disk_last;
	struct held_record *held, **held_last;
	uint64_t own_seq; /* next session_seq of the gateway's own records */
	struct qw_buf scratch;
};

enum { NOTE_BYTES_MAX = 4 << 20 };
/* An approval can be decided when its session is gone; the session's own numbering is not ours to use. */
static const uint64_t SEQ_BESIDE_SESSION = UINT64_MAX;

static void on_progress(void *ctx) /* on the writer thread */
{
	struct recorder *r = ctx;

	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&r->wants_progress))
		(void)uv_async_send(&r->async);
}

static void answer(struct conn *c, uint64_t action_seq, bool is_good)
{
	struct session_event ev = {
		.kind = is_good ? SESSION_EV_AUDITED : SESSION_EV_AUDIT_FAILED, .seq = action_seq};

	conn_event(c, &ev);
}

/* ---- waiting for the disk ---- */

static void disk_pop(struct recorder *r, bool is_good)
{
	struct record_wait *w = r->disk;
	struct conn *c = w->conn;
	uint64_t action_seq = w->action_seq;

	r->disk = w->next;
	if (!r->disk)
		r->disk_last = &r->disk;
	if (c)
		c->record_wait = w->conn_next; /* the oldest of its connection, too */
	free(w);
	if (c)
		answer(c, action_seq, is_good);
}

static void disk_push(struct conn *c, uint64_t seq, uint64_t action_seq)
{
	struct recorder *r = c->street->recorder;
	struct record_wait *w = calloc(1, sizeof(*w)), **at = &c->record_wait;

	if (!w) {
		answer(c, action_seq, false);
		return;
	}
	*w = (struct record_wait){.conn = c, .seq = seq, .action_seq = action_seq};
	while (*at)
		at = &(*at)->conn_next;
	*at = w;
	*r->disk_last = w;
	r->disk_last = &w->next;
}

static void disk_serve(struct recorder *r)
{
	struct audit *a = r->street->audit;

	while (r->disk && r->disk->seq <= audit_durable(a))
		disk_pop(r, true);
	while (r->disk && audit_failed(a))
		disk_pop(r, false);
}

/* ---- appending ---- */

/* The record is in the ring under `seq`, or has failed: what that means to the session that waits. */
static void settle(struct conn *c, int err, uint64_t seq, enum session_wait wait, uint64_t action_seq)
{
	struct recorder *r = c->street->recorder;

	if (err) {
		qw_log(QW_LOG_ERROR, "audit.failed", "session", c->id_text, "detail", qw_error_text(err), NULL);
		answer(c, action_seq, false);
		return;
	}
	switch (wait) {
	case SESSION_WAIT_NONE:
		return;
	case SESSION_WAIT_RING:
		answer(c, action_seq, true);
		return;
	case SESSION_WAIT_DISK:
		disk_push(c, seq, action_seq);
		audit_hurry(c->street->audit, seq); /* a statement waits: no lingering for a fuller batch */
		atomic_store(&r->wants_progress, true);
		atomic_thread_fence(memory_order_seq_cst);
		disk_serve(r); /* it may be there already, and then nobody would wake us */
		return;
	}
}

static int hold(struct recorder *r, struct conn *c, struct qw_bytes record, enum session_wait wait, uint64_t action_seq)
{
	struct held_record *h = malloc(sizeof(*h) + record.n);

	if (!h)
		return QW_E_NOMEM;
	*h = (struct held_record){.conn = c, .wait = wait, .action_seq = action_seq, .n = record.n};
	memcpy(h->bytes, record.p, record.n);
	*r->held_last = h;
	r->held_last = &h->next;
	if (c)
		c->is_held = true;
	atomic_store(&r->wants_progress, true);
	(void)uv_async_send(&r->async); /* the room may have come in between */
	return 0;
}

void recorder_append(struct conn *c, struct qw_bytes record, enum session_wait wait, uint64_t action_seq)
{
	struct recorder *r = c->street->recorder;
	uint64_t seq = 0;
	int err = r->held ? QW_E_FULL : audit_append(c->street->audit, record, &seq);

	if (err == QW_E_FULL)
		err = hold(r, c, record, wait, action_seq);
	else if (!err && wait == SESSION_WAIT_NONE) {
		if (record.n > 3 && (record.p[2] << 8 | record.p[3]) == QW_RECORD_SESSION_CLOSE)
			audit_hurry(c->street->audit, seq); /* whoever asks for the session now that it is over finds all of it */
		return;
	}
	if (!c->is_held)
		settle(c, err, seq, wait, action_seq);
}

static void held_serve(struct recorder *r)
{
	while (r->held) {
		struct held_record *h = r->held;
		struct conn *c = h->conn;
		uint64_t seq = 0;
		int err = audit_append(r->street->audit, qw_bytes(h->bytes, h->n), &seq);

		if (err == QW_E_FULL)
			return;
		r->held = h->next;
		if (!r->held)
			r->held_last = &r->held;
		if (c) {
			c->is_held = false;
			c->has_more = true;
			settle(c, err, seq, h->wait, h->action_seq);
			conn_run(c);
		} else if (err) {
			qw_log(QW_LOG_ERROR, "audit.failed", "detail", qw_error_text(err), NULL);
		}
		free(h);
	}
}

static void on_async(uv_async_t *async)
{
	struct recorder *r = async->data;

	for (int pass = 0; pass < 2; pass++) { /* twice: progress between the look and the wish would be missed */
		disk_serve(r);
		held_serve(r);
		if (!r->disk && !r->held)
			break;
		atomic_store(&r->wants_progress, true);
		atomic_thread_fence(memory_order_seq_cst);
	}
	if (!r->disk && !r->held)
		atomic_store(&r->wants_progress, false);
}

void recorder_forget(struct conn *c)
{
	struct recorder *r = c->street->recorder;

	for (struct record_wait *w = c->record_wait; w; w = w->conn_next)
		w->conn = NULL;
	c->record_wait = NULL;
	for (struct held_record *h = r ? r->held : NULL; h; h = h->next)
		if (h->conn == c)
			h->conn = NULL; /* its record is written all the same */
}

/* ---- the gateway's own records ---- */

static void note_approval(struct qw_record *rec, const struct recorder_note *n)
{
	const struct approval *a = n->approval;

	qw_record_text(rec, QW_FIELD_APPROVAL_ID, a->id);
	qw_record_text(rec, QW_FIELD_APPROVAL_EVENT, n->event);
	qw_record_text(rec, QW_FIELD_ISSUER, a->issuer);
	qw_record_text(rec, QW_FIELD_SUBJECT, a->subject);
	qw_record_text(rec, QW_FIELD_ACTOR, a->actor);
	qw_record_text(rec, QW_FIELD_ROLE, a->role);
	qw_record_text(rec, QW_FIELD_TARGET, a->target);
	qw_record_text(rec, QW_FIELD_DATABASE, a->database);
	qw_record_text(rec, QW_FIELD_RULE, a->rule);
	qw_record_text(rec, QW_FIELD_POLICY, a->policy_revision);
	qw_record_text(rec, QW_FIELD_APPROVER, a->approver);
	qw_record_text(rec, QW_FIELD_SQL, a->statement);
}

static int note_encode(struct recorder *r, const struct recorder_note *n)
{
	struct session_now now = street_now();
	struct qw_record_header h = {
		.version = 1, .type = (uint16_t)n->type, .wall_us = now.wall_us, .mono_us = now.mono_us};
	struct qw_record rec;

	if (n->approval && !qw_unhex(qw_bytes(n->approval->session, 2 * QW_SESSION_ID_BYTES), h.session))
		h.session_seq = SEQ_BESIDE_SESSION;
	else
		h.session_seq = r->own_seq++;
	qw_buf_clear(&r->scratch);
	qw_record_begin(&rec, &r->scratch, &h);
	qw_record_text(&rec, QW_FIELD_REASON, n->reason);
	qw_record_text(&rec, QW_FIELD_VERSION, n->version);
	if (n->approval)
		note_approval(&rec, n);
	else
		qw_record_text(&rec, QW_FIELD_POLICY, n->policy_revision);
	return qw_record_end(&rec);
}

void recorder_note(struct street *s, const struct recorder_note *n)
{
	struct recorder *r = s->recorder;
	uint64_t seq;
	int err = note_encode(r, n);

	if (!err)
		err = r->held ? QW_E_FULL : audit_append(s->audit, qw_buf_pending(&r->scratch), &seq);
	if (err == QW_E_FULL)
		err = hold(r, NULL, qw_buf_pending(&r->scratch), SESSION_WAIT_NONE, 0);
	if (err)
		qw_log(QW_LOG_ERROR, "audit.failed", "detail", qw_error_text(err), NULL);
}

/* ---- opening and closing ---- */

int recorder_open(struct street *s, struct recorder **out, char *why, size_t why_size)
{
	struct audit_options options = s->config->audit;
	struct recorder *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (!r || uv_async_init(&s->loop, &r->async, on_async)) {
		free(r);
		return QW_E_NOMEM;
	}
	r->street = s;
	r->async.data = r;
	r->disk_last = &r->disk;
	r->held_last = &r->held;
	atomic_init(&r->wants_progress, false);
	qw_buf_init(&r->scratch, NOTE_BYTES_MAX);
	*out = r;
	options.on_progress = on_progress;
	options.ctx = r;
	return audit_open(&options, &s->audit, why, why_size);
}

static void on_async_closed(uv_handle_t *h)
{
	struct recorder *r = h->data;

	qw_buf_fini(&r->scratch);
	free(r);
}

/* What is still held gets room as the writer drains; a store that has failed for good cannot be waited for. */
static void drain_held(struct recorder *r)
{
	for (int i = 0; r->held && i < 500 && !audit_failed(r->street->audit); i++) {
		held_serve(r);
		if (r->held)
			uv_sleep(10);
	}
	while (r->held) {
		struct held_record *h = r->held;

		r->held = h->next;
		free(h);
		qw_log(QW_LOG_ERROR, "audit.lost", "detail", "the store failed before this record could be written", NULL);
	}
}

void recorder_close(struct recorder *r)
{
	if (!r)
		return;
	if (r->street->audit)
		drain_held(r);
	audit_close(r->street->audit);
	r->street->audit = NULL;
	while (r->disk)
		disk_pop(r, false);
	uv_close((uv_handle_t *)&r->async, on_async_closed);
	r->street->recorder = NULL;
}
