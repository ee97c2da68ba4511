/* What the database says, message by message, matched against what it was asked. */
#include "../machine.h"

#include <stdlib.h>

static void unexpected(struct session *s)
{
	session_fatal(s, "08P01", "the database sent a message that was not expected here", NULL);
}

/* ---- descriptions ---- */

static struct refusal *unmaskable(const char *which)
{
	char detail[600];

	(void)snprintf(detail, sizeof(detail),
		"The %.400s is computed from sensitive data, or its origin is unknown, so it cannot be masked.", which);
	return refusal_new("42501", "masks", "the result holds a sensitive value that cannot be masked", detail,
		"Select sensitive columns bare (they come masked), or leave them out.");
}

/* NULL and no refusal: wait for newer labels. */
static struct columns *understand(struct session *s, struct qw_bytes body, const struct judged *j, struct refusal **refused)
{
	struct columns *c;
	const char *which;
	enum columns_answer answer = columns_make(s, body, j, &c, &which);

	*refused = NULL;
	if (answer == COLUMNS_OK)
		return c;
	if (answer == COLUMNS_UNKNOWN && !s->up_asked_labels && !s->labels_pending) {
		s->up_asked_labels = true;
		(void)session_queue(s, SESSION_DO_CATALOG_STALE);
		(void)session_queue(s, SESSION_DO_CATALOG);
		s->labels_pending = true;
	}
	if (answer == COLUMNS_UNKNOWN && s->labels_pending) {
		s->up_waits_labels = true;
		return NULL;
	}
	s->up_asked_labels = false;
	*refused = unmaskable(which);
	if (!*refused)
		session_out_of_memory(s);
	return NULL;
}

static void described_portal(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	struct columns *c = p->portal ? understand(s, body, p->portal->judged, &refused) : NULL;

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	if (p->portal) {
		columns_unref(p->portal->columns);
		refusal_free(p->portal->refusal);
		p->portal->columns = c;
		p->portal->refusal = refused;
	}
	if (!p->is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', body));
	pending_pop(s);
}

static void described_preflight(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	struct columns *c = understand(s, body, p->unit->judged, &refused);

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	columns_unref(c);
	refusal_free(s->run.refusal);
	s->run.refusal = refused;
	pending_pop(s);
}

static void described_query(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct refusal *refused = NULL;
	struct columns *c = understand(s, body, p->unit->judged, &refused);

	if (s->up_waits_labels || s->state != STATE_READY)
		return;
	if (refused) { /* the text did not show it: whatever runs, nothing of it leaves */
		refusal_free(refused);
		session_fatal(s, "42501", "the result holds a sensitive value that cannot be masked",
			"Select sensitive columns bare (they come masked), or leave them out.");
		return;
	}
	result_attach(s, p->unit);
	columns_unref(p->unit->columns);
	p->unit->columns = c;
	session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', body));
}

static void on_row_description(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (p && p->kind == PENDING_QUERY && p->unit)
		described_query(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_PORTAL)
		described_portal(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_STATEMENT && p->is_preflight)
		described_preflight(s, p, body);
	else if (p && p->kind == PENDING_DESCRIBE_STATEMENT && !p->is_poison) {
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'T', body));
		pending_pop(s);
	} else
		unexpected(s);
}

static struct columns *no_columns(void)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (c)
		c->refs = 1;
	return c;
}

static void on_no_data(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (!p || (p->kind != PENDING_DESCRIBE_PORTAL && p->kind != PENDING_DESCRIBE_STATEMENT) || p->is_poison) {
		unexpected(s);
		return;
	}
	if (p->portal && !p->portal->columns && !(p->portal->columns = no_columns())) {
		session_out_of_memory(s);
		return;
	}
	if (!p->is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'n', body));
	pending_pop(s);
}

/* ---- rows ---- */

static bool columns_for_rows(struct session *s, struct pending *p)
{
	struct unit *u = p && (p->kind == PENDING_QUERY || p->kind == PENDING_EXECUTE) ? p->unit : NULL;

	if (!u) {
		unexpected(s);
		return false;
	}
	if (p->kind == PENDING_EXECUTE && !u->columns && p->portal && p->portal->columns)
		u->columns = columns_ref(p->portal->columns);
	if (s->labels && (!u->columns || (p->portal && p->portal->refusal))) {
		session_fatal(s, "42501", "the result holds a sensitive value that cannot be masked",
			"Select sensitive columns bare (they come masked), or leave them out.");
		return false;
	}
	result_attach(s, u);
	return s->state == STATE_READY;
}

/* Rows that no mask touches go on in one piece, as many as are there. Bytes taken; 0: not so, or nothing whole. */
static size_t stream_rows(struct session *s, struct qw_bytes have)
{
	struct pending *p = pending_front(s);
	struct pgwire_frame f;
	size_t at = 0;
	uint64_t rows = 0;

	if (!columns_for_rows(s, p) || (p->unit->columns && p->unit->columns->any_masked))
		return 0;
	while (!pgwire_frame_peek(qw_bytes(have.p + at, have.n - at), &f) && f.type == 'D') {
		size_t n = PGWIRE_HEADER + (size_t)f.body_bytes;

		rows++;
		if (n > have.n - at) { /* the rest goes on as it comes */
			s->pass_through[SESSION_UPSTREAM] = n - (have.n - at);
			at = have.n;
			break;
		}
		at += n;
	}
	p->unit->rows += rows;
	session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], have.p, at));
	return at;
}

