/* Birth, events, death of a session. The rooms of the conversation are in the other files. */
#include "machine.h"
#include "mysql/conversation.h"

#include <stdlib.h>

enum {
	ARENA_MAX = 1 << 20,
	OUT_MAX = 256 << 20, /* the street stops reading long before: this bounds one event's worth */
	BLOB_MAX = 256 << 20,
	CLIENT_HIGH_BYTES = 256 << 10,
	CLIENT_LOW_BYTES = 64 << 10
};

struct session *session_new(const struct session_options *o)
{
	struct session *s = calloc(1, sizeof(*s));
	size_t frame = o->config->limits.frame_bytes_max, row = o->config->limits.row_bytes_max;

	if (!s)
		return NULL;
	s->own = *o;
	s->options = &s->own;
	s->config = o->config;
	s->policy = o->policy;
	s->now = o->now;
	s->tx_status = 'I';
	qw_arena_init(&s->arena, ARENA_MAX);
	qw_buf_init(&s->in[SESSION_CLIENT], frame + (1 << 20));
	qw_buf_init(&s->in[SESSION_UPSTREAM], row + (4 << 20));
	qw_buf_init(&s->out[SESSION_CLIENT], OUT_MAX);
	qw_buf_init(&s->out[SESSION_UPSTREAM], OUT_MAX);
	qw_buf_init(&s->blob, BLOB_MAX);
	qw_buf_init(&s->scratch, row + 1024);
	qw_buf_init(&s->scan, row + 1024);
	qw_buf_init(&s->literals, row + 1024);
	qw_buf_init(&s->emulated, 16 * (frame + (1 << 20)));
	qw_arena_init(&s->hold_arena, 8 << 20);
	memcpy(s->poison, "qw_deny_", 8);
	qw_hex(qw_bytes(o->entropy + 32, 16), s->poison + 8);
	memcpy(s->own_name, s->poison, sizeof(s->own_name));
	memcpy(s->own_name, "qw_tree_", 8);
	s->login_deadline_us = s->now.mono_us + 1000ull * o->config->limits.startup_timeout_ms;
	s->close_reason = "closed";
	if (o->dialect == UPSTREAM_MYSQL && !my_new(s)) {
		session_free(s);
		return NULL;
	}
	session_arm(s);
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	run_reset(s);
	pending_fini(s);
	names_fini(s);
	resolution_forget(s);
	unit_unref(s->unit);
	unit_unref(s->carried);
	guards_leave(s);
	labels_unref(s->labels);
	qw_digest_free(s->digest);
	for (int side = 0; side < 2; side++) {
		qw_buf_fini(&s->in[side]);
		qw_buf_fini(&s->out[side]);
	}
	if (s->wipe_blob && s->blob.p)
		qw_wipe(s->blob.p, s->blob.cap);
	qw_buf_fini(&s->blob);
	qw_buf_fini(&s->scratch);
	qw_buf_fini(&s->scan);
	qw_buf_fini(&s->literals);
	qw_buf_fini(&s->emulated);
	qw_arena_fini(&s->hold_arena);
	my_free(s);
	free(s->queue);
	qw_arena_fini(&s->arena);
	qw_wipe(&s->own.entropy, sizeof(s->own.entropy));
	free(s);
}

void session_close(struct session *s, const char *reason)
{
	if (s->state == STATE_CLOSED)
		return;
	if (s->run.stage == RUN_HOLDING)
		hold_end(s, reason);
	if (s->unit)
		result_finish(s, "lost");
	run_skipped(s);
	pending_lost(s);
	if (s->is_open_recorded) {
		ledger_session_close(s, reason);
		session_log(s, "session.close", qw_arena_strdup(&s->arena, qw_bytes_from(reason)));
	}
	guards_leave(s);
	s->state = STATE_CLOSED;
	s->is_closed_recorded = session_queue(s, SESSION_DO_CLOSE) != NULL; /* else session_next() says so */
}

void session_fatal(struct session *s, const char *sqlstate, const char *message, const char *hint)
{
	const struct refusal why = {.sqlstate = sqlstate, .rule = "session", .message = message, .hint = hint};

	if (s->state == STATE_CLOSED)
		return;
	refusal_put_as(s, "FATAL", &why);
	session_close(s, message);
}

