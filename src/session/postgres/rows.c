/* Rows and COPY data on their way to the client: in one piece where no mask touches them, one by one where one does. */
#include "../machine.h"

static bool columns_for_rows(struct session *s, struct pending *p)
{
	struct unit *u = p && (p->kind == PENDING_QUERY || p->kind == PENDING_EXECUTE) ? p->unit : NULL;

	if (!u) {
		upstream_unexpected(s);
		return false;
	}
	if (p->kind == PENDING_EXECUTE && !u->columns && p->portal && p->portal->columns)
		u->columns = columns_ref(p->portal->columns);
	if ((s->labels || scan_wanted(s)) && (!u->columns || (p->portal && p->portal->refusal))) {
		session_fatal(s, "42501", "the result holds a sensitive value that cannot be masked",
			"Select sensitive columns bare (they come masked), or leave them out.");
		return false;
	}
	result_begin(s, u);
	result_attach(s, u);
	return s->state == STATE_READY;
}

/* Rows that no mask touches go on in one piece, as many as are there. Bytes taken; 0: not so, or nothing whole. */
size_t rows_stream(struct session *s, struct qw_bytes have)
{
	struct pending *p = pending_front(s);
	struct pgwire_frame f;
	size_t at = 0;
	uint64_t rows = 0;

	if (p && guards_swallow(s, p, 'D'))
		return 0;
	if (!columns_for_rows(s, p) || (p->unit->columns && (p->unit->columns->any_masked || p->unit->columns->any_scanned)))
		return 0;
	while (!pgwire_frame_peek(qw_bytes(have.p + at, have.n - at), &f) && f.type == 'D') {
		size_t n = PGWIRE_HEADER + (size_t)f.body_bytes;

		if (p->unit->guard.is_on && !guards_row(s, p, n))
			break;
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

void rows_one(struct session *s, struct pending *p, struct qw_bytes body)
{
	struct qw_buf *out = &s->out[SESSION_CLIENT];
	size_t before = qw_buf_pending(out).n;

	if (!columns_for_rows(s, p) || !result_row(s, body))
		return;
	if (p->unit->guard.is_on && !guards_row(s, p, qw_buf_pending(out).n - before)) {
		out->n = out->off + before; /* it does not leave */
		return;
	}
	p->unit->rows++;
	if (p->unit->columns && p->unit->columns->any_masked)
		s->info.masked_rows++;
}

bool rows_pass_rest(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct qw_bytes have = qw_buf_pending(in);
	size_t n = have.n < s->pass_through[SESSION_UPSTREAM] ? have.n : (size_t)s->pass_through[SESSION_UPSTREAM];

	if (n == 0)
		return false;
	if (s->unit && s->unit->copyout)
		(void)copyout_feed(s, qw_bytes(have.p, n));
	else if (!s->drop_rest)
		session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], have.p, n));
	s->pass_through[SESSION_UPSTREAM] -= n;
	s->drop_rest = s->drop_rest && s->pass_through[SESSION_UPSTREAM];
	qw_buf_consume(in, n);
	return s->state == STATE_READY;
}

/* However large it is. */
bool rows_drop(struct session *s, const struct pgwire_frame *f)
{
	s->pass_through[SESSION_UPSTREAM] = f->body_bytes;
	s->drop_rest = f->body_bytes > 0;
	qw_buf_consume(&s->in[SESSION_UPSTREAM], PGWIRE_HEADER);
	return s->state == STATE_READY;
}

/* COPY OUT data goes on as it comes, or is taken apart (copyout.c). */
bool rows_start_copy(struct session *s, const struct pgwire_frame *f)
{
	struct qw_buf *in = &s->in[SESSION_UPSTREAM];
	struct pending *p = pending_front(s);

	if (!s->copy_out || !p || !p->unit) {
		upstream_unexpected(s);
		return false;
	}
	result_attach(s, p->unit);
	s->drop_rest = !p->unit->copyout && p->unit->guard.is_on && !guards_row(s, p, PGWIRE_HEADER + (size_t)f->body_bytes);
	if (!s->drop_rest && !p->unit->copyout) {
		p->unit->rows++;
		session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], in->p + in->off, PGWIRE_HEADER));
	}
	s->pass_through[SESSION_UPSTREAM] = f->body_bytes;
	qw_buf_consume(in, PGWIRE_HEADER);
	return s->state == STATE_READY;
}
