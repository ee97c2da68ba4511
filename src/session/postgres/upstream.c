/* What the database says, message by message, matched against what it was asked. */
#include "../machine.h"

#include <stdlib.h>

void upstream_unexpected(struct session *s)
{
	session_fatal(s, "08P01", "the database sent a message that was not expected here", NULL);
}

/* ---- ends ---- */

static void put_to_unit(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (p->unit)
		result_attach(s, p->unit);
	session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], type, body));
}

static void note_tag(struct unit *u, const char *tag)
{
	size_t n = strnlen(tag, sizeof(u->tag) - 1);

	if (u->failed)
		return; /* it has that of its error */
	memcpy(u->tag, tag, n);
	u->tag[n] = '\0';
	if (u->rows == 0) /* rows that came to the client are counted as they pass */
		u->rows = pgwire_tag_rows(tag);
}

static void completed(struct session *s, struct pending *p, const char *tag)
{
	struct judged *j = p->unit ? p->unit->judged : NULL;
	size_t i = p->unit ? p->unit->statement_index++ : 0;

	/* Rows of what SQL has prepared or declared: that PREPARE or DECLARE is long done. */
	if (j && i < j->facts.count && tag && !(p->portal && (p->portal->by_sql || (p->portal->statement && p->portal->statement->by_sql))))
		names_completed(s, &j->facts.list[i], p->unit);
	if (j && i < j->facts.count && tag)
		emulate_completed(s, p, &j->facts.list[i], tag);
	if (tag && p->unit)
		note_tag(p->unit, tag);
}

static void on_command_complete(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	const char *tag = NULL;
	enum guard_answer answer;

	if (!p || (p->kind != PENDING_QUERY && p->kind != PENDING_EXECUTE) || p->is_poison ||
		(type == 'C' && pgwire_tag_decode(body, &tag))) {
		upstream_unexpected(s);
		return;
	}
	s->copy_in = s->copy_out = false;
	answer = guards_on_end(s, p, tag);
	if (answer == GUARD_TAKEN || s->state != STATE_READY)
		return;
	if (answer == GUARD_PASS && p->is_carried) {
		result_begin(s, p->unit);
		p->unit->owes_tag = true;
	}
	else if (answer == GUARD_PASS)
		put_to_unit(s, p, type, body);
	else if (answer == GUARD_SUSPEND)
		put_to_unit(s, p, 's', qw_bytes(NULL, 0));
	else
		result_attach(s, p->unit);
	completed(s, p, tag);
	p->copy_may_start = p->unit && p->unit->judged->copies_in; /* the next statement of a Query */
	if (s->state != STATE_READY)
		return;
	if (p->kind == PENDING_EXECUTE) {
		result_finish(s, answer == GUARD_QUIET ? "failed" : type == 's' || answer == GUARD_SUSPEND ? "suspended" : "done");
		pending_pop(s);
		if (answer == GUARD_QUIET)
			guards_mute_rest(s);
	}
}

/* ---- ReadyForQuery ---- */

static void note_transaction(struct session *s, uint8_t status)
{
	bool is_over;

	s->tx_status = status;
	if (status != 'I')
		return;
	portal_end_transaction(s);
	is_over = s->tx_noted <= s->pushed - s->pending_count + 1; /* else more of it was sent behind what this answers */
	if (is_over)
		s->tx_wrote = s->tx_settings = false;
	if (s->tx_ddl) {
		s->tx_ddl = !is_over;
		s->labels_stale = true;
		(void)session_queue(s, SESSION_DO_CATALOG_STALE);
	}
}

/* Committed is what the client is told is done; the server said so to our Execute before it was. */
static void put_tag(struct session *s, const struct unit *u)
{
	struct builder b;

	bld_init(&b, &s->out[SESSION_CLIENT]);
	bld_begin(&b, 'C');
	bld_cstr(&b, u->tag);
	bld_end(&b);
	session_put(s, SESSION_CLIENT, bld_error(&b));
}