static void on_row(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (!columns_for_rows(s, p) || !result_row(s, body))
		return;
	p->unit->rows++;
	s->info.masked_rows++;
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
	(void)snprintf(u->tag, sizeof(u->tag), "%s", tag);
	if (u->rows == 0) /* rows that came to the client are counted as they pass */
		u->rows = pgwire_tag_rows(tag);
}

static void completed(struct session *s, struct pending *p, const char *tag)
{
	struct judged *j = p->unit ? p->unit->judged : NULL;
	size_t i = p->unit ? p->unit->statement_index++ : 0;

	if (j && i < j->facts.count)
		names_completed(s, &j->facts.list[i], j);
	if (tag && strcmp(tag, "DISCARD ALL") == 0) {
		prepared_drop(s, NULL);
		portal_drop(s, NULL);
	}
	if (tag && p->unit)
		note_tag(p->unit, tag);
}

static void on_command_complete(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	const char *tag = NULL;

	if (!p || (p->kind != PENDING_QUERY && p->kind != PENDING_EXECUTE) || p->is_poison ||
		(type == 'C' && pgwire_tag_decode(body, &tag))) {
		unexpected(s);
		return;
	}
	s->copy_in = s->copy_out = s->copy_may_start = false;
	put_to_unit(s, p, type, body);
	completed(s, p, tag);
	if (s->state != STATE_READY)
		return;
	if (p->kind == PENDING_EXECUTE) {
		result_finish(s, type == 's' ? "suspended" : "done");
		pending_pop(s);
	}
}

/* ---- errors ---- */

/* Analysis knows nothing of the data, and a statement that names no labelled relation cannot repeat it. */
static bool may_be_verbatim(const struct session *s, const struct pending *p)
{
	const struct judged *j;

	if (!s->labels)
		return true;
	if (!p)
		return false;
	if (p->kind == PENDING_PARSE || p->is_preflight)
		return true;
	j = p->unit ? p->unit->judged : p->portal ? p->portal->judged : NULL;
	return j && !j->relation_touched && !j->is_unparsed && !j->by_name;
}

static bool is_our_poison(const struct session *s, const struct pending *p, struct qw_bytes body)
{
	struct pgwire_error e;

	return p && p->is_poison && p->refusal && !pgwire_error_decode(body, &e) && e.message &&
		strstr(e.message, s->poison);
}

static void failed(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (p && p->unit)
		result_attach(s, p->unit);
	if (is_our_poison(s, p, body))
		refusal_put(s, p->refusal);
	else
		reduce_message(s, 'E', body, may_be_verbatim(s, p));
	if (p && p->unit && s->unit == p->unit) {
		struct pgwire_error e;

		s->unit->failed = true;
		if (!pgwire_error_decode(body, &e) && e.sqlstate)
			(void)snprintf(s->unit->tag, sizeof(s->unit->tag), "%.5s", e.sqlstate);
	}
}

static void on_error(struct session *s, struct pending *p, struct qw_bytes body)
{
	s->copy_in = s->copy_out = s->copy_may_start = false;
	if (p && p->is_preflight)
		s->run.preflight_failed = true;
	failed(s, p, body);
	if (s->state != STATE_READY || !p || p->kind == PENDING_SYNC || s->was_fatal)
		return;
	if (p->kind == PENDING_QUERY || p->kind == PENDING_FASTPATH)
		return; /* ReadyForQuery follows */
	if (p->kind == PENDING_EXECUTE)
		result_finish(s, "failed");
	pending_skip_to_sync(s);
}

/* ---- ReadyForQuery ---- */

static void note_transaction(struct session *s, uint8_t status)
{
	s->tx_status = status;
	if (status != 'I')
		return;
	portal_end_transaction(s);
	s->tx_wrote = false;
	if (s->tx_settings)
		s->tx_settings = false;
	if (s->tx_ddl) {
		s->tx_ddl = false;
		s->labels_stale = true;
		(void)session_queue(s, SESSION_DO_CATALOG_STALE);
	}
}

static void preflight_over(struct session *s)
{
	struct refusal *refused = s->run.refusal;

	if (s->run.preflight_failed && s->run.unit) {
		result_attach(s, s->run.unit);
		result_finish(s, "failed");
	}
	run_described(s, NULL);
	if (refused && !s->run.preflight_failed) {
		s->run.refusal = NULL;
		run_refuse(s, refused);
	}
}

