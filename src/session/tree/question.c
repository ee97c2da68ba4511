/*
 * The messages by which the server shows its tree of a statement: let it print, Parse, let it print no more. The backend prints what
 * it analysed and rewrote in a LOG notice before it answers a Parse, and runs nothing. What is ours goes under a name that no client
 * can guess. The transaction stays open behind a question: what was looked up is locked until what was judged has run.
 */
#include "../machine.h"

#include <stdlib.h>

/* Local to the transaction: whatever becomes of it, nothing stays. The client's own client_min_messages is put back. */
static const char print_on[] =
	"select pg_catalog.set_config('querywarden.messages', pg_catalog.current_setting('client_min_messages'), true),"
	" pg_catalog.set_config('client_min_messages', 'log', true), pg_catalog.set_config('debug_pretty_print', 'off', true),"
	" pg_catalog.set_config('debug_print_parse', 'off', true), pg_catalog.set_config('debug_print_plan', 'off', true),"
	" pg_catalog.set_config('debug_print_rewritten', 'on', true)";
static const char print_off[] =
	"select pg_catalog.set_config('debug_print_rewritten', 'off', true),"
	" pg_catalog.set_config('client_min_messages', pg_catalog.current_setting('querywarden.messages'), true)";
/* What was prepared may hold an older analysis than the one that is shown: it is made anew, and shown, when it is next bound. */
static const char forget_plans[] = "discard plans";

static struct pending *push(struct session *s, enum pending_kind kind)
{
	struct pending *p = s->state == STATE_READY ? pending_push(s, kind) : NULL;

	if (!p)
		return NULL;
	p->is_ours = p->is_resolve = true;
	p->is_preflight = s->run.stage != RUN_FORWARD || !s->run.is_bind; /* behind a client's Bind, another run may go on */
	return p;
}

static void send_close(struct session *s, char kind)
{
	struct builder b;
	struct pending *p = push(s, PENDING_CLOSE);

	if (!p)
		return;
	p->close_kind = (uint8_t)kind;
	p->name = strdup(s->own_name);
	if (!p->name) {
		session_out_of_memory(s);
		return;
	}
	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'C');
	bld_u8(&b, (uint8_t)kind);
	bld_cstr(&b, s->own_name);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
}

static struct pending *send_parse(struct session *s, const char *name, struct qw_bytes sql, struct qw_bytes types)
{
	struct builder b;
	struct pending *p = push(s, PENDING_PARSE);

	if (!p)
		return NULL;
	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'P');
	bld_cstr(&b, name);
	bld_bytes(&b, sql);
	bld_u8(&b, 0);
	bld_be16(&b, (uint16_t)(types.n / 4));
	bld_bytes(&b, types);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
	return p;
}

static struct pending *send_bind(struct session *s, const char *name)
{
	struct builder b;
	struct pending *p = push(s, PENDING_BIND);

	if (!p)
		return NULL;
	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'B');
	bld_cstr(&b, name);
	bld_cstr(&b, name);
	for (int i = 0; i < 3; i++)
		bld_be16(&b, 0); /* formats, parameters, formats of the result */
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
	return p;
}

static void put_execute(struct session *s, const char *portal)
{
	struct builder b;

	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'E');
	bld_cstr(&b, portal);
	bld_be32(&b, 0);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
}

/* A statement of ours, run to its end. */
static void send_own(struct session *s, const char *sql)
{
	(void)send_parse(s, s->own_name, qw_bytes_from(sql), qw_bytes(NULL, 0));
	(void)send_bind(s, s->own_name);
	if (!push(s, PENDING_EXECUTE))
		return;
	put_execute(s, s->own_name);
	send_close(s, 'P');
	send_close(s, 'S');
}

static void send_sync(struct session *s)
{
	session_put(s, SESSION_UPSTREAM, pgwire_put_sync(&s->out[SESSION_UPSTREAM]));
	(void)push(s, PENDING_SYNC);
	s->skipping = false;
	s->run.is_open = s->run.is_printing = false;
}

static struct pending *last_pending(struct session *s)
{
	return &s->pending[(s->pending_head + s->pending_count - 1) % s->pending_cap];
}

static void mark_last(struct session *s)
{
	if (s->state != STATE_READY)
		return;
	last_pending(s)->is_last = true;
	pending_flush(s);
}

static void quiet(struct session *s)
{
	if (!s->run.is_printing)
		return;
	send_own(s, print_off);
	s->run.is_printing = false;
}

void question_quiet(struct session *s)
{
	quiet(s);
	mark_last(s);
}

void question_watched(struct session *s)
{
	question_quiet(s);
	if (s->state == STATE_READY)
		last_pending(s)->tells_bind = true;
}

bool question_close(struct session *s)
{
	if (!s->run.is_open)
		return false;
	if (s->tx_status == 'T')
		quiet(s); /* else it ends with the transaction */
	s->run.is_carried = false;
	send_sync(s);
	return true;
}

void question_failed(struct session *s)
{
	if (s->run.is_query)
		send_sync(s);
}

void question_send(struct session *s, struct qw_bytes text, struct qw_bytes types, enum question_kind kind)
{
	struct run *r = &s->run;
	struct pending *p;

	quiet(s);
	send_close(s, 'S'); /* a cancel that hit an earlier question may have left it behind */
	if (kind == QUESTION_NAMED || kind == QUESTION_BIND)
		send_own(s, forget_plans);
	send_own(s, print_on);
	r->is_open = r->is_query;
	if (kind == QUESTION_CARRIED)
		prepared_drop(s, ""); /* any Query ends the client's unnamed statement */
	p = send_parse(s, kind == QUESTION_CARRIED ? "" : s->own_name, text, types);
	if (!p)
		return; /* closed */
	p->is_tree = true;
	session_put(s, SESSION_UPSTREAM,
		pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'S', kind == QUESTION_CARRIED ? "" : s->own_name));
	(void)push(s, PENDING_DESCRIBE_STATEMENT);
	r->is_carried = kind == QUESTION_CARRIED;
	r->is_printing = kind == QUESTION_CARRIED || kind == QUESTION_BIND;
	if (kind != QUESTION_CARRIED)
		send_close(s, 'S');
	if (!r->is_printing)
		send_own(s, print_off);
	mark_last(s);
}

/* ---- carried ---- */

void question_bind(struct session *s)
{
	struct pending *p;

	send_own(s, forget_plans);
	p = send_bind(s, "");
	if (!p)
		return;
	p->is_tree = true;
	p->is_preflight = false; /* it plans: what it says may hold data */
	p->unit = unit_ref(s->run.unit);
	portal_drop(s, ""); /* the client's, as any Query would */
	question_quiet(s);
}

void question_execute(struct session *s)
{
	session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'P', ""));
	put_execute(s, "");
	session_put(s, SESSION_UPSTREAM, pgwire_put_sync(&s->out[SESSION_UPSTREAM]));
	s->run.is_open = false;
}