static void on_ready(struct session *s, struct pending *p, struct qw_bytes body)
{
	uint8_t status;
	bool is_ours, was_preflight, was_resolve;
	enum guard_step step;

	if (!p || (p->kind != PENDING_SYNC && p->kind != PENDING_QUERY && p->kind != PENDING_FASTPATH) ||
		pgwire_ready_decode(body, &status)) {
		upstream_unexpected(s);
		return;
	}
	is_ours = p->is_ours;
	was_preflight = p->is_preflight;
	was_resolve = p->is_resolve;
	step = p->guard;
	if (p->unit && (!is_ours || step == GUARD_END)) {
		result_attach(s, p->unit);
		if (p->unit->owes_tag && !p->unit->failed)
			put_tag(s, p->unit);
		if (!s->carried || step == GUARD_END) /* else its COMMIT tells */
			result_finish(s, p->unit->failed ? "failed" : "done");
	} else {
		result_attach(s, NULL);
	}
	s->copy_in = s->copy_out = false;
	note_transaction(s, status);
	emulate_ready(s, status);
	if (p->kind == PENDING_QUERY) { /* a Query ends the unnamed statement and portal, whatever became of it */
		prepared_drop(s, "");
		portal_drop(s, "");
	}
	pending_pop(s);
	if (was_resolve)
		resolve_over(s);
	else if (was_preflight)
		describe_over(s);
	else if (!guards_on_ready(s, step, is_ours, status) && !is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], status));
}

/* ---- confirmations ---- */

static void on_confirmed(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	enum pending_kind want = type == '1' ? PENDING_PARSE : type == '2' ? PENDING_BIND : PENDING_CLOSE;
	bool ok = true;

	if (!p || p->kind != want) {
		upstream_unexpected(s);
		return;
	}
	if (want == PENDING_PARSE && p->prepared)
		ok = prepared_install(s, p->prepared);
	if (want == PENDING_BIND)
		ok = portal_install(s, p->portal);
	if (want == PENDING_BIND && ok) {
		p->portal->is_changed = p->portal->is_watched && !p->portal->is_seen;
		p->portal->is_watched = false;
		if (p->portal->is_changed)
			resolution_forget(s); /* what was shown before is not so any more */
		judge_bound(s, p->portal);
	}
	if (want == PENDING_CLOSE && p->close_kind == 'S')
		prepared_drop(s, p->name);
	if (want == PENDING_CLOSE && p->close_kind == 'P')
		portal_drop(s, p->name);
	if (!ok) {
		session_fatal(s, "53400", "too many prepared statements or portals in one session", NULL);
		return;
	}
	if (!p->is_ours && !p->is_watched)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], type, body));
	pending_pop(s);
}

static void on_parameters(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (!p || p->kind != PENDING_DESCRIBE_STATEMENT || p->is_poison) {
		upstream_unexpected(s);
		return;
	}
	if (!p->is_ours) /* the description follows and ends it */
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 't', body));
}

/* ---- COPY ---- */

static void on_copy(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (!p || (p->kind != PENDING_QUERY && p->kind != PENDING_EXECUTE) || !p->unit) {
		upstream_unexpected(s);
		return;
	}
	if (type == 'G') {
		struct qw_buf *in = &s->in[SESSION_CLIENT];
		struct qw_bytes next = qw_buf_pending(in);

		s->copy_in = true;
		p->copy_may_start = false;
		/* A Sync sent on right behind the Execute is eaten by the server; so it is here. */
		if (p->kind == PENDING_EXECUTE && next.n >= PGWIRE_HEADER && next.p[0] == 'S')
			qw_buf_consume(in, PGWIRE_HEADER);
	} else if (type == 'H') {
		s->copy_out = true;
		if (s->labels && p->unit->judged->is_unparsed) {
			session_fatal(s, "42501", "COPY of what could not be read is refused: its rows cannot be masked", NULL);
			return;
		}
		if (!copyout_start(s, p->unit, body))
			return;
	} else if (type == 'c' && !copyout_end(s, p->unit)) {
		return;
	}
	put_to_unit(s, p, type, body);
}

/* ---- any time ---- */

static void on_parameter_status(struct session *s, const struct pending *front, struct qw_bytes body)
{
	struct pgwire_parameter p;

	if (pgwire_parameter_status_decode(body, &p)) {
		upstream_unexpected(s);
		return;
	}
	if (!settings_still_pinned(s, &p)) {
		session_fatal(s, "55000", "a pinned session setting was changed: nothing after this could be judged",
			"Leave client_encoding at UTF8 and standard_conforming_strings on.");
		return;
	}
	if (s->pins_off || !emulate_hides(front, &p))
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'S', body));
}

