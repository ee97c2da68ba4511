#include "backend.h"

#include "oracle.h"
#include "trees.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct statement empty = {.sql = ""};
static const struct statement nonsense = {.sql = "?", .error = "42601 \"syntax error at or near qw_deny_07070707070707070707070707070707\"",
	.fails_early = true};

#define PINS \
	"select pg_catalog.set_config('client_encoding', 'UTF8', false), pg_catalog.set_config('standard_conforming_strings', 'on', false)"

/* Nobody but the gateway says these. */
static const struct statement hidden[] = {
	{"BEGIN /* querywarden */", 0, 0, "BEGIN", EFFECT_BEGIN, 0, 0, 0, 0},
	{"COMMIT /* querywarden */", 0, 0, "COMMIT", EFFECT_COMMIT, 0, 0, 0, 0},
	{"ROLLBACK /* querywarden */", 0, 0, "ROLLBACK", EFFECT_ROLLBACK, 0, 0, 0, 0},
	{"RESET ALL", 0, 0, "RESET", 0, 0, 0, 0, 0},
	{"SET client_encoding TO 'UTF8'", 0, 0, "SET", 0, 0, 0, 0, 0},
	{"SET standard_conforming_strings TO on", 0, 0, "SET", 0, 0, 0, 0, 0},
	{"SET standard_conforming_strings TO on /* querywarden */", 0, 0, "SET", 0, 0, 0, 0, 0},
	{"RESET ROLE /* querywarden */", 0, 0, "RESET", 0, 0, 0, 0, 0},
	{PINS " /* querywarden */", "a:text b:text", "\"UTF8\" \"on\"", "SELECT 3", 0, 0, 0, 0, 0},
	{PINS ", pg_catalog.set_config('role', null, false) /* querywarden */", "a:text b:text c:text", "\"UTF8\" \"on\" NULL", "SELECT 3",
		0, 0, 0, 0, 0},
	{"SELECT * FROM ONLY \"customers\"", "x:text", "\"CANARY\"", "SELECT 3", 0, 0, 0, 0, 0},
};
static const struct statement print_on = {"on", "x:text", "\"log\"", "SELECT 1", EFFECT_PRINT_ON, 0, 0, 0, 0};
static const struct statement print_off = {"off", "x:text", "\"log\"", "SELECT 1", EFFECT_PRINT_OFF, 0, 0, 0, 0};

static const struct statement forget = {"forget", 0, 0, "DISCARD PLANS", EFFECT_FORGET, 0, 0, 0, 0};

enum { ROWS = 3 };

void backend_init(struct backend *b)
{
	*b = (struct backend){.tx = 'I'};
	qw_buf_init(&b->in, 1 << 22);
	qw_buf_init(&b->held, 1 << 22);
	qw_buf_init(&b->out, 1 << 22);
}

void backend_fini(struct backend *b)
{
	qw_buf_fini(&b->in);
	qw_buf_fini(&b->held);
	qw_buf_fini(&b->out);
}

static void say(struct backend *b, const char *fmt, ...) QW_PRINTF(2, 3);
static void say(struct backend *b, const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	QW_ASSERT(!words_encode(text, true, &b->held));
}

static void flush(struct backend *b)
{
	struct qw_bytes held = qw_buf_pending(&b->held);

	QW_ASSERT(!qw_buf_append(&b->out, held.p, held.n));
	qw_buf_clear(&b->held);
}

static const struct statement *lookup(const char *sql, size_t n)
{
	bool on;

	if (oracle_is_switch(qw_bytes((const uint8_t *)sql, n), &on))
		return on ? &print_on : &print_off;
	if (oracle_is_forget(qw_bytes((const uint8_t *)sql, n)))
		return &forget;
	while (n && (*sql == ' ' || *sql == ';')) {
		sql++;
		n--;
	}
	while (n && (sql[n - 1] == ' ' || sql[n - 1] == ';'))
		n--;
	if (n == 0)
		return &empty;
	for (size_t i = 0; i < pool_count; i++)
		if (strlen(pool[i].sql) == n && memcmp(pool[i].sql, sql, n) == 0)
			return &pool[i];
	for (size_t i = 0; i < QW_COUNT(hidden); i++)
		if (strlen(hidden[i].sql) == n && memcmp(hidden[i].sql, sql, n) == 0)
			return &hidden[i];
	return &nonsense;
}