static void on_ready(struct session *s, struct pending *p, struct qw_bytes body)
{
	uint8_t status;
	bool is_ours;

	if (!p || (p->kind != PENDING_SYNC && p->kind != PENDING_QUERY && p->kind != PENDING_FASTPATH) ||
		pgwire_ready_decode(body, &status)) {
		unexpected(s);
		return;
	}
	is_ours = p->is_ours;
	if (p->unit && !is_ours) {
		result_attach(s, p->unit);
		result_finish(s, p->unit->failed ? "failed" : "done");
	} else {
		result_attach(s, NULL);
	}
	s->copy_in = s->copy_out = s->copy_may_start = false;
	note_transaction(s, status);
	pending_pop(s);
	if (is_ours)
		preflight_over(s);
	else
		session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], status));
}

/* ---- confirmations ---- */

static void on_confirmed(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	enum pending_kind want = type == '1' ? PENDING_PARSE : type == '2' ? PENDING_BIND : PENDING_CLOSE;
	bool ok = true;

	if (!p || p->kind != want) {
		unexpected(s);
		return;
	}
	if (want == PENDING_PARSE && p->prepared)
		ok = prepared_install(s, p->prepared);
	if (want == PENDING_BIND)
		ok = portal_install(s, p->portal);
	if (want == PENDING_CLOSE && p->close_kind == 'S')
		prepared_drop(s, p->name);
	if (want == PENDING_CLOSE && p->close_kind == 'P')
		portal_drop(s, p->name);
	if (!ok) {
		session_fatal(s, "53400", "too many prepared statements or portals in one session", NULL);
		return;
	}
	if (!p->is_ours)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], type, body));
	pending_pop(s);
}

static void on_parameters(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (!p || p->kind != PENDING_DESCRIBE_STATEMENT || p->is_poison) {
		unexpected(s);
		return;
	}
	if (!p->is_ours) /* the description follows and ends it */
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 't', body));
}

/* ---- COPY ---- */

static void on_copy(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (!p || (p->kind != PENDING_QUERY && p->kind != PENDING_EXECUTE) || !p->unit) {
		unexpected(s);
		return;
	}
	if (type == 'G') {
		struct qw_buf *in = &s->in[SESSION_CLIENT];
		struct qw_bytes next = qw_buf_pending(in);

		s->copy_in = true;
		s->copy_may_start = false;
		/* A Sync sent on right behind the Execute is eaten by the server; so it is here. */
		if (p->kind == PENDING_EXECUTE && next.n >= PGWIRE_HEADER && next.p[0] == 'S')
			qw_buf_consume(in, PGWIRE_HEADER);
	} else if (type == 'H') {
		s->copy_out = true;
	}
	put_to_unit(s, p, type, body);
}

/* ---- any time ---- */

static void on_parameter_status(struct session *s, struct qw_bytes body)
{
	struct pgwire_parameter p;

	if (pgwire_parameter_status_decode(body, &p)) {
		unexpected(s);
		return;
	}
	if (!settings_still_pinned(s, &p)) {
		session_fatal(s, "55000", "a pinned session setting was changed: nothing after this could be judged",
			"Leave client_encoding at UTF8 and standard_conforming_strings on.");
		return;
	}
	session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'S', body));
}

static void on_message(struct session *s, uint8_t type, struct qw_bytes body)
{
	struct pending *p = pending_front(s);

	switch (type) {
	case 'D':
		on_row(s, p, body);
		break;
	case 'T':
		on_row_description(s, p, body);
		break;
	case 'n':
		on_no_data(s, p, body);
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
		on_error(s, p, body);
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
			unexpected(s);
		break;
	case 'N':
		reduce_message(s, 'N', body, may_be_verbatim(s, p));
		break;
	case 'S':
		on_parameter_status(s, body);
		break;
	case 'A':
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], 'A', body));
		break;
	default: /* R, K, v, W: no such thing after login */
		unexpected(s);
		break;
	}
}

/* ---- the loop ---- */

static bool pass_rest(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct qw_bytes have = qw_buf_pending(in);
	size_t n = have.n < s->pass_through[SESSION_UPSTREAM] ? have.n : (size_t)s->pass_through[SESSION_UPSTREAM];

	if (n == 0)
		return false;
	session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], have.p, n));
	s->pass_through[SESSION_UPSTREAM] -= n;
	qw_buf_consume(in, n);
	return s->state == STATE_READY;
}

/* COPY OUT data was judged with its COPY: it is passed on as it comes. */
static bool start_copy_data(struct session *s, const struct pgwire_frame *f)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct pending *p = pending_front(s);

	if (!s->copy_out || !p || !p->unit) {
		unexpected(s);
		return false;
	}
	result_attach(s, p->unit);
	p->unit->rows++;
	session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], in->p + in->off, PGWIRE_HEADER));
	s->pass_through[SESSION_UPSTREAM] = f->body_bytes;
	qw_buf_consume(in, PGWIRE_HEADER);
	return s->state == STATE_READY;
}

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
		unexpected(s);
		return false;
	}
	if (f.type == 'd')
		return start_copy_data(s, &f);
	if (f.type == 'D') {
		n = stream_rows(s, have);
		if (n)
			qw_buf_consume(in, n);
		if (n || s->state != STATE_READY)
			return s->state == STATE_READY;
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
		if (s->pass_through[SESSION_UPSTREAM] ? !pass_rest(s) : !one_message(s))
			break;
	}
}