/* Triggers like to notify of whole rows, so a role with masks hears only that something happened, and on which channel. */
static void on_notification(struct session *s, struct qw_bytes body)
{
	struct cursor c = cur_from(body);
	struct builder b;
	uint32_t pid = cur_be32(&c);
	const char *channel = cur_cstr(&c);

	if (!s->labels) {
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'A', body));
		return;
	}
	(void)cur_cstr(&c);
	if (cur_end(&c)) {
		upstream_unexpected(s);
		return;
	}
	bld_init(&b, &s->out[SESSION_CLIENT]);
	bld_begin(&b, 'A');
	bld_be32(&b, pid);
	bld_cstr(&b, channel);
	bld_cstr(&b, "");
	bld_end(&b);
	session_put(s, SESSION_CLIENT, bld_error(&b));
}

static void on_message(struct session *s, uint8_t type, struct qw_bytes body)
{
	struct pending *p = pending_front(s);

	if (emulate_on_message(s, p, type, body) || resolve_on_message(s, p, type, body) || guards_swallow(s, p, type))
		return;
	switch (type) {
	case 'D':
		rows_one(s, p, body);
		break;
	case 'T':
		describe_on_columns(s, p, body);
		break;
	case 'n':
		describe_on_none(s, p, body);
		break;
	case 't':
		on_parameters(s, p, body);
		break;
	case 'C':
	case 'I':
	case 's':
		on_command_complete(s, p, type, body);
		break;
	case '1':
	case '2':
	case '3':
		on_confirmed(s, p, type, body);
		break;
	case 'E':
		errors_on_error(s, p, body);
		break;
	case 'Z':
		on_ready(s, p, body);
		break;
	case 'G':
	case 'H':
	case 'c':
		on_copy(s, p, type, body);
		break;
	case 'V':
		if (p && p->kind == PENDING_FASTPATH)
			put_to_unit(s, p, type, body);
		else
			upstream_unexpected(s);
		break;
	case 'N':
		errors_pass(s, 'N', body, errors_may_be_verbatim(s, p));
		break;
	case 'S':
		on_parameter_status(s, p, body);
		break;
	case 'A':
		on_notification(s, body);
		break;
	default: /* R, K, v, W: no such thing after login */
		upstream_unexpected(s);
		break;
	}
}

/* ---- the loop ---- */

static bool one_message(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct qw_bytes have = qw_buf_pending(in);
	struct pgwire_frame f;
	int err = pgwire_frame_peek(have, &f);
	size_t n;

	if (err == QW_E_INCOMPLETE)
		return false;
	if (err) {
		upstream_unexpected(s);
		return false;
	}
	if (f.type == 'd')
		return rows_start_copy(s, &f);
	if (f.type == 'D' && s->pending_count && !pending_front(s)->is_resolve && !pending_front(s)->pins) {
		n = rows_stream(s, have);
		if (n)
			qw_buf_consume(in, n);
		if (n || s->state != STATE_READY)
			return s->state == STATE_READY;
		if (guards_swallow(s, pending_front(s), 'D'))
			return rows_drop(s, &f);
	}
	n = PGWIRE_HEADER + (size_t)f.body_bytes;
	if (n > in->max) {
		session_fatal(s, "54000", "a row or message of the database is larger than may be masked",
			"Select less, or ask the operator to raise limits.row_bytes.");
		return false;
	}
	if (have.n < n)
		return false;
	on_message(s, f.type, qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes));
	if (s->state != STATE_READY || s->up_waits_labels)
		return false;
	s->up_asked_labels = false;
	qw_buf_consume(in, n);
	return true;
}

void upstream_pump(struct session *s)
{
	if (s->up_waits_labels && s->labels_pending)
		return;
	s->up_waits_labels = false;
	while (s->state == STATE_READY) {
		if (s->pass_through[SESSION_UPSTREAM] ? !rows_pass_rest(s) : !one_message(s))
			break;
	}
}
