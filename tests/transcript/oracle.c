#include "oracle.h"

#include "qw/pgwire.h"
#include "trees.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

bool oracle_is_forget(struct qw_bytes sql)
{
	return sql.n == 13 && memcmp(sql.p, "discard plans", 13) == 0;
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

static void on_own(struct oracle *o, struct qw_bytes sql)
{
	bool on;

	if (o->prints && words_put_tree(&o->answer, "({QUERY of the gateway's own})\n"))
		abort();
	o->forgets = oracle_is_forget(sql);
	if (!o->forgets) {
		must(oracle_is_switch(sql, &on) && on != o->prints, "printing is switched on, then the text, then it is switched off");
		o->prints = on;
	}
	say(o, "1");
}

static bool is_own(struct qw_bytes sql)
{
	bool on;

	return oracle_is_forget(sql) || oracle_is_switch(sql, &on);
}

static void on_text(struct oracle *o, const struct pgwire_parse *p)
{
	must(o->prints || o->has_failed, "a text that is not shown");
	keep(&o->sql, p->sql);
	keep(&o->types, p->types);
	o->has_text = true;
	o->is_carried = p->name[0] == '\0';
	o->of_query |= o->is_carried; /* the client may have said more meanwhile */
}

static void on_parse(struct oracle *o, struct qw_bytes body, uint8_t tx_status)
{
	struct pgwire_parse p;

	must(!pgwire_parse_decode(body, &p), "a Parse");
	if (!is_own(p.sql))
		on_text(o, &p);
	if (o->has_failed)
		return;
	if (tx_status == 'E')
		fail(o, "25P02 \"current transaction is aborted, commands ignored until end of transaction block\"");
	else if (is_own(p.sql))
		on_own(o, p.sql);
	else
		answer_text(o);
}

static const char *name_of(uint8_t type, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (type == 'D' || type == 'C')
		(void)cur_u8(&c);
	return cur_cstr(&c);
}

static bool is_ours(uint8_t type, struct qw_bytes body)
{
	return type && strchr("PBEDC", type) && strncmp(name_of(type, body), "qw_tree_", 8) == 0;
}

/* It fails: there is no such name. */
static bool is_poison(uint8_t type, struct qw_bytes body)
{
	return type == 'D' && strncmp(name_of(type, body), "qw_deny_", 8) == 0;
}

/* Plans are forgotten: what was parsed is analysed again, and shown. */
static void on_bind(struct oracle *o)
{
	const struct tree *t = trees_find(qw_buf_pending(&o->sql), qw_buf_pending(&o->types));

	must(o->prints && o->is_carried && !o->is_bound, "a Bind");
	o->is_bound = true;
	if (!o->has_failed && t && !t->is_error && words_put_tree(&o->answer, t->said))
		abort();
}

static void answer(struct oracle *o, uint8_t type)
{
	if (o->has_failed)
		return;
	if (type == 'C')
		say(o, "3");
	else if (type == 'B')
		say(o, "2");
	else if (type == 'D')
		say(o, "t | n");
	else if (type == 'E')
		say(o, o->forgets ? "C \"DISCARD PLANS\"" : "D \"notice\" \"log\" | C \"SELECT 1\"");
}

/* One message of a question up to its Flush. */
static void on_step(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status)
{
	bool is_unnamed = *name_of(type, body) == '\0';

	must(is_ours(type, body) || (is_unnamed && (type == 'P' || type == 'B' || (type == 'D' && o->is_carried))),
		"something of another name stands in it");
	if (type == 'P')
		on_parse(o, body, tx_status);
	else if (type == 'B' && is_unnamed)
		on_bind(o);
	if (type != 'P')
		answer(o, type);
}

static void begin(struct oracle *o)
{
	qw_buf_clear(&o->answer);
	o->has_text = o->has_failed = false;
	if (o->step != STEP_ASKED) {
		o->is_carried = o->is_bound = false;
		o->of_query = o->last_is_query;
	}
	o->step = STEP_OWN;
}

/* Flush: the question, or the Bind of what is carried, or the end of printing. */
static enum oracle_step end(struct oracle *o)
{
	bool was_bound = o->is_bound;

	must(!o->prints || o->has_text || o->has_failed, "printing goes on");
	o->step = o->of_query ? STEP_ASKED : STEP_NONE;
	if (o->has_failed)
		o->prints = false;
	else if (o->prints)
		o->step = STEP_ASKED;
	if (o->has_text)
		return ORACLE_QUESTION;
	if (was_bound)
		return ORACLE_BOUND;
	if (!o->follows_bind)
		return ORACLE_QUIET;
	o->follows_bind = false;
	o->step = STEP_NONE;
	return ORACLE_QUIET_BEHIND_BIND;
}

static enum oracle_step over(struct oracle *o, enum oracle_step is)
{
	o->step = STEP_NONE;
	o->is_carried = o->is_bound = false;
	return is;
}

/* The transaction of a Query's question. */
static enum oracle_step closed(struct oracle *o, uint8_t tx_status)
{
	must(!o->prints || o->has_failed || tx_status != 'T', "printing goes on behind its end");
	if (o->step != STEP_OWN) /* else what switched printing off is answered, too */
		qw_buf_clear(&o->answer);
	say(o, "Z %c", o->has_failed && tx_status == 'T' ? 'E' : tx_status);
	o->prints = false;
	return over(o, ORACLE_CLOSED);
}

/* Behind a question: what was parsed is bound and run, or its transaction is ended. */
static enum oracle_step on_asked(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status)
{
	if (type == 'S' && o->step == STEP_RUN)
		return over(o, ORACLE_RUN);
	if (type == 'S' && o->of_query)
		return closed(o, tx_status);
	if (o->is_bound && (type == 'D' || type == 'E') && *name_of(type, body) == '\0') {
		o->step = STEP_RUN;
		return ORACLE_MORE;
	}
	o->follows_bind = type == 'B' && o->prints;
	must(!o->prints || type == 'B' || is_poison(type, body), "the server shows trees of what a client sends");
	o->prints &= type == 'B'; /* else it is what must fail */
	return over(o, ORACLE_OTHER);
}

void oracle_failed(struct oracle *o)
{
	o->prints = false;
	o->has_failed = true;
	if (o->step != STEP_NONE)
		o->step = o->of_query ? STEP_ASKED : STEP_NONE;
}

enum oracle_step oracle_on(struct oracle *o, uint8_t type, struct qw_bytes body, uint8_t tx_status)
{
	if (o->step != STEP_OWN && (type == 'C' || type == 'P') && is_ours(type, body))
		begin(o);
	if (o->step == STEP_NONE)
		return ORACLE_OTHER;
	if (o->step != STEP_OWN)
		return on_asked(o, type, body, tx_status);
	if (type == 'H')
		return end(o);
	if (type == 'S') /* printing was switched off before the end */
		return closed(o, tx_status);
	on_step(o, type, body, tx_status);
	return ORACLE_MORE;
}