/* ---- names ---- */

static struct backend_name *find(struct backend_name *list, const char *name)
{
	for (size_t i = 0; i < BACKEND_NAMES; i++)
		if (list[i].used && strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static struct backend_name *put(struct backend_name *list, const char *name, const struct statement *st)
{
	struct backend_name *n = find(list, name);

	for (size_t i = 0; !n && i < BACKEND_NAMES; i++)
		if (!list[i].used)
			n = &list[i];
	QW_ASSERT(n);
	*n = (struct backend_name){.used = true, .st = st, .rows_left = ROWS};
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	return n;
}

static void drop(struct backend_name *list, const char *name)
{
	struct backend_name *n = find(list, name);

	if (n)
		n->used = false;
}

static void end_transaction(struct backend *b)
{
	b->prints = false;
	for (size_t i = 0; i < BACKEND_NAMES; i++)
		b->portal[i].used = false;
}

/* ---- errors ---- */

static bool failed(struct backend *b, const char *what)
{
	say(b, "E %s", what);
	flush(b);
	b->prints = false;
	if (b->tx == 'T')
		b->tx = 'E';
	else if (b->tx == 'I')
		end_transaction(b);
	return false;
}

static bool leaves_transaction(const struct statement *st)
{
	return st->effect == EFFECT_COMMIT || st->effect == EFFECT_ROLLBACK;
}

static bool analysed(struct backend *b, const struct statement *st)
{
	if (st->fails_early && st == &nonsense)
		return failed(b, st->error); /* syntax is checked even in a failed transaction */
	if (b->tx == 'E' && !leaves_transaction(st) && st != &empty)
		return failed(b, "25P02 \"current transaction is aborted\"");
	return st->fails_early ? failed(b, st->error) : true;
}

static bool is_ours(const char *name)
{
	return strncmp(name, "qw_tree_", 8) == 0;
}

/* Whatever else the gateway sends while printing is on would be shown, too: only the text that it carries, and a Bind, may be. */
static void check_silence(const struct backend *b, const char *name)
{
	QW_ASSERT(is_ours(name) || !b->prints);
}

static bool ends_transaction(const struct statement *st)
{
	return st->effect == EFFECT_BEGIN || st->effect == EFFECT_COMMIT || st->effect == EFFECT_ROLLBACK;
}

/* Verbs of transactions would find the question's: it must have ended. Not so the gateway's own, which keeps what is locked. */
static void check_end(const struct backend *b)
{
	for (size_t i = 0; b->is_open && b->tx == 'I' && i < b->rest_count; i++)
		QW_ASSERT(!ends_transaction(b->rest[i]) || b->rest[i] == &hidden[0]);
}

/* ---- running ---- */

/* EXECUTE and FETCH give the columns of what they name. */
static const struct statement *source_of(struct backend *b, const struct statement *st)
{
	struct backend_name *n = NULL;

	if (st->effect == EFFECT_EXECUTE)
		n = find(b->prepared, st->arg);
	else if (st->effect == EFFECT_FETCH)
		n = find(b->portal, st->arg);
	else
		return st;
	return n ? n->st : NULL;
}

static bool rows(struct backend *b, const struct statement *st, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		say(b, "D %s", st->row);
	return true;
}

static bool run_named(struct backend *b, const struct statement *st, bool is_simple)
{
	const struct statement *from = source_of(b, st);

	if (!from)
		return failed(b, st->effect == EFFECT_FETCH ? "34000 \"no such cursor\"" : "26000 \"no such statement\"");
	if (is_simple && from->columns)
		say(b, "T %s", from->columns);
	if (from->error)
		return failed(b, from->error);
	if (from->columns)
		(void)rows(b, from, st->effect == EFFECT_FETCH ? 1 : ROWS);
	say(b, "C \"%s\"", st->effect == EFFECT_FETCH ? "FETCH 1" : from->tag);
	return true;
}

static bool run_copy_out(struct backend *b, const struct statement *st)
{
	say(b, "H | d %s | d %s | d %s | c | C \"%s\"", st->row, st->row, st->row, st->tag);
	return true;
}

static bool run_effect(struct backend *b, const struct statement *st)
{
	switch (st->effect) {
	case EFFECT_BEGIN:
		if (b->tx == 'I')
			b->tx = 'T';
		break;
	case EFFECT_COMMIT:
	case EFFECT_ROLLBACK:
		b->tx = 'I';
		end_transaction(b);
		break;
	case EFFECT_PREPARE:
		if (find(b->prepared, st->arg))
			return failed(b, "42P05 \"prepared statement exists\"");
		(void)put(b->prepared, st->arg, lookup(st->inner, strlen(st->inner)));
		break;
	case EFFECT_DEALLOCATE:
		if (!find(b->prepared, st->arg))
			return failed(b, "26000 \"no such statement\"");
		drop(b->prepared, st->arg);
		break;
	case EFFECT_DECLARE:
		if (b->tx != 'T')
			return failed(b, "25P01 \"DECLARE CURSOR can only be used in transaction blocks\"");
		if (find(b->portal, st->arg))
			return failed(b, "42P03 \"cursor exists\"");
		put(b->portal, st->arg, lookup(st->inner, strlen(st->inner)))->is_cursor = true;
		break;
	case EFFECT_DISCARD:
		if (b->tx != 'I' || b->in_text)
			return failed(b, "25001 \"DISCARD ALL cannot run inside a transaction block\"");
		for (size_t i = 0; i < BACKEND_NAMES; i++)
			b->portal[i].used = b->prepared[i].used = false;
		break;
	case EFFECT_CLOSE:
		if (!find(b->portal, st->arg))
			return failed(b, "34000 \"no such cursor\"");
		drop(b->portal, st->arg);
		break;
	case EFFECT_FORGET:
		for (size_t i = 0; i < BACKEND_NAMES; i++)
			b->prepared[i].is_stale = true;
		break;
	case EFFECT_NONE:
	case EFFECT_EXECUTE:
	case EFFECT_FETCH:
	case EFFECT_COPY_IN:
	case EFFECT_COPY_OUT:
	case EFFECT_PRINT_ON:
	case EFFECT_PRINT_OFF:
		break;
	}
	say(b, "C \"%s\"", st->tag);
	return true;
}

static bool run_simple(struct backend *b, const struct statement *st)
{
	if (!analysed(b, st))
		return false;
	if (st == &empty) {
		say(b, "I");
		return true;
	}
	if (st->effect == EFFECT_EXECUTE || st->effect == EFFECT_FETCH)
		return run_named(b, st, true);
	if (st->columns)
		say(b, "T %s", st->columns);
	if (st->error)
		return failed(b, st->error);
	if (st->columns)
		(void)rows(b, st, ROWS);
	if (st->effect == EFFECT_COPY_OUT)
		return run_copy_out(b, st);
	return run_effect(b, st);
}

static void ready(struct backend *b)
{
	QW_ASSERT(!b->prints || b->tx != 'T'); /* the client's transaction goes on, and would be shown */
	if (b->tx == 'I')
		end_transaction(b);
	b->is_open = false;
	say(b, "Z %c", b->tx);
	flush(b);
}

static void go_on(struct backend *b)
{
	for (size_t i = 0; i < b->rest_count; i++) {
		const struct statement *st = b->rest[i];

		if (st->effect == EFFECT_COPY_IN && b->tx != 'E') {
			b->rest_count -= i + 1;
			memmove(b->rest, b->rest + i + 1, b->rest_count * sizeof(b->rest[0]));
			b->in_simple_copy = true;
			say(b, "G");
			flush(b);
			return;
		}
		if (!run_simple(b, st))
			break;
	}
	b->rest_count = 0;
	b->in_text = false;
	ready(b);
}

static void on_query(struct backend *b, const char *sql)
{
	check_silence(b, "");
	drop(b->prepared, "");
	drop(b->portal, "");
	b->rest_count = 0;
	for (const char *at = sql; b->rest_count < BACKEND_REST;) {
		const char *end = strchr(at, ';');
		size_t n = end ? (size_t)(end - at) : strlen(at);
		const struct statement *st = lookup(at, n);

		if (st != &empty || (!end && b->rest_count == 0))
			b->rest[b->rest_count++] = st;
		if (st == &nonsense) { /* the whole text is parsed first */
			b->rest[0] = st;
			b->rest_count = 1;
			break;
		}
		if (!end)
			break;
		at = end + 1;
	}
	check_end(b);
	b->in_text = b->rest_count > 1;
	go_on(b);
}

/* ---- the extended protocol ---- */

/* A LOG notice before the confirmation, also of what switches printing off, or forgets plans meanwhile. */
static bool show_tree(struct backend *b, const struct statement *st, struct qw_bytes types)
{
	bool is_own = st == &print_off || st == &forget;
	const struct tree *t = is_own ? NULL : trees_find(qw_bytes_from(st->sql), types);
	const char *said = is_own ? "({QUERY of the gateway's own})\n" : t && !t->is_error ? t->said : NULL;

	if (!said)
		return failed(b, "XX000 \"no tree of this text was captured\"");
	QW_ASSERT(!words_put_tree(&b->held, said));
	return true;
}

static bool is_cancelled(struct backend *b)
{
	return b->cancel_in && --b->cancel_in == 0;
}

static bool on_parse(struct backend *b, const char *name, const char *sql, struct qw_bytes types)
{
	const struct statement *st = lookup(sql, strlen(sql));

	if (*name) /* else what is carried: it is shown */
		check_silence(b, name);
	QW_ASSERT(!is_ours(name) || !find(b->prepared, name)); /* its names never collide */
	if (!*name)
		drop(b->prepared, "");
	if (strchr(sql, ';') && st == &nonsense)
		return failed(b, "42601 \"cannot insert multiple commands into a prepared statement\"");
	if (!analysed(b, st))
		return false;
	if (*name && find(b->prepared, name))
		return failed(b, "42P05 \"prepared statement exists\"");
	if (b->prints && !show_tree(b, st, types))
		return false;
	(void)put(b->prepared, name, st);
	say(b, "1");
	return true;
}

static bool on_bind(struct backend *b, const char *portal, const char *name)
{
	struct backend_name *n = find(b->prepared, name);

	if (!n)
		return failed(b, "26000 \"no such prepared statement\"");
	if (b->tx == 'E' && !leaves_transaction(n->st) && n->st != &empty)
		return failed(b, "25P02 \"current transaction is aborted\"");
	if (*portal && find(b->portal, portal))
		return failed(b, "42P03 \"portal exists\"");
	QW_ASSERT(is_ours(name) || !b->prints || n->is_stale); /* else nothing tells what it is */
	if (b->prints && n->is_stale && !show_tree(b, n->st, qw_bytes(NULL, 0)))
		return false;
	n->is_stale = false;
	(void)put(b->portal, portal, n->st);
	say(b, "2");
	return true;
}

static bool on_describe(struct backend *b, uint8_t kind, const char *name)
{
	struct backend_name *n = find(kind == 'S' ? b->prepared : b->portal, name);
	const struct statement *from;

	QW_ASSERT(!n || strncmp(name, "qw_deny_", 8) != 0); /* what must fail does */
	if (kind != 'S')
		check_silence(b, name);
	if (!n)
		return failed(b, kind == 'S' ? "26000 \"no such prepared statement\"" : "34000 \"no such portal\"");
	from = source_of(b, n->st);
	if (b->tx == 'E' && from && from->columns)
		return failed(b, "25P02 \"current transaction is aborted\"");
	if (kind == 'S')
		say(b, "t");
	if (from && from->columns)
		say(b, "T %s", from->columns);
	else
		say(b, "n");
	return true;
}

static bool run_portal(struct backend *b, struct backend_name *p, uint32_t max)
{
	const struct statement *st = p->st;
	unsigned n;

	if (st == &empty) {
		say(b, "I");
		return true;
	}
	if (st->error)
		return failed(b, st->error);
	if (st->effect == EFFECT_EXECUTE || st->effect == EFFECT_FETCH)
		return run_named(b, st, false);
	if (st->effect == EFFECT_COPY_OUT)
		return run_copy_out(b, st);
	if (st->effect == EFFECT_PRINT_ON || st->effect == EFFECT_PRINT_OFF) {
		b->prints = st->effect == EFFECT_PRINT_ON;
		(void)rows(b, st, 1);
	}
	if (b->prints || st->effect == EFFECT_PRINT_OFF)
		return run_effect(b, st);
	if (!st->columns)
		return run_effect(b, st);
	n = max && max < p->rows_left ? max : p->rows_left;
	(void)rows(b, st, n);
	p->rows_left -= n;
	if (max && n == max)
		say(b, "s");
	else
		say(b, "C \"SELECT %u\"", n);
	return true;
}

static bool on_execute(struct backend *b, const char *name, uint32_t max)
{
	struct backend_name *p = find(b->portal, name);

	check_silence(b, name);
	if (!p)
		return failed(b, "34000 \"no such portal\"");
	if (b->tx == 'E' && !leaves_transaction(p->st) && p->st != &empty)
		return failed(b, "25P02 \"current transaction is aborted\"");
	if (p->ran && !p->st->columns && !p->is_cursor && p->st != &empty)
		return failed(b, "55000 \"portal cannot be run\"");
	p->ran = true;
	b->is_open |= is_ours(name);
	if (p->st->effect == EFFECT_COPY_IN) {
		b->in_extended_copy = true;
		say(b, "G");
		flush(b);
		return true;
	}
	return run_portal(b, p, max);
}

/* ---- COPY ---- */

static void copy_over(struct backend *b, bool is_good)
{
	bool was_simple = b->in_simple_copy;

	b->in_simple_copy = b->in_extended_copy = false;
	if (is_good)
		say(b, "C \"COPY 1\"");
	else
		(void)failed(b, "57014 \"COPY from stdin failed\"");
	if (!was_simple) {
		b->skips = !is_good;
		return;
	}
	if (!is_good)
		b->rest_count = 0;
	go_on(b);
}

static void in_copy(struct backend *b, uint8_t type)
{
	if (type == 'd' || type == 'H' || type == 'S')
		return;
	copy_over(b, type == 'c');
}

/* ---- messages ---- */

static bool extended(struct backend *b, uint8_t type, struct cursor c)
{
	const char *first, *second;
	uint8_t kind;
	size_t types;

	if (strchr("PBE", type) && is_cancelled(b))
		return failed(b, "57014 \"canceling statement due to user request\"");
	switch (type) {
	case 'P':
		first = cur_cstr(&c);
		second = cur_cstr(&c);
		types = 4u * cur_be16(&c);
		return on_parse(b, first, second, cur_bytes(&c, types));
	case 'B':
		first = cur_cstr(&c);
		second = cur_cstr(&c);
		return on_bind(b, first, second);
	case 'D':
		kind = cur_u8(&c);
		return on_describe(b, kind, cur_cstr(&c));
	case 'C':
		kind = cur_u8(&c);
		drop(kind == 'S' ? b->prepared : b->portal, cur_cstr(&c));
		say(b, "3");
		return true;
	case 'E':
		first = cur_cstr(&c);
		return on_execute(b, first, cur_be32(&c));
	default:
		QW_ASSERT(type == 'c' || type == 'd' || type == 'f'); /* what is left of a failed COPY */
		return true;
	}
}

static void on_message(struct backend *b, uint8_t type, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (type == 'X')
		b->ended = true;
	else if (b->in_simple_copy || b->in_extended_copy)
		in_copy(b, type);
	else if (type == 'S') {
		b->skips = false;
		ready(b);
	} else if (b->skips)
		return;
	else if (type == 'H')
		flush(b);
	else if (type == 'Q' && is_cancelled(b)) {
		(void)failed(b, "57014 \"canceling statement due to user request\"");
		ready(b);
	} else if (type == 'Q')
		on_query(b, cur_cstr(&c));
	else if (type == 'F') {
		say(b, "V");
		ready(b);
	} else if (!extended(b, type, c))
		b->skips = true;
}

void backend_on(struct backend *b, struct qw_bytes bytes)
{
	struct pgwire_frame f;

	QW_ASSERT(!qw_buf_append(&b->in, bytes.p, bytes.n));
	for (;;) {
		struct qw_bytes have = qw_buf_pending(&b->in);
		int err = pgwire_frame_peek(have, &f);

		QW_ASSERT(!err || err == QW_E_INCOMPLETE); /* the gateway frames what it sends */
		if (err || b->ended || have.n - PGWIRE_HEADER < f.body_bytes)
			return;
		on_message(b, f.type, qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes));
		qw_buf_consume(&b->in, PGWIRE_HEADER + (size_t)f.body_bytes);
	}
}
