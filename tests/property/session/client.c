#include "client.h"

#include "backend.h"
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t client_random(struct client *c, uint32_t below)
{
	c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(c->seed >> 33) % below;
}

void client_init(struct client *c, uint64_t seed)
{
	*c = (struct client){.seed = seed, .last_status = 'I'};
	qw_buf_init(&c->in, 1 << 22);
}

void client_fini(struct client *c)
{
	qw_buf_fini(&c->in);
}

/* ---- what it says ---- */

static void say(struct qw_buf *out, const char *fmt, ...) QW_PRINTF(2, 3);
static void say(struct qw_buf *out, const char *fmt, ...)
{
	char text[8000];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	QW_ASSERT(!words_encode(text, false, out));
}

static void ask(struct client *c, uint8_t what)
{
	if (c->skips && what != 'S' && what != 'Q' && what != 'F')
		return; /* dropped: nobody answers it */
	if (what == 'S')
		c->skips = false;
	QW_ASSERT(c->head + c->count < ASKED_MAX);
	c->asked[c->head + c->count++] = what;
}

static const char *name(struct client *c)
{
	static const char *const names[] = {"\"\"", "\"\"", "a", "b", "c"};

	return names[client_random(c, QW_COUNT(names))];
}

static const struct statement *any_statement(struct client *c)
{
	return &pool[client_random(c, (uint32_t)pool_count)];
}

static void simple(struct client *c, struct qw_buf *out)
{
	const struct statement *st = any_statement(c), *second = any_statement(c);

	ask(c, 'Q');
	if (st->effect == EFFECT_COPY_IN) {
		c->waits_for_copy = c->copy_is_simple = true;
		say(out, "Q \"%s\"", st->sql);
	} else if (client_random(c, 4) == 0 && second->effect != EFFECT_COPY_IN) {
		say(out, "Q \"%s; %s\"", st->sql, second->sql);
	} else if (client_random(c, 12) == 0) { /* long text is parsed elsewhere */
		say(out, "Q \"%s%*s\"", st->sql, 5000, "");
	} else {
		say(out, "Q \"%s\"", client_random(c, 20) ? st->sql : "");
	}
}

static void extended_copy(struct client *c, struct qw_buf *out)
{
	static const char asked[] = "CPBES"; /* names of its own: nothing else executes them */

	for (const char *p = asked; *p; p++)
		ask(c, (uint8_t)*p);
	c->unsynced = false;
	c->waits_for_copy = true;
	c->copy_is_simple = false;
	say(out, "C S copyin | P copyin \"copy orders from stdin\" | B copyin copyin | E copyin 0 | S");
}

static void parse(struct client *c, struct qw_buf *out)
{
	const struct statement *st = any_statement(c);

	if (st->effect == EFFECT_COPY_IN)
		return;
	ask(c, 'P');
	say(out, "P %s \"%s\"", name(c), st->sql);
}

static void extended(struct client *c, struct qw_buf *out)
{
	const char *first = name(c), *second = name(c);

	c->unsynced = true;
	switch (client_random(c, 9)) {
	case 0:
	case 1:
		parse(c, out);
		break;
	case 2:
	case 3:
		ask(c, 'B');
		say(out, "B %s %s \"1\"", first, second);
		break;
	case 4:
		ask(c, 's');
		say(out, "D S %s", first);
		break;
	case 5:
		ask(c, 'p');
		say(out, "D P %s", first);
		break;
	case 6:
	case 7:
		ask(c, 'E');
		say(out, "E %s %u", first, client_random(c, 3) * 2);
		break;
	default:
		ask(c, 'C');
		say(out, "C %s %s", client_random(c, 2) ? "S" : "P", first);
		break;
	}
}

/* The usual sequence, so that things also work. */
static void whole(struct client *c, struct qw_buf *out)
{
	c->unsynced = true;
	if (client_random(c, 2)) {
		ask(c, 'C');
		say(out, "C S \"\"");
	}
	parse(c, out);
	ask(c, 'B');
	say(out, "B \"\" \"\"");
	if (client_random(c, 2)) {
		ask(c, 'p');
		say(out, "D P \"\"");
	}
	ask(c, 'E');
	say(out, "E \"\" %u", client_random(c, 2) * 2);
}

/* What takes several messages in a row to go wrong: said at once, so that answers may come at any time. */
static const struct {
	const char *asked, *said;
} stories[] = {
	{"QCPCBSQQ", "Q begin | C S x | P x \"select lower(email) from customers\" | C P a | B a x | S | Q \"fetch 1 from a\" | Q rollback"},
	{"QPCBSQESQ", "Q begin | P \"\" \"select ssn from customers\" | C P b | B b \"\" | S | Q \"set search_path to public\" | E b 0 | S | "
		     "Q rollback"},
	{"QQQQ", "Q begin | Q \"select nope from orders\" | Q rollback | Q \"select lower(email) from customers\""},
	{"QQQESQ", "Q begin | Q \"declare c cursor for select ssn from customers\" | Q \"fetch 1 from c\" | E c 1 | S | Q commit"},
	{"QQBESQ", "Q \"prepare a as select ssn from customers\" | Q \"execute a\" | B \"\" a | E \"\" 0 | S | Q \"deallocate a\""},
	{"CPSQ", "C S c | P c \"select lower(email) from customers\" | S | Q \"execute c\""},
	{"QQQ", "Q begin | Q \"select ssn from customers\" | Q \"select lower(email) from customers; select ssn from customers\""},
};

static void story(struct client *c, struct qw_buf *out)
{
	size_t i = client_random(c, QW_COUNT(stories));

	for (const char *p = stories[i].asked; *p; p++)
		ask(c, (uint8_t)*p);
	say(out, "%s", stories[i].said);
}