static bool is_idle(const struct session *s)
{
	return s->my ? my_is_idle(s) : client_is_idle(s);
}

/* By what the client speaks. */
static void pump_dialect(struct session *s)
{
	if (s->state == STATE_FIRST || s->state == STATE_PASSWORD) {
		if (s->my)
			my_startup_pump(s);
		else
			startup_pump(s);
	}
	if (s->state != STATE_READY)
		return;
	if (s->my) {
		my_upstream_pump(s);
		my_client_pump(s);
		return;
	}
	upstream_pump(s);
	if (s->state == STATE_READY)
		client_pump(s);
}

static void pump(struct session *s)
{
	pump_dialect(s);
	if (s->state == STATE_READY)
		result_account(s);
	if (s->state == STATE_READY && s->draining && is_idle(s))
		session_fatal(s, "57P01", "the gateway is shutting down", "Connect again.");
}

static void on_bytes(struct session *s, const struct session_event *ev)
{
	if (qw_buf_append(&s->in[ev->side], ev->bytes.p, ev->bytes.n))
		session_fatal(s, "54000", "a message is larger than this gateway takes", NULL);
}

/*
 * A client that talks on while its message at the front waits is read up to a bound. A large message that is not whole yet
 * waits for nobody: it must be read on, however much is there.
 */
static void pace_client(struct session *s)
{
	size_t have = qw_buf_pending(&s->in[SESSION_CLIENT]).n;
	bool waits = s->my ? my_client_waits(s) : client_waits(s);
	bool pause = waits && have > (s->paused[SESSION_CLIENT] ? CLIENT_LOW_BYTES : CLIENT_HIGH_BYTES);
	struct session_action *a;

	if (pause == s->paused[SESSION_CLIENT])
		return;
	a = session_queue(s, pause ? SESSION_DO_PAUSE : SESSION_DO_RESUME);
	if (a)
		a->side = SESSION_CLIENT;
	s->paused[SESSION_CLIENT] = pause;
}

static void on_eof(struct session *s, const struct session_event *ev)
{
	s->eof[ev->side] = true;
	if (ev->side == SESSION_CLIENT) {
		s->client_gone = true;
		session_close(s, ev->text ? ev->text : "the client closed the connection");
	} else if (!s->was_fatal) {
		session_fatal(s, "08006", "the connection to the database was lost", "Connect again.");
	} else {
		session_close(s, "the database closed the connection");
	}
}

static void on_audited(struct session *s)
{
	s->audit_done++;
	if (s->state == STATE_OPENING) {
		if (s->my)
			my_opened(s);
		else
			login_opened(s);
		return;
	}
	if (s->audit_done < s->run.audit_seq_wanted)
		return;
	if (s->run.stage == RUN_RECORDING)
		s->run.stage = RUN_FORWARD;
	else if (s->run.stage == RUN_REFUSE_RECORDING)
		s->run.stage = RUN_REFUSE_INJECT;
}

static void on_labels(struct session *s, struct labels *l)
{
	labels_unref(s->labels);
	s->labels = labels_is_empty(l) && !s->needs_trees ? NULL : labels_ref(l);
	s->labels_pending = false;
	s->labels_at_us = s->now.mono_us;
	if (s->state == STATE_LABELLING)
		login_labelled(s);
}

static void on_catalog_failed(struct session *s)
{
	session_fatal(s, "58000", "the gateway cannot read the database's catalog, so it cannot mask",
		"Try again; tell the operator if it stays so.");
}

static void on_audit_failed(struct session *s)
{
	session_fatal(s, "58030", "the audit log cannot be written: nothing may run unrecorded", "Try again later; tell the operator.");
}

static void on_tick(struct session *s)
{
	uint64_t now = s->now.mono_us;

	s->armed_us = 0;
	if (s->login_deadline_us && now >= s->login_deadline_us) {
		session_fatal(s, "57014", "login took too long", "Send TLS handshake, startup packet and token at once.");
		return;
	}
	if (s->session_deadline_us && now >= s->session_deadline_us) {
		session_fatal(s, "28000", "the session has ended: token or session time is over",
			"Connect again with a fresh token.");
		return;
	}
	if (s->my)
		my_limits_tick(s);
	else
		guards_tick(s);
	if (s->run.stage == RUN_HOLDING)
		hold_tick(s);
}

