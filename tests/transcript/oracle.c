#include "oracle.h"

#include "qw/pgwire.h"
#include "trees.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* print on; the text; print off; and an end. Closes, under the same name, may stand anywhere. */
static const char shape[] = "PBEPDPBE";
enum { AT_ON = 1, AT_TEXT = 4, AT_OFF = 6, AT_END = 9 };

void oracle_init(struct oracle *o)
{
	*o = (struct oracle){0};
	qw_buf_init(&o->sql, 1 << 22);
	qw_buf_init(&o->types, 1 << 16);
	qw_buf_init(&o->answer, 1 << 24);
}

void oracle_fini(struct oracle *o)
{
	qw_buf_fini(&o->sql);
	qw_buf_fini(&o->types);
	qw_buf_fini(&o->answer);
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "breach: a question for a tree: %s\n", what);
	abort();
}

static void say(struct oracle *o, const char *fmt, ...) QW_PRINTF(2, 3);
static void say(struct oracle *o, const char *fmt, ...)
{
	char *words = NULL;
	va_list args;

	va_start(args, fmt);
	QW_ASSERT(vasprintf(&words, fmt, args) >= 0);
	va_end(args);
	QW_ASSERT(!words_encode(words, true, &o->answer));
	free(words);
}

bool oracle_is_switch(struct qw_bytes sql, bool *on)
{
	*on = memmem(sql.p, sql.n, "'debug_print_rewritten', 'on'", 29) != NULL;
	return *on || memmem(sql.p, sql.n, "'debug_print_rewritten', 'off'", 30) != NULL;
}

static void fail(struct oracle *o, const char *words)
{
	say(o, "E %s", words);
	o->has_failed = true;
}

/* ---- the text itself ---- */

static void answer_text(struct oracle *o)
{
	const struct tree *t = trees_find(qw_buf_pending(&o->sql), qw_buf_pending(&o->types));

	if (!t)
		fail(o, "XX000 \"no tree of this text was captured\"");
	else if (t->is_error)
		fail(o, t->said);
	else if (words_put_tree(&o->answer, t->said))
		abort();
	else
		say(o, "1");
}

static void keep(struct qw_buf *to, struct qw_bytes from)
{
	qw_buf_clear(to);
	QW_ASSERT(!qw_buf_append(to, from.p, from.n));
}

static void on_parse(struct oracle *o, struct qw_bytes body, uint8_t tx_status)
{
	struct pgwire_parse p;
	bool on, is_switch;

	must(!pgwire_parse_decode(body, &p) && strcmp(p.name, o->name) == 0, "a Parse under another name");
	is_switch = oracle_is_switch(p.sql, &on);
	must(o->at == AT_TEXT || (is_switch && on == (o->at == AT_ON)), "printing is switched on, then the text, then it is switched off");
	if (o->at == AT_TEXT) {
		keep(&o->sql, p.sql);
		keep(&o->types, p.types);
	}
	if (o->has_failed)
		return;
	if (tx_status == 'E')
		fail(o, "25P02 \"current transaction is aborted, commands ignored until end of transaction block\"");
	else if (o->at == AT_TEXT)
		answer_text(o);
	else {
		if (o->at == AT_OFF && words_put_tree(&o->answer, "({QUERY of the gateway's own})\n"))
			abort();
		say(o, "1");
	}
}

static bool is_named(const struct oracle *o, uint8_t type, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (type == 'D' || type == 'C')
		(void)cur_u8(&c);
	return strcmp(cur_cstr(&c), o->name) == 0;
}

static void on_step(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status)
{
	must(is_named(o, type, body), "something of another name stands in it");
	if (type == 'C') {
		if (!o->has_failed)
			say(o, "3");
		return;
	}
	must(type == (uint8_t)shape[o->at - 1], "a message in the wrong place");
	if (type == 'P')
		on_parse(o, body, tx_status);
	else if (!o->has_failed && type == 'B')
		say(o, "2");
	else if (!o->has_failed && type == 'D')
		say(o, "t | n");
	else if (!o->has_failed)
		say(o, "D \"notice\" \"log\" | C \"SELECT 1\"");
	o->at++;
}

/* Only the gateway knows its name for its own statements, and nothing else is prepared under it. */
static bool begins(struct oracle *o, uint8_t type, struct qw_bytes body)
{
	struct cursor c = cur_from(body);
	const char *name;

	if (type == 'C')
		(void)cur_u8(&c);
	else if (type != 'P')
		return false;
	name = cur_cstr(&c);
	if (strncmp(name, "qw_deny_", 8) != 0)
		return false;
	must(strlen(name) < sizeof(o->name), "its name");
	(void)snprintf(o->name, sizeof(o->name), "%s", name);
	qw_buf_clear(&o->answer);
	qw_buf_clear(&o->sql);
	o->has_failed = false;
	o->at = AT_ON;
	return true;
}

enum oracle_step oracle_on(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status)
{
	if (o->at == 0 && !begins(o, type, body))
		return ORACLE_OTHER;
	if (type != 'S' && type != 'H') {
		on_step(o, type, body, tx_status);
		return ORACLE_MORE;
	}
	must(o->at == AT_END, "it is torn");
	o->at = 0;
	if (type == 'S')
		say(o, "Z %c", o->has_failed && tx_status == 'T' ? 'E' : tx_status);
	return ORACLE_DONE;
}