static void sync(struct client *c, struct qw_buf *out)
{
	ask(c, 'S');
	c->unsynced = false;
	say(out, "S");
}

static void garbage(struct client *c, struct qw_buf *out)
{
	uint8_t bytes[40];
	size_t n = 1 + client_random(c, sizeof(bytes) - 1);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)client_random(c, 256);
	QW_ASSERT(!qw_buf_append(out, bytes, n));
	c->gone = true; /* says nothing more, believes nothing more */
}

static void copy_data(struct client *c, struct qw_buf *out)
{
	uint32_t what = client_random(c, 6);

	if (what < 4) {
		say(out, "d \"1\\n\"");
		return;
	}
	say(out, what == 4 ? "c" : "f \"enough\"");
	c->in_copy = c->waits_for_copy = false;
	if (!c->copy_is_simple)
		sync(c, out);
}

void client_speak(struct client *c, struct qw_buf *out)
{
	uint32_t what = client_random(c, 100);

	if (c->gone || c->fatal)
		return;
	if (c->in_copy)
		copy_data(c, out);
	else if (c->waits_for_copy)
		return;
	else if (what == 0 && client_random(c, 4) == 0)
		garbage(c, out);
	else if (c->unsynced && what < 70)
		extended(c, out);
	else if (c->unsynced && what < 78)
		say(out, "H");
	else if (c->unsynced)
		sync(c, out);
	else if (what < 40)
		simple(c, out);
	else if (what < 44)
		extended_copy(c, out);
	else if (what < 50 && !c->skips)
		story(c, out);
	else if (what < 52)
		sync(c, out);
	else if (what < 53) {
		ask(c, 'F');
		say(out, "F");
	} else if (what < 72)
		whole(c, out);
	else
		extended(c, out);
}

void client_finish(struct client *c, struct qw_buf *out)
{
	while (c->in_copy)
		copy_data(c, out);
	if (c->unsynced && !c->gone && !c->fatal)
		sync(c, out);
}

bool client_is_answered(const struct client *c)
{
	return c->count == 0;
}

/* ---- what it is told ---- */

static void wrong(const struct client *c, uint8_t type)
{
	(void)fprintf(stderr, "breach: '%c' is no answer to '%c' (answer %zu)\n", type, c->count ? c->asked[c->head] : '-', c->answers);
	abort();
}

static void pop(struct client *c)
{
	c->head++;
	c->count--;
	if (c->count == 0)
		c->head = 0;
}

static void on_error(struct client *c, struct qw_bytes body)
{
	struct pgwire_error e;
	uint8_t front = c->count ? c->asked[c->head] : 0;

	QW_ASSERT(!pgwire_error_decode(body, &e));
	if (e.severity && strcmp(e.severity, "FATAL") == 0) {
		c->fatal = true;
		return;
	}
	if (!front)
		wrong(c, 'E');
	if (front == 'Q' || front == 'F')
		return; /* ReadyForQuery follows */
	while (c->count && c->asked[c->head] != 'S')
		pop(c);
	c->skips = c->count == 0;
}

/* COPY begins: in the extended protocol the Sync that was sent with it is eaten. */
static void on_copy_in(struct client *c)
{
	if (!c->waits_for_copy)
		wrong(c, 'G');
	c->in_copy = true;
	if (!c->copy_is_simple) {
		QW_ASSERT(c->count >= 2 && c->asked[c->head + c->count - 1] == 'S');
		c->count--;
	}
}

static void on_ready(struct client *c, struct qw_bytes body)
{
	uint8_t front = c->count ? c->asked[c->head] : 0;

	if (front != 'Q' && front != 'F' && front != 'S')
		wrong(c, 'Z');
	QW_ASSERT(!pgwire_ready_decode(body, &c->last_status));
	pop(c);
	if (c->count == 0)
		c->waits_for_copy = c->in_copy = false;
}

static bool fits(uint8_t front, uint8_t type)
{
	switch (front) {
	case 'P':
		return type == '1';
	case 'B':
		return type == '2';
	case 'C':
		return type == '3';
	case 's':
		return type == 't' || type == 'T' || type == 'n';
	case 'p':
		return type == 'T' || type == 'n';
	case 'E':
		return strchr("DCsIHdc", type) != NULL;
	case 'Q':
		return strchr("TDCIHdc", type) != NULL;
	case 'F':
		return type == 'V';
	default:
		return false;
	}
}

static bool ends(uint8_t front, uint8_t type)
{
	if (front == 'Q' || front == 'F')
		return false;
	return front == 'E' ? strchr("CsI", type) != NULL : type != 't';
}

static void on_message(struct client *c, uint8_t type, struct qw_bytes body)
{
	uint8_t front = c->count ? c->asked[c->head] : 0;

	c->answers++;
	if (c->gone || c->fatal || type == 'N' || type == 'S' || type == 'A')
		return;
	if (type == 'E')
		on_error(c, body);
	else if (type == 'Z')
		on_ready(c, body);
	else if (type == 'G')
		on_copy_in(c);
	else if (!fits(front, type))
		wrong(c, type);
	else if (ends(front, type))
		pop(c);
}

void client_on(struct client *c, struct qw_bytes bytes)
{
	struct pgwire_frame f;

	QW_ASSERT(!qw_buf_append(&c->in, bytes.p, bytes.n));
	for (;;) {
		struct qw_bytes have = qw_buf_pending(&c->in);

		if (pgwire_frame_peek(have, &f) || have.n - PGWIRE_HEADER < f.body_bytes)
			return;
		on_message(c, f.type, qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes));
		qw_buf_consume(&c->in, PGWIRE_HEADER + (size_t)f.body_bytes);
	}
}