static void on_cancel(struct session *s)
{
	if (s->state != STATE_READY)
		return;
	if (s->run.stage == RUN_HOLDING) {
		hold_end(s, "cancelled");
		run_refuse(s, refusal_new("57014", "cancelled", "canceling statement due to user request", NULL, NULL));
		return;
	}
	if (s->cancel_in_flight || (s->my ? s->my->turn != MY_TURN_CLIENT : s->pending_count == 0))
		return;
	s->cancel_in_flight = true;
	(void)session_queue(s, SESSION_DO_CANCEL_UPSTREAM);
}

static void on_parsed(struct session *s, const struct qw_statements *facts)
{
	struct judged *j;

	if (s->run.stage != RUN_PARSING)
		return;
	j = judge_parsed(s, s->run.judged->sql, facts);
	judged_unref(s->run.judged);
	s->run.judged = j;
	s->run.stage = RUN_JUDGE;
	if (!j)
		session_out_of_memory(s);
}

static void dispatch(struct session *s, const struct session_event *ev)
{
	switch (ev->kind) {
	case SESSION_EV_BYTES:
		on_bytes(s, ev);
		break;
	case SESSION_EV_EOF:
		on_eof(s, ev);
		break;
	case SESSION_EV_TLS_READY:
		startup_tls_ready(s, ev->tls);
		break;
	case SESSION_EV_VERSION:
		my_version(s, ev->text);
		break;
	case SESSION_EV_IDENTIFIED:
		login_identified(s, ev->principal);
		break;
	case SESSION_EV_REFUSED:
		login_refused(s, ev->text);
		break;
	case SESSION_EV_CONNECTED:
		login_connected(s, ev->connected);
		break;
	case SESSION_EV_CONNECT_FAILED:
		login_connect_failed(s, ev->failure);
		break;
	case SESSION_EV_CATALOG:
		on_labels(s, ev->labels);
		break;
	case SESSION_EV_CATALOG_FAILED:
		on_catalog_failed(s);
		break;
	case SESSION_EV_AUDITED:
		on_audited(s);
		break;
	case SESSION_EV_AUDIT_FAILED:
		on_audit_failed(s);
		break;
	case SESSION_EV_PARSED:
		on_parsed(s, ev->statements);
		break;
	case SESSION_EV_ASKED:
		hold_asked(s, ev->approval);
		break;
	case SESSION_EV_APPROVED:
		hold_answered(s, ev->approval, true);
		break;
	case SESSION_EV_NOT_APPROVED:
		hold_answered(s, ev->approval, false);
		break;
	case SESSION_EV_CANCEL:
		on_cancel(s);
		break;
	case SESSION_EV_CANCEL_DONE:
		s->cancel_in_flight = false;
		guards_try_end(s);
		break;
	case SESSION_EV_POLICY:
		s->policy = ev->policy;
		client_policy_changed(s);
		break;
	case SESSION_EV_TICK:
		on_tick(s);
		break;
	case SESSION_EV_DRAIN:
		s->draining = true;
		break;
	}
}

void session_on(struct session *s, const struct session_event *ev)
{
	if (s->state == STATE_CLOSED)
		return;
	s->now = ev->now;
	dispatch(s, ev);
	if (s->state == STATE_CLOSED)
		return;
	pump(s);
	if (s->state == STATE_CLOSED)
		return;
	pace_client(s);
	session_arm(s);
}

struct qw_bytes session_output(const struct session *s, enum session_side side)
{
	return qw_buf_pending(&s->out[side]);
}

void session_sent(struct session *s, enum session_side side, size_t n)
{

	if (side == SESSION_CLIENT)
		result_account(s); /* nothing leaves before it is counted */
	qw_buf_consume(&s->out[side], n);
	if (side == SESSION_CLIENT)
		s->account_mark = qw_buf_pending(&s->out[side]).n;
}

void session_info_get(const struct session *s, struct session_info *out)
{
	static const char *const names[] = {"first", "handshake", "password", "identifying", "connecting",
		"labelling", "opening", "ready", "closed"};

	*out = s->info;
	out->state = s->run.stage == RUN_HOLDING ? "held" : names[s->state];
	out->role = s->role ? s->role->name : NULL;
	out->database = s->my ? s->my->home : s->database;
	out->target = s->target ? s->target->up.name : NULL;
	out->subject = s->principal.subject;
}
